//! An event as text: by the derive's `Debug`, which masks redacted fields.

use event_core::AnyEvent;
use event_core::event::EventInfo;

/// The most characters of an event that are shown.
const LIMIT: usize = 400;

/// Returns the event on one line.
pub(crate) fn shown(event: &dyn AnyEvent) -> String {
    let name = type_name(event.info());
    let mut text = format!("{event:?}");
    if !text.starts_with(name.as_str()) {
        // A variant of an enum.
        text = format!("{name}::{text}");
    }
    if let Some((end, _)) = text.char_indices().nth(LIMIT) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Returns the name of an event's type, without the modules of its path.
pub(crate) fn type_name(info: &EventInfo) -> String {
    short(info.type_name())
}

/// Removes the modules from the paths of a type's name.
pub(crate) fn short(path: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let mut rest = path.chars().peekable();
    while let Some(char) = rest.next() {
        if char == ':' && rest.peek() == Some(&':') {
            rest.next();
            word.clear();
        } else if char.is_alphanumeric() || char == '_' {
            word.push(char);
        } else {
            out.push_str(&word);
            word.clear();
            out.push(char);
        }
    }
    out.push_str(&word);
    out
}

/// Returns the value of one field of an event, as the derive's `Debug` shows it.
pub(crate) fn field(event: &dyn AnyEvent, field: &str) -> Option<String> {
    let pretty = format!("{event:#?}");
    let fields = fields(&pretty);
    if let Ok(index) = field.parse::<usize>() {
        return Some(fields.into_iter().nth(index)?.1);
    }
    let mut fields = fields.into_iter();
    let (_, value) = fields.find(|(name, _)| name.as_deref() == Some(field))?;
    Some(value)
}

/// Reads the fields of a value from its alternate `Debug`, in which each begins a line of its own.
fn fields(pretty: &str) -> Vec<(Option<String>, String)> {
    const INDENT: &str = "    ";
    let mut fields: Vec<(Option<String>, String)> = Vec::new();
    for line in pretty.lines().skip(1) {
        let Some(line) = line.strip_prefix(INDENT) else {
            break;
        };
        let continues = line.starts_with([' ', '}', ']', ')']);
        if let (true, Some((_, value))) = (continues, fields.last_mut()) {
            append(value, line.trim());
            continue;
        }
        let is_name = |name: &&str| {
            name.chars()
                .all(|char| char.is_alphanumeric() || char == '_')
        };
        let named = line.split_once(": ").filter(|(name, _)| is_name(name));
        fields.push(match named {
            Some((name, value)) => (Some(name.to_owned()), value.to_owned()),
            None => (None, line.to_owned()),
        });
    }
    for (_, value) in &mut fields {
        if value.ends_with(',') {
            value.pop();
        }
    }
    fields
}

/// Continues a value with its next line.
fn append(value: &mut String, line: &str) {
    if line.starts_with(['}', ']', ')']) {
        if value.ends_with(',') {
            value.pop();
        }
        if line.starts_with('}') {
            value.push(' ');
        }
    } else if value.ends_with(['{', ',']) {
        value.push(' ');
    }
    value.push_str(line);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use event_core::Event;

    use super::{field, short, shown};

    #[derive(Event)]
    struct OrderPlaced {
        id: u64,
        parts: Vec<Part>,
        note: Option<String>,
        by_shelf: BTreeMap<u8, (u8, char)>,
        #[event(redact)]
        card: String,
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "only shown")]
    struct Part {
        grams: f64,
        fragile: bool,
    }

    #[derive(Event)]
    enum Paid {
        Cash(u64, &'static str),
        Nothing,
    }

    fn placed() -> OrderPlaced {
        OrderPlaced {
            id: 7,
            parts: vec![
                Part {
                    grams: 1.5,
                    fragile: true,
                },
                Part {
                    grams: 2.0,
                    fragile: false,
                },
            ],
            note: Some("two\nlines, (both)".to_owned()),
            by_shelf: [(1, (2, 'c'))].into(),
            card: "4111".to_owned(),
        }
    }

    #[test]
    fn a_field_is_shown_on_one_line_and_masked_if_it_is_redacted() {
        let event = placed();
        let value = |name| field(&event, name);
        assert_eq!(value("id").as_deref(), Some("7"));
        assert_eq!(
            value("parts").as_deref(),
            Some("[Part { grams: 1.5, fragile: true }, Part { grams: 2.0, fragile: false }]")
        );
        assert_eq!(
            value("note").as_deref(),
            Some(r#"Some("two\nlines, (both)")"#)
        );
        assert_eq!(value("by_shelf").as_deref(), Some("{ 1: (2, 'c') }"));
        assert_eq!(value("card").as_deref(), Some(event_core::event::MASK));
        assert_eq!(value("other"), None);
    }

    #[test]
    fn a_field_of_a_tuple_is_found_by_its_index() {
        let paid = Paid::Cash(5, "EUR");
        assert_eq!(field(&paid, "0").as_deref(), Some("5"));
        assert_eq!(field(&paid, "1").as_deref(), Some("\"EUR\""));
        assert_eq!(field(&Paid::Nothing, "0"), None);
    }

    #[test]
    fn a_variant_is_shown_with_its_type() {
        assert_eq!(shown(&Paid::Cash(5, "EUR")), "Paid::Cash(5, \"EUR\")");
        assert!(shown(&placed()).starts_with("OrderPlaced { id: 7, "));
    }

    #[test]
    fn a_long_event_is_cut() {
        let long = OrderPlaced {
            note: Some("é".repeat(1_000)),
            ..placed()
        };
        let text = shown(&long);
        assert!(
            text.ends_with("éé…") && text.chars().count() == super::LIMIT + 1,
            "{text}"
        );
    }

    #[test]
    fn paths_inside_of_generic_names_are_shortened() {
        assert_eq!(
            short("shop::orders::Saved<alloc::vec::Vec<shop::User>, (core::A, u8)>"),
            "Saved<Vec<User>, (A, u8)>"
        );
    }
}
