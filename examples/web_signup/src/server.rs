//! How the server runs and ends.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use event_core::dispatcher::ShutdownReport;
use event_core::flag::Flag;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout_at};

use crate::App;

/// How a server ended.
#[derive(Debug)]
pub struct End {
    /// Whether the durable handlers that ran have ended. Those that have not are called again by the next process.
    pub are_deliveries_ended: bool,
    /// What the dispatcher drained.
    pub dispatcher: ShutdownReport,
}

impl End {
    /// Whether nothing was cut off.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.are_deliveries_ended && self.dispatcher.is_complete()
    }
}

/// Answers requests until `stop`, and then ends in this order: no connection is accepted any more, the requests that are
/// under way are answered, the durable handlers that run are waited for, and the dispatcher is shut down. `limit` is for
/// all of it, and requests have half of it. Deliveries that wait stay in the database, for the next process.
///
/// Requests come first, since a dispatcher that is shut down takes no new events.
///
/// # Errors
///
/// The socket fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
    limit: Duration,
) -> io::Result<End> {
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
            let begun = Instant::now();
            // A client that sends nothing and stays is not waited for any longer.
            if let Ok(served) = timeout_at(begun + limit / 2, serving).await {
                served?;
            }
            begun + limit
        }
    };
    let left = || deadline.saturating_duration_since(Instant::now());
    Ok(End {
        are_deliveries_ended: app.members.outbox().shutdown(left()).await,
        dispatcher: app.dispatcher.shutdown(left()).await,
    })
}
