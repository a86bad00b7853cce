//! Unions, such as the variants of an enum.

use serde_json::Value;

use crate::compat::inclusion::{Comparison, Finding, Kind, tagging, type_of_shape};
use crate::compat::shape::{ObjectShape, Shape, UnionShape};

/// How many values a field may have for an object to be compared value by value.
const MOST_VALUES: usize = 64;

impl Comparison<'_> {
    pub(super) fn compare_members(&mut self, writer: &UnionShape, reader: &Shape) -> Vec<Finding> {
        let members = writer.members.iter();
        let findings: Vec<_> = members.map(|member| self.compare(member, reader)).collect();
        if let Shape::Union(reader) = reader {
            let refused: Vec<_> = findings.iter().map(|it| !it.is_empty()).collect();
            let (written, read) = ((self.writer, writer), (self.reader, reader));
            if tagging::differs(written, read, &refused) {
                let found = findings.iter().flatten();
                let mut witnesses = found.filter_map(|finding| finding.witness.clone());
                return vec![Finding::new(Kind::Tagging, witnesses.next())];
            }
        }
        findings.into_iter().flatten().collect()
    }

    /// Compares a shape that is no union with a union.
    pub(super) fn compare_with_union(
        &mut self,
        writer: &Shape,
        reader: &UnionShape,
    ) -> Vec<Finding> {
        let mut closest: Option<(usize, Vec<Finding>)> = None;
        for (at, member) in reader.members.iter().enumerate() {
            let findings = self.compare(writer, member);
            if findings.is_empty() {
                return self.alone(writer, reader, at);
            }
            let likeness = self.likeness(writer, member);
            if closest.as_ref().is_none_or(|(best, _)| likeness > *best) {
                closest = Some((likeness, findings));
            }
        }
        if let Some(parts) = self.split(writer) {
            let whole = Shape::Union(reader.clone());
            return parts
                .iter()
                .flat_map(|part| self.compare(part, &whole))
                .collect();
        }
        let whole = Shape::Union(reader.clone());
        let Some((likeness, findings)) = closest else {
            return vec![self.other_type(writer, &whole)];
        };
        if likeness == 0 {
            return vec![self.unknown_member(writer, &whole)];
        }
        // A value that one member refuses may be in another.
        let proven: Vec<_> = findings
            .into_iter()
            .filter(|finding| {
                let refused = |witness| self.reader.accepts(&whole, witness) == Some(false);
                finding.witness.as_ref().is_some_and(refused)
            })
            .collect();
        if proven.is_empty() {
            return vec![Finding::undecided("several variants may read it together")];
        }
        proven
    }

    /// Whether no other member of an exclusive union has a value of the writer's.
    fn alone(&self, writer: &Shape, reader: &UnionShape, at: usize) -> Vec<Finding> {
        let others = reader
            .members
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at);
        let is_alone = others
            .map(|(_, other)| other)
            .all(|other| self.is_disjoint(writer, other));
        if reader.is_exclusive && !is_alone {
            return vec![Finding::undecided("two variants may read one value")];
        }
        Vec::new()
    }

    fn unknown_member(&self, writer: &Shape, whole: &Shape) -> Finding {
        let witness = self.writer.sample(writer);
        let kind = match (writer, tags(writer).first()) {
            (Shape::Null, _) => Kind::Null,
            (Shape::Object(_), Some((_, tag))) => Kind::Variant {
                tag: tag.as_str().map_or_else(|| tag.to_string(), str::to_owned),
            },
            (Shape::Object(object), None) if object.fields.len() == 1 => Kind::Variant {
                tag: object.fields.keys().next().cloned().unwrap_or_default(),
            },
            _ => return self.other_type(writer, whole),
        };
        Finding::new(kind, witness)
    }

    /// How much a member of the reader's union looks like what is written: 2 for the same variant, 1 for the same
    /// type without variants, 0 for another one.
    fn likeness(&self, writer: &Shape, member: &Shape) -> usize {
        let Some(member) = self.reader.resolve(member) else {
            return 0;
        };
        if type_of_shape(writer) != type_of_shape(member) {
            return 0;
        }
        let (Shape::Object(one), Shape::Object(other)) = (writer, member) else {
            return usize::from(!self.is_disjoint(writer, member));
        };
        let (ours, theirs) = (tags(writer), tags(member));
        let is_same = |tag: &(&String, &Value)| theirs.contains(tag);
        if ours.iter().any(is_same) {
            return 2;
        }
        let is_other = |name: &String| theirs.iter().any(|(other, _)| *other == name);
        let only = |object: &ObjectShape| match object.fields.len() {
            1 => object.fields.keys().next().cloned(),
            _ => None,
        };
        let are_variants =
            matches!((only(one), only(other)), (Some(one), Some(other)) if one != other);
        usize::from(!are_variants && !ours.iter().any(|(name, _)| is_other(name)))
    }

    /// Whether it is certain that no value is in both shapes.
    fn is_disjoint(&self, writer: &Shape, reader: &Shape) -> bool {
        let (Some(writer), Some(reader)) =
            (self.writer.resolve(writer), self.reader.resolve(reader))
        else {
            return false;
        };
        match (writer, reader) {
            (Shape::Union(union), reader) => union
                .members
                .iter()
                .all(|member| self.is_disjoint(member, reader)),
            (writer, Shape::Union(union)) => union
                .members
                .iter()
                .all(|member| self.is_disjoint(writer, member)),
            (Shape::Const(value), reader) => self.reader.accepts(reader, value) == Some(false),
            (writer, Shape::Const(value)) => self.writer.accepts(writer, value) == Some(false),
            (Shape::Any | Shape::Opaque(_), _)
            | (_, Shape::Any | Shape::Opaque(_))
            | (Shape::Integer(_), Shape::Float(_))
            | (Shape::Float(_), Shape::Integer(_)) => false,
            (Shape::Object(writer), Shape::Object(reader)) => {
                let required = |object: &'_ ObjectShape, name: &String| {
                    object
                        .fields
                        .get(name)
                        .is_some_and(|field| field.is_required)
                };
                let differs = writer
                    .fields
                    .iter()
                    .any(|(name, field)| match reader.field(name) {
                        Some((_, other)) => {
                            (field.is_required || other.is_required)
                                && self.is_disjoint(&field.shape, &other.shape)
                                && (field.is_required || required(reader, name))
                        }
                        None => field.is_required && reader.rest.is_none(),
                    });
                let is_missing = reader.fields.iter().any(|(name, field)| {
                    let names = || [name].into_iter().chain(&field.aliases);
                    field.is_required
                        && writer.rest.is_none()
                        && !names().any(|name| writer.fields.contains_key(name))
                });
                differs || is_missing
            }
            (writer, reader) => type_of_shape(writer) != type_of_shape(reader),
        }
    }

    /// Splits an object by the values of a required field that has only some.
    fn split(&self, writer: &Shape) -> Option<Vec<Shape>> {
        let Shape::Object(object) = writer else {
            return None;
        };
        let mut fields = object.fields.iter().filter(|(_, field)| field.is_required);
        let (name, values) = fields.find_map(|(name, field)| {
            let values = self.values(&field.shape)?;
            (values.len() > 1 && values.len() <= MOST_VALUES).then_some((name, values))
        })?;
        let part = |value| {
            let mut part = object.clone();
            if let Some(field) = part.fields.get_mut(name) {
                field.shape = Shape::Const(value);
            }
            Shape::Object(part)
        };
        Some(values.into_iter().map(part).collect())
    }

    /// Returns the values of a shape that has only some.
    fn values(&self, shape: &Shape) -> Option<Vec<Value>> {
        match self.writer.resolve(shape)? {
            Shape::Const(value) => Some(vec![value.clone()]),
            Shape::Bool => Some(vec![Value::Bool(false), Value::Bool(true)]),
            Shape::Union(union) => {
                let values: Option<Vec<_>> = union
                    .members
                    .iter()
                    .map(|member| self.values(member))
                    .collect();
                Some(values?.concat())
            }
            _ => None,
        }
    }
}

/// Returns the fields of an object that have one value each, as the tag of a variant has.
pub(super) fn tags(shape: &Shape) -> Vec<(&String, &Value)> {
    let Shape::Object(object) = shape else {
        return Vec::new();
    };
    let fields = object.fields.iter();
    let tags = fields.filter_map(|(name, field)| match &field.shape {
        Shape::Const(value) if field.is_required => Some((name, value)),
        _ => None,
    });
    tags.collect()
}
