//! Tasks that run one poll at a time, in an order that a test chooses.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

/// Chooses which task runs next, for a testing kit.
pub trait Scheduler: Send + Sync {
    /// Returns the number of a new task.
    fn join(&self) -> u64;
    /// Is ready when the task may be polled once. Otherwise the task is woken for its turn.
    fn poll_turn(&self, task: u64, context: &mut Context<'_>) -> Poll<()>;
    /// Ends the turn of a task.
    fn end_turn(&self, task: u64);
    /// Forgets a task that has ended.
    fn leave(&self, task: u64);
    /// Returns a number that is the same in each run of the test.
    fn random(&self) -> u64;
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<dyn Scheduler>>> = const { RefCell::new(None) };
}

/// Runs code, such as a runtime: the tasks of each dispatcher that it builds on this thread take turns.
pub fn with_scheduler<R>(scheduler: &Arc<dyn Scheduler>, code: impl FnOnce() -> R) -> R {
    struct Restore(Option<Arc<dyn Scheduler>>);

    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }

    let _before = Restore(CURRENT.replace(Some(Arc::clone(scheduler))));
    code()
}

/// Returns what chooses, if the tasks of a dispatcher that is built here take turns.
pub(crate) fn current() -> Option<Arc<dyn Scheduler>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Returns a random number, if the tasks of this thread take turns.
pub(crate) fn random() -> Option<u64> {
    current().map(|scheduler| scheduler.random())
}

pin_project! {
/// A task that takes turns.
pub(crate) struct ScheduledTask<F> {
    // Dropped first: what the task's end wakes is known before the task is forgotten.
    #[pin]
    future: F,
    member: Member,
}
}

struct Member {
    scheduler: Arc<dyn Scheduler>,
    task: u64,
}

/// A turn, which ends when this is dropped.
struct Turn<'a>(&'a Member);

impl<F> ScheduledTask<F> {
    pub(crate) fn new(future: F, scheduler: &Arc<dyn Scheduler>) -> Self {
        let scheduler = Arc::clone(scheduler);
        let member = Member {
            task: scheduler.join(),
            scheduler,
        };
        Self { future, member }
    }
}

impl<F: Future> Future for ScheduledTask<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Member { scheduler, task } = this.member;
        ready!(scheduler.poll_turn(*task, context));
        let _turn = Turn(this.member);
        this.future.poll(context)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.scheduler.end_turn(self.0.task);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.scheduler.leave(self.task);
    }
}

impl fmt::Debug for dyn Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scheduler")
    }
}
