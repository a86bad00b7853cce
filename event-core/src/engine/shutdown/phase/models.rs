//! Models of the interleavings of a dispatcher's end for the model checker loom: `RUSTFLAGS='--cfg loom'
//! cargo test -p event-core --release --no-default-features --lib models`.
//!
//! The phase, the registry of tasks and the buffers of queues are the real ones; the code that runs a
//! delivery is simulated here.

use std::panic::Location;

use loom::model::Builder;
use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::engine::shutdown::phase::Phase;
use crate::engine::shutdown::tasks::Tasks;
use crate::handler_info::{DeliveryKind, HandlerInfo, SubscriptionDeclaration};
use crate::queue::account::HandlerCounts;
use crate::queue::buffer::slots::Slot;
use crate::queue::buffer::ticket::Taken;
use crate::queue::buffer::{Buffer, Offer, WhenFull};

/// Deliveries of the first queue cause those that are offered to the second one.
struct Model {
    phase: Phase,
    tasks: Tasks,
    queues: [Buffer<u8>; 2],
    closed: Mutex<u32>,
}

/// How many deliveries were drained, and how many abandoned.
type ShutdownAccount = (usize, usize);

impl Model {
    fn new() -> Arc<Self> {
        let queue = || Buffer::new(1, |item| u32::from(*item), Box::default());
        Arc::new(Self {
            phase: Phase::default(),
            tasks: Tasks::default(),
            queues: [queue(), queue()],
            closed: Mutex::new(0),
        })
    }

    fn buffers(&self) -> [&Buffer<u8>; 2] {
        self.queues.each_ref()
    }

    /// Offers a delivery; returns whether the queue accepted it.
    fn offer(&self, queue: usize, slot: Option<Slot>) -> bool {
        let offered = self.queues[queue].offer(1, None, WhenFull::Wait, slot);
        assert!(!matches!(offered, Offer::Full(_)), "there is room");
        offered == Offer::Waits
    }

    /// Runs the deliveries that wait in a queue; `run` is what a delivery does besides ending.
    fn serve(&self, queue: usize, mut run: impl FnMut()) {
        let buffer = &self.queues[queue];
        while let Some(Taken { ticket, .. }) = buffer.try_take(None) {
            run();
            buffer.finish(ticket);
            self.close_if_quiet();
        }
    }

    fn drain(&self) {
        if self.phase.drain(&self.tasks, &self.buffers()) {
            self.close_if_quiet();
        }
    }

    fn close_if_quiet(&self) {
        if self
            .phase
            .close_if_quiet(&self.tasks, &self.buffers())
            .is_some()
        {
            *self.closed.lock().expect("nothing panics") += 1;
        }
    }

    /// Shuts down with a time limit of zero.
    fn shut_down(&self) -> ShutdownAccount {
        self.drain();
        if self.phase.close(&self.tasks, &self.buffers()).is_some() {
            *self.closed.lock().expect("nothing panics") += 1;
        }
        self.account()
    }

    fn account(&self) -> ShutdownAccount {
        let (drained, abandoned, _) = self.tasks.account();
        let mut account = (sum(&drained), sum(&abandoned));
        for queue in &self.queues {
            let (drained, abandoned) = queue.account();
            account.0 += sum(&drained);
            account.1 += sum(&abandoned);
        }
        account
    }

    fn is_closed_once(&self) {
        assert!(self.phase.is_closed(), "nobody closed it");
        assert_eq!(*self.closed.lock().expect("nothing panics"), 1);
    }
}

fn sum<L>(named: &HandlerCounts<L>) -> usize {
    named.iter().map(|(_, count)| count).sum()
}

fn handler() -> HandlerInfo {
    HandlerInfo::of_subscription(SubscriptionDeclaration {
        name: "handler",
        at: Location::caller(),
        priority: 0,
        delivery: DeliveryKind::Async,
        queue: None,
        filter: None,
        retry: None,
    })
}

fn check(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(run);
}

fn spawn(model: &Arc<Model>, run: impl FnOnce(&Model) + 'static) -> thread::JoinHandle<()> {
    let model = Arc::clone(model);
    thread::spawn(move || run(&model))
}

#[test]
fn whoever_ends_the_last_delivery_closes_it_or_whoever_drains_it() {
    check(|| {
        let model = Model::new();
        assert!(model.offer(1, None));
        let consumer = spawn(&model, |model| model.serve(1, || ()));
        model.drain();
        consumer.join().expect("no panic");
        model.is_closed_once();
    });
}

#[test]
fn what_moves_from_one_queue_to_the_other_is_not_missed() {
    check(|| {
        let model = Model::new();
        assert!(model.offer(0, None));
        let consumer = spawn(&model, |model| {
            // A delivery offers what it causes before it ends.
            model.serve(0, || assert!(model.offer(1, None), "it is not quiet"));
            model.serve(1, || ());
        });
        model.drain();
        consumer.join().expect("no panic");
        model.is_closed_once();
    });
}

#[test]
fn two_consumers_that_end_at_once_close_it_once() {
    check(|| {
        let model = Model::new();
        assert!(model.offer(0, None) && model.offer(1, None));
        model.drain();
        let other = spawn(&model, |model| model.serve(0, || ()));
        model.serve(1, || ());
        other.join().expect("no panic");
        model.is_closed_once();
        assert_eq!(model.account(), (2, 0));
    });
}

