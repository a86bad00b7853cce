//! Hears of what other processes write.

use std::sync::Arc;

use tokio::time::sleep;

use super::PAUSE;
use crate::shared::Shared;
use crate::store::Store;

/// Lets the engine look at once each time that another process may have written a delivery. Never ends.
///
/// A task of its own, since what waits for news has a connection, which asks again if it is dropped and called anew.
pub(super) async fn listen<S: Store>(shared: Arc<Shared<S>>) {
    loop {
        match shared.store.changed().await {
            Ok(()) => shared.look_now(),
            // What others write is found by asking until then.
            Err(_) => sleep(PAUSE).await,
        }
    }
}
