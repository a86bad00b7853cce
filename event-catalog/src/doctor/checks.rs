//! The checks that need only what is linked.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::{Finding, FindingKind, Severity};
use crate::catalog::{Catalog, Causality, Cause, Delivery, EventEntry, HandlerEntry};
use crate::command::describe::counted;

pub(super) fn all(catalog: &Catalog) -> Vec<Finding> {
    let causality = Causality::of(catalog);
    let mut findings = named_twice(catalog);
    for event in catalog.current() {
        findings.extend(order_cycle(event));
        findings.extend(cardinality(event));
    }
    findings.extend(catalog.unmatched.iter().filter_map(pattern_without_match));
    let cycles = causality.cycles();
    findings.extend(cycles.iter().map(|cycle| causal_cycle(catalog, cycle)));
    findings.extend(dead_and_unhandled(catalog, &causality));
    findings.extend(no_timeout(catalog));
    findings.extend(no_schema(catalog));
    findings
}

/// Finds the names that several event types have, which a build refuses.
pub(crate) fn named_twice(catalog: &Catalog) -> Vec<Finding> {
    let several = catalog.named_twice().into_iter();
    let finding = |events: Vec<&EventEntry>| {
        let types: Vec<_> = events.iter().map(|event| &*event.type_name).collect();
        Finding {
            severity: Severity::Error,
            kind: FindingKind::NameTwice,
            message: format!(
                "{} event types are named `{}`: `{}`",
                events.len(),
                events[0].name,
                types.join("`, `")
            ),
            help: "give each its own `name`; if they are one type, versions of its crate are linked beside each \
                   other: `cargo tree --duplicates` shows who needs which"
                .to_owned(),
            places: events.iter().map(|event| event.place.clone()).collect(),
        }
    };
    several.map(finding).collect()
}

fn order_cycle(event: &EventEntry) -> Option<Finding> {
    let first = event.waiting.first()?;
    let names = event.waiting.join("` waits for `");
    let places = event.handlers.iter();
    let places = places.filter(|handler| event.waiting.contains(&handler.name));
    Some(Finding {
        severity: Severity::Error,
        kind: FindingKind::OrderCycle,
        message: format!(
            "the handlers of `{}` wait for each other: `{names}` waits for `{first}`",
            event.name
        ),
        help: "remove one `after` or `before` among them".to_owned(),
        places: places.map(|handler| handler.place.clone()).collect(),
    })
}

fn cardinality(event: &EventEntry) -> Option<Finding> {
    let found = event
        .own_handlers()
        .filter(|handler| !handler.is_opt_in)
        .count();
    let (min, max) = (event.min_handlers, event.max_handlers);
    if found >= min && max.is_none_or(|max| found <= max) {
        return None;
    }
    let required = match max {
        None => format!("at least {min}"),
        Some(max) if max == min => format!("exactly {min}"),
        Some(max) => format!("{min} to {max}"),
    };
    Some(Finding {
        severity: Severity::Error,
        kind: FindingKind::Cardinality,
        message: format!(
            "`{}` has {} and must have {required}",
            event.name,
            counted(found, "handler", "handlers")
        ),
        help: if found < min {
            "write the handler, or link its crate: name its `MODULE` in the builder".to_owned()
        } else {
            "remove `#[handler]` from one of them".to_owned()
        },
        places: vec![event.place.clone()],
    })
}

fn pattern_without_match(handler: &HandlerEntry) -> Option<Finding> {
    let pattern = handler.pattern.as_ref()?;
    Some(Finding {
        severity: Severity::Error,
        kind: FindingKind::PatternWithoutMatch,
        message: format!(
            "`{}` handles `events = \"{pattern}\"`, which matches no linked event",
            handler.name
        ),
        help: "correct the pattern; `events list` has the declared names".to_owned(),
        places: vec![handler.place.clone()],
    })
}

fn causal_cycle(catalog: &Catalog, cycle: &[Cause]) -> Finding {
    let mut steps = String::new();
    let mut places = Vec::new();
    for cause in cycle {
        let event = &catalog.events[cause.from];
        let handler = &event.handlers[cause.handler];
        let _ = write!(steps, "`{}` → `{}` → ", event.name, handler.name);
        places.push(handler.place.clone());
    }
    let first = cycle
        .first()
        .map_or("", |cause| &catalog.events[cause.from].name);
    Finding {
        severity: Severity::Warning,
        kind: FindingKind::Cycle,
        message: format!("events can lead to each other without an end: {steps}`{first}`"),
        help: "make sure that one of these handlers stops causing; otherwise the limit of an emission's depth ends \
               it, as a failure"
            .to_owned(),
        places,
    }
}

/// Finds the events that no handler names. One that no handler causes either is emitted by code outside of
/// handlers alone, which the linker does not know.
fn dead_and_unhandled(catalog: &Catalog, causality: &Causality) -> Vec<Finding> {
    let caused: HashSet<usize> = causality.all().iter().map(|cause| cause.to).collect();
    let events = catalog.events.iter().enumerate();
    let unhandled =
        events.filter(|(_, event)| !event.is_superseded && event.own_handlers().next().is_none());
    let finding = |(at, event): (usize, &EventEntry)| {
        let seen = event.handlers.len();
        let but = match seen {
            0 => String::new(),
            seen => format!(
                " of its own, and is seen by {}",
                counted(seen, "catch-all", "catch-alls")
            ),
        };
        let is_dead = !caused.contains(&at) && seen == 0;
        Finding {
            severity: if is_dead {
                Severity::Warning
            } else {
                Severity::Note
            },
            kind: if is_dead {
                FindingKind::Dead
            } else {
                FindingKind::Unhandled
            },
            message: if is_dead {
                format!("`{}` has no handler, and no handler causes it", event.name)
            } else {
                format!("`{}` has no handler{but}", event.name)
            },
            help: if is_dead {
                "remove the event, unless code outside of handlers emits it, which is not known here"
                    .to_owned()
            } else {
                String::new()
            },
            places: vec![event.place.clone()],
        }
    };
    unhandled.map(finding).collect()
}

fn no_timeout(catalog: &Catalog) -> impl Iterator<Item = Finding> {
    // A handler that is no `async fn` cannot be stopped, so it has no `timeout`.
    let may_wait = |handler: &&HandlerEntry| {
        handler.delivery == Delivery::Async && handler.timeout_ms.is_none()
    };
    catalog.handlers().filter(may_wait).map(|handler| Finding {
        severity: Severity::Warning,
        kind: FindingKind::NoTimeout,
        message: format!("`{}` is async and has no timeout", handler.name),
        help: "`#[handler(timeout = \"5s\")]`: what it waits for may never happen".to_owned(),
        places: vec![handler.place.clone()],
    })
}

/// Finds the events of the wire of which the data cannot be compared with a lock, older versions among them.
fn no_schema(catalog: &Catalog) -> impl Iterator<Item = Finding> {
    let events = catalog.events.iter();
    let without = events.filter(|event| event.is_wire && !event.has_schema);
    without.map(|event| Finding {
        severity: Severity::Note,
        kind: FindingKind::NoSchema,
        message: format!(
            "`{}` is `wire` and has no schema, so `events check` does not see how its data changes",
            event.id()
        ),
        help: format!(
            "write `#[event(schema)]` and `#[derive(schemars::JsonSchema)]` above `{}`",
            event.short_type_name()
        ),
        places: vec![event.place.clone()],
    })
}
