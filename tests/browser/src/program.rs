//! A program of a thousand events, as a catalogue of it would be read.

#![allow(
    clippy::manual_is_multiple_of,
    reason = "a remainder of 0 stands among others"
)]

use event_catalog::Catalog;
use serde_json::{Value, json};

const AREAS: [&str; 20] = [
    "accounts", "billing", "carts", "catalog", "claims", "delivery", "fraud", "identity",
    "invoices", "loyalty", "mail", "orders", "payments", "pricing", "returns", "search",
    "shipping", "stock", "support", "tax",
];

const THINGS: [&str; 10] = [
    "address", "batch", "customer", "document", "entry", "label", "limit", "request", "session",
    "total",
];

const VERBS: [&str; 5] = ["added", "changed", "closed", "refused", "removed"];

const EVENTS: usize = AREAS.len() * THINGS.len() * VERBS.len();

/// Returns the catalogue of a thousand events with what real ones have: up to eight handlers of every kind, chains,
/// a few cycles, older versions, schemas, long names, and texts that a browser would take for something else.
///
/// # Panics
///
/// Panics if the catalogue cannot be read.
#[must_use]
pub fn thousand_events() -> Catalog {
    let mut events = Vec::new();
    for (area_at, area) in AREAS.iter().enumerate() {
        for (thing_at, thing) in THINGS.iter().enumerate() {
            for (verb_at, verb) in VERBS.iter().enumerate() {
                let at = (area_at * THINGS.len() + thing_at) * VERBS.len() + verb_at;
                if at % 17 == 5 {
                    events.push(event(at, area, thing, verb, 1));
                }
                events.push(event(at, area, thing, verb, 1 + u32::from(at % 17 == 5)));
            }
        }
    }
    serde_json::from_value(json!({"events": events, "unmatched": []})).expect("it is a catalogue")
}

fn name(at: usize) -> String {
    let (area, rest) = (
        at / (THINGS.len() * VERBS.len()),
        at % (THINGS.len() * VERBS.len()),
    );
    let (thing, verb) = (THINGS[rest / VERBS.len()], VERBS[rest % VERBS.len()]);
    format!("{}.{thing}_{verb}", AREAS[area])
}

fn event(at: usize, area: &str, thing: &str, verb: &str, version: u32) -> Value {
    let has_older = at % 17 == 5;
    let is_superseded = has_older && version == 1;
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    let suffix = if is_superseded { "V1" } else { "" };
    let type_name = format!(
        "{area}::events::{thing}::{}{}{suffix}",
        capital(thing),
        capital(verb)
    );
    let handlers = if is_superseded {
        Vec::new()
    } else {
        handlers(at, area)
    };
    let alias = format!("{area}.{thing}_{verb}_before_the_names_of_all_areas_were_changed");
    let aliases: Vec<_> = (at % 29 == 0).then_some(alias).into_iter().collect();
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#", "title": type_name, "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "note": {"type": "string", "description": "</pre><script>alert(1)</script>"},
        },
        "required": ["id"],
    });
    let mut entry = json!({
        "name": name(at), "version": version, "is_named": true, "type_name": type_name,
        "documentation": documentation(at, thing, verb),
        "fields": fields(at, thing), "variants": [], "key": (at % 3 == 0).then_some("id"),
        "aliases": aliases,
        "previous": (has_older && version == 2).then(|| json!({"name": name(at), "version": 1})),
        "is_superseded": is_superseded, "reads_newer": at % 31 == 0, "is_wire": at % 3 != 1,
        "has_schema": at % 3 == 0, "is_stoppable": at % 41 == 0, "min_handlers": usize::from(at % 13 == 0),
        "max_handlers": null, "crate": format!("{area}_events"),
        "place": {"file": format!("crates/{area}/events/src/{thing}.rs"), "line": 10 + at % 90},
        "handlers": handlers, "waiting": [],
    });
    if at % 3 == 0 {
        entry["schemas"] = json!({"writer": schema, "reader": schema});
    }
    entry
}

