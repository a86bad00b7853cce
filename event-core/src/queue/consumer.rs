//! Threads and tasks that serve a queue.
//!
//! A consumer that has nothing to do holds nothing of the user's: it takes hold of its dispatcher in the
//! step that takes a delivery, and lets go before it gives back the ticket of the last one. So whoever finds a queue
//! quiet, or a dispatcher closed, finds that nobody else works with what the dispatcher owns.

use std::any::Any;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::thread;

use super::buffer::{Counts, Taken, Ticket};
use super::line::Line;
use crate::dispatcher::cascade::{Hands, Root};
use crate::dispatcher::closing::Closing;
use crate::dispatcher::flight;
use crate::dispatcher::inner::Inner;
use crate::dispatcher::shared::Item;
use crate::report::Ended;
use crate::{isolate, log, runtime};

/// Starts the threads of a queue, named after it.
pub(super) fn start_threads(inner: &Arc<Inner>, line: &Arc<Line>) {
    line.alive.store(line.settings.consumers, Ordering::Release);
    for at in 0..line.settings.consumers {
        let alive = Alive::new(inner, line);
        let thread = thread::Builder::new().name(format!("{}-{at}", line.name));
        if let Err(error) = thread.spawn(move || serve_as_thread(&alive)) {
            // The guard went with the closure, and counted it.
            log::no_thread(line.name, &error);
        }
    }
}

/// Starts the tasks of a queue.
pub(super) fn start_tasks(inner: &Arc<Inner>, line: &Arc<Line>) {
    line.alive.store(line.settings.consumers, Ordering::Release);
    for _ in 0..line.settings.consumers {
        let alive = Alive::new(inner, line);
        let Some(runtime) = &inner.runtime else {
            continue;
        };
        let aborter = runtime.spawn(Box::pin(serve_as_task(alive)));
        let mut aborters = line.aborters.lock().unwrap_or_else(PoisonError::into_inner);
        aborters.push(aborter);
    }
}

/// A consumer; when the last one ends, and not because the queue was closed, what waits is
/// abandoned.
struct Alive {
    inner: Weak<Inner>,
    closing: Arc<Closing>,
    line: Arc<Line>,
}

impl Alive {
    fn new(inner: &Arc<Inner>, line: &Arc<Line>) -> Self {
        Self {
            inner: Arc::downgrade(inner),
            closing: Arc::clone(&inner.closing),
            line: Arc::clone(line),
        }
    }

    /// The dispatcher, for a delivery. It lives while one waits: its last clone leaves it to the
    /// [`Closing`], and what is closed is empty.
    fn hold(&self, taken: Taken<Item>) -> (Taken<Item>, Arc<Inner>) {
        match self.inner.upgrade() {
            Some(inner) => (taken, inner),
            None => unreachable!("a dispatcher lives while its queues hold deliveries"),
        }
    }

    /// No further delivery is ready: lets go of the dispatcher, and then of the ticket.
    fn rest(&self, inner: Arc<Inner>, ticket: Ticket) {
        isolate::discard(inner);
        self.line.buffer.finish(ticket);
        // Looked at after the ticket was given back: a dispatcher that began to drain in between found
        // it running, and left it to this consumer to close.
        self.closing.close_if_quiet();
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if self.line.alive.fetch_sub(1, Ordering::AcqRel) > 1 || self.line.buffer.is_closed() {
            return;
        }
        if let Some(inner) = self.inner.upgrade() {
            self.line.desert(&inner);
            isolate::discard(inner);
        }
        self.closing.close_if_quiet();
    }
}

fn serve_as_thread(this: &Alive) {
    let line = &this.line;
    let hold = |taken| this.hold(taken);
    while let Some((mut taken, inner)) = line.buffer.take_blocking_with(None, hold) {
        let last = loop {
            let ended = line.run(&inner, taken.item, &taken.ticket, None, Hands::Serving);
            line.count(ended);
            match line.buffer.try_next(taken.ticket) {
                Ok(next) => taken = next,
                Err(ticket) => break ticket,
            }
        };
        this.rest(inner, last);
    }
}

