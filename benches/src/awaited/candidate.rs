//! One way to call N async handlers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// One way to emit an event to N async handlers, and to wait for them.
pub struct Awaited {
    /// The name in the figures, such as `join_all`.
    pub name: &'static str,
    batch: Box<dyn Batch>,
}

impl Awaited {
    /// A candidate whose event `emit(id, total)` builds and sends; the ids count up.
    pub fn new(name: &'static str, emit: impl AsyncFnMut(u64, u64) + 'static) -> Self {
        Self {
            name,
            batch: Box::new(Emits(emit)),
        }
    }

    /// Emits `times` events, one after the other. Allocates once for all of them.
    pub async fn emit(&mut self, times: u64) {
        self.batch.emit(times).await;
    }
}

impl fmt::Debug for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Awaited")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

trait Batch {
    fn emit(&mut self, times: u64) -> Pin<Box<dyn Future<Output = ()> + '_>>;
}

struct Emits<F>(F);

impl<F: AsyncFnMut(u64, u64)> Batch for Emits<F> {
    fn emit(&mut self, times: u64) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async move {
            for id in 0..times {
                (self.0)(id, 1).await;
            }
        })
    }
}
