//! What an emit of one event does, step by step.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, Delivery, EventEntry, EventId, HandlerEntry, Place, Text};
use crate::command::describe::counted;

/// What an emit of one event does, step by step, by a dispatcher with every linked handler and without runtime
/// subscriptions. `events explain --json` writes it.
///
/// # Examples
///
/// ```standalone_crate
/// use event_catalog::Catalog;
/// use event_core::{Event, handler};
///
/// #[derive(Event)]
/// #[event(name = "shop.order_placed")]
/// struct OrderPlaced;
/// #[derive(Event)]
/// #[event(name = "shop.stock_reserved")]
/// struct StockReserved;
///
/// #[handler]
/// fn reserve(_event: &OrderPlaced) -> StockReserved { StockReserved }
///
/// let catalog = Catalog::linked();
/// let explanation = catalog.explain(catalog.find("shop.order_placed")?);
/// assert!(explanation.inline[0].handler.name.ends_with("::reserve"));
/// assert_eq!(explanation.caused[0].event.name, "shop.stock_reserved");
/// # Ok::<(), event_catalog::UnknownEventError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The event that is emitted.
    pub event: EventId,
    /// The Rust path of its type.
    pub type_name: Text,
    /// The place of its definition.
    pub place: Place,
    /// Whether a newer version has replaced it, so that it is never emitted.
    pub is_superseded: bool,
    /// Why no dispatcher with all of these handlers can be built, each as a sentence; empty if one can.
    pub refusals: Vec<String>,
    /// The handlers that are called in the emitter's transaction, right before it commits.
    #[serde(default)]
    pub before_commit: Vec<Step>,
    /// The handlers whose deliveries are stored in the emitter's transaction, and made after it has committed.
    #[serde(default)]
    pub durable: Vec<Step>,
    /// The handlers that are called on the emitter's stack, one after the other; of a durable event after the commit.
    pub inline: Vec<Step>,
    /// The handlers that are handed the event, in this order, and that `emit` does not wait for; of a durable event
    /// after the commit.
    pub deferred: Vec<Step>,
    /// The events that follow in the same cascade: what inline handlers of the event may cause, and what that leads
    /// to. An event stands before those that it leads to.
    pub caused: Vec<Caused>,
}

/// A handler that an event is delivered to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// The position among all handlers of the event, from 1 on.
    pub order: usize,
    /// The handler, with the fields that the catalogue has of it.
    pub handler: HandlerEntry,
}

/// An event that follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Caused {
    /// The event.
    pub event: EventId,
    /// The event that leads to it.
    pub cause: EventId,
    /// The position of the handler that leads to it, among those of `cause`.
    pub order: usize,
    /// How many events are between it and the one that is explained; 0 for what that leads to itself.
    pub depth: usize,
    /// Whether its handlers are listed where the event stood before, or where it is explained; they are left out here.
    pub is_repeated: bool,
    /// Its handlers, in run order.
    pub handlers: Vec<Step>,
}

impl Catalog {
    /// Explains what an emit of an event does.
    #[must_use]
    pub fn explain(&self, event: &EventEntry) -> Explanation {
        let is_emitted = !event.is_superseded;
        let steps = if is_emitted { steps(event) } else { Vec::new() };
        let (mut before_commit, mut durable) = (Vec::new(), Vec::new());
        let (mut inline, mut deferred) = (Vec::new(), Vec::new());
        for step in steps {
            match step.handler.delivery {
                Delivery::BeforeCommit => before_commit.push(step),
                Delivery::Durable => durable.push(step),
                Delivery::Inline => inline.push(step),
                Delivery::Async | Delivery::Queued | Delivery::Local => deferred.push(step),
            }
        }
        let mut cascade = Cascade {
            catalog: self,
            listed: HashSet::from([event.id()]),
            caused: Vec::new(),
        };
        cascade.add(&event.id(), &inline, 0);
        Explanation {
            event: event.id(),
            type_name: event.type_name.clone(),
            place: event.place.clone(),
            is_superseded: event.is_superseded,
            refusals: if is_emitted {
                refusals(event)
            } else {
                Vec::new()
            },
            before_commit,
            durable,
            inline,
            deferred,
            caused: cascade.caused,
        }
    }
}

/// Collects what follows.
struct Cascade<'c> {
    catalog: &'c Catalog,
    listed: HashSet<EventId>,
    caused: Vec<Caused>,
}

impl Cascade<'_> {
    /// Adds what some handlers of an event lead to. Of two of those on the emitter's stack that lead to one event the
    /// first is named.
    fn add(&mut self, cause: &EventId, steps: &[Step], depth: usize) {
        let mut seen = HashSet::new();
        for step in steps {
            if depth > 0 {
                seen.clear();
            }
            for id in &step.handler.causes {
                let Some(event) = self.catalog.get(id).filter(|_| seen.insert(id)) else {
                    continue;
                };
                let is_repeated = !self.listed.insert(id.clone());
                let handlers = if is_repeated {
                    Vec::new()
                } else {
                    self::steps(event)
                };
                self.caused.push(Caused {
                    event: id.clone(),
                    cause: cause.clone(),
                    order: step.order,
                    depth,
                    is_repeated,
                    handlers: handlers.clone(),
                });
                self.add(id, &handlers, depth + 1);
            }
        }
    }
}

fn steps(event: &EventEntry) -> Vec<Step> {
    let handlers = (1..).zip(&event.handlers);
    let steps = handlers.map(|(order, handler)| Step {
        order,
        handler: handler.clone(),
    });
    steps.collect()
}

fn refusals(event: &EventEntry) -> Vec<String> {
    let mut refusals = Vec::new();
    if !event.waiting.is_empty() {
        let names = event.waiting.join(", ");
        refusals.push(format!(
            "No dispatcher with all of these handlers can be built: {names} wait for each other."
        ));
    }
    let own = event.own_handlers().count();
    if own < event.min_handlers || event.max_handlers.is_some_and(|max| own > max) {
        let found = counted(own, "handler", "handlers");
        refusals.push(format!(
            "No dispatcher can be built: the program has {found}, and the event says how many it must have."
        ));
    }
    refusals
}
