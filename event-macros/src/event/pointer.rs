//! Finds the places of fields in the event's JSON, as JSON pointers.

use syn::ext::IdentExt;
use syn::{Fields, Variant};

use super::parse::{FieldModel, Model, Shape};
use super::serde::Direction;

impl Model<'_> {
    /// Returns the possible places of each redacted field.
    pub(crate) fn redacted(&self, direction: Direction) -> Vec<String> {
        self.pointers(direction, |field| field.redact.is_some())
    }

    /// Returns the possible places of each other field.
    pub(crate) fn shown(&self, direction: Direction) -> Vec<String> {
        self.pointers(direction, |field| field.redact.is_none())
    }

    fn pointers(
        &self,
        direction: Direction,
        is_meant: impl Fn(&FieldModel<'_>) -> bool,
    ) -> Vec<String> {
        let mut pointers = Vec::new();
        for shape in &self.shapes {
            for field in &shape.fields {
                if is_meant(field) && !field.is_left_out(direction) {
                    for pointer in self.field_pointers(shape, field, direction) {
                        if !pointers.contains(&pointer) {
                            pointers.push(pointer);
                        }
                    }
                }
            }
        }
        pointers
    }

    /// Returns where the key field is written; `None` if that depends on the event's value.
    pub(crate) fn key_pointer(&self) -> Option<String> {
        let key = self.keys.key.as_ref()?;
        let shape = self.shapes.first()?;
        let field = shape.field(&key.value)?;
        let mut pointers = self.field_pointers(shape, field, Direction::Written);
        let pointer = pointers.pop();
        pointer.filter(|_| pointers.is_empty())
    }

    pub(crate) fn field_pointers(
        &self,
        shape: &Shape<'_>,
        field: &FieldModel<'_>,
        direction: Direction,
    ) -> Vec<String> {
        let variants = self.variant_pointers(shape, direction);
        let is_alone = match shape.style {
            // `struct Token(String)` and `Token(String)` are written as their only field.
            Fields::Unnamed(fields) => fields.unnamed.len() == 1,
            _ => false,
        };
        if is_alone || self.container.transparent {
            return variants;
        }
        let keys = self.field_keys(shape, field, direction);
        let each = variants.iter().flat_map(|variant| {
            keys.iter()
                .map(move |key| format!("{variant}{}", step(key)))
        });
        each.collect()
    }

    /// Returns the places of a variant's content, by serde's four representations of an enum.
    fn variant_pointers(&self, shape: &Shape<'_>, direction: Direction) -> Vec<String> {
        let Some(variant) = shape.variant else {
            return vec![String::new()];
        };
        if self.container.untagged || shape.rules.untagged {
            vec![String::new()]
        } else if let Some(content) = &self.container.content {
            vec![step(content)]
        } else if self.container.tag.is_some() {
            vec![String::new()]
        } else {
            let names = self.variant_names(shape, variant, direction);
            names.iter().map(|name| step(name)).collect()
        }
    }

    pub(crate) fn variant_names(
        &self,
        shape: &Shape<'_>,
        variant: &Variant,
        direction: Direction,
    ) -> Vec<String> {
        let name = variant.ident.unraw().to_string();
        let case = self.container.rename_all.of(direction);
        let name = case.map_or(name.clone(), |case| case.variant(&name));
        shape.rules.names.all(direction, name)
    }

    pub(crate) fn field_keys(
        &self,
        shape: &Shape<'_>,
        field: &FieldModel<'_>,
        direction: Direction,
    ) -> Vec<String> {
        let Some(name) = &field.field.ident else {
            return shape.positions(field, direction);
        };
        let name = name.unraw().to_string();
        let case = if shape.variant.is_some() {
            let all = self.container.rename_all_fields.of(direction);
            shape.rules.rename_all.of(direction).or(all)
        } else {
            self.container.rename_all.of(direction)
        };
        let name = case.map_or(name.clone(), |case| case.field(&name));
        field.serde.names.all(direction, name)
    }
}

impl Shape<'_> {
    /// Returns the possible positions of a tuple's field. serde leaves a skipped field out, and the
    /// fields behind it move up; so do those behind a field that is skipped for some of its values.
    fn positions(&self, field: &FieldModel<'_>, direction: Direction) -> Vec<String> {
        let before = self
            .fields
            .iter()
            .take_while(|other| other.member != field.member);
        let before = before.filter(|other| !other.is_left_out(direction));
        let (mut most, mut conditional) = (0_usize, 0);
        for other in before {
            most += 1;
            if direction == Direction::Written && other.serde.is_conditional {
                conditional += 1;
            }
        }
        let positions = most - conditional..=most;
        positions.map(|position| position.to_string()).collect()
    }
}

impl FieldModel<'_> {
    fn is_left_out(&self, direction: Direction) -> bool {
        match direction {
            Direction::Written => self.serde.is_unwritten,
            Direction::Read => self.serde.is_unread,
        }
    }
}

/// Returns one step of a pointer; `~` and `/` are escaped as in RFC 6901.
fn step(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}
