//! What a dispatcher says about its events and their handlers.

use std::fmt;

use crate::dispatcher::Dispatcher;
use crate::engine::plan::handlers::{EventKind, EventType};
use crate::engine::plan::listing::HandlersInOrder;
use crate::engine::state::DispatcherState;
use crate::event::Handled;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;

/// One event type in one dispatcher, from [`Dispatcher::events`].
#[derive(Clone, Copy)]
pub struct EventView<'d> {
    state: &'d DispatcherState,
    kind: EventKind,
}

impl Dispatcher {
    /// Returns the handlers and subscriptions of an event, in the order in which they run.
    ///
    /// Those that run [inline](crate::handler::DeliveryKind::Inline) come first. Behind them are all
    /// others, in the order in which they are started, or offered to their queues and streams. A catch-all
    /// is listed for each event that it sees. A subscription that has ended is not listed. One that is
    /// made or cancelled while the iterator lives may be listed or not.
    ///
    /// The iterator borrows what the build made: nothing is allocated for an event without
    /// subscriptions.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::queue::LocalQueue;
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// static UI: LocalQueue<String> = LocalQueue::new("ui");
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// #[handler(queue = UI)]
    /// fn show(_event: &OrderPlaced, title: &mut String) { title.push('!') }
    ///
    /// #[handler(priority = 10)]
    /// fn count_sales(_event: &OrderPlaced) {}
    ///
    /// #[handler]
    /// fn reserve_stock(_event: &OrderPlaced) {}
    ///
    /// let dispatcher = Dispatcher::builder().build()?;
    /// let handlers: Vec<_> = dispatcher.handlers_of::<OrderPlaced>().collect();
    /// assert!(handlers[0].is(reserve_stock));
    /// assert!(handlers[1].is(count_sales));
    /// assert_eq!(handlers[2].queue(), Some(UI.name()));
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    pub fn handlers_of<E: Handled>(&self) -> impl Iterator<Item = HandlerInfo> + use<'_, E> {
        self.view::<E>().handlers()
    }

    /// Whether an event has a handler or a subscription that has not ended: for emitters whose events are
    /// costly to make.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct BellRung;
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// assert!(!dispatcher.has_handlers::<BellRung>());
    /// let printing = dispatcher.subscribe(|_: &BellRung| println!("ding dong"));
    /// assert!(dispatcher.has_handlers::<BellRung>());
    /// # drop(printing);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    #[must_use]
    pub fn has_handlers<E: Handled>(&self) -> bool {
        self.view::<E>().has_handlers()
    }

    /// Returns the events of the program, by name.
    ///
    /// These are all event types that are linked, with a handler or without one. A generic or
    /// hand-written one is listed if a linked handler names it, or once a subscription names it or this
    /// dispatcher was asked to hand one to a catch-all or an observer. Older versions of an event, which
    /// are decoded and never emitted, are not listed.
    ///
    /// # Examples
    ///
    /// The events that nobody handles:
    ///
    /// ```standalone_crate
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// #[derive(Event)]
    /// #[event(name = "shop.order_placed")]
    /// struct OrderPlaced;
    ///
    /// #[derive(Event)]
    /// #[event(name = "shop.order_shipped")]
    /// struct OrderShipped;
    ///
    /// #[handler]
    /// fn reserve_stock(_event: &OrderPlaced) {}
    ///
    /// let dispatcher = Dispatcher::builder().build()?;
    /// let unhandled: Vec<_> = dispatcher
    ///     .events()
    ///     .filter(|event| !event.has_handlers())
    ///     .map(|event| event.name())
    ///     .collect();
    /// assert_eq!(unhandled, ["shop.order_shipped"]);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    pub fn events(&self) -> impl Iterator<Item = EventView<'_>> {
        let state: &DispatcherState = self.inner();
        let mut kinds = state.event_kinds();
        kinds.sort_unstable_by_key(|kind| (kind.info().name(), kind.info().type_name()));
        kinds.into_iter().map(|kind| EventView { state, kind })
    }

    fn view<E: Handled>(&self) -> EventView<'_> {
        EventView {
            state: self.inner(),
            kind: EventType::<E>::KIND,
        }
    }
}

impl<'d> EventView<'d> {
    /// Returns what is known about the event's type.
    #[must_use]
    pub fn info(&self) -> &'static EventInfo {
        self.kind.info()
    }

    /// Returns the event's declared name, or its Rust path.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.info().name()
    }

    /// Whether the event has a handler or a subscription that has not ended.
    #[must_use]
    pub fn has_handlers(&self) -> bool {
        self.handlers().next().is_some()
    }

    /// Returns the handlers and subscriptions of the event, in the order in which they run; see
    /// [`Dispatcher::handlers_of`].
    pub fn handlers(&self) -> impl Iterator<Item = HandlerInfo> + use<'d> {
        let entry = self.state.find(self.kind);
        entry.into_iter().flat_map(HandlersInOrder::new)
    }
}

impl fmt::Debug for EventView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventView")
            .field("name", &self.name())
            .field("handlers", &self.handlers().collect::<Vec<_>>())
            .finish()
    }
}
