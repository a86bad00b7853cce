//! The interleavings of a dispatcher's end, by the model checker loom: `RUSTFLAGS='--cfg loom' cargo
//! test -p event-core --release --no-default-features --lib models`.

use loom::model::Builder;
use loom::sync::{Arc, Mutex};
use loom::thread;

use super::Phase;

/// Two queues, of which the second causes what the first has.
#[derive(Default)]
struct Model {
    phase: Phase,
    queues: [Mutex<Queue>; 2],
    closed: Mutex<u32>,
}

#[derive(Clone, Copy, Default)]
struct Queue {
    under_way: u64,
    taken: u64,
}

impl Model {
    fn offer(&self, queue: usize) {
        let mut queue = self.queues[queue].lock().expect("nothing panics");
        queue.under_way += 1;
        queue.taken += 1;
    }

    /// Ends a delivery of a queue that has one.
    fn end(&self, queue: usize) {
        self.queues[queue].lock().expect("nothing panics").under_way -= 1;
        self.close_if_quiet();
    }

    fn under_way(&self, queue: usize) -> u64 {
        self.queues[queue].lock().expect("nothing panics").under_way
    }

    fn drain(&self) {
        if self.phase.drain() {
            self.close_if_quiet();
        }
    }

    fn close_if_quiet(&self) {
        let taken = || {
            self.queues.iter().try_fold(0, |sum, queue| {
                let queue = *queue.lock().expect("nothing panics");
                (queue.under_way == 0).then_some(sum + queue.taken)
            })
        };
        if self.phase.is_drained(taken) && self.phase.close() {
            *self.closed.lock().expect("nothing panics") += 1;
            assert_eq!((self.under_way(0), self.under_way(1)), (0, 0));
        }
    }

    fn is_closed_once(&self) {
        assert!(self.phase.is_closed(), "nobody closed it");
        assert_eq!(*self.closed.lock().expect("nothing panics"), 1);
    }
}

fn check(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(run);
}

#[test]
fn whoever_ends_the_last_delivery_closes_it_or_whoever_drains_it() {
    check(|| {
        let model = Arc::new(Model::default());
        model.offer(1);
        let consumer = thread::spawn({
            let model = Arc::clone(&model);
            move || model.end(1)
        });
        model.drain();
        consumer.join().expect("no panic");
        model.is_closed_once();
    });
}

#[test]
fn what_moves_from_one_queue_to_the_other_is_not_missed() {
    check(|| {
        let model = Arc::new(Model::default());
        model.offer(1);
        let consumer = thread::spawn({
            let model = Arc::clone(&model);
            move || {
                // What a delivery causes is offered before it ends.
                model.offer(0);
                model.end(1);
                model.end(0);
            }
        });
        model.drain();
        consumer.join().expect("no panic");
        model.is_closed_once();
    });
}

#[test]
fn two_consumers_that_end_at_once_close_it_once() {
    check(|| {
        let model = Arc::new(Model::default());
        model.offer(0);
        model.offer(1);
        assert!(model.phase.drain());
        let other = thread::spawn({
            let model = Arc::clone(&model);
            move || model.end(0)
        });
        model.end(1);
        other.join().expect("no panic");
        model.is_closed_once();
    });
}

#[test]
fn the_last_dispatcher_is_last_once_and_nobody_joins_after_it() {
    check(|| {
        let phase = Arc::new(Phase::default());
        phase.join();
        let other = thread::spawn({
            let phase = Arc::clone(&phase);
            move || phase.join_others().then(|| phase.leave())
        });
        let last = phase.leave();
        let other = other.join().expect("no panic");
        assert_eq!(u8::from(last) + u8::from(other == Some(true)), 1);
        assert!(!phase.join_others());
    });
}
