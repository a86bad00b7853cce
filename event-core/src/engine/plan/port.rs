//! Queued handlers whose events are stored by value.
//!
//! Most queued events were emitted by code outside of handlers, and have one handler. Such an event waits in
//! a [ring](Ring) of its type, and nothing else is stored for the event. The consumer whose next event is of
//! that ring starts a turn of the handler's *port*: the port takes one event after another out of the ring,
//! and calls the handler, whose future is not boxed, until another handler's event is next. A delivery that
//! is abandoned, or whose async call is not [plainly done](CallResult::is_done), becomes an item, and ends
//! like any other.

use std::any::Any;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use slab::Slab;

use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef};
use crate::engine::emission::first_poll::CallResult;
use crate::engine::plan::handlers::EventKind;
use crate::meta::parent::ParentEvent;
use crate::nesting::NestingError;
use crate::queue::buffer::line::Ring;
use crate::queue::buffer::slots::Label;

/// Takes the events of one handler out of a queue, and calls the handler.
pub(crate) trait EventPort: Send + Sync {
    fn new_ring(&self, address: PortAddress) -> Box<dyn Ring<DeferredDelivery>>;
    /// Returns a service for one turn after another. A handler that blocks is served in this call, for one
    /// turn.
    fn serve<'a>(&'a self, turn: PortTurn<'a>) -> PortService<'a>;
}

/// How a port is served.
pub(crate) enum PortService<'a> {
    /// A future that waits for its next turn or for its handler, and never ends.
    Async(Pin<Box<dyn Future<Output = ()> + Send + 'a>>),
    /// The turn is over.
    Served,
}

/// The handler of a port.
#[derive(Clone, Copy)]
pub(crate) struct PortAddress {
    pub(crate) kind: EventKind,
    /// The handler's index among the event's handlers that do not run inline.
    pub(crate) index: u32,
    pub(crate) label: Label,
}

impl PortAddress {
    /// Moves the event of an `Option<E>`, which has this identity if a call has failed.
    pub(crate) fn share(
        &self,
        event: &mut dyn Any,
        own: Option<Arc<ParentEvent>>,
    ) -> Arc<dyn ErasedDeferredEvent> {
        let event = self.kind.defer(event);
        if let Some(own) = own {
            // The event was just moved, so that no code has asked for its identity.
            let _ = event.lineage().own.set(own);
        }
        event
    }

    /// Makes the delivery of the event of an `Option<E>`.
    pub(crate) fn item(&self, event: &mut dyn Any) -> DeferredDelivery {
        self.shared_item(self.share(event, None))
    }

    /// Makes the delivery of an event.
    pub(crate) fn shared_item(&self, event: Arc<dyn ErasedDeferredEvent>) -> DeferredDelivery {
        DeferredDelivery::untracked(event, HandlerRef::DeferredHandler(self.index), self.label)
    }
}

/// A consumer, as a port sees it. An `event` is an `Option<E>`.
pub(crate) trait PortConsumer: Sync {
    /// Moves the next event into `event`. Returns `false` if the port's turn is over.
    fn take(&self, ring: u32, label: Label, event: &mut dyn Any) -> bool;
    /// Ends the port's turn, so that the consumer looks for what is next.
    fn end_turn(&self);
    /// Calls the handler, which blocks, with an `E`. Returns the end of a call that is not plainly done.
    fn call(&self, address: &PortAddress, event: &dyn Any) -> Option<Box<EndedCall>>;
    /// Drops an event whose delivery has ended, or lets it wait for its next attempt. Emits what the call
    /// caused, and notifies of its failures.
    fn conclude(&self, address: &PortAddress, event: &mut dyn Any, ended: EndedCall);
    /// Ends the delivery of an event whose call is not plainly done.
    fn finish<'c>(
        &'c self,
        address: &PortAddress,
        event: &mut dyn Any,
        ended: CallEnd,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'c>>;
    /// Abandons the delivery of an event whose call was dropped before its end.
    fn abandon(&self, address: &PortAddress, event: &mut dyn Any);
    /// Drops an event whose delivery is done.
    fn discard(&self, address: &PortAddress, event: &mut dyn Any);
}

/// The end of a call of a handler that blocks.
pub(crate) struct EndedCall {
    pub(crate) cascade: Cascade,
    /// How long the delivery waits for its next attempt, if it is tried again.
    pub(crate) wait: Option<Duration>,
    /// The identity of the event, if its delivery has failed.
    pub(crate) own: Option<Arc<ParentEvent>>,
}

/// How a call ended that is not plainly done.
pub(crate) struct CallEnd {
    pub(crate) result: CallResult,
    pub(crate) refused: Option<NestingError>,
}

/// The right of a port to take events from its ring.
#[derive(Clone, Copy)]
pub(crate) struct PortTurn<'a> {
    pub(crate) consumer: &'a dyn PortConsumer,
    pub(crate) ring: u32,
    pub(crate) address: PortAddress,
}

