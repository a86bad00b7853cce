//! The list of events and handlers as one writes it for this program alone.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt::Write as _;

use event_core::event::EventInfo;
use event_core::linked::{self, LinkedHandler};

/// Returns what `events list` prints.
pub(crate) fn list() -> String {
    let all = linked::handlers();
    let mut by_event: HashMap<TypeId, Vec<LinkedHandler>> = HashMap::new();
    for handler in &all {
        let event = handler.event().expect("there are no catch-alls");
        by_event.entry(event.type_id()).or_default().push(*handler);
    }
    let events = linked::events().into_iter().map(|event| {
        let mut handlers = by_event.remove(&event.type_id()).unwrap_or_default();
        linked::run_order(&mut handlers).expect("they do not wait for each other");
        (event, handlers)
    });
    let events: Vec<_> = events.collect();

    let widths = events.iter().flat_map(|(event, handlers)| {
        let texts = handlers
            .iter()
            .map(|handler| 2 + 1 + 2 + 6 + 2 + text(handler).len());
        [title(event).len()].into_iter().chain(texts)
    });
    let column = widths.max().unwrap_or(0) + 2;
    let mut out = String::new();
    for (event, handlers) in &events {
        let title = title(event);
        let _ = writeln!(out, "{title:column$}{}:{}", event.file(), event.line());
        for (order, handler) in (1..).zip(handlers) {
            let line = format!("  {order}  inline  {}", text(handler));
            let info = handler.info();
            let _ = writeln!(out, "{line:column$}{}:{}", info.file(), info.line());
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{} events, {} handlers", events.len(), all.len());
    out
}

fn title(event: &EventInfo) -> String {
    let key = event.key().expect("each has one");
    format!("{} v{}, wire, key {key}", event.name(), event.version())
}

fn text(handler: &LinkedHandler) -> String {
    let info = handler.info();
    match info.priority() {
        0 => info.name().to_owned(),
        priority => format!("{}  priority {priority}", info.name()),
    }
}
