//! Where a redacted field lands in the event's JSON, as a JSON pointer.

use syn::Fields;
use syn::ext::IdentExt;

use super::parse::{FieldModel, Model, Shape};

impl Model<'_> {
    /// One pointer for each redacted field that serde writes.
    pub(crate) fn pointers(&self) -> Vec<String> {
        let mut pointers = Vec::new();
        for shape in &self.shapes {
            for field in &shape.fields {
                if field.redact.is_some() && !field.serde.skipped {
                    let pointer = self.pointer(shape, field);
                    if !pointers.contains(&pointer) {
                        pointers.push(pointer);
                    }
                }
            }
        }
        pointers
    }

    /// Where the field that is the key lands.
    pub(crate) fn key_pointer(&self) -> Option<String> {
        let key = self.keys.key.as_ref()?;
        let shape = self.shapes.first()?;
        let field = shape
            .fields
            .iter()
            .find(|field| field.member == key.value)?;
        if self.container.opaque.as_deref() == Some("transparent") {
            return Some(String::new());
        }
        Some(self.pointer(shape, field))
    }

    fn pointer(&self, shape: &Shape<'_>, field: &FieldModel<'_>) -> String {
        let mut pointer = self.variant_pointer(shape);
        match shape.style {
            // `struct Token(String)` and `Token(String)` are their only field.
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {}
            _ => push(&mut pointer, &self.field_key(shape, field)),
        }
        pointer
    }

    /// The way to a variant's content: serde's four representations of an enum.
    fn variant_pointer(&self, shape: &Shape<'_>) -> String {
        let mut pointer = String::new();
        let Some(variant) = shape.variant else {
            return pointer;
        };
        if let Some(content) = &self.container.content {
            push(&mut pointer, content);
        } else if !self.container.tag && !self.container.untagged {
            let rules = shape.rules();
            let name = variant.ident.unraw().to_string();
            let renamed = self.container.rename_all.map(|case| case.variant(&name));
            push(&mut pointer, &rules.rename.or(renamed).unwrap_or(name));
        }
        pointer
    }

    fn field_key(&self, shape: &Shape<'_>, field: &FieldModel<'_>) -> String {
        let Some(name) = &field.field.ident else {
            // serde leaves a skipped field out, and the ones after it move up.
            return shape.position(field).to_string();
        };
        if let Some(rename) = &field.serde.rename {
            return rename.clone();
        }
        let name = name.unraw().to_string();
        let case = match shape.variant {
            None => self.container.rename_all,
            Some(_) => shape
                .rules()
                .rename_all
                .or(self.container.rename_all_fields),
        };
        case.map_or(name.clone(), |case| case.field(&name))
    }
}

impl Shape<'_> {
    /// serde's attributes on the variant.
    fn rules(&self) -> super::serde::Container {
        let attributes = self.variant.map(|variant| variant.attrs.as_slice());
        super::serde::Container::new(attributes.unwrap_or_default())
    }

    fn position(&self, field: &FieldModel<'_>) -> usize {
        let written = self.fields.iter().filter(|other| !other.serde.skipped);
        written
            .take_while(|other| other.member != field.member)
            .count()
    }
}

/// Adds one step; `~` and `/` are escaped as RFC 6901 says.
fn push(pointer: &mut String, step: &str) {
    pointer.push('/');
    pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
}
