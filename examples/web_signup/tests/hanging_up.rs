//! Clients that go away before they are answered.

mod web;

use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use event_core::Dispatcher;
use event_core::flag::Flag;
use event_testing::DispatcherExt as _;
use web::{ADA, LONG, Server, soon};

/// Sets its flag when it is dropped.
struct Dropped(Arc<Flag>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.set();
    }
}

/// Tells when axum has begun with a request, and when it lets go of it, answered or not.
fn watched(router: Router, begun: &Arc<Flag>, gone: &Arc<Flag>) -> Router {
    let (begun, gone) = (Arc::clone(begun), Arc::clone(gone));
    router.layer(from_fn(move |request: Request, next: Next| {
        let (begun, dropped) = (Arc::clone(&begun), Dropped(Arc::clone(&gone)));
        async move {
            let _dropped = dropped;
            let mut answer = std::pin::pin!(next.run(request));
            // Once it was polled it waits for the database.
            let first = std::future::poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await;
            begun.set();
            match first {
                Poll::Ready(answer) => answer,
                Poll::Pending => answer.await,
            }
        }
    }))
}

/// A server, and a client that is gone before its sign-up can be written.
async fn hung_up() -> (Server, event_testing::Recorder) {
    let (begun, gone) = (Arc::new(Flag::new()), Arc::new(Flag::new()));
    let watch = |router| watched(router, &begun, &gone);
    let server = Server::start_with(Dispatcher::builder(), LONG, watch).await;
    let rec = server.dispatcher.record();
    // SQLite has one writer.
    let writer = server.members.outbox().begin().await.expect("it begins");
    let client = server.client().await;
    client.hang_up_after("/signup", ADA, begun.wait()).await;
    soon(gone.wait()).await;
    writer.rollback().await.expect("it is rolled back");
    (server, rec)
}

#[tokio::test]
async fn a_sign_up_is_committed_and_all_that_follows_is_done_when_the_client_hangs_up() {
    let (server, rec) = hung_up().await;
    server.welcomed(&rec, 1).await;
    let front_page = "members: 1\nexample.org: 1\n";
    assert_eq!(server.client().await.get("/").await.text, front_page);
}
