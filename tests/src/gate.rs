//! Lets a test hold handlers, and see them held, without sleeping.

use pollster::block_on;
use tokio::sync::Semaphore;

/// Where handlers stop until the test lets them go.
#[derive(Debug)]
pub struct Gate {
    came: Semaphore,
    leave: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            came: Semaphore::new(0),
            leave: Semaphore::new(0),
        }
    }
}

impl Gate {
    /// Says that a handler is here, and waits until it may go on.
    pub async fn pass(&self) {
        self.came.add_permits(1);
        // It is closed when all may go on.
        if let Ok(leave) = self.leave.acquire().await {
            leave.forget();
        }
    }

    /// The same for a thread.
    pub fn pass_blocking(&self) {
        block_on(self.pass());
    }

    /// Waits until so many more handlers have come.
    pub async fn arrived(&self, handlers: u32) {
        // It is never closed.
        if let Ok(came) = self.came.acquire_many(handlers).await {
            came.forget();
        }
    }

    /// The same for a thread.
    pub fn wait_for(&self, handlers: u32) {
        block_on(self.arrived(handlers));
    }

    /// Whether a handler came for which nobody has waited.
    pub fn has_more(&self) -> bool {
        self.came.available_permits() > 0
    }

    /// Lets so many handlers go on, now or when they come.
    pub fn open(&self, handlers: usize) {
        self.leave.add_permits(handlers);
    }

    /// Lets all handlers go on, now and when they come.
    pub fn open_for_all(&self) {
        self.leave.close();
    }
}
