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
//! * `src/members.rs`: who signs up becomes a member and the fact is stated in one transaction. It names no handler.
//! * `src/handlers.rs`: what follows. Two handlers are durable, and one is inline: an attribute each.
//! * `src/server.rs`: how it ends. Requests are answered, durable handlers that run are waited for, and what waits is
//!   left to the next start.
//! * `tests/`: a real client over a real socket: it hangs up midway, sends nonsense, stalls; the program is killed.
//!
//! What is different from a view that sends Django's signals, or from background tasks of a framework:
//!
//! | there | here | because |
//! | --- | --- | --- |
//! | the row is written, and then the signal is sent, unless the process dies in between | `tx.emit` | The fact is committed with the row that it is about, or neither is. |
//! | the request waits for each receiver | it waits for the commit and for what is inline; profile and mail follow | Each handler says where it runs, and the request does not change. |
//! | a receiver that raises is a response with status 500 for a sign-up that was made | 201, and the handler is called again, after waits that grow | The fact stands, whatever follows from it. |
//! | a client that goes away leaves half of it done, or not, as the server wants | the sign-up is a task of its own | Half of what follows from a fact is worse than none. |
//! | background tasks die with the process | kill it with -9 and start it again in its folder: each member has a profile and a mail | A delivery is deleted when its handler has succeeded, and not before. |
//!
//! A mail can be written twice if the process dies between the file and the commit that says so. It is the same file
//! here; a mail service would get the id of the event as its idempotency key.

use std::path::PathBuf;
use std::time::Duration;

use event_core::{Dispatcher, error::BoxError};
use tokio::net::TcpListener;
use web_signup::{App, Desk, End, router, serve};

/// For requests that are under way and handlers that run, once the server is asked to end.
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
    let app = App::build(builder, Desk::open(&folder)?).await?;
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}; give it another address"))?;
    let address = listener.local_addr()?;
    println!(
        "listening on http://{address}, members, profiles and mail in {}",
        folder.display()
    );
    println!("curl -d name=Ada -d email=ada@example.org http://{address}/signup");

    let outbox = app.members.outbox().clone();
    let router = router(app.clone());
    let end = serve(listener, app, router, stop, LIMIT).await?;
    let waiting: u64 = outbox
        .status()
        .await?
        .iter()
        .map(|it| it.waiting + it.delayed)
        .sum();
    let End { dispatcher, .. } = &end;
    println!("stopped: {dispatcher}; {waiting} deliveries wait for the next start");
    if end.is_complete() {
        Ok(())
    } else {
        Err("not all of it was done in time; the next start does the rest".into())
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
