//! Threads and tasks that serve a queue.

use std::any::Any;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread;

use super::buffer::{Counts, Taken, Ticket};
use super::line::Line;
use crate::dispatcher::cascade::{Hands, Root};
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
    inner: Arc<Inner>,
    line: Arc<Line>,
}

impl Alive {
    fn new(inner: &Arc<Inner>, line: &Arc<Line>) -> Self {
        Self {
            inner: Arc::clone(inner),
            line: Arc::clone(line),
        }
    }

    /// The delivery that the consumer took has ended, and all it caused has been handed over.
    /// Answers the next one, if one is ready.
    fn ended(&self, ended: Ended, ticket: Ticket) -> Option<Taken<Item>> {
        self.line.count(ended);
        let next = self.line.buffer.try_take(Some(ticket));
        if next.is_none() {
            // Looked at after the ticket was given back: a dispatcher that began to drain in
            // between found it running, and left it to this consumer to close.
            self.inner.close_if_quiet();
        }
        next
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if self.line.alive.fetch_sub(1, Ordering::AcqRel) > 1 || self.line.buffer.is_closed() {
            return;
        }
        self.line.desert(&self.inner);
        self.inner.close_if_quiet();
    }
}

fn serve_as_thread(this: &Alive) {
    let (inner, line) = (&this.inner, &this.line);
    let mut next = None;
    while let Some(taken) = next.or_else(|| line.buffer.take_blocking(None)) {
        let ended = line.run(inner, taken.item, &taken.ticket, None, Hands::Serving);
        next = this.ended(ended, taken.ticket);
    }
}

async fn serve_as_task(this: Alive) {
    let mut next = None;
    loop {
        if next.is_none() {
            next = this.line.buffer.take(None).await;
        }
        let Some(taken) = next.take() else {
            return;
        };
        let mut running = Running {
            this: &this,
            item: Some(taken.item),
            ticket: Some(taken.ticket),
            root: Root::with(Hands::Waiting),
        };
        let ended = running.run().await;
        next = running
            .ticket
            .take()
            .and_then(|ticket| this.ended(ended, ticket));
    }
}

/// A delivery that a task runs. Dropped before it ended, it is abandoned: the runtime ended.
struct Running<'a> {
    this: &'a Alive,
    item: Option<Item>,
    ticket: Option<Ticket>,
    /// What it leads to.
    root: Root,
}

impl Running<'_> {
    async fn run(&mut self) -> Ended {
        // Handlers that never wait would else keep all other tasks from their turn.
        runtime::yield_now_and_then().await;
        let inner = &self.this.inner;
        let mut ended = Ended::Abandoned;
        if let Some(item) = &self.item {
            ended = flight::fly(inner, &*item.event, &item.target, &mut self.root).await;
        }
        // From here on the delivery has ended, whatever becomes of what it caused.
        isolate::discard(self.item.take());
        self.this.line.end(self.ticket.as_ref(), &self.root);
        self.root.run_caused_waiting(inner).await;
        inner.tell_all(std::mem::take(&mut self.root));
        ended
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let Alive { inner, line } = self.this;
        let has_ended = self.item.is_none();
        if let Some(item) = self.item.take() {
            line.count_abandoned_running();
            let under_way = self.root.take_under_way();
            inner.abandon(item, Some(line.name), under_way);
        }
        let mut root = std::mem::take(&mut self.root);
        root.lose_the_rest(inner);
        inner.tell_all(root);
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
        inner.close_if_quiet();
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