fn documentation(at: usize, thing: &str, verb: &str) -> Option<String> {
    match at % 7 {
        0 => None,
        1 => Some(format!(
            "A {thing} was {verb}.\n\nMore than `{thing}` says:\n\n* one\n* *two*\n\n```\nlet x = 1;\n```"
        )),
        2 => Some(format!(
            "A {thing} was {verb} <script>alert({at})</script> & \"so on\" <img src=x onerror=alert(1)>."
        )),
        3 => Some(format!(
            "A {thing} was {verb}: {}.",
            "a_word_that_is_longer_than_a_phone_is_wide_and_has_no_end_".repeat(2)
        )),
        _ => Some(format!("A {thing} was {verb}.")),
    }
}

fn fields(at: usize, thing: &str) -> Vec<Value> {
    let field = |name: &str, type_name: &str, is_redacted: bool| {
        json!({
            "name": name, "type_name": type_name, "documentation": format!("The {name} of the {thing}."),
            "pointer": format!("/{name}"), "is_redacted": is_redacted,
        })
    };
    let mut fields = vec![field("id", "u64", false)];
    if at % 2 == 0 {
        fields.push(field("note", "Option<String>", at % 4 == 0));
    }
    if at % 5 == 0 {
        fields.push(field(
            "a_long_name_of_a_field_with_many_parts",
            "BTreeMap<CustomerId, Vec<(Address, Option<crate::money::Amount>)>>",
            false,
        ));
    }
    fields
}

fn handlers(at: usize, area: &str) -> Vec<Value> {
    let count = [0, 1, 1, 2, 2, 3, 5, 8][at % 8];
    let mut handlers: Vec<Value> = (0..count).map(|nth| handler(at, nth)).collect();
    if at % 4 != 0 {
        let mut audit = handler(at, 0);
        audit["name"] = format!("audit::{area}::record").into();
        audit["crate"] = "audit".into();
        audit["package"] = "audit".into();
        audit["delivery"] = "inline".into();
        audit["queue"] = Value::Null;
        audit["retry"] = Value::Null;
        audit["timeout_ms"] = Value::Null;
        audit["is_catch_all"] = true.into();
        audit["pattern"] = format!("{area}.*").into();
        audit["filter"] = Value::Null;
        audit["after"] = json!([]);
        audit["causes"] = json!([]);
        audit["place"] = json!({"file": "crates/audit/src/lib.rs", "line": 17});
        handlers.push(audit);
    }
    handlers
}

fn handler(at: usize, nth: usize) -> Value {
    let owner = AREAS[(at / 50 + nth * 7 + at % 3) % AREAS.len()];
    let name = format!(
        "{owner}::reactions::on_{}_{nth}",
        name(at).replace('.', "_")
    );
    let delivery = ["inline", "inline", "async", "queued", "inline", "local"][(at + nth) % 6];
    let queue = matches!(delivery, "queued" | "local").then(|| {
        let name = format!("{owner}_{delivery}");
        json!({"name": name, "capacity": 1024, "consumers": 4, "overflow": "wait"})
    });
    // Most lead to what is later in the list; a few lead back.
    let step = [7, 53, 151, 3][nth % 4];
    let to = match (at + nth) % 5 {
        0 => Some((at + step) % EVENTS),
        1 if at % 97 == 0 => Some(at.saturating_sub(step)),
        _ => None,
    };
    let causes =
        to.map(|to| json!({"name": self::name(to), "version": 1 + u32::from(to % 17 == 5)}));
    let documentation = format!("Reacts as {owner} does.\n\n# Errors\n\nThe `database` is away.");
    let retry = (delivery == "queued").then(|| {
        json!({"attempts": 5, "first_wait_ms": 100, "last_wait_ms": 60_000, "is_ordered": at % 2 == 0})
    });
    let after = (nth == 1).then(|| format!("{owner}::reactions::another_one"));
    json!({
        "name": name, "documentation": (nth % 2 == 0).then_some(documentation),
        "delivery": delivery, "queue": queue, "is_catch_all": false, "pattern": null,
        "filter": (at % 11 == 0).then_some("is_large"), "priority": if nth == 2 { -10 } else { 0 },
        "after": after.into_iter().collect::<Vec<_>>(), "before": [],
        "timeout_ms": (delivery == "async" && at % 2 == 0).then_some(5_000), "concurrency": null,
        "retry": retry, "causes": causes.into_iter().collect::<Vec<_>>(), "is_opt_in": at % 61 == 0,
        "crate": owner, "package": owner,
        "place": {"file": format!("crates/{owner}/src/reactions.rs"), "line": 20 + nth * 12},
    })
}
