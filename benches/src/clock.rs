//! Time spent by this thread.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time that the calling thread has used so far.
///
/// Unlike the wall clock it stands still while another process has the core, so a busy machine adds less
/// noise.
///
/// # Panics
///
/// Panics if the system reports a negative time.
#[must_use]
pub fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("CPU time is not negative")
}

/// Runs `work` and returns the CPU time it took on this thread.
pub fn time(work: impl FnOnce()) -> Duration {
    let start = thread_time();
    work();
    thread_time().saturating_sub(start)
}
