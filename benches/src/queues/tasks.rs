//! Tasks on a runtime.

use std::future::Future;
use std::rc::Rc;
use std::time::Instant;

use tokio::runtime::Runtime;

use super::{CAPACITY, Candidate, tally};
use crate::work::Order;

/// A channel between tasks. Its sender is dropped when no more events come.
pub(super) trait TaskChannel: 'static {
    /// The name in the figures.
    const NAME: &'static str;
    /// The producer's end.
    type Sender: Send + Sync + 'static;
    /// A consumer's end.
    type Receiver: Send + 'static;

    /// A channel with a receiver for each consumer.
    fn open(capacity: usize, consumers: usize) -> (Self::Sender, Vec<Self::Receiver>);
    /// Waits for room.
    fn send(sender: &Self::Sender, order: Order) -> impl Future<Output = ()> + Send;
    /// Waits for an event; `None` when no more come.
    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<Order>> + Send;
}

pub(super) fn candidate<C: TaskChannel>(runtime: &Rc<Runtime>, consumers: usize) -> Candidate {
    let runtime = Rc::clone(runtime);
    Candidate::new(C::NAME, move |ids| {
        let (sender, receivers) = C::open(CAPACITY, consumers);
        let consumers: Vec<_> = receivers
            .into_iter()
            .map(|mut receiver| {
                runtime.spawn(async move {
                    while let Some(order) = C::receive(&mut receiver).await {
                        tally::add(order.id, order.total);
                    }
                })
            })
            .collect();
        let producer = runtime.spawn(async move {
            let start = Instant::now();
            for id in ids {
                C::send(&sender, Order { id, total: 1 }).await;
            }
            drop(sender);
            for consumer in consumers {
                consumer.await.expect("the consumer ends");
            }
            start.elapsed()
        });
        runtime.block_on(producer).expect("the producer ends")
    })
}
