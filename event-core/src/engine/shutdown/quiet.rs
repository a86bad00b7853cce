//! The wait for a moment at which a dispatcher has nothing to do, and what it has to do before that moment.
//!
//! What can hold a delivery, the registry of tasks and the buffers of queues, is looked at in one step with all
//! locks, as at [the end of a dispatcher](crate::engine::shutdown::phase). If one of them is not quiet, the
//! wait sleeps until that one is, and looks at all again: before that moment there is none at which all are
//! quiet.

use crate::engine::shutdown::tasks::{Tasks, UnfinishedTasks};
use crate::queue::buffer::Buffer;
use crate::queue::buffer::unfinished::Unfinished;

#[cfg(all(test, loom))]
mod models;

/// What has not ended in a dispatcher, at one moment.
pub(crate) struct UnfinishedWork {
    pub(crate) tasks: UnfinishedTasks,
    /// By buffer.
    pub(crate) queues: Vec<Unfinished>,
}

/// What is not quiet.
#[derive(Clone, Copy, Debug)]
enum Busy {
    Tasks,
    /// The buffer at this index.
    Buffer(usize),
}

/// Waits for a moment at which no task runs and all buffers are quiet.
///
/// # Cancellation
///
/// Dropping the future is no problem.
pub(crate) async fn wait<T>(tasks: &Tasks, buffers: &[&Buffer<T>]) {
    while let Some(busy) = first_busy(tasks, buffers) {
        match busy {
            Busy::Tasks => tasks.quiet().await,
            Busy::Buffer(at) => buffers[at].quiet().await,
        }
    }
}

fn first_busy<T>(tasks: &Tasks, buffers: &[&Buffer<T>]) -> Option<Busy> {
    let (running, busy) = tasks.running_with(|| Buffer::first_busy(buffers));
    if running > 0 {
        return Some(Busy::Tasks);
    }
    busy.map(Busy::Buffer)
}

/// Returns what has not ended; `None` if no task runs and all buffers are quiet at this moment.
pub(crate) fn unfinished<T>(tasks: &Tasks, buffers: &[&Buffer<T>]) -> Option<UnfinishedWork> {
    let (tasks, queues) = tasks.unfinished_with(|| Buffer::unfinished(buffers));
    let is_quiet = queues.is_none() && tasks.deliveries.is_empty() && tasks.emissions == 0;
    (!is_quiet).then(|| UnfinishedWork {
        tasks,
        queues: queues.unwrap_or_default(),
    })
}
