//! A queue by hand: what one writes for most of the promises of ours.
//!
//! Any type of event waits, each with its handler. A handler may wait, and if it panics, the next one runs all the
//! same. What was sent, done and panicked is counted, what runs, and the most that ever waited; and one can wait
//! until nothing is left. There is no report, no policy for a full queue, no pause, no shutdown that drains, and no
//! order of the events with one key, if there are two consumers.

mod handlers;
mod queue;

use std::future::Future;
use std::marker::PhantomData;
use std::rc::Rc;

use tokio::runtime::Runtime;

use self::handlers::{Handled, call};
use self::queue::{Key, Queue};
use super::events::{First, Keyed, Large, Plain, Ready, Second, Waits};
use super::producers::{self, Target};
use super::{Candidate, Kind};

/// One channel, from which all consumers receive.
pub(crate) fn candidate(kind: Kind, runtime: &Rc<Runtime>, consumers: usize) -> Candidate {
    of_kind("by-hand", kind, runtime, Queue::open(runtime, consumers))
}

/// A channel for each consumer, and the key says which: so the events with one key stay in order.
pub(crate) fn sharded(kind: Kind, runtime: &Rc<Runtime>, consumers: usize) -> Candidate {
    let queue = Queue::open_sharded(runtime, consumers);
    of_kind("by-hand-sharded", kind, runtime, queue)
}

fn of_kind(name: &'static str, kind: Kind, runtime: &Rc<Runtime>, queue: Queue) -> Candidate {
    let producers = kind.producers();
    macro_rules! sends {
        ($events:ty) => {
            producers::candidate(
                name,
                runtime,
                producers,
                Sender {
                    queue,
                    events: PhantomData::<fn() -> $events>,
                },
            )
        };
    }
    match kind {
        Kind::Plain | Kind::Producers => sends!(Plain),
        Kind::Ready => sends!(Ready),
        Kind::Waits => sends!(Waits),
        Kind::Key => sends!(Keyed),
        Kind::Types => sends!((First, Second)),
        Kind::Large => sends!(Large),
    }
}

/// A queue, and which events are sent to it.
struct Sender<E> {
    queue: Queue,
    events: PhantomData<fn() -> E>,
}

impl<E: Events> Target for Sender<E> {
    fn send(&self, id: u64) -> impl Future<Output = ()> + Send {
        E::send(&self.queue, id)
    }

    async fn join(&self) {
        self.queue.join().await;
        assert_eq!(self.queue.panicked(), 0, "no handler panics");
    }
}

/// The type of the events, or two types in turns.
trait Events: 'static {
    fn send(queue: &Queue, id: u64) -> impl Future<Output = ()> + Send;
}

impl<E: Handled> Events for E {
    async fn send(queue: &Queue, id: u64) {
        let event = E::new(id);
        let key: Key = event.key();
        queue.send(event, key, call::<E>).await;
    }
}

impl<A: Handled, B: Handled> Events for (A, B) {
    async fn send(queue: &Queue, id: u64) {
        if id.is_multiple_of(2) {
            <A as Events>::send(queue, id).await;
        } else {
            <B as Events>::send(queue, id).await;
        }
    }
}
