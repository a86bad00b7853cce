//! Whether a shape has a value, and a value of each shape.

use serde_json::{Map, Number, Value};

use crate::compat::shape::{ArrayShape, IntegerShape, ObjectShape, Shape, Shapes, TextShape};

/// How deep a value may be, which ends the recursion of a definition that has no smallest value.
const DEEPEST: u32 = 24;

impl Shapes {
    /// Whether the shape has the value; `None` if that cannot be told.
    pub(crate) fn accepts(&self, shape: &Shape, value: &Value) -> Option<bool> {
        let is = |holds: bool| Some(holds);
        match self.resolve(shape)? {
            Shape::Any => is(true),
            Shape::Null => is(value.is_null()),
            Shape::Bool => is(value.is_boolean()),
            Shape::Const(only) => is(only == value),
            Shape::Integer(integer) => is(whole(value).is_some_and(|number| integer.has(number))),
            Shape::Float(float) => {
                let number = value.as_f64();
                is(number.is_some_and(|number| {
                    float.min.is_none_or(|min| number >= min)
                        && float.max.is_none_or(|max| number <= max)
                }))
            }
            Shape::Text(text) => match value.as_str() {
                Some(value) => text.accepts(value),
                None => is(false),
            },
            Shape::Array(array) => match value.as_array() {
                Some(items) => self.accepts_items(array, items),
                None => is(false),
            },
            Shape::Object(object) => match value.as_object() {
                Some(fields) => self.accepts_fields(object, fields),
                None => is(false),
            },
            Shape::Union(union) => {
                let mut verdicts: Vec<_> = union
                    .members
                    .iter()
                    .map(|member| self.accepts(member, value))
                    .collect();
                if !union.is_exclusive {
                    return any(verdicts);
                }
                verdicts.retain(|verdict| *verdict != Some(false));
                match verdicts[..] {
                    [] => is(false),
                    [verdict] => verdict,
                    _ if verdicts.contains(&None) => None,
                    _ => is(false),
                }
            }
            Shape::Ref(_) | Shape::Opaque(_) => None,
        }
    }

    fn accepts_items(&self, array: &ArrayShape, items: &[Value]) -> Option<bool> {
        let count = items.len() as u64;
        let has_twins = (1..items.len()).any(|at| items[..at].contains(&items[at]));
        let fits = count >= array.min && array.max.is_none_or(|max| count <= max);
        if !fits || (array.is_unique && has_twins) {
            return Some(false);
        }
        all(items
            .iter()
            .enumerate()
            .map(|(at, item)| self.accepts(array.item(at), item)))
    }

    fn accepts_fields(&self, object: &ObjectShape, fields: &Map<String, Value>) -> Option<bool> {
        let named = object.fields.iter().map(|(name, field)| {
            let mut values = [name]
                .into_iter()
                .chain(&field.aliases)
                .filter_map(|name| fields.get(name));
            match (values.next(), values.next()) {
                (None, _) => Some(!field.is_required),
                (Some(value), None) => self.accepts(&field.shape, value),
                // Serde refuses a field that has two of its names.
                (Some(_), Some(_)) => Some(false),
            }
        });
        let others = fields
            .iter()
            .filter(|(name, _)| object.field(name).is_none())
            .map(|(_, value)| self.accepts(&object.rest, value));
        all(named.chain(others))
    }

    /// Returns a small value of the shape; `None` if there is none, or none that is known.
    pub(crate) fn sample(&self, shape: &Shape) -> Option<Value> {
        self.sample_within(shape, DEEPEST)
    }

    fn sample_within(&self, shape: &Shape, depth: u32) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        match self.resolve(shape)? {
            Shape::Any | Shape::Null => Some(Value::Null),
            Shape::Bool => Some(Value::Bool(false)),
            Shape::Const(value) => Some(value.clone()),
            Shape::Integer(integer) => integer.near(0),
            Shape::Float(float) => {
                let least = float.min.map_or(0.5, |min| min.max(0.5));
                let number = float.max.map_or(least, |max| least.min(max));
                Number::from_f64(number).map(Value::Number)
            }
            Shape::Text(text) => text.sample().map(Value::String),
            Shape::Array(array) => {
                let items = (0..usize::try_from(array.min).ok()?)
                    .map(|at| self.sample_within(array.item(at), depth));
                let items: Option<Vec<_>> = items.collect();
                Some(Value::Array(items?))
            }
            Shape::Object(object) => {
                let required = object.fields.iter().filter(|(_, field)| field.is_required);
                let fields = required.map(|(name, field)| {
                    Some((name.clone(), self.sample_within(&field.shape, depth)?))
                });
                let fields: Option<Map<_, _>> = fields.collect();
                Some(Value::Object(fields?))
            }
            Shape::Union(union) => {
                let mut samples = union.members.iter();
                samples.find_map(|member| self.sample_within(member, depth))
            }
            Shape::Ref(_) | Shape::Opaque(_) => None,
        }
    }
}

