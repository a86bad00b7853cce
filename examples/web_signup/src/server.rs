//! How the server runs and ends.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use event_core::Dispatcher;
use event_core::dispatcher::ShutdownReport;
use event_core::flag::Flag;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout_at};

/// Answers requests until `stop`, and then ends in this order: no connection is accepted any more, the
/// requests that are under way are answered, and what they led to is drained. `limit` is for all of it.
///
/// Requests come first, since a dispatcher that is shut down takes no new events.
///
/// # Errors
///
/// The socket fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    dispatcher: &Dispatcher,
    stop: impl Future<Output = ()> + Send + 'static,
    limit: Duration,
) -> io::Result<ShutdownReport> {
    let stopping = Arc::new(Flag::new());
    let told = Arc::clone(&stopping);
    let stop = async move {
        stop.await;
        told.set();
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop);
    let mut serving = pin!(serving.into_future());
    let deadline = tokio::select! {
        served = &mut serving => {
            served?;
            Instant::now() + limit
        }
        () = stopping.wait() => {
            let deadline = Instant::now() + limit;
            // A client that sends nothing and stays is not waited for any longer.
            if let Ok(served) = timeout_at(deadline, serving).await {
                served?;
            }
            deadline
        }
    };
    let left = deadline.saturating_duration_since(Instant::now());
    Ok(dispatcher.shutdown(left).await)
}
