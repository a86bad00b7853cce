//! Async handlers that wait once, and are woken all at once, or one after the other.
//!
//! They wait for nothing but a flag of this thread. Whoever runs an emission sets the flags between its
//! polls, in the same poll of the runtime, whose own work would hide what is measured.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::Awaited;
use crate::candidate::{Register, register};
use crate::ours;
use crate::work::{Order, count};

/// The counts of handlers that are measured.
pub const COUNTS: [usize; 4] = [1, 10, 100, 1000];

thread_local! {
    static WAITS: RefCell<Waits> = const { RefCell::new(Waits::NONE) };
}

/// The waits of the emission that runs.
struct Waits {
    /// In the order in which they began; the waker of each, until it is woken.
    wakers: Vec<Option<Waker>>,
    woken: usize,
}

impl Waits {
    const NONE: Self = Self {
        wakers: Vec::new(),
        woken: 0,
    };
}

/// How those that wait are woken.
#[derive(Clone, Copy, Debug)]
pub enum Wakes {
    /// All between two polls.
    Together,
    /// The last of them between two polls, so that whoever polls all of them polls many in vain.
    OneByOne,
}

impl Wakes {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Together, Self::OneByOne];

    /// The name of the group in the figures.
    #[must_use]
    pub fn group(self) -> &'static str {
        match self {
            Self::Together => "async-pending",
            Self::OneByOne => "async-woken",
        }
    }

    /// Wakes some; whether there were any.
    fn wake(self) -> bool {
        let next = WAITS.with_borrow_mut(|waits| {
            let left = waits.wakers.len() - waits.woken;
            let at = match self {
                Self::Together => waits.woken,
                Self::OneByOne => left.checked_sub(1)?,
            };
            waits.woken += 1;
            waits.wakers.get_mut(at)?.take()
        });
        // Not while the list is borrowed: a waker may be anything.
        next.map(Waker::wake).is_some()
    }
}

/// A wait for this thread.
struct Wait(Option<usize>);

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        WAITS.with_borrow_mut(|waits| match self.0 {
            None => {
                self.0 = Some(waits.wakers.len());
                waits.wakers.push(Some(context.waker().clone()));
                Poll::Pending
            }
            Some(at) => match &mut waits.wakers[at] {
                None => Poll::Ready(()),
                Some(waker) => {
                    waker.clone_from(context.waker());
                    Poll::Pending
                }
            },
        })
    }
}

/// The body of handler number `I`: waits once, then adds `id` to its own cell.
pub async fn wait_and_count<const I: usize>(id: u64, total: u64) {
    Wait(None).await;
    count::<I>(id, total);
}

/// Polls an emission and wakes what waits in it, in turns, until it is over.
async fn drive<F: Future>(wakes: Wakes, emission: F) -> F::Output {
    let mut emission = pin!(emission);
    let output = poll_fn(|context| {
        loop {
            if let Poll::Ready(output) = emission.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            assert!(wakes.wake(), "whoever is pending waits");
            while matches!(wakes, Wakes::Together) && wakes.wake() {}
        }
    })
    .await;
    WAITS.with_borrow_mut(|waits| {
        waits.wakers.clear();
        waits.woken = 0;
    });
    output
}

/// Ours and every peer with `handlers` handlers. To be called inside of the runtime.
#[must_use]
pub fn all(handlers: usize, wakes: Wakes) -> Vec<Awaited> {
    vec![
        ours::pending(handlers, async move |emission| drive(wakes, emission).await),
        joined(handlers, wakes),
        unordered(handlers, wakes),
    ]
}

type Handler = Box<dyn for<'a> Fn(&'a Order) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>>;

#[derive(Default)]
struct Handlers(Vec<Handler>);

impl Handlers {
    /// So many; beyond a hundred they repeat.
    fn new(handlers: usize) -> Self {
        let mut list = Self::default();
        for _ in 0..handlers.div_ceil(100) {
            register(&mut list, handlers.min(100));
        }
        list
    }
}

impl Register for Handlers {
    fn add<const I: usize>(&mut self) {
        self.0.push(Box::new(|event| {
            Box::pin(wait_and_count::<I>(event.id, event.total))
        }));
    }
}

fn joined(handlers: usize, wakes: Wakes) -> Awaited {
    let list = Handlers::new(handlers);
    Awaited::new("join_all", async move |id, total| {
        let event = black_box(Order { id, total });
        let calls = black_box(&list.0).iter().map(|handler| handler(&event));
        drive(wakes, join_all(calls)).await;
    })
}

fn unordered(handlers: usize, wakes: Wakes) -> Awaited {
    let list = Handlers::new(handlers);
    Awaited::new("unordered", async move |id, total| {
        let event = black_box(Order { id, total });
        let calls = black_box(&list.0).iter().map(|handler| handler(&event));
        let mut calls: FuturesUnordered<_> = calls.collect();
        drive(wakes, async { while calls.next().await.is_some() {} }).await;
    })
}
