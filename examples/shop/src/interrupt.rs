//! Ctrl-C: the first one asks for an orderly end, the second one does not ask.

use std::{io, process, sync::Arc};

use event_core::flag::Flag;
use tokio::runtime::Handle;

use crate::complain;

/// What a shell says of a program that was ended by Ctrl-C: 128, and the number of the signal.
pub(crate) const INTERRUPTED: u8 = 130;

/// Listens for as long as the runtime lives. The first Ctrl-C sets the flag, the second one ends the
/// process.
pub(crate) fn listen(runtime: &Handle) -> io::Result<Arc<Flag>> {
    let interrupted = Arc::new(Flag::new());
    let mut presses = {
        let _inside = runtime.enter();
        presses()?
    };
    let first = Arc::clone(&interrupted);
    runtime.spawn(async move {
        presses.recv().await;
        first.set();
        presses.recv().await;
        complain("ended at once, without a summary");
        process::exit(i32::from(INTERRUPTED));
    });
    Ok(interrupted)
}

#[cfg(unix)]
fn presses() -> io::Result<tokio::signal::unix::Signal> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::interrupt())
}

#[cfg(windows)]
fn presses() -> io::Result<tokio::signal::windows::CtrlC> {
    tokio::signal::windows::ctrl_c()
}
