//! A consumer's turns for handlers whose events wait by value.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use crate::engine::deferred::consumer::RunningDelivery;
use crate::engine::deferred::finished_call::{CallExtras, FinishedCall};
use crate::engine::deferred::redeliver::keep_failed;
use crate::engine::deferred::ticket_slot::TicketSlot;
use crate::engine::emission::Emission;
use crate::engine::emission::HandlerLookup as _;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::first_poll::DeferredLookup;
use crate::engine::emission::lineage::ROOT_LINEAGE;
use crate::engine::observers::DeliveryTimer;
use crate::engine::plan::bound::Call;
use crate::engine::plan::handlers::TableEntry;
use crate::engine::plan::port::{
    CallEnd, EndedCall, PortAddress, PortConsumer, PortService, PortTurn,
};
use crate::engine::queue::live::LiveQueue;
use crate::engine::state::DispatcherState;
use crate::nesting::{self, NestingError};
use crate::panics;
use crate::queue::buffer::slots::Label;
use crate::queue::buffer::ticket::{Next, Turn};
use crate::report::status::DeliveryStatus;

/// After this many deliveries in a row a consumer looks for other deliveries, and a task lets others run.
const TURN: u32 = 128;

const NO_RING: u32 = u32::MAX;

/// A consumer that is not idle: it holds the dispatcher.
pub(crate) struct ConsumerRun<'a> {
    pub(crate) queue: &'a Arc<LiveQueue>,
    pub(crate) inner: &'a Arc<DispatcherState>,
    pub(crate) ticket: &'a TicketSlot<'a>,
    /// How many deliveries ran in this turn.
    deliveries: AtomicU32,
    is_turn_over: AtomicBool,
    /// The ring of the event that ended the last turn, or [`NO_RING`].
    next_ring: AtomicU32,
}

/// What a consumer does next.
pub(crate) enum NextStep {
    /// Lets the handler of this ring take its events.
    Turn(u32),
    Run(DeferredDelivery),
    /// Looks again: another consumer was faster.
    Look,
}

impl<'a> ConsumerRun<'a> {
    pub(crate) fn new(
        queue: &'a Arc<LiveQueue>,
        inner: &'a Arc<DispatcherState>,
        ticket: &'a TicketSlot<'a>,
    ) -> Self {
        Self {
            queue,
            inner,
            ticket,
            deliveries: AtomicU32::new(0),
            is_turn_over: AtomicBool::new(false),
            next_ring: AtomicU32::new(NO_RING),
        }
    }

    /// Takes the ring of the event that ended the last turn, if an event of another ring ended that turn.
    pub(crate) fn take_next_ring(&self) -> Option<u32> {
        let ring = self.next_ring.load(Ordering::Relaxed);
        if ring == NO_RING {
            return None;
        }
        self.next_ring.store(NO_RING, Ordering::Relaxed);
        Some(ring)
    }

    /// Returns what to do with the next item or event of the queue.
    pub(crate) fn next_item(&self, next: Next<DeferredDelivery>) -> NextStep {
        match next {
            Next::Item(taken) => {
                self.ticket.put(Some(taken.ticket));
                NextStep::Run(taken.item)
            }
            Next::Event(ring, ticket) => {
                self.ticket.put(ticket);
                if !self.inner.is_observed() {
                    return NextStep::Turn(ring);
                }
                // Observers are told of items.
                match self.queue.buffer.try_take(self.ticket.take()) {
                    None => NextStep::Look,
                    Some(taken) => {
                        self.ticket.put(Some(taken.ticket));
                        NextStep::Run(taken.item)
                    }
                }
            }
        }
    }

    /// Counts a delivery in this turn.
    #[inline]
    pub(crate) fn count_turn(&self) {
        let deliveries = self.deliveries.load(Ordering::Relaxed);
        self.deliveries.store(deliveries + 1, Ordering::Relaxed);
    }

