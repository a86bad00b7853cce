//! People sign up over HTTP: axum, with a dispatcher as its state.
//!
//! ```text
//! cargo run -p web_signup                              on port 3000, in a folder that is gone afterwards
//! cargo run -p web_signup -- 127.0.0.1:8080 signups    elsewhere, and in a folder to look at
//! ```
//!
//! It prints a line of `curl` to paste. End it with Ctrl-C, and it says what it drained.
//!
//! Where to look:
//!
//! * `src/web.rs`: a request makes somebody a member, and then states the fact: `State<Dispatcher>`,
//!   `dispatcher.emit_async(…).spawned()`. It names no handler.
//! * `src/handlers.rs`: what follows. One handler is inline, one async, one queued: an attribute each.
//! * `src/server.rs`: how it ends. Requests are answered, then the dispatcher drains what they led to.
//! * `tests/`: a real client over a real socket: it hangs up midway, sends nonsense, stalls.
//!
//! What is different from a view that sends Django's signals, or from background tasks of a framework:
//!
//! | there | here | because |
//! | --- | --- | --- |
//! | the request waits for each receiver, and sync ones run one after the other | for inline and async handlers, the latter side by side; mail waits in a queue | Each handler says where it runs, and the request does not change. |
//! | a receiver that raises is a response with status 500 for a sign-up that was made | 201, and a line in the log | The fact stands. The request reads the report, and decides what the client hears. |
//! | what a client that goes away leaves half done depends on the server | `.spawned()` makes it a task; without it, what was cut off is counted and told | Half of what follows from a fact is worse than none. |
//! | background tasks die with the process | `shutdown(limit)` drains them, and names what it abandoned | The last sign-up before a deployment counts as much as any other. |
//!
//! What is in memory is gone if the process is killed; a mail that must not be lost needs a store.

use std::path::PathBuf;
use std::time::Duration;

use event_core::{Dispatcher, error::BoxError};
use tokio::net::TcpListener;
use web_signup::{App, Desk, router, serve};

/// For requests that are under way and mails that wait, once the server is asked to end.
const LIMIT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let temporary = tempfile::tempdir()?;
    let folder = args
        .next()
        .map_or_else(|| temporary.path().to_owned(), PathBuf::from);

    // Asked for first: a signal that comes while it starts ends it in an orderly way, too.
    let stop = stop()?;
    let builder = Dispatcher::builder().on_failure(|failure| eprintln!("web_signup: {failure}"));
    let app = App::build(builder, Desk::open(&folder)?)?;
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}; give it another address"))?;
    let address = listener.local_addr()?;
    println!(
        "listening on http://{address}, profiles and mail in {}",
        folder.display()
    );
    println!("curl -d name=Ada -d email=ada@example.org http://{address}/signup");

    let dispatcher = app.dispatcher.clone();
    let end = serve(listener, router(app), &dispatcher, stop, LIMIT).await?;
    println!("stopped: {end}");
    if end.is_complete() {
        Ok(())
    } else {
        Err("not all of it was done in time".into())
    }
}

/// Ctrl-C, and what a service manager sends.
#[cfg(unix)]
fn stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        println!("stopping: what is under way has {LIMIT:?}");
    })
}

/// Ctrl-C.
#[cfg(not(unix))]
fn stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
        println!("stopping: what is under way has {LIMIT:?}");
    })
}
