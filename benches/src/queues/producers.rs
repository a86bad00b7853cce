//! Tasks that send events to a queue whose consumers stay.

use std::future::Future;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Runtime;

use super::Candidate;

/// A queue that producers send to.
pub(crate) trait Target: Send + Sync + 'static {
    /// Sends the event with this id, as soon as there is room.
    fn send(&self, id: u64) -> impl Future<Output = ()> + Send;
    /// Waits until every event that was sent is handled.
    fn join(&self) -> impl Future<Output = ()> + Send;
}

/// So many producers, each of which sends its part of the ids.
pub(crate) fn candidate(
    name: &'static str,
    runtime: &Rc<Runtime>,
    producers: u64,
    target: impl Target,
) -> Candidate {
    let runtime = Rc::clone(runtime);
    let target = Arc::new(target);
    Candidate::new(name, move |ids| {
        let target = Arc::clone(&target);
        let first = runtime.spawn(async move {
            let start = Instant::now();
            let other = |number| {
                let (target, ids) = (Arc::clone(&target), part(&ids, number, producers));
                tokio::spawn(async move { send_all(&*target, ids).await })
            };
            let others: Vec<_> = (1..producers).map(other).collect();
            send_all(&*target, part(&ids, 0, producers)).await;
            for other in others {
                other.await.expect("the producer ends");
            }
            target.join().await;
            start.elapsed()
        });
        runtime.block_on(first).expect("the producer ends")
    })
}

async fn send_all(target: &impl Target, ids: RangeInclusive<u64>) {
    for id in ids {
        target.send(id).await;
    }
}

/// The part number `number` of `parts`.
fn part(ids: &RangeInclusive<u64>, number: u64, parts: u64) -> RangeInclusive<u64> {
    let before = |number| ids.start() + (ids.end() + 1 - ids.start()) * number / parts;
    before(number)..=before(number + 1) - 1
}
