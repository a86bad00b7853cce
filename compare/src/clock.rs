//! Processor time. Unlike the clock's it stands still while others have the processor.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Counts what this thread uses from its start on.
pub(crate) struct Clock(Duration);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(used())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        used().saturating_sub(self.0)
    }
}

fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("processor time is not negative")
}
