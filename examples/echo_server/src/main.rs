//! An echo server on `mio`: readiness of sockets as typed events.
//!
//! ```text
//! cargo run -p echo_server                       listens on 127.0.0.1:7007 until Ctrl-C
//! cargo run -p echo_server -- 127.0.0.1:0        on a port that the system chooses
//! cargo test -p echo_server                      a thousand connections, 100 MB, stalls and resets
//! cargo xtask bench echo                         beside a bare loop, and a server in Python
//! ```
//!
//! What to look at: connect a few times with `nc 127.0.0.1 7007`, type, and see who comes and goes.
//! `yes | nc 127.0.0.1 7007 | sleep 1000` is a peer that does not read: the server says so, its `yes`
//! has to wait, and the others go on. End one with Ctrl-C, then the server: each connection ends as a
//! fact, and the counts add up.
//!
//! Where to look: `events.rs` says what can happen, `server.rs` is the loop, `echo.rs` the protocol,
//! `tally.rs` counts, and the handlers below log. The loop names none of the three; each names the
//! events alone.
//!
//! # What changed against Python's `selectors`
//!
//! `selectors_echo.py` is the same server in the usual way of `selectors`: a socket is registered
//! with the function to call, and the loop calls it.
//!
//! | there | here | why |
//! | --- | --- | --- |
//! | `register(sock, EVENT_READ, callback)`: any object, called with whatever the loop passes | `emit(Readable { … })` to handlers of that type | what a handler is called with is checked when it is compiled |
//! | one callback a socket; to log as well, the callback is changed | any number of handlers; logging is in this file, `--quiet` leaves it out by `without(log_closed)` | who reacts is no business of the loop's |
//! | nobody reads: the loop spins, or nothing happens | `#[event(handlers = 1..)]`: `build()` refuses | a protocol that was not linked is no surprise at run time |
//! | an exception in a callback ends the loop, unless it is caught there | the failure is reported, the loop and the other handlers go on | one peer, or one log, harms no other |
//! | a socket's number is used again | a [`ConnectionId`](echo_server::events::ConnectionId) is not | an event that comes late finds nobody |
//! | `send` may take less than it was given, which is easy to forget | what was not taken waits, bounded by not reading: [`Blocked`] is a fact, too | backpressure instead of memory, or of lost bytes |
//!
//! Handlers run inline, on the loop's thread, and share [`Connections`](echo_server::Connections). They could own
//! them as `&mut` through a `LocalQueue` that the loop pumps; but readiness must be
//! answered now, a queue can be full, and each delivery would be allocated.
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use echo_server::events::{Accepted, Blocked, Closed};
use echo_server::{Server, Tally, open_files};
use event_core::{Dispatcher, error::BoxError, handler};

/// Sends back whatever it is sent, until Ctrl-C ends it.
#[derive(Debug, Parser)]
struct Args {
    /// Where to listen; with port 0 the system chooses one
    #[arg(default_value = "127.0.0.1:7007")]
    address: SocketAddr,
    /// Does not say who comes and goes
    #[arg(long)]
    quiet: bool,
}

/// As many connections as anybody should expect of an example.
const OPEN_FILES: u64 = 65_536;

#[handler]
fn log_accepted(event: &Accepted) -> io::Result<()> {
    say(format_args!("{}: {}", event.connection, event.peer))
}

#[handler]
fn log_blocked(event: &Blocked) -> io::Result<()> {
    let Blocked {
        connection,
        waiting,
    } = event;
    say(format_args!(
        "{connection}: its peer does not read, {waiting} bytes wait"
    ))
}

#[handler]
fn log_closed(event: &Closed) -> io::Result<()> {
    let Closed {
        connection,
        why,
        echoed,
        ..
    } = event;
    say(format_args!("{connection}: {why}, {echoed} bytes echoed"))
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "echo_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), BoxError> {
    open_files::raise(OPEN_FILES);
    let server = Server::listen(args.address)
        .map_err(|error| format!("cannot listen on {}: {error}", args.address))?;
    let tally = Arc::new(Tally::default());
    let mut builder = Dispatcher::builder()
        .module(echo_server::MODULE)
        .provide_arc(server.connections())
        .provide_arc(Arc::clone(&tally));
    if args.quiet {
        builder = builder
            .without(log_accepted)
            .without(log_blocked)
            .without(log_closed);
    }
    let dispatcher = builder.build()?;

    let stopper = server.stopper();
    ctrlc::set_handler(move || {
        let _ = stopper.stop(); // it fails if the loop is gone, which is what is wanted
    })?;
    say(format_args!("listening on {}", server.address()?))?;
    server.serve(&dispatcher)?;
    say(format_args!("{}", tally.counts()))?;
    Ok(())
}

fn say(text: std::fmt::Arguments<'_>) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
