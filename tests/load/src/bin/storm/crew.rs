//! Threads that emit, subscribe and cancel at random.

use std::future::IntoFuture;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use event_core::queue::Overflow;
use event_core::stream::EventStream;
use event_core::{Dispatcher, PendingEvents, Report, dispatcher::Subscription};
use fastrand::Rng;

use crate::world::{Keyed, LOCAL, Pressed, Tick};

/// What one thread holds of the dispatcher that it works with.
pub(crate) struct Hand {
    random: Rng,
    dispatcher: Dispatcher,
    subscriptions: Vec<Subscription>,
    streams: Vec<EventStream<Keyed>>,
    target: Arc<u64>,
    sum: u64,
}

impl Hand {
    pub(crate) fn new(random: Rng, dispatcher: Dispatcher) -> Self {
        Self {
            random,
            dispatcher,
            subscriptions: Vec::new(),
            streams: Vec::new(),
            target: Arc::default(),
            sum: 0,
        }
    }

    /// Goes on with the next dispatcher.
    pub(crate) fn into_random(self) -> Rng {
        self.random
    }

    /// Does one thing.
    pub(crate) fn act(&mut self) {
        match self.random.u8(..20) {
            0 => self.subscribe(),
            1 => self.cancel(),
            2 => self.stream(),
            3 => self.read(),
            4..=6 => {
                self.dispatcher
                    .queue(&LOCAL)
                    .expect("a handler names it")
                    .pump(&mut self.sum);
            }
            _ => self.emit(),
        }
    }

    fn subscribe(&mut self) {
        let options = self.dispatcher.subscription_builder();
        let options = options.priority(self.random.i32(-1..2));
        let options = if self.random.bool() {
            options.once()
        } else {
            options
        };
        let subscription = match self.random.u8(..4) {
            0 => options.subscribe(|_: &Tick| ()),
            1 => options.subscribe_async(|_: Arc<Keyed>| tokio::task::yield_now()),
            2 => options
                .weak(&self.target)
                .subscribe(|_: &u64, _: &Keyed| ()),
            _ => options
                .weak(&self.target)
                .subscribe_async(|_: Arc<u64>, _: Arc<Tick>| tokio::task::yield_now()),
        };
        self.subscriptions.push(subscription);
        if self.subscriptions.len() > 8 {
            self.cancel();
        }
    }

    fn cancel(&mut self) {
        if self.random.u8(..4) == 0 {
            // Those that are tied to it are over.
            self.target = Arc::default();
        }
        if !self.subscriptions.is_empty() {
            let at = self.random.usize(..self.subscriptions.len());
            self.subscriptions.swap_remove(at).cancel();
        }
    }

    fn stream(&mut self) {
        let overflow = match self.random.u8(..3) {
            0 => Overflow::Reject,
            1 => Overflow::DropOldest,
            _ => Overflow::DropNewest,
        };
        let capacity = self.random.usize(1..4);
        self.streams
            .push(self.dispatcher.stream(capacity, overflow));
        if self.streams.len() > 2 {
            self.streams.swap_remove(0);
        }
    }

    fn read(&mut self) {
        for stream in &mut self.streams {
            let mut next = pin!(stream.next());
            let _ = next.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    }

    fn emit(&mut self) {
        let number = self.random.u64(..);
        let report = match self.random.u8(..11) {
            0..=2 => self.dispatcher.emit(Tick(number)),
            3 => match self.dispatcher.fail_fast().emit(Tick(number)).into_result() {
                Ok(report) => report,
                Err(error) => error.into_report(),
            },
            4 => {
                let mut pending = PendingEvents::default();
                pending.record(Tick(number));
                pending.record(Pressed(number));
                self.dispatcher.emit(pending)
            }
            5 => {
                let report = self.dispatcher.emit_blocking(Tick(number));
                report.expect("it is a plain thread")
            }
            6 => pollster::block_on(self.dispatcher.emit_async(Tick(number)).into_future()),
            7 => {
                let shielded = self.dispatcher.emit_async(Tick(number)).spawned();
                if self.random.bool() {
                    return;
                }
                pollster::block_on(shielded)
            }
            // Nothing that it causes needs somebody who pumps.
            8 => {
                let report = self.dispatcher.settled().emit_blocking(Pressed(number));
                report.expect("it is a plain thread")
            }
            9 => pollster::block_on(self.dispatcher.settled().emit_async(Pressed(number))),
            _ => return self.emit_and_drop(number),
        };
        self.redeliver(&report);
    }

    /// Drops an emission after a few polls.
    fn emit_and_drop(&mut self, number: u64) {
        let mut emission = pin!(self.dispatcher.emit_async(Tick(number)).into_future());
        for _ in 0..self.random.u8(..4) {
            let polled = emission
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            if polled.is_ready() {
                return;
            }
            std::thread::yield_now();
        }
    }

    fn redeliver(&mut self, report: &Report) {
        for failure in report.failures() {
            if self.random.bool() {
                continue;
            }
            // A queue that nobody pumps has no room for ever.
            let mut redelivery = pin!(failure.redeliver());
            for _ in 0..2 {
                let context = &mut Context::from_waker(Waker::noop());
                if redelivery.as_mut().poll(context).is_ready() {
                    break;
                }
            }
        }
    }
}
