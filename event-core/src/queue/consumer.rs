//! Threads and tasks that serve a queue.

use std::any::Any;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread;

use super::buffer::Ticket;
use super::line::Line;
use crate::dispatcher::cascade::{Hands, Root};
use crate::dispatcher::depth;
use crate::dispatcher::flight;
use crate::dispatcher::inner::Inner;
use crate::dispatcher::shared::Item;
use crate::handler::HandlerInfo;
use crate::report::Ended;
use crate::{isolate, log, runtime};

/// Starts the threads of a queue, named after it.
pub(super) fn start_threads(inner: &Arc<Inner>, line: &Arc<Line>) {
    line.alive.store(line.settings.consumers, Ordering::Release);
    for at in 0..line.settings.consumers {
        let alive = Alive::new(inner, line, at);
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
    for at in 0..line.settings.consumers {
        let alive = Alive::new(inner, line, at);
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
    at: usize,
}

impl Alive {
    fn new(inner: &Arc<Inner>, line: &Arc<Line>, at: usize) -> Self {
        Self {
            inner: Arc::clone(inner),
            line: Arc::clone(line),
            at,
        }
    }

    /// Says what the consumer runs.
    fn begin(&self, item: &Item, last: &mut Option<HandlerInfo>) {
        self.line.running[self.at].begin(item.handler(&self.inner), last);
    }

    /// The delivery that the consumer took has ended, and all it caused has been handed over.
    fn ended(&self, ended: Ended, ticket: Ticket) -> Option<Ticket> {
        self.line.count(ended);
        self.line.running[self.at].end();
        if self.inner.closing.is_open() {
            // Given back with the next take.
            return Some(ticket);
        }
        self.line.buffer.finish(ticket);
        self.inner.close_if_quiet();
        None
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.line.running[self.at].end();
        if self.line.alive.fetch_sub(1, Ordering::AcqRel) > 1 || self.line.buffer.is_closed() {
            return;
        }
        self.line.is_deserted.store(true, Ordering::Release);
        self.line.abandon(&self.inner);
        self.inner.close_if_quiet();
    }
}

fn serve_as_thread(this: &Alive) {
    let (mut finished, mut last) = (None, None);
    while let Some(taken) = this.line.buffer.take_blocking(finished.take()) {
        this.begin(&taken.item, &mut last);
        let ended = run(&this.inner, taken.item, None, Hands::Blocking);
        finished = this.ended(ended, taken.ticket);
    }
}

async fn serve_as_task(this: Alive) {
    let (mut finished, mut last) = (None, None);
    while let Some(taken) = this.line.buffer.take(finished.take()).await {
        this.begin(&taken.item, &mut last);
        let mut running = Running {
            this: &this,
            item: Some(taken.item),
            ticket: Some(taken.ticket),
        };
        let ended = running.run().await;
        finished = running
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
}

impl Running<'_> {
    async fn run(&mut self) -> Ended {
        // Handlers that never wait would else keep all other tasks from their turn.
        runtime::yield_now_and_then().await;
        let inner = &self.this.inner;
        let mut root = Root::with(Hands::Waiting);
        let mut ended = Ended::Abandoned;
        if let Some(item) = &self.item {
            ended = flight::fly(inner, &*item.event, &item.target, &mut root).await;
        }
        // From here on the delivery has ended, whatever becomes of what it caused.
        isolate::discard(self.item.take());
        root.run_caused_waiting(inner).await;
        inner.tell_all(root);
        ended
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let inner = &self.this.inner;
        if let Some(item) = self.item.take() {
            self.this.line.count_abandoned_running();
            inner.end_unrun(item, Ended::Abandoned, Some(self.this.line.name));
        }
        if let Some(ticket) = self.ticket.take() {
            self.this.line.buffer.finish(ticket);
        }
    }
}

/// Runs a delivery on this thread, and emits what it causes.
fn run(inner: &Arc<Inner>, item: Item, lent: Option<&mut dyn Any>, hands: Hands) -> Ended {
    let mut root = Root::with(hands);
    let depth = item.event.origin().depth;
    let (ended, refused) = depth::enter(depth, || flight::run(inner, &item, lent, &mut root));
    root.pass_on(refused);
    isolate::discard(item);
    root.run_caused(inner);
    inner.tell_all(root);
    ended
}

impl Line {
    /// Runs what waits right now with what its owner lends; answers how many deliveries ran.
    pub(crate) fn pump(self: &Arc<Self>, inner: &Arc<Inner>, lent: &mut dyn Any) -> usize {
        let waiting = self.buffer.counts().depth;
        let mut ran = 0;
        while ran < waiting {
            let Some(taken) = self.buffer.try_take(None) else {
                break;
            };
            // It never waits: whoever waits for room may wait for this very pump.
            let ended = run(inner, taken.item, Some(&mut *lent), Hands::Over);
            self.count(ended);
            self.buffer.finish(taken.ticket);
            ran += 1;
        }
        inner.close_if_quiet();
        if self.buffer.counts().depth > 0 {
            self.wake();
        }
        ran
    }
}
