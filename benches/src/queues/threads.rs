//! Threads that block.

use std::thread;
use std::time::Instant;

use super::{CAPACITY, Candidate, tally};
use crate::work::Order;

/// A channel between threads. Its sender is dropped when no more events come.
pub(super) trait BlockingChannel: 'static {
    /// The name in the figures.
    const NAME: &'static str;
    /// The producer's end.
    type Sender;
    /// A consumer's end.
    type Receiver: Send;

    /// A channel with a receiver for each consumer.
    fn open(capacity: usize, consumers: usize) -> (Self::Sender, Vec<Self::Receiver>);
    /// Waits for room.
    fn send(sender: &Self::Sender, order: Order);
    /// Waits for an event; `None` when no more come.
    fn receive(receiver: &mut Self::Receiver) -> Option<Order>;
}

pub(super) fn candidate<C: BlockingChannel>(consumers: usize) -> Candidate {
    Candidate::new(C::NAME, move |ids| {
        let (sender, receivers) = C::open(CAPACITY, consumers);
        thread::scope(|scope| {
            let consumers: Vec<_> = receivers
                .into_iter()
                .map(|mut receiver| {
                    scope.spawn(move || {
                        while let Some(order) = C::receive(&mut receiver) {
                            tally::add(order.id, order.total);
                        }
                    })
                })
                .collect();
            let start = Instant::now();
            for id in ids {
                C::send(&sender, Order { id, total: 1 });
            }
            drop(sender);
            for consumer in consumers {
                consumer.join().expect("the consumer ends");
            }
            start.elapsed()
        })
    })
}
