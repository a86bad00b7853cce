//! Chooses which task runs next.
//!
//! Each task is polled by the runtime as usual, and waits for its turn instead of going on. The future that the runtime
//! waits for chooses one of those that are ready, or the closure of the test, and wakes it. It chooses once the tasks
//! that the last turn woke have come to wait for theirs: the runtime polls them first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use event_core::__private::Scheduler;

use crate::explore::random::Random;

pub(crate) struct SeededScheduler {
    state: Arc<Mutex<State>>,
}

struct State {
    random: Random,
    tasks: u64,
    /// The tasks that wait for their turn, which can go on.
    ready: BTreeMap<u64, Waker>,
    /// Whether the closure of the test can go on.
    is_closure_ready: bool,
    /// The task that has its turn.
    current: Option<u64>,
    /// Whether the runtime has polled the tasks that the last turn woke.
    is_settled: bool,
    /// The future that chooses.
    chooser: Option<Waker>,
}

/// Wakes the closure of the test.
struct ClosureWaker(Arc<Mutex<State>>);

/// What goes on next.
enum Choice {
    Closure,
    Task(Waker),
    /// Something else has to happen first.
    Nothing,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn choose(&mut self) -> Choice {
        let count = self.ready.len() + usize::from(self.is_closure_ready);
        if self.current.is_some() || count == 0 {
            return Choice::Nothing;
        }
        let chosen = self.random.below(count);
        let Some(task) = self.ready.keys().nth(chosen).copied() else {
            self.is_closure_ready = false;
            return Choice::Closure;
        };
        self.current = Some(task);
        self.ready
            .remove(&task)
            .map_or(Choice::Nothing, Choice::Task)
    }

    /// Returns what wakes the chooser, which has something to choose.
    fn unsettle(&mut self) -> Option<Waker> {
        self.is_settled = false;
        self.chooser.clone()
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl SeededScheduler {
    pub(crate) fn new(seed: u64) -> Self {
        let state = State {
            random: Random::new(seed),
            tasks: 0,
            ready: BTreeMap::new(),
            is_closure_ready: true,
            current: None,
            is_settled: false,
            chooser: None,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Returns how many tasks are ready, in words.
    pub(crate) fn waiting(&self) -> String {
        let state = lock(&self.state);
        match state.ready.len() {
            1 => "1 delivery".to_owned(),
            ready => format!("{ready} deliveries"),
        }
    }

    /// Polls the closure when its turn comes, and lets tasks go on until it has ended.
    pub(crate) fn poll<R>(
        &self,
        context: &Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        loop {
            let mut state = lock(&self.state);
            state.chooser = Some(context.waker().clone());
            if !std::mem::replace(&mut state.is_settled, true) {
                drop(state);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let choice = state.choose();
            drop(state);
            match choice {
                Choice::Nothing => return Poll::Pending,
                Choice::Task(waker) => {
                    waker.wake();
                    return Poll::Pending;
                }
                Choice::Closure => {
                    let waker = Waker::from(Arc::new(ClosureWaker(Arc::clone(&self.state))));
                    let polled = poll(&mut Context::from_waker(&waker));
                    if polled.is_ready() {
                        return polled;
                    }
                    lock(&self.state).is_settled = false;
                }
            }
        }
    }
}

impl Wake for ClosureWaker {
    fn wake(self: Arc<Self>) {
        let mut state = lock(&self.0);
        state.is_closure_ready = true;
        let chooser = state.unsettle();
        drop(state);
        wake(chooser);
    }
}

impl Scheduler for SeededScheduler {
    fn join(&self) -> u64 {
        let mut state = lock(&self.state);
        state.tasks += 1;
        state.tasks
    }

    fn poll_turn(&self, task: u64, context: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        if state.current == Some(task) {
            return Poll::Ready(());
        }
        let before = state.ready.insert(task, context.waker().clone());
        let chooser = state.unsettle();
        drop(state);
        drop(before);
        wake(chooser);
        Poll::Pending
    }

    fn end_turn(&self, task: u64) {
        let mut state = lock(&self.state);
        if state.current == Some(task) {
            state.current = None;
        }
        let chooser = state.unsettle();
        drop(state);
        wake(chooser);
    }

    fn random(&self) -> u64 {
        lock(&self.state).random.next()
    }

    fn leave(&self, task: u64) {
        let mut state = lock(&self.state);
        let waker = state.ready.remove(&task);
        let chooser = if state.current == Some(task) {
            state.current = None;
            state.unsettle()
        } else {
            None
        };
        drop(state);
        drop(waker);
        wake(chooser);
    }
}
