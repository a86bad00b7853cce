//! The shortest wait there is.

use std::future::poll_fn;
use std::task::Poll;

/// Wakes its task and is pending once, then it is ready.
pub(crate) async fn wait_once() {
    let mut has_waited = false;
    poll_fn(|context| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
