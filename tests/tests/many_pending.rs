//! Many async deliveries that wait at once inside of one emission.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use event_core::{Dispatcher, Event};

#[derive(Event)]
struct Tick;

/// What one delivery waits for.
#[derive(Default)]
struct Wait {
    polls: AtomicUsize,
    is_over: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Wait {
    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        self.polls.fetch_add(1, Ordering::Relaxed);
        *self.waker.lock().expect("not poisoned") = Some(context.waker().clone());
        match self.is_over.load(Ordering::Relaxed) {
            0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    fn end(&self) {
        self.is_over.store(1, Ordering::Relaxed);
        let waker = self.waker.lock().expect("not poisoned").take();
        waker.expect("it was polled").wake();
    }
}

/// Counts how often the emission is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_wake_up_polls_what_was_woken_and_not_all_that_wait() {
    const WAITING: usize = 1_000;
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let waits: Vec<_> = (0..WAITING).map(|_| Arc::new(Wait::default())).collect();
    let subscribe = |wait: &Arc<Wait>| {
        let wait = wait.clone();
        dispatcher.subscribe_async(move |_: Arc<Tick>| {
            let wait = wait.clone();
            poll_fn(move |context| wait.poll(context))
        })
    };
    let _guards: Vec<_> = waits.iter().map(subscribe).collect();
    let count = Arc::new(Wakes::default());
    let waker = Waker::from(count.clone());
    let mut context = Context::from_waker(&waker);
    let mut emission = Box::pin(dispatcher.emit_async(Tick).into_future());
    let mut poll = || emission.as_mut().poll(&mut context);
    assert!(poll().is_pending());
    let (last, others) = waits.split_first().expect("there are some");
    for wait in others.iter().rev() {
        let before = count.0.load(Ordering::Relaxed);
        wait.end();
        assert_eq!(count.0.load(Ordering::Relaxed), before + 1);
        assert!(poll().is_pending());
    }
    last.end();
    let Poll::Ready(report) = poll() else {
        panic!("nothing else to wait for");
    };
    assert_eq!(report.done(), WAITING);
    let polls: usize = waits
        .iter()
        .map(|wait| wait.polls.load(Ordering::Relaxed))
        .sum();
    assert!(polls <= 20 * WAITING, "{polls} polls of {WAITING}");
}