    /// Starts a turn, if the one before was used up; returns whether it was.
    pub(crate) fn start_turn(&self) -> bool {
        let was_used_up = self.deliveries.load(Ordering::Relaxed) >= TURN;
        if was_used_up {
            self.deliveries.store(0, Ordering::Relaxed);
        }
        was_used_up
    }

    fn entry(&self, address: &PortAddress) -> &'a TableEntry {
        match self.inner.known(address.kind) {
            Some(entry) => entry,
            None => unreachable!("a port is that of a handler in the table"),
        }
    }
}

impl PortConsumer for ConsumerRun<'_> {
    #[inline]
    fn take(&self, ring: u32, label: Label, event: &mut dyn Any) -> bool {
        let is_over = self.next_ring.load(Ordering::Relaxed) != NO_RING
            || self.deliveries.load(Ordering::Relaxed) >= TURN
            || self.inner.is_observed();
        if is_over {
            return false;
        }
        let buffer = &self.queue.buffer;
        let turn = self
            .ticket
            .with(|ticket| buffer.take_event(ring, label, event, ticket));
        match turn {
            Turn::Taken(other) => {
                self.count_turn();
                if let Some(other) = other {
                    // The turn is over with this event.
                    self.next_ring.store(other, Ordering::Relaxed);
                }
                true
            }
            Turn::Other(next) => {
                self.next_ring.store(next, Ordering::Relaxed);
                false
            }
            Turn::Over => false,
        }
    }

    fn end_turn(&self) {
        self.is_turn_over.store(true, Ordering::Relaxed);
    }

    fn call(&self, address: &PortAddress, event: &dyn Any) -> Option<Box<EndedCall>> {
        let entry = self.entry(address);
        let Call::Sync(handler) = &entry.deferred[address.index as usize].binding.call else {
            unreachable!("another handler has another port")
        };
        let cascade = Cascade::with(WaitPolicy::Serve);
        let lookup = DeferredLookup(entry);
        let emission = Emission::new(self.inner, &lookup, &ROOT_LINEAGE, &cascade.state);
        emission.set_position(address.index as usize);
        let event = entry.as_event(event);
        let ((), refused) = nesting::enter(0, || {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| handler.call(event, &emission)))
            {
                emission.panicked(event, payload);
            }
        });
        if cascade.state.get().is_none() && refused.is_none() {
            return None;
        }
        let failed = emission.take_failed_attempt();
        let wait = failed.map(|failed| failed.wait);
        let own = cascade.identity_of_failed(wait.is_some(), &ROOT_LINEAGE);
        let cascade = self.end_call(cascade, refused, wait.is_some());
        Some(Box::new(EndedCall { cascade, wait, own }))
    }

    fn conclude(&self, address: &PortAddress, event: &mut dyn Any, ended: EndedCall) {
        let EndedCall {
            mut cascade,
            wait,
            own,
        } = ended;
        if let Some(wait) = wait {
            let item = address.shared_item(address.share(event, own));
            self.end_attempt(cascade, item, wait);
            return;
        }
        let share = || Some(address.share(event, own));
        if !keep_failed(self.inner, &mut cascade, share) {
            self.discard(address, event);
        }
        self.emit_caused(cascade);
    }

    fn finish<'c>(
        &'c self,
        address: &PortAddress,
        event: &mut dyn Any,
        ended: CallEnd,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'c>> {
        let running = RunningDelivery::new(self, address.item(event));
        let CallEnd { result, refused } = ended;
        Box::pin(running.finish(FinishedCall {
            result,
            extras: CallExtras::default(),
            refused,
            attempt: 1,
        }))
    }

    #[cold]
    fn abandon(&self, address: &PortAddress, event: &mut dyn Any) {
        self.ticket.abandon();
        self.queue.count_abandoned_running();
        let queue = Some(self.queue.name);
        self.inner
            .abandon(address.item(event), queue, DeliveryTimer::default());
    }

    fn discard(&self, address: &PortAddress, event: &mut dyn Any) {
        panics::drop_caught(address.kind.defer(event));
    }
}