impl ArrayShape {
    /// Returns the shape of the item at an index.
    pub(crate) fn item(&self, at: usize) -> &Shape {
        self.prefix.get(at).unwrap_or(&self.rest)
    }
}

impl IntegerShape {
    pub(crate) fn has(&self, number: i128) -> bool {
        self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
    }

    /// Returns the integer of the shape that is nearest to a number, if JSON can write it.
    pub(crate) fn near(&self, number: i128) -> Option<Value> {
        let number = self.min.map_or(number, |min| min.max(number));
        let number = self.max.map_or(number, |max| max.min(number));
        self.has(number).then(|| json(number)).flatten()
    }
}

/// Returns an integer as JSON; `None` if no 64 bits hold it.
pub(crate) fn json(number: i128) -> Option<Value> {
    let signed = i64::try_from(number).map(Number::from);
    let number = signed.or_else(|_| u64::try_from(number).map(Number::from));
    number.ok().map(Value::Number)
}

fn whole(value: &Value) -> Option<i128> {
    let signed = value.as_i64().map(i128::from);
    signed.or_else(|| value.as_u64().map(i128::from))
}

impl TextShape {
    pub(crate) fn accepts(&self, text: &str) -> Option<bool> {
        let count = text.chars().count() as u64;
        if count < self.min || self.max.is_some_and(|max| count > max) {
            return Some(false);
        }
        if self.excluded.iter().any(|excluded| excluded == text) {
            return Some(false);
        }
        let format = match &self.format {
            Some(format) => has_format(text, format),
            None => Some(true),
        };
        match (&self.pattern, format) {
            (_, Some(false)) => Some(false),
            (Some(_), _) => None,
            (None, format) => format,
        }
    }

    fn sample(&self) -> Option<String> {
        let text = match &self.format {
            Some(format) => {
                let known = SAMPLES.iter().find(|(name, _)| name == format);
                known?.1.to_owned()
            }
            None => "x".repeat(
                usize::try_from(self.min.max(1).min(self.max.unwrap_or(1).max(self.min))).ok()?,
            ),
        };
        (self.accepts(&text) == Some(true)).then_some(text)
    }
}

/// A text of each format whose texts this module can tell from others.
const SAMPLES: [(&str, &str); 17] = [
    ("uuid", "00000000-0000-0000-0000-000000000000"),
    ("date", "2026-01-01"),
    ("time", "00:00:00Z"),
    ("date-time", "2026-01-01T00:00:00Z"),
    ("partial-date-time", "2026-01-01T00:00:00"),
    ("ipv4", "127.0.0.1"),
    ("ipv6", "::1"),
    ("email", "a@example.com"),
    ("uri", "https://example.com"),
    ("iri", "https://example.com"),
    ("json-pointer", "/a"),
    // A text without punctuation may have one of these.
    ("hostname", "localhost"),
    ("uri-reference", "x"),
    ("iri-reference", "x"),
    ("uri-template", "x"),
    ("regex", "x"),
    ("duration", "P1D"),
];

/// Whether a text has a format; `None` if that cannot be told. Only plain cases are told apart: the sample of the
/// format, and texts that have not one of its characters.
fn has_format(text: &str, format: &str) -> Option<bool> {
    let (_, sample) = SAMPLES.iter().find(|(name, _)| *name == format)?;
    if text == *sample {
        return Some(true);
    }
    let punctuation = |text: &str| -> Vec<char> {
        text.chars()
            .filter(|letter| !letter.is_alphanumeric())
            .collect()
    };
    (punctuation(text).is_empty() && !punctuation(sample).is_empty()).then_some(false)
}

/// Whether one of the verdicts is a yes; `None` if none is, and one is unknown.
fn any(verdicts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    all(verdicts
        .into_iter()
        .map(|verdict| verdict.map(|holds| !holds)))
    .map(|none| !none)
}

/// Whether all verdicts are a yes; `None` if none is a no, and one is unknown.
fn all(verdicts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(true);
    for verdict in verdicts {
        match verdict {
            Some(false) => return Some(false),
            None => result = None,
            Some(true) => {}
        }
    }
    result
}

impl ObjectShape {
    /// Returns the field that the reader takes under a name.
    pub(crate) fn field(&self, name: &str) -> Option<(&String, &crate::compat::shape::Field)> {
        let direct = self.fields.get_key_value(name);
        direct.or_else(|| {
            let mut fields = self.fields.iter();
            fields.find(|(_, field)| field.aliases.iter().any(|alias| alias == name))
        })
    }
}
