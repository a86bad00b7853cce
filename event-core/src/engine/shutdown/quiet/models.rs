//! Models of the wait for a quiet dispatcher for the model checker loom, which finds a lost wake-up as a
//! deadlock: `RUSTFLAGS='--cfg loom' cargo test -p event-core --release --no-default-features --lib models`.

use std::panic::Location;
use std::pin::pin;
use std::task::{Context, Waker};

use loom::future::block_on;
use loom::model::Builder;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread::{self, JoinHandle};

use crate::engine::shutdown::quiet;
use crate::engine::shutdown::tasks::Tasks;
use crate::handler_info::{DeliveryKind, HandlerInfo, SubscriptionDeclaration};
use crate::queue::buffer::ticket::Taken;
use crate::queue::buffer::{Buffer, Offer, WhenFull};

struct Model {
    tasks: Tasks,
    queues: [Buffer<u8>; 2],
    ended: AtomicUsize,
}

impl Model {
    fn new() -> Arc<Self> {
        let queue = || Buffer::new(2, |item| u32::from(*item), Box::default());
        Arc::new(Self {
            tasks: Tasks::default(),
            queues: [queue(), queue()],
            ended: AtomicUsize::new(0),
        })
    }

    fn offer(&self, queue: usize) {
        let offered = self.queues[queue].offer(1, None, WhenFull::Wait, None);
        assert_eq!(offered, Offer::Waits);
    }

    /// Runs a delivery that waits in a queue; `run` is what it does before it ends.
    fn serve(&self, queue: usize, run: impl FnOnce()) {
        let buffer = &self.queues[queue];
        let Taken { ticket, .. } = buffer.try_take(None).expect("one waits");
        run();
        self.end();
        buffer.finish(ticket);
    }

    fn start_task(&self) -> u64 {
        let handler = HandlerInfo::of_subscription(SubscriptionDeclaration {
            name: "handler",
            at: Location::caller(),
            priority: 0,
            delivery: DeliveryKind::Async,
            queue: None,
            filter: None,
            retry: None,
        });
        self.tasks.enter(vec![handler]).expect("it is open")
    }

    fn end_task(&self, task: u64) {
        self.end();
        self.tasks.leave(task);
    }

    fn end(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    fn buffers(&self) -> [&Buffer<u8>; 2] {
        self.queues.each_ref()
    }

    /// Waits; returns how many deliveries had ended then.
    fn wait(&self) -> usize {
        block_on(pin!(quiet::wait(&self.tasks, &self.buffers())));
        self.ended.load(Ordering::Relaxed)
    }

    fn is_quiet(&self) -> bool {
        quiet::unfinished(&self.tasks, &self.buffers()).is_none()
    }
}

fn check(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(run);
}

fn spawn<R: 'static>(model: &Arc<Model>, run: impl FnOnce(&Model) -> R + 'static) -> JoinHandle<R> {
    let model = Arc::clone(model);
    thread::spawn(move || run(&model))
}

fn join<R>(other: JoinHandle<R>) -> R {
    other.join().expect("the other thread does not panic")
}

/// Runs a delivery of the first queue, the task that the delivery starts, and the delivery of the second queue
/// that the task offers.
fn serve_chain(model: &Model) {
    let mut task = 0;
    model.serve(0, || task = model.start_task());
    model.offer(1);
    model.end_task(task);
    model.serve(1, || ());
}

#[test]
fn what_moves_from_a_queue_to_a_task_to_a_queue_is_awaited() {
    check(|| {
        let model = Model::new();
        model.offer(0);
        let consumer = spawn(&model, serve_chain);
        assert_eq!(model.wait(), 3);
        join(consumer);
    });
}

#[test]
fn what_moves_is_never_overlooked_where_it_is_named() {
    check(|| {
        let model = Model::new();
        model.offer(0);
        let consumer = spawn(&model, serve_chain);
        if model.is_quiet() {
            assert_eq!(model.ended.load(Ordering::Relaxed), 3);
        }
        join(consumer);
        assert!(model.is_quiet());
    });
}

#[test]
fn what_moves_from_a_later_queue_to_an_earlier_one_is_awaited() {
    check(|| {
        let model = Model::new();
        model.offer(1);
        let consumer = spawn(&model, |model| {
            model.serve(1, || model.offer(0));
            model.serve(0, || ());
        });
        assert_eq!(model.wait(), 2);
        join(consumer);
    });
}

#[test]
fn all_who_wait_for_the_last_task_are_woken() {
    check(|| {
        let model = Model::new();
        let task = model.start_task();
        let other = spawn(&model, Model::wait);
        let runs = spawn(&model, move |model| model.end_task(task));
        assert_eq!(model.wait(), 1);
        assert_eq!(join(other), 1);
        join(runs);
    });
}

#[test]
fn a_wait_that_is_dropped_leaves_the_others_alone() {
    check(|| {
        let model = Model::new();
        let task = model.start_task();
        let buffers = model.buffers();
        let mut dropped = Box::pin(quiet::wait(&model.tasks, &buffers));
        let mut context = Context::from_waker(Waker::noop());
        assert!(dropped.as_mut().poll(&mut context).is_pending());
        let other = spawn(&model, Model::wait);
        let runs = spawn(&model, move |model| model.end_task(task));
        drop(dropped);
        assert_eq!(join(other), 1);
        join(runs);
    });
}
