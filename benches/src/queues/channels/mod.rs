//! Channels of other crates, each used the way its own documentation shows.

mod async_channel;
mod crossbeam;
mod flume;
mod kanal;
mod standard;
mod tokio_mpsc;

use std::iter;
use std::rc::Rc;

use tokio::runtime::Runtime;

use super::Candidate;
use super::tasks;
use super::threads;

/// Every channel between threads for so many consumers.
pub(super) fn between_threads(consumers: usize) -> Vec<Candidate> {
    let mut all = vec![
        threads::candidate::<flume::Flume>(consumers),
        threads::candidate::<kanal::Kanal>(consumers),
        threads::candidate::<async_channel::AsyncChannel>(consumers),
        threads::candidate::<crossbeam::Crossbeam>(consumers),
    ];
    if consumers == 1 {
        all.push(threads::candidate::<standard::Standard>(consumers));
    }
    all
}

/// Every channel between tasks for so many consumers.
pub(super) fn between_tasks(runtime: &Rc<Runtime>, consumers: usize) -> Vec<Candidate> {
    let mut all = vec![
        tasks::candidate::<flume::Flume>(runtime, consumers),
        tasks::candidate::<kanal::Kanal>(runtime, consumers),
        tasks::candidate::<async_channel::AsyncChannel>(runtime, consumers),
    ];
    if consumers == 1 {
        // Its receiver cannot be shared.
        all.push(tasks::candidate::<tokio_mpsc::TokioMpsc>(
            runtime, consumers,
        ));
    }
    all
}

/// A clone of a receiver for each consumer.
fn for_each<R: Clone>(consumers: usize, receiver: R) -> Vec<R> {
    iter::repeat_n(receiver, consumers).collect()
}
