//! The checks of what the official AsyncAPI parser lets pass, in the schemas that become the payloads of a document.
//!
//! Seen with `@asyncapi/parser` 3.6.6 and `@asyncapi/modelina` 5.10.1: an example or a default that does not fit its
//! schema passes in silence, keywords that are newer than draft-07 are not looked at, and of two payloads with one title,
//! one has no model.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::{Finding, FindingKind, Severity};
use crate::asyncapi::pascal;
use crate::catalog::{Catalog, EventEntry};
use crate::compat::shape::{Role, Shapes};
use crate::schema::reference::target;

/// The keywords that are newer than draft-07, each with the one of draft-07 that says the same.
const NEWER: [(&str, Option<&str>); 11] = [
    ("$anchor", None),
    ("$defs", Some("definitions")),
    ("$dynamicAnchor", None),
    ("$dynamicRef", None),
    ("dependentRequired", Some("dependencies")),
    ("dependentSchemas", Some("dependencies")),
    ("maxContains", None),
    ("minContains", None),
    ("prefixItems", Some("items")),
    ("unevaluatedItems", None),
    ("unevaluatedProperties", None),
];

/// Finds what is wrong in the schemas that are there.
pub(super) fn all(catalog: &Catalog) -> Vec<Finding> {
    let events = catalog.events.iter().filter(|event| event.is_wire);
    let described = events.filter_map(|event| Some((event, &event.schemas.as_ref()?.writer)));
    let mut findings = title_twice(described.clone());
    // A definition that several events have is examined once.
    let mut known = BTreeMap::new();
    for (event, schema) in described {
        let mut walk = Walk {
            event,
            root: schema,
            shapes: None,
            entered: HashSet::new(),
            known: &mut known,
            findings: Vec::new(),
        };
        walk.schema("", schema);
        findings.append(&mut walk.findings);
    }
    findings
}

/// Finds the payloads that generators make one model of. They make none of what is superseded, since no operation
/// sends it.
fn title_twice<'a>(events: impl Iterator<Item = (&'a EventEntry, &'a Value)>) -> Vec<Finding> {
    let mut by_title: BTreeMap<&str, Vec<&EventEntry>> = BTreeMap::new();
    for (event, schema) in events.filter(|(event, _)| !event.is_superseded) {
        if let Some(title) = schema.get("title").and_then(Value::as_str) {
            by_title.entry(title).or_default().push(event);
        }
    }
    let several = by_title.into_iter().filter(|(_, events)| events.len() > 1);
    let finding = |(title, events): (&str, Vec<&EventEntry>)| {
        let names: Vec<_> = events.iter().map(|event| event.id().to_string()).collect();
        let last = events[events.len() - 1];
        Finding {
            severity: Severity::Warning,
            kind: FindingKind::TitleTwice,
            message: format!(
                "`{}` have the title `{title}`, and generators that read the AsyncAPI document make one model of them",
                names.join("` and `")
            ),
            help: format!(
                "write `#[schemars(title = \"{}\")]` above `{}`",
                pascal(&last.name),
                last.type_name
            ),
            places: events.iter().map(|event| event.place.clone()).collect(),
        }
    };
    several.map(finding).collect()
}

struct Walk<'a, 'k> {
    event: &'a EventEntry,
    root: &'a Value,
    /// The schema as a set of values, which is only read for an example.
    shapes: Option<Shapes>,
    /// The references that the walk has followed.
    entered: HashSet<&'a str>,
    known: &'k mut BTreeMap<&'a str, &'a Value>,
    findings: Vec<Finding>,
}

