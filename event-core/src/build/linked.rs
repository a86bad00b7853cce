//! What the linker collected, as values for listings: each event type and each handler of the program.

use std::fmt;

use crate::build::order;
use crate::build::registry;
use crate::engine::plan::pattern::sees;
use crate::engine::plan::provided::Provided;
use crate::event::info::EventInfo;
use crate::handler::registered::Registered;
use crate::handler::resolver::Resolver;
use crate::handler_info::HandlerInfo;
use crate::handler_info::spec::FunctionId;
use crate::queue::Overflow;

/// A handler that the linker collected, as its function and its attribute declare it.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Event, handler, linked};
///
/// #[derive(Event)]
/// struct OrderPlaced;
/// #[derive(Event)]
/// struct StockReserved;
///
/// #[handler]
/// fn reserve(_event: &OrderPlaced) -> Option<StockReserved> { Some(StockReserved) }
///
/// let handlers = linked::handlers();
/// let reserve = handlers.iter().find(|it| it.info().is(reserve)).expect("it is linked");
/// assert!(reserve.handles(OrderPlaced::INFO));
/// assert_eq!(reserve.causes()[0].type_id(), StockReserved::INFO.type_id());
/// ```
#[derive(Clone, Copy)]
pub struct LinkedHandler(&'static dyn Registered);

/// The queue that a handler names, as it is declared; a builder may change its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueInfo {
    /// The name, for people.
    pub name: &'static str,
    /// How many deliveries may wait.
    pub capacity: usize,
    /// How many deliveries may run at once.
    pub consumers: usize,
    /// What happens to a delivery that finds the queue full.
    pub overflow: Overflow,
    /// Whether the queue is a [`LocalQueue`](crate::queue::LocalQueue), which its owner pumps.
    pub is_local: bool,
}

/// Returns every linked event type that is not generic, superseded versions among them, sorted by name,
/// version and place.
#[must_use]
pub fn events() -> Vec<&'static EventInfo> {
    let mut events: Vec<_> = registry::events().map(|event| event.info).collect();
    events.sort_by_cached_key(|event| (event.name(), event.version(), event.file(), event.line()));
    events
}

/// Returns every linked handler, sorted by path and place.
///
/// Handlers that only [`module!(handlers = [...])`](crate::module!) lists, on targets where nothing registers
/// itself, are not among them.
#[must_use]
pub fn handlers() -> Vec<LinkedHandler> {
    let mut handlers: Vec<_> = registry::handlers().map(LinkedHandler).collect();
    handlers.sort_by_cached_key(|LinkedHandler(handler)| {
        let spec = handler.spec();
        (handler.name(), spec.file, spec.line)
    });
    handlers
}

/// Sorts handlers of one event as a dispatcher with all of them runs them: the next one is the one with
/// the lowest priority, path and line among those whose `after` have ended.
///
/// # Errors
///
/// Handlers that wait for each other, each followed by one that it waits for. No dispatcher with them can
/// be built; `handlers` are sorted by priority, path and line then.
pub fn run_order(handlers: &mut [LinkedHandler]) -> Result<(), Vec<LinkedHandler>> {
    let mut sorted: Vec<_> = handlers.iter().map(|handler| handler.0).collect();
    order::sort(&mut sorted);
    let ordered = order::constrain(&mut sorted);
    for (handler, sorted) in handlers.iter_mut().zip(sorted) {
        *handler = LinkedHandler(sorted);
    }
    ordered.map_err(|cycle| cycle.into_iter().map(LinkedHandler).collect())
}

impl LinkedHandler {
    /// Returns the description that reports and observers have, too.
    #[must_use]
    pub fn info(&self) -> HandlerInfo {
        self.0.planned().info()
    }

    /// Returns the event that it handles; `None` for a catch-all.
    #[must_use]
    pub fn event(&self) -> Option<&'static EventInfo> {
        self.0.event()
    }

    /// Whether it handles an event, also as a catch-all.
    #[must_use]
    pub fn handles(&self, event: &EventInfo) -> bool {
        match self.0.event() {
            Some(own) => own.type_id() == event.type_id(),
            None => sees(self.0.pattern(), event),
        }
    }

    /// Returns the events that its return type and its [`Emitter`](crate::Emitter) declare, each once, in
    /// the order of the declaration. Events that it emits in another way, with a dispatcher of its own, are
    /// not known.
    #[must_use]
    pub fn causes(&self) -> Vec<&'static EventInfo> {
        let Some(kind) = self.0.kind() else {
            return Vec::new();
        };
        let nothing = Provided::default();
        let is_event = |_| false;
        let mut resolver = Resolver::new(&nothing, &is_event).describing();
        self.0.bind(&mut resolver, &mut kind.new_list(1));
        let mut causes: Vec<&'static EventInfo> = Vec::new();
        for event in std::mem::take(resolver.caused()).0 {
            if !causes
                .iter()
                .any(|other| other.type_id() == event.type_id())
            {
                causes.push(event);
            }
        }
        causes
    }

    /// Returns the paths of the functions that its `after` names.
    #[must_use]
    pub fn after(&self) -> Vec<&'static str> {
        self.0.spec().after.iter().map(FunctionId::name).collect()
    }

    /// Returns the paths of the functions that its `before` names.
    #[must_use]
    pub fn before(&self) -> Vec<&'static str> {
        self.0.spec().before.iter().map(FunctionId::name).collect()
    }

    /// Returns the queue that it names.
    #[must_use]
    pub fn queue(&self) -> Option<QueueInfo> {
        let declared = self.0.spec().queue?().declared();
        Some(QueueInfo {
            name: declared.name,
            capacity: declared.settings.capacity,
            consumers: declared.settings.consumers,
            overflow: declared.settings.overflow,
            is_local: declared.local,
        })
    }

    /// Returns the name of the package that defines it, if cargo compiled it.
    #[must_use]
    pub fn package(&self) -> Option<&'static str> {
        self.0.spec().package
    }

    /// Whether it is in a module that says `module!(opt_in)`, so that a dispatcher has it only if the
    /// builder names it or its module.
    #[must_use]
    pub fn is_opt_in(&self) -> bool {
        registry::opt_in_modules().any(|module| module.has(self.0))
    }
}

impl fmt::Debug for LinkedHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.info(), f)
    }
}
