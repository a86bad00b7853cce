//! Reads the catalogue from what the linker collected.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use event_core::event::{EventInfo, FieldInfo};
use event_core::handler::DeliveryKind;
use event_core::linked::{self, LinkedHandler};

use super::{
    Catalog, Delivery, EventEntry, EventId, Field, HandlerEntry, Overflow, Place, QueueEntry,
    Retry, Text, Variant,
};

pub(super) fn linked() -> Catalog {
    let mut infos = linked::events();
    let mut known: HashSet<TypeId> = infos.iter().map(|event| event.type_id()).collect();
    let mut typed: HashMap<TypeId, Vec<LinkedHandler>> = HashMap::new();
    let mut catch_alls = Vec::new();
    for handler in linked::handlers() {
        if let Some(event) = handler.event() {
            typed.entry(event.type_id()).or_default().push(handler);
            if known.insert(event.type_id()) {
                infos.push(event);
            }
        } else {
            let causes = handler.causes();
            catch_alls.push(CatchAll {
                entry: handler_entry(&handler, &causes),
                handler,
                has_seen: false,
            });
            infos.extend(causes.into_iter().filter(|it| known.insert(it.type_id())));
        }
    }
    let mut events = Vec::with_capacity(infos.len());
    // Handlers may cause events that are known by that alone, and so may those that handle these.
    let mut next = 0;
    while let Some(event) = infos.get(next).copied() {
        next += 1;
        let mut handlers = typed.remove(&event.type_id()).unwrap_or_default();
        for catch_all in &mut catch_alls {
            if !event.is_superseded() && catch_all.handler.handles(event) {
                handlers.push(catch_all.handler);
                catch_all.has_seen = true;
            }
        }
        let cycle = linked::run_order(&mut handlers).err().unwrap_or_default();
        let mut entries = Vec::with_capacity(handlers.len());
        for handler in &handlers {
            if handler.event().is_some() {
                let causes = handler.causes();
                entries.push(handler_entry(handler, &causes));
                infos.extend(causes.into_iter().filter(|it| known.insert(it.type_id())));
            } else {
                let info = handler.info();
                let mut catch_alls = catch_alls.iter();
                let found = catch_alls.find(|catch_all| catch_all.handler.info() == info);
                entries.extend(found.map(|catch_all| catch_all.entry.clone()));
            }
        }
        events.push(EventEntry {
            handlers: entries,
            waiting: cycle
                .iter()
                .map(|handler| handler.info().name().into())
                .collect(),
            ..event_entry(event)
        });
    }
    events.sort_by(|one: &EventEntry, other| {
        let names = (&one.name, one.version).cmp(&(&other.name, other.version));
        names.then_with(|| one.place.cmp(&other.place))
    });
    let unmatched = catch_alls.into_iter().filter(|it| !it.has_seen);
    Catalog {
        events,
        unmatched: unmatched.map(|catch_all| catch_all.entry).collect(),
    }
}

/// A handler that sees several events.
struct CatchAll {
    handler: LinkedHandler,
    entry: HandlerEntry,
    has_seen: bool,
}

fn event_entry(event: &'static EventInfo) -> EventEntry {
    let variants = event.variants().iter().map(|variant| Variant {
        name: variant.name().into(),
        documentation: variant.documentation().map(Text::from),
        fields: variant.fields().iter().map(field).collect(),
    });
    let required = event.handlers();
    EventEntry {
        name: event.name().into(),
        version: event.version(),
        is_named: event.declared_name().is_some(),
        type_name: event.type_name().into(),
        documentation: event.documentation().map(Text::from),
        fields: event.fields().iter().map(field).collect(),
        variants: variants.collect(),
        key: event.key().map(Text::from),
        aliases: texts(event.aliases()),
        previous: event.previous().map(id),
        is_superseded: event.is_superseded(),
        reads_newer: event.reads_newer(),
        is_wire: event.is_wire(),
        is_durable: event.is_durable(),
        has_schema: event.schema().is_some(),
        schemas: None,
        is_stoppable: event.is_stoppable(),
        min_handlers: required.min,
        max_handlers: required.max,
        crate_name: crate_name(event.module()),
        place: Place {
            file: event.file().into(),
            line: event.line(),
        },
        handlers: Vec::new(),
        waiting: Vec::new(),
    }
}

fn field(field: &'static FieldInfo) -> Field {
    Field {
        name: field.name().into(),
        type_name: field.type_name().into(),
        documentation: field.documentation().map(Text::from),
        pointer: field.pointer().map(Text::from),
        is_redacted: field.is_redacted(),
    }
}

fn handler_entry(handler: &LinkedHandler, causes: &[&'static EventInfo]) -> HandlerEntry {
    let info = handler.info();
    HandlerEntry {
        name: info.name().into(),
        documentation: info.documentation().map(Text::from),
        id: info.id().map(Text::from),
        aliases: texts(info.aliases()),
        delivery: match info.delivery() {
            DeliveryKind::Async => Delivery::Async,
            DeliveryKind::Queued => Delivery::Queued,
            DeliveryKind::Local => Delivery::Local,
            DeliveryKind::BeforeCommit => Delivery::BeforeCommit,
            DeliveryKind::Durable => Delivery::Durable,
            _ => Delivery::Inline,
        },
        queue: queue(handler),
        is_catch_all: handler.event().is_none(),
        pattern: info.pattern().map(Text::from),
        filter: info.filter().map(Text::from),
        priority: info.priority(),
        after: texts(&handler.after()),
        before: texts(&handler.before()),
        timeout_ms: info.timeout().map(millis),
        concurrency: info.concurrency(),
        retry: info.retry().map(|policy| Retry {
            attempts: policy.attempts(),
            first_wait_ms: millis(policy.backoff(1)),
            last_wait_ms: millis(policy.backoff(u32::MAX)),
            is_ordered: policy.is_ordered(),
        }),
        causes: causes.iter().copied().map(id).collect(),
        is_opt_in: handler.is_opt_in(),
        crate_name: crate_name(info.module()),
        package: handler.package().map(Text::from),
        place: Place {
            file: info.file().into(),
            line: info.line(),
        },
    }
}

fn queue(handler: &LinkedHandler) -> Option<QueueEntry> {
    let queue = handler.queue()?;
    Some(QueueEntry {
        name: queue.name.into(),
        capacity: queue.capacity,
        consumers: queue.consumers,
        overflow: match queue.overflow {
            event_core::queue::Overflow::Reject => Overflow::Reject,
            event_core::queue::Overflow::DropOldest => Overflow::DropOldest,
            event_core::queue::Overflow::DropNewest => Overflow::DropNewest,
            _ => Overflow::Wait,
        },
    })
}

fn id(event: &'static EventInfo) -> EventId {
    EventId {
        name: event.name().into(),
        version: event.version(),
    }
}

fn texts(names: &[&'static str]) -> Vec<Text> {
    names.iter().copied().map(Text::from).collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Returns the first name of a module path.
fn crate_name(module: &'static str) -> Text {
    module.split("::").next().unwrap_or(module).into()
}