impl<'a> PortTurn<'a> {
    /// Takes the next event; `None` if the turn is over.
    #[inline]
    pub(crate) fn take<E: 'static>(&self) -> Option<HeldEvent<'_, 'a, E>> {
        let mut held = HeldEvent {
            turn: self,
            event: None,
        };
        let (ring, label) = (self.ring, self.address.label);
        let took = self.consumer.take(ring, label, &mut held.event);
        took.then_some(held)
    }

    /// Waits for the next turn.
    pub(crate) fn wait(&self) -> impl Future<Output = ()> {
        let mut is_over = false;
        poll_fn(move |_| {
            if std::mem::replace(&mut is_over, true) {
                return Poll::Ready(());
            }
            self.consumer.end_turn();
            Poll::Pending
        })
    }
}

/// An event that is being delivered. A drop before the end of its delivery abandons the delivery.
pub(crate) struct HeldEvent<'t, 'a, E: 'static> {
    turn: &'t PortTurn<'a>,
    event: Option<E>,
}

impl<'a, E> HeldEvent<'_, 'a, E> {
    #[inline]
    pub(crate) fn event(&self) -> &E {
        match &self.event {
            Some(event) => event,
            None => unreachable!("it is there until its delivery has ended"),
        }
    }

    /// Calls the event's handler, which blocks.
    pub(crate) fn call(mut self) {
        let PortTurn {
            consumer, address, ..
        } = self.turn;
        match consumer.call(address, self.event()) {
            None => self.discard(),
            Some(ended) => consumer.conclude(address, &mut self.event, *ended),
        }
    }

    /// Drops the event, whose delivery is done.
    #[inline]
    pub(crate) fn discard(mut self) {
        if const { std::mem::needs_drop::<E>() } {
            let PortTurn {
                consumer, address, ..
            } = self.turn;
            consumer.discard(address, &mut self.event);
        } else {
            self.event = None;
        }
    }

    /// Ends the delivery, whose call is not plainly done.
    #[cold]
    pub(crate) fn finish(
        mut self,
        ended: CallEnd,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let PortTurn {
            consumer, address, ..
        } = *self.turn;
        consumer.finish(&address, &mut self.event, ended)
    }
}

impl<E> Drop for HeldEvent<'_, '_, E> {
    fn drop(&mut self) {
        if self.event.is_some() {
            let PortTurn {
                consumer, address, ..
            } = self.turn;
            consumer.abandon(address, &mut self.event);
        }
    }
}

/// Waiting events of one type, and their handler.
pub(crate) struct EventRing<E> {
    events: VecDeque<E>,
    /// Events with a lane.
    keyed: Slab<E>,
    address: PortAddress,
}

impl<E> EventRing<E> {
    pub(crate) fn new(address: PortAddress) -> Self {
        Self {
            events: VecDeque::new(),
            keyed: Slab::new(),
            address,
        }
    }
}

impl<E: Send + 'static> Ring<DeferredDelivery> for EventRing<E> {
    fn push(&mut self, event: &mut dyn Any) {
        self.events.push_back(taken(event));
    }

    fn pop(&mut self, event: &mut dyn Any) {
        *place(event) = self.events.pop_front();
    }

    fn pop_item(&mut self) -> Option<DeferredDelivery> {
        let event = self.events.pop_front()?;
        Some(self.address.item(&mut Some(event)))
    }

    fn insert(&mut self, event: &mut dyn Any) -> usize {
        self.keyed.insert(taken(event))
    }

    fn remove(&mut self, key: usize, event: &mut dyn Any) {
        *place(event) = self.keyed.try_remove(key);
    }

    fn remove_item(&mut self, key: usize) -> Option<DeferredDelivery> {
        let event = self.keyed.try_remove(key)?;
        Some(self.address.item(&mut Some(event)))
    }

    fn label(&self) -> Label {
        self.address.label
    }
}

/// Returns the `Option<E>` that an event is in, or goes to.
#[inline]
fn place<E: 'static>(event: &mut dyn Any) -> &mut Option<E> {
    match event.downcast_mut() {
        Some(place) => place,
        None => unreachable!("a ring has events of one type"),
    }
}

#[inline]
fn taken<E: 'static>(event: &mut dyn Any) -> E {
    match place(event).take() {
        Some(event) => event,
        None => unreachable!("an event that is offered is there"),
    }
}

/// The port of a handler that blocks, which the consumer calls as a trait object.
pub(crate) struct BlockingPort<E>(PhantomData<fn(E)>);

impl<E> BlockingPort<E> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E: Send + 'static> EventPort for BlockingPort<E> {
    fn new_ring(&self, address: PortAddress) -> Box<dyn Ring<DeferredDelivery>> {
        Box::new(EventRing::<E>::new(address))
    }

    fn serve<'a>(&'a self, turn: PortTurn<'a>) -> PortService<'a> {
        while let Some(held) = turn.take::<E>() {
            held.call();
        }
        PortService::Served
    }
}