impl ConsumerRun<'_> {
    /// Emits what a delivery caused that has ended on this thread, and notifies of its failures.
    pub(crate) fn emit_caused(&self, mut cascade: Cascade) {
        if cascade.state.get().is_some() {
            self.ticket.end();
            cascade.run_caused(self.inner);
            self.inner.notify_failures(cascade);
        }
    }

    /// Emits what an attempt caused that has failed on this thread, and lets its delivery wait for the next.
    #[cold]
    pub(crate) fn end_attempt(&self, mut cascade: Cascade, item: DeferredDelivery, wait: Duration) {
        cascade.run_caused(self.inner);
        self.inner.notify_failures(cascade);
        self.delay(item, wait);
    }

    /// Ends a call of a handler that blocks, and that did more than return.
    #[cold]
    fn end_call(
        &self,
        mut cascade: Cascade,
        refused: Option<NestingError>,
        is_tried_again: bool,
    ) -> Cascade {
        if !is_tried_again {
            let ended = cascade
                .state
                .get()
                .map(|state| state.borrow().progress.ended);
            self.queue.count(ended.unwrap_or(DeliveryStatus::Done));
            cascade.done += 1;
        }
        cascade.end_emission(self.inner, &ROOT_LINEAGE);
        cascade.note_refused(refused);
        cascade
    }
}

/// The services of a queue's ports for one consumer, each made at the first turn of its port.
pub(crate) struct Ports<'a> {
    run: &'a ConsumerRun<'a>,
    /// The service of the handler that had the last turn.
    current: Option<(u32, PortService<'a>)>,
    others: Vec<(u32, PortService<'a>)>,
}

impl<'a> Ports<'a> {
    pub(crate) fn new(run: &'a ConsumerRun<'a>) -> Self {
        Self {
            run,
            current: None,
            others: Vec::new(),
        }
    }

    /// Lets the handler of a ring take its events until the turn ends, as where another's event is next.
    pub(crate) async fn serve(&mut self, ring: u32) {
        let run = self.run;
        if let PortService::Async(service) = self.service(ring) {
            poll_fn(|context| {
                let polled = service.as_mut().poll(context);
                if polled.is_ready() || run.is_turn_over.swap(false, Ordering::Relaxed) {
                    return Poll::Ready(());
                }
                Poll::Pending
            })
            .await;
        }
    }

    /// [`serve`](Self::serve) for a thread.
    pub(crate) fn serve_blocking(&mut self, ring: u32) {
        let run = self.run;
        match (self.service(ring), &run.inner.runtime) {
            (PortService::Async(_), Some(runtime)) => runtime.block_on(self.serve(ring)),
            (PortService::Async(_), None) => {
                unreachable!("a build refuses async handlers without a runtime")
            }
            // The next turn makes another service.
            (PortService::Served, _) => self.current = None,
        }
    }

    fn service(&mut self, ring: u32) -> &mut PortService<'a> {
        if self
            .current
            .as_ref()
            .is_none_or(|(other, _)| *other != ring)
        {
            self.others.extend(self.current.take());
            let known = self.others.iter().position(|(other, _)| *other == ring);
            self.current = known.map(|at| self.others.swap_remove(at));
        }
        let run = self.run;
        let (_, service) = self
            .current
            .get_or_insert_with(|| (ring, Self::start(run, ring)));
        service
    }

    fn start(run: &'a ConsumerRun<'a>, ring: u32) -> PortService<'a> {
        let address = run.queue.ports[ring as usize];
        let handler = &run.entry(&address).deferred[address.index as usize];
        let Some(port) = &handler.binding.port else {
            unreachable!("its ring was made by its port")
        };
        port.serve(PortTurn {
            consumer: run,
            ring,
            address,
        })
    }
}
