//! Whether each value of one schema is in another, and which is not.

mod arrays;
mod objects;
mod scalars;
mod tagging;
mod unions;

use std::collections::HashSet;

use serde_json::Value;

use crate::compat::inclusion::scalars::{floats, integers, texts};
use crate::compat::shape::{IntegerShape, Shape, Shapes};

/// Why a value that may be written cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    /// The path to the value, as a JSON pointer with `*` for each item and each key of a map.
    pub(crate) path: Vec<String>,
    /// A value that shows it: first of the shape at the path, and in the end of the whole schema.
    pub(crate) witness: Option<Value>,
}

/// What differs between the shapes at a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// The reader requires a field. `is_written` says whether it is written sometimes.
    FieldRequired {
        field: String,
        is_written: bool,
    },
    /// The reader refuses a field that it does not know.
    FieldRefused {
        field: String,
    },
    /// A null is written, and not read.
    Null,
    /// The JSON types differ.
    Type {
        from: &'static str,
        to: String,
    },
    /// The variants are written in another way.
    Tagging,
    /// A field is written under a name that the reader does not know.
    FieldRenamed {
        from: String,
        to: String,
    },
    /// Numbers beyond the bounds of the reader are written.
    Range {
        is_integer: bool,
    },
    /// The length or the pattern of a text.
    Text,
    Format {
        from: Option<String>,
        to: String,
    },
    /// A value or a variant that the reader does not know.
    Value {
        value: Value,
    },
    Variant {
        tag: String,
    },
    /// The number of items, or items that are equal.
    Items,
    /// It cannot be told whether all values are read.
    Undecided {
        why: &'static str,
    },
}

impl Finding {
    fn new(kind: Kind, witness: Option<Value>) -> Self {
        Self {
            kind,
            path: Vec::new(),
            witness,
        }
    }

    fn undecided(why: &'static str) -> Self {
        Self::new(Kind::Undecided { why }, None)
    }

    /// Moves the finding into a value around it, which `embed` makes of the witness.
    fn within(mut self, step: &str, embed: impl FnOnce(Value) -> Option<Value>) -> Self {
        self.path.insert(0, step.to_owned());
        self.witness = self.witness.and_then(embed);
        self
    }
}

/// Returns why values of the writer's schema are not in the reader's; nothing if all are. Each witness was checked
/// against both schemas; a finding without one is not proven.
pub(crate) fn findings(writer: &Shapes, reader: &Shapes) -> Vec<Finding> {
    let mut comparison = Comparison {
        writer,
        reader,
        assumed: HashSet::new(),
        steps: 0,
        depth: 0,
    };
    let mut findings = comparison.compare(&writer.root, &reader.root);
    for finding in &mut findings {
        finding.witness = finding.witness.take().filter(|witness| {
            writer.accepts(&writer.root, witness) == Some(true)
                && reader.accepts(&reader.root, witness) == Some(false)
        });
    }
    findings
}

struct Comparison<'a> {
    writer: &'a Shapes,
    reader: &'a Shapes,
    /// The pairs of definitions that are being compared, which are taken to be included inside of themselves.
    assumed: HashSet<(String, String)>,
    steps: usize,
    /// How deep the current comparison is in others.
    depth: u32,
}

/// Schemas that need more comparisons are not analysed. Real ones need some hundreds.
const MOST_STEPS: usize = 200_000;

/// The deepest comparison, so that definitions that never end do not.
const DEEPEST: u32 = 200;