#[test]
fn what_is_handed_over_as_it_ends_quietly_is_drained_or_refused() {
    check(|| {
        let model = Model::new();
        let emitter = spawn(&model, |model| {
            let taken_in = model.offer(0, None);
            // The consumer of the queue finds the delivery, even after the end.
            model.serve(0, || ());
            model.close_if_quiet();
            let drained = model.account().0;
            assert!(drained <= usize::from(taken_in));
        });
        model.drain();
        let was_closed = model.phase.is_closed();
        let before = model.account();
        emitter.join().expect("no panic");
        model.is_closed_once();
        if was_closed {
            assert_eq!(
                model.account(),
                before,
                "nothing was taken in after the end"
            );
        }
    });
}

#[test]
fn a_delivery_is_named_once_whenever_the_time_is_over() {
    check(|| {
        let model = Model::new();
        assert!(model.offer(0, None));
        model.drain();
        let consumer = spawn(&model, |model| model.serve(0, || ()));
        let (drained, abandoned) = model.shut_down();
        assert_eq!(drained + abandoned, 1);
        consumer.join().expect("no panic");
        assert_eq!(model.account(), (drained, abandoned), "it is told for good");
        model.is_closed_once();
    });
}

#[test]
fn a_delivery_and_what_it_causes_are_named_once_whenever_the_time_is_over() {
    check(|| {
        let model = Model::new();
        assert!(model.offer(0, None));
        model.drain();
        let caused = Arc::new(Mutex::new(0));
        let consumer = spawn(&model, {
            let caused = Arc::clone(&caused);
            move |model| {
                let first = &model.queues[0];
                let Some(Taken { ticket, .. }) = first.try_take(None) else {
                    return;
                };
                first.end(&ticket);
                *caused.lock().expect("no panic") += usize::from(model.offer(1, None));
                first.finish(ticket);
                model.close_if_quiet();
                model.serve(1, || ());
            }
        });
        let (drained, abandoned) = model.shut_down();
        consumer.join().expect("no panic");
        let caused = *caused.lock().expect("no panic");
        assert_eq!(drained + abandoned, 1 + caused);
        assert_eq!(model.account(), (drained, abandoned), "it is told for good");
    });
}

#[test]
fn a_delivery_that_waits_for_room_is_named_once_or_refused_whenever_the_time_is_over() {
    check(|| {
        let model = Model::new();
        assert!(model.offer(1, None));
        let task = model.tasks.enter(vec![handler()]).expect("it is open");
        model.drain();
        let handed_over = Arc::new(Mutex::new(1));
        let waiting = spawn(&model, {
            let handed_over = Arc::clone(&handed_over);
            move |model| {
                model.tasks.end(task, handler());
                // The delivery that it caused finds no capacity, and waits until the other one has left.
                let queue = &model.queues[1];
                let mut slot = None;
                if let Offer::Full(item) = queue.offer(1, None, WhenFull::Wait, None) {
                    slot = queue.wait(&item);
                    model.serve(1, || ());
                    let is_in = model.offer(1, slot);
                    if let (Some(slot), false) = (slot, is_in) {
                        queue.stop_waiting(slot);
                    }
                    assert!(slot.is_some() || !is_in, "it is closed");
                }
                *handed_over.lock().expect("no panic") += usize::from(slot.is_some());
                model.tasks.leave(task);
                model.serve(1, || ());
                model.close_if_quiet();
            }
        });
        let (drained, abandoned) = model.shut_down();
        waiting.join().expect("no panic");
        let handed_over = *handed_over.lock().expect("no panic");
        assert_eq!(drained + abandoned, 1 + handed_over);
        assert_eq!(model.account(), (drained, abandoned), "it is told for good");
        model.is_closed_once();
    });
}

#[test]
fn a_delivery_of_a_task_is_named_once_whenever_the_time_is_over() {
    check(|| {
        let model = Model::new();
        let task = model.tasks.enter(vec![handler()]).expect("it is open");
        model.drain();
        let entered = Arc::new(Mutex::new(1));
        let runs = spawn(&model, {
            let entered = Arc::clone(&entered);
            move |model| {
                model.tasks.end(task, handler());
                // The runtime drops another task, which is refused after the end.
                if let Some(other) = model.tasks.enter(vec![handler()]) {
                    *entered.lock().expect("no panic") += 1;
                    model.tasks.abandon(other, handler());
                    model.tasks.leave(other);
                }
                model.tasks.leave(task);
                model.close_if_quiet();
            }
        });
        let (drained, abandoned) = model.shut_down();
        runs.join().expect("no panic");
        assert_eq!(drained + abandoned, *entered.lock().expect("no panic"));
        assert_eq!(model.account(), (drained, abandoned), "it is told for good");
        model.is_closed_once();
    });
}

#[test]
fn two_shutdowns_at_their_limit_tell_the_same() {
    check(|| {
        let model = Model::new();
        assert!(model.offer(0, None));
        let told = Arc::new(Mutex::new((0, 0)));
        let other = spawn(&model, {
            let told = Arc::clone(&told);
            move |model| *told.lock().expect("no panic") = model.shut_down()
        });
        let account = model.shut_down();
        other.join().expect("no panic");
        assert_eq!(account, (0, 1));
        assert_eq!(*told.lock().expect("no panic"), account);
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
