//! The words for handlers and events that several commands use.

use crate::catalog::{Catalog, Delivery, EventEntry, EventId, HandlerEntry, Overflow};

/// Returns `inline`, `async`, `queue receipts`, `local ui`, `before commit`, `durable`.
pub(crate) fn delivery(handler: &HandlerEntry) -> String {
    let queue = handler.queue.as_ref().map_or("", |queue| &queue.name);
    match handler.delivery {
        Delivery::Queued => format!("queue {queue}"),
        Delivery::Local => format!("local {queue}"),
        Delivery::BeforeCommit => "before commit".to_owned(),
        other => other.as_str().to_owned(),
    }
}

/// Returns what a handler's attribute says beside its delivery, each as a phrase of its own.
pub(crate) fn conditions(handler: &HandlerEntry) -> Vec<String> {
    let mut conditions = Vec::new();
    conditions.extend(handler.id.as_ref().map(|id| format!("id {id}")));
    let aliases = handler.aliases.iter();
    conditions.extend(aliases.map(|alias| format!("alias {alias}")));
    match &handler.pattern {
        Some(pattern) => conditions.push(format!("events \"{pattern}\"")),
        None if handler.is_catch_all => conditions.push("every event".to_owned()),
        None => {}
    }
    if let Some(filter) = &handler.filter {
        conditions.push(format!("filter {filter}"));
    }
    if handler.priority != 0 {
        conditions.push(format!("priority {}", handler.priority));
    }
    let names = [("after", &handler.after), ("before", &handler.before)];
    for (key, named) in names {
        conditions.extend(named.iter().map(|other| format!("{key} {other}")));
    }
    if let Some(timeout) = handler.timeout_ms {
        conditions.push(format!("timeout {}", duration(timeout)));
    }
    if let Some(tasks) = handler.concurrency {
        conditions.push(format!("concurrency {tasks}"));
    }
    if let Some(retry) = &handler.retry {
        let ordered = if retry.is_ordered { ", ordered" } else { "" };
        conditions.push(format!("{} attempts{ordered}", retry.attempts));
    }
    if handler.is_opt_in {
        conditions.push("opt-in".to_owned());
    }
    conditions
}

/// Returns `5s`, `1m 30s`, `250ms`.
pub(crate) fn duration(millis: u64) -> String {
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    let parts = [(minutes, "m"), (seconds, "s"), (rest, "ms")];
    let parts = parts.iter().filter(|(amount, _)| *amount > 0);
    let text: Vec<_> = parts
        .map(|(amount, unit)| format!("{amount}{unit}"))
        .collect();
    if text.is_empty() {
        return "0s".to_owned();
    }
    text.join(" ")
}

/// Returns what happens to a delivery that finds its queue full.
pub(crate) fn overflow(overflow: Overflow) -> &'static str {
    match overflow {
        Overflow::Wait => "when full, `emit_async` waits and `emit` fails the delivery",
        Overflow::Reject => "when full, the delivery is rejected",
        Overflow::DropOldest => "when full, the oldest delivery is dropped",
        Overflow::DropNewest => "when full, the new delivery is dropped",
    }
}

/// Returns `shop.order_placed`, with its version if that is not the only one.
pub(crate) fn name(catalog: &Catalog, id: &EventId) -> String {
    let is_same = |event: &&EventEntry| event.name == id.name;
    if catalog.events.iter().filter(is_same).count() > 1 {
        return id.to_string();
    }
    id.name.to_string()
}

/// Returns `wire` or `durable`, which a `wire` event is, `key order_id` and the like.
pub(crate) fn keys(event: &EventEntry) -> Vec<String> {
    let mut keys = Vec::new();
    if event.is_durable {
        keys.push("durable".to_owned());
    } else if event.is_wire {
        keys.push("wire".to_owned());
    }
    if event.is_stoppable {
        keys.push("stoppable".to_owned());
    }
    if let Some(key) = &event.key {
        keys.push(format!("key {key}"));
    }
    match (event.min_handlers, event.max_handlers) {
        (0, None) => {}
        (min, None) => keys.push(format!("handlers {min}..")),
        (min, Some(max)) if min == max => keys.push(format!("handlers {min}")),
        (min, Some(max)) => keys.push(format!("handlers {min}..={max}")),
    }
    if event.is_superseded {
        keys.push("superseded".to_owned());
    }
    keys
}

/// Returns `1 event`, `2 events`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn a_duration_is_written_as_attributes_have_it() {
        let texts = [0, 250, 5_000, 90_000, 61_001].map(duration);
        assert_eq!(texts, ["0s", "250ms", "5s", "1m 30s", "1m 1s 1ms"]);
    }
}