impl Comparison<'_> {
    fn compare(&mut self, writer: &Shape, reader: &Shape) -> Vec<Finding> {
        self.steps += 1;
        if self.steps > MOST_STEPS || self.depth > DEEPEST {
            return vec![Finding::undecided("the schemas are too large to compare")];
        }
        if let (Shape::Ref(one), Shape::Ref(other)) = (writer, reader) {
            let pair = (one.clone(), other.clone());
            if !self.assumed.insert(pair.clone()) {
                return Vec::new();
            }
            let findings = self.compare_deeper(writer, reader);
            self.assumed.remove(&pair);
            return findings;
        }
        self.compare_deeper(writer, reader)
    }

    fn compare_deeper(&mut self, writer: &Shape, reader: &Shape) -> Vec<Finding> {
        self.depth += 1;
        let findings = self.compare_resolved(writer, reader);
        self.depth -= 1;
        findings
    }

    fn compare_resolved(&mut self, writer: &Shape, reader: &Shape) -> Vec<Finding> {
        let (all_writer, all_reader) = (self.writer, self.reader);
        let (Some(writer), Some(reader)) = (all_writer.resolve(writer), all_reader.resolve(reader))
        else {
            return vec![Finding::undecided("a reference has no definition")];
        };
        match (writer, reader) {
            (_, Shape::Any) => Vec::new(),
            (writer, _) if writer.is_none() => Vec::new(),
            (Shape::Opaque(one), Shape::Opaque(other)) if one == other => Vec::new(),
            (Shape::Opaque(_), _) | (_, Shape::Opaque(_)) => {
                vec![Finding::undecided("a keyword that is not analysed")]
            }
            (Shape::Const(value), reader) => match all_reader.accepts(reader, value) {
                Some(true) => Vec::new(),
                Some(false) => vec![self.refused(value, reader)],
                None => vec![Finding::undecided("a value that cannot be checked")],
            },
            (Shape::Bool, _) => [false, true]
                .iter()
                .flat_map(|value| self.compare(&Shape::Const(Value::Bool(*value)), reader))
                .take(1)
                .collect(),
            (Shape::Union(writer), reader) => self.compare_members(writer, reader),
            (writer, Shape::Union(reader)) => self.compare_with_union(writer, reader),
            (Shape::Null, Shape::Null) => Vec::new(),
            (Shape::Integer(writer), Shape::Integer(reader)) => integers(writer, reader),
            (Shape::Integer(writer), Shape::Float(reader)) => {
                // A bound that is no integer is rare enough to be compared as one.
                #[allow(clippy::cast_possible_truncation, reason = "saturates, as a bound may")]
                let bound = |bound: Option<f64>| bound.map(|bound| bound as i128);
                let reader = IntegerShape {
                    min: bound(reader.min.map(f64::ceil)),
                    max: bound(reader.max.map(f64::floor)),
                };
                integers(writer, &reader)
            }
            (Shape::Float(writer), Shape::Float(reader)) => floats(writer, reader),
            (Shape::Text(writer), Shape::Text(reader)) => texts(writer, reader),
            (Shape::Array(writer), Shape::Array(reader)) => self.arrays(writer, reader),
            (Shape::Object(writer), Shape::Object(reader)) => self.objects(writer, reader),
            (writer, reader) => vec![self.other_type(writer, reader)],
        }
    }

    /// Makes the finding of a value that the reader does not take.
    fn refused(&self, value: &Value, reader: &Shape) -> Finding {
        let kind = if value.is_null() {
            Kind::Null
        } else if self.types(reader).contains(&type_of(value)) {
            let value = value.clone();
            Kind::Value { value }
        } else {
            Kind::Type {
                from: type_of(value),
                to: self.types(reader).join(" or "),
            }
        };
        Finding::new(kind, Some(value.clone()))
    }

    fn other_type(&self, writer: &Shape, reader: &Shape) -> Finding {
        let is_same = self.types(reader).contains(&type_of_shape(writer));
        let kind = match writer {
            Shape::Null => Kind::Null,
            // Any text, and a list of texts.
            Shape::Text(_) if is_same => Kind::Text,
            Shape::Integer(_) | Shape::Float(_) if is_same => Kind::Range {
                is_integer: matches!(writer, Shape::Integer(_)),
            },
            _ => Kind::Type {
                from: type_of_shape(writer),
                to: self.types(reader).join(" or "),
            },
        };
        if *writer == Shape::Any {
            let any = [
                Value::Null,
                Value::Bool(true),
                Value::from(0.5),
                Value::from("x"),
                Value::Array(Vec::new()),
            ];
            let mut refused = any
                .into_iter()
                .filter(|value| self.reader.accepts(reader, value) == Some(false));
            return Finding::new(kind, refused.next());
        }
        let sample = self.writer.sample(writer);
        let is_refused = |value| self.reader.accepts(reader, value) == Some(false);
        if is_same && !sample.as_ref().is_some_and(is_refused) {
            return Finding::undecided("some of its values may be read");
        }
        Finding::new(kind, sample)
    }

    /// Returns the JSON types of the reader's values.
    fn types(&self, shape: &Shape) -> Vec<&'static str> {
        match self.reader.resolve(shape) {
            Some(Shape::Union(union)) => {
                let mut types: Vec<_> = union
                    .members
                    .iter()
                    .flat_map(|member| self.types(member))
                    .collect();
                types.sort_unstable();
                types.dedup();
                types
            }
            Some(shape) => vec![type_of_shape(shape)],
            None => Vec::new(),
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn type_of_shape(shape: &Shape) -> &'static str {
    match shape {
        Shape::Null => "null",
        Shape::Bool => "boolean",
        Shape::Const(value) => type_of(value),
        Shape::Integer(_) => "integer",
        Shape::Float(_) => "number",
        Shape::Text(_) => "string",
        Shape::Array(_) => "array",
        Shape::Object(_) => "object",
        Shape::Any | Shape::Union(_) | Shape::Ref(_) | Shape::Opaque(_) => "any",
    }
}