impl<'a> Walk<'a, '_> {
    /// Examines a schema, and those in it. `at` is where its value is in the data.
    fn schema(&mut self, at: &str, schema: &'a Value) {
        let Some(keywords) = schema.as_object() else {
            return;
        };
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            self.reference(at, reference);
        }
        for (newer, older) in NEWER {
            if keywords.contains_key(newer) {
                self.newer(at, newer, older);
            }
        }
        let examples = keywords.get("examples").and_then(Value::as_array);
        for example in examples.into_iter().flatten() {
            self.example(at, schema, example, "example");
        }
        if let Some(default) = keywords.get("default") {
            self.example(at, schema, default, "default");
        }
        self.within(at, keywords);
    }

    fn within(&mut self, at: &str, keywords: &'a Map<String, Value>) {
        for key in ["allOf", "anyOf", "oneOf"] {
            let members = keywords.get(key).and_then(Value::as_array);
            for member in members.into_iter().flatten() {
                self.schema(at, member);
            }
        }
        let properties = keywords.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            let name = name.replace('~', "~0").replace('/', "~1");
            self.schema(&format!("{at}/{name}"), schema);
        }
        for key in ["items", "additionalItems", "additionalProperties"] {
            let at = format!("{at}/*");
            match keywords.get(key) {
                Some(Value::Array(items)) => items.iter().for_each(|item| self.schema(&at, item)),
                Some(schema) => self.schema(&at, schema),
                None => {}
            }
        }
    }

    fn newer(&mut self, at: &str, newer: &str, older: Option<&str>) {
        let help = match older {
            Some(older) => format!("write `{older}`, which says the same there"),
            None => "say it with keywords of draft-07, or not at all".to_owned(),
        };
        self.say(
            Severity::Warning,
            FindingKind::KeywordNewer,
            &format!(
                "has{} the keyword `{newer}`, which is newer than draft-07: what reads the AsyncAPI document passes over it",
                of(at)
            ),
            help,
        );
    }

    fn reference(&mut self, at: &str, reference: &'a str) {
        let Some(definition) = target(self.root, reference) else {
            return self.say(
                Severity::Error,
                FindingKind::ReferenceNowhere,
                &format!("refers{} to `{reference}`, which its schema does not have", of(at)),
                "write the schema out, or have `generator.subschema_for::<T>()` of `schemars` refer to that of a type"
                    .to_owned(),
            );
        };
        if self.known.get(reference) == Some(&definition) || !self.entered.insert(reference) {
            return;
        }
        if reference != "#" {
            self.known.insert(reference, definition);
        }
        self.schema(at, definition);
    }

    fn example(&mut self, at: &str, schema: &Value, value: &Value, what: &str) {
        let shapes = self
            .shapes
            .get_or_insert_with(|| Shapes::new(self.root, Role::Writer));
        let part = Shapes::part(self.root, schema, Role::Writer);
        if shapes.accepts(&part, value) != Some(false) {
            return;
        }
        let help = match (what, shapes.sample(&part)) {
            ("default", _) => {
                "correct what `#[serde(default)]` makes, or the attribute that it does not fit"
                    .to_owned()
            }
            (_, Some(sample)) => format!(
                "write one that it may have, such as `#[schemars(example = {})]`",
                literal(&sample)
            ),
            (_, None) => "write one that it may have, or none".to_owned(),
        };
        self.say(
            Severity::Warning,
            FindingKind::ExampleRefused,
            &format!(
                "has{} the {what} {value}, which does not fit its own schema",
                of(at)
            ),
            help,
        );
    }

    fn say(&mut self, severity: Severity, kind: FindingKind, what: &str, help: String) {
        let finding = Finding {
            severity,
            kind,
            message: format!("`{}` {what}", self.event.id()),
            help,
            places: vec![self.event.place.clone()],
        };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

fn of(at: &str) -> String {
    if at.is_empty() {
        String::new()
    } else {
        format!(" at `{at}`")
    }
}

/// Returns a value as an attribute of `schemars` has it, which takes a text alone for a path.
fn literal(value: &Value) -> String {
    match value {
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(_) => format!("&{value}"),
        _ => format!("serde_json::json!({value})"),
    }
}
