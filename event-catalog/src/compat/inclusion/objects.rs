//! Objects.

use std::cell::OnceCell;
use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::compat::inclusion::{Comparison, Finding, Kind};
use crate::compat::shape::{Field, ObjectShape, Shape, Shapes};

/// The key of a map in a witness.
const ANY_KEY: &str = "any key";

/// The smallest object that is written, of which witnesses are made; most objects have none.
struct Smallest<'w> {
    writer: &'w Shapes,
    object: &'w ObjectShape,
    fields: OnceCell<Option<Map<String, Value>>>,
}

impl<'w> Smallest<'w> {
    fn of(writer: &'w Shapes, object: &'w ObjectShape) -> Self {
        Self {
            writer,
            object,
            fields: OnceCell::new(),
        }
    }

    fn fields(&self) -> Option<Map<String, Value>> {
        let sample = || {
            let whole = Shape::Object(Box::new(self.object.clone()));
            match self.writer.sample(&whole)? {
                Value::Object(fields) => Some(fields),
                _ => None,
            }
        };
        self.fields.get_or_init(sample).clone()
    }

    /// Returns the object with a field of this value.
    fn with(&self, name: &str, value: Option<Value>) -> Option<Value> {
        let mut fields = self.fields()?;
        fields.insert(name.to_owned(), value?);
        Some(Value::Object(fields))
    }

    fn without(&self, name: &str) -> Option<Value> {
        let mut fields = self.fields()?;
        fields.remove(name);
        Some(Value::Object(fields))
    }
}

impl Comparison<'_> {
    pub(super) fn objects(&mut self, writer: &ObjectShape, reader: &ObjectShape) -> Vec<Finding> {
        let smallest = Smallest::of(self.writer, writer);
        let mut findings = Vec::new();
        let mut renamed = HashSet::new();
        for (name, field) in &reader.fields {
            let names = [name].into_iter().chain(&field.aliases);
            let written: Vec<_> = names
                .filter_map(|name| writer.fields.get_key_value(name))
                .collect();
            match written[..] {
                [] if field.is_required => {
                    let kind = self.required(writer, reader, name, field, &mut renamed);
                    findings.push(Finding::new(kind, smallest.without(name)));
                }
                [] => findings.extend(self.field(name, &writer.rest, &field.shape, &smallest)),
                [(written, other)] => {
                    if field.is_required && !other.is_required {
                        let kind = Kind::FieldRequired {
                            field: name.clone(),
                            is_written: true,
                        };
                        findings.push(Finding::new(kind, smallest.without(written)));
                    }
                    findings.extend(self.field(written, &other.shape, &field.shape, &smallest));
                }
                _ => findings.push(Finding::undecided(
                    "a field is written under two of its names",
                )),
            }
        }
        for (name, field) in &writer.fields {
            if reader.field(name).is_none() && !renamed.contains(name) {
                findings.extend(self.other(name, &field.shape, reader, &smallest));
            }
        }
        let others = self.other(ANY_KEY, &writer.rest, reader, &smallest);
        findings.extend(others.into_iter().map(Finding::for_any_key));
        findings
    }

    /// Says why a field that the reader requires, and the writer does not name, is not there.
    fn required(
        &mut self,
        writer: &ObjectShape,
        reader: &ObjectShape,
        name: &str,
        field: &Field,
        renamed: &mut HashSet<String>,
    ) -> Kind {
        let mut alike = Vec::new();
        for (other, written) in &writer.fields {
            let is_unknown = reader.field(other).is_none() && !renamed.contains(other);
            if is_unknown && self.compare(&written.shape, &field.shape).is_empty() {
                alike.push(other.clone());
            }
        }
        match &alike[..] {
            [from] if writer.rest.is_none() => {
                renamed.insert(from.clone());
                Kind::FieldRenamed {
                    from: from.clone(),
                    to: name.to_owned(),
                }
            }
            _ => Kind::FieldRequired {
                field: name.to_owned(),
                is_written: !writer.rest.is_none(),
            },
        }
    }

    /// Compares the values of one field.
    fn field(
        &mut self,
        name: &str,
        writer: &Shape,
        reader: &Shape,
        smallest: &Smallest<'_>,
    ) -> Vec<Finding> {
        let findings = self.compare(writer, reader).into_iter();
        findings
            .map(|finding| finding.within(name, |value| smallest.with(name, Some(value))))
            .collect()
    }

    /// Compares the values of a field that the reader does not name.
    fn other(
        &mut self,
        name: &str,
        writer: &Shape,
        reader: &ObjectShape,
        smallest: &Smallest<'_>,
    ) -> Vec<Finding> {
        if !reader.rest.is_none() || writer.is_none() {
            return self.field(name, writer, &reader.rest, smallest);
        }
        let kind = Kind::FieldRefused {
            field: name.to_owned(),
        };
        let witness = smallest.with(name, self.writer.sample(writer));
        vec![Finding::new(kind, witness)]
    }
}

impl Finding {
    /// Names the key of a map as any key.
    fn for_any_key(mut self) -> Self {
        if let Some(step) = self.path.first_mut() {
            "*".clone_into(step);
        }
        self
    }
}