async fn serve_as_task(this: Alive) {
    let hold = |taken| this.hold(taken);
    while let Some((mut taken, inner)) = this.line.buffer.take_with(None, hold).await {
        let mut running = Running::new(&this, inner);
        let last = loop {
            running.item = Some(taken.item);
            running.ticket = Some(taken.ticket);
            let ended = running.run().await;
            this.line.count(ended);
            let Some(ticket) = running.ticket.take() else {
                return;
            };
            match this.line.buffer.try_next(ticket) {
                Ok(next) => taken = next,
                Err(ticket) => break ticket,
            }
        };
        if let Some(inner) = running.inner.take() {
            this.rest(inner, last);
        }
    }
}

/// A delivery that a task runs. Dropped before it ended, it is abandoned: the runtime ended.
struct Running<'a> {
    this: &'a Alive,
    /// There until the task rests.
    inner: Option<Arc<Inner>>,
    item: Option<Item>,
    ticket: Option<Ticket>,
    /// What it leads to.
    root: Root,
}

impl<'a> Running<'a> {
    fn new(this: &'a Alive, inner: Arc<Inner>) -> Self {
        Self {
            this,
            inner: Some(inner),
            item: None,
            ticket: None,
            root: Root::with(Hands::Waiting),
        }
    }

    async fn run(&mut self) -> Ended {
        // Handlers that never wait would else keep all other tasks from their turn.
        runtime::yield_now_and_then().await;
        let (Some(inner), Some(item)) = (&self.inner, &self.item) else {
            return Ended::Abandoned;
        };
        let ended = flight::fly(inner, item, &mut self.root).await;
        // From here on the delivery has ended, whatever becomes of what it caused.
        isolate::discard(self.item.take());
        self.this.line.end(self.ticket.as_ref(), &self.root);
        self.root.run_caused_waiting(inner).await;
        let root = std::mem::replace(&mut self.root, Root::with(Hands::Waiting));
        inner.tell_all(root);
        ended
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let Alive { line, .. } = self.this;
        let has_ended = self.item.is_none();
        if let Some(inner) = self.inner.take() {
            if let Some(item) = self.item.take() {
                line.count_abandoned_running();
                let under_way = self.root.take_under_way();
                inner.abandon(item, Some(line.name), under_way);
            }
            let mut root = std::mem::take(&mut self.root);
            root.lose_the_rest(&inner);
            inner.tell_all(root);
            isolate::discard(inner);
        }
        match self.ticket.take() {
            None => {}
            Some(ticket) if has_ended => line.buffer.finish(ticket),
            Some(ticket) => line.buffer.abandon(ticket),
        }
    }
}

impl Line {
    /// Runs a delivery on this thread, and emits what it causes.
    fn run(
        &self,
        inner: &Arc<Inner>,
        item: Item,
        ticket: &Ticket,
        lent: Option<&mut dyn Any>,
        hands: Hands,
    ) -> Ended {
        let mut root = Root::with(hands);
        let ended = flight::run(inner, &item, lent, &mut root);
        isolate::discard(item);
        self.end(Some(ticket), &root);
        root.run_caused(inner);
        inner.tell_all(root);
        ended
    }

    /// A delivery has ended. Most cause nothing, and give their ticket back at once.
    fn end(&self, ticket: Option<&Ticket>, root: &Root) {
        if let (Some(ticket), Some(_)) = (ticket, root.record.get()) {
            self.buffer.end(ticket);
        }
    }

    /// Runs what waits right now with what its owner lends; answers how many deliveries ran.
    pub(crate) fn pump(self: &Arc<Self>, inner: &Arc<Inner>, lent: &mut dyn Any) -> usize {
        let before = self.buffer.counts();
        let mut ran = 0;
        let mut is_held_back = false;
        // Those that had to make room are the oldest: they were waiting, too.
        while ran + self.displaced_since(&before) < before.depth {
            let Some(taken) = self.buffer.try_take(None) else {
                is_held_back = true;
                break;
            };
            // It never waits: whoever waits for room may wait for this very pump.
            let lent = Some(&mut *lent);
            let ended = self.run(inner, taken.item, &taken.ticket, lent, Hands::Over);
            self.count(ended);
            self.buffer.finish(taken.ticket);
            ran += 1;
        }
        inner.closing.close_if_quiet();
        if !is_held_back && self.buffer.counts().depth > 0 {
            self.wake();
        }
        ran
    }

    fn displaced_since(&self, before: &Counts) -> usize {
        let displaced = self.buffer.counts().displaced - before.displaced;
        usize::try_from(displaced).unwrap_or(usize::MAX)
    }
}
