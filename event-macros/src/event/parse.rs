//! Reads `#[event(...)]` on a type and on its fields, and checks each key alone.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Data, DeriveInput, Field, Fields, LitStr, Member, Path, Variant};

use super::range::{self, Range};
use super::serde::{Container, FieldRules};
use crate::diagnostics::Diagnostics;
use crate::keys::{Entry, Form, Key, Keyed};
use crate::names;

static EVENT: Form = Form {
    attribute: "#[event(...)]",
    place: "",
    example: "name = \"shop.order_placed\"",
    keys: &[
        Key {
            name: "alias",
            example: "alias = \"shop.order_made\"",
        },
        Key {
            name: "crate",
            example: "crate = my_facade::event_core",
        },
        Key {
            name: "durable",
            example: "durable",
        },
        Key {
            name: "handlers",
            example: "handlers = 1..",
        },
        Key {
            name: "key",
            example: "key = order_id",
        },
        Key {
            name: "name",
            example: "name = \"shop.order_placed\"",
        },
        Key {
            name: "no_previous",
            example: "no_previous",
        },
        Key {
            name: "previous",
            example: "previous = OrderPlacedV1",
        },
        Key {
            name: "reads_newer",
            example: "reads_newer",
        },
        Key {
            name: "schema",
            example: "schema",
        },
        Key {
            name: "stoppable",
            example: "stoppable",
        },
        Key {
            name: "superseded",
            example: "superseded",
        },
        Key {
            name: "version",
            example: "version = 1",
        },
        Key {
            name: "wire",
            example: "wire",
        },
    ],
    misplaced: &[
        ("redact", "write `#[event(redact)]` above the field to mask"),
        (
            "priority",
            "`priority` is a key of `#[handler(...)]`, above the handler",
        ),
        (
            "filter",
            "`filter` is a key of `#[handler(...)]`, above the handler",
        ),
        (
            "after",
            "`after` is a key of `#[handler(...)]`, above the handler",
        ),
        (
            "before",
            "`before` is a key of `#[handler(...)]`, above the handler",
        ),
        (
            "queue",
            "`queue` is a key of `#[handler(...)]`, above the handler",
        ),
        (
            "timeout",
            "`timeout` is a key of `#[handler(...)]`, above the handler",
        ),
        (
            "retry",
            "`retry` is a key of `#[handler(...)]`, above the handler",
        ),
        (
            "concurrency",
            "`concurrency` is a key of `#[handler(...)]`, above the handler",
        ),
    ],
};

static FIELD: Form = Form {
    attribute: "#[event(...)]",
    place: " on a field",
    example: "redact",
    keys: &[Key {
        name: "redact",
        example: "redact",
    }],
    misplaced: &[
        ("key", "write `#[event(key = field)]` above the type"),
        (
            "name",
            "`name` goes above the type; a field is renamed with `#[serde(rename)]`",
        ),
    ],
};

/// The type, for the checks and the expansion.
pub(crate) struct Model<'a> {
    pub(crate) input: &'a DeriveInput,
    pub(crate) keys: Keys,
    pub(crate) container: Container,
    /// Whether the type is `#[repr(packed)]`, so that its fields cannot be borrowed.
    pub(crate) is_packed: bool,
    /// One shape for each variant; a struct has one shape, a union none.
    pub(crate) shapes: Vec<Shape<'a>>,
}

#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) alias: Option<Keyed<Vec<LitStr>>>,
    pub(crate) durable: Option<Ident>,
    pub(crate) handlers: Option<Keyed<Range>>,
    pub(crate) key: Option<Keyed<Member>>,
    pub(crate) name: Option<Keyed<LitStr>>,
    pub(crate) no_previous: Option<Ident>,
    /// The type of the version before this one.
    pub(crate) previous: Option<Keyed<TokenStream>>,
    pub(crate) reads_newer: Option<Ident>,
    pub(crate) root: Option<Path>,
    pub(crate) schema: Option<Ident>,
    pub(crate) stoppable: Option<Ident>,
    pub(crate) superseded: Option<Ident>,
    pub(crate) version: Option<Keyed<u32>>,
    pub(crate) wire: Option<Ident>,
    /// Whether no key was unknown or ill-formed, so that a missing key is missing on purpose.
    pub(crate) complete: bool,
}

/// A struct, or one variant of an enum.
pub(crate) struct Shape<'a> {
    pub(crate) variant: Option<&'a Variant>,
    pub(crate) style: &'a Fields,
    /// serde's attributes on the variant.
    pub(crate) rules: Container,
    pub(crate) fields: Vec<FieldModel<'a>>,
}

pub(crate) struct FieldModel<'a> {
    pub(crate) field: &'a Field,
    pub(crate) member: Member,
    /// The key in `#[event(redact)]`.
    pub(crate) redact: Option<Ident>,
    pub(crate) serde: FieldRules,
}

impl<'a> Model<'a> {
    pub(crate) fn new(input: &'a DeriveInput, diagnostics: &mut Diagnostics) -> Self {
        let keys = Keys::new(&input.attrs, diagnostics);
        let shapes = match &input.data {
            Data::Struct(data) => vec![Shape::new(None, &data.fields, diagnostics)],
            Data::Enum(data) => data
                .variants
                .iter()
                .map(|variant| Shape::new(Some(variant), &variant.fields, diagnostics))
                .collect(),
            Data::Union(_) => Vec::new(),
        };
        Self {
            input,
            keys,
            container: Container::new(&input.attrs),
            is_packed: matches!(input.data, Data::Struct(_)) && input.attrs.iter().any(is_packed),
            shapes,
        }
    }

    pub(crate) fn has_redacted_field(&self) -> bool {
        let mut fields = self.shapes.iter().flat_map(|shape| &shape.fields);
        fields.any(|field| field.redact.is_some())
    }

    /// Whether each instance of the type's parameters is an event of its own.
    pub(crate) fn is_generic(&self) -> bool {
        let generics = &self.input.generics;
        generics.type_params().next().is_some() || generics.const_params().next().is_some()
    }
}

impl<'a> Shape<'a> {
    fn new(variant: Option<&'a Variant>, style: &'a Fields, diagnostics: &mut Diagnostics) -> Self {
        if let Some(variant) = variant {
            let ours = |attribute: &&Attribute| attribute.path().is_ident("event");
            for attribute in variant.attrs.iter().filter(ours) {
                diagnostics.error(
                    attribute,
                    format!("`#[event(...)]` on variant `{}`", variant.ident),
                    "write it above the enum, or `#[event(redact)]` above a field",
                );
            }
        }
        let is_newtype =
            variant.is_none() && matches!(style, Fields::Unnamed(_)) && style.len() == 1;
        let fields = style.members().zip(style);
        let fields = fields
            .map(|(member, field)| FieldModel {
                field,
                member,
                redact: redact(&field.attrs, diagnostics),
                serde: if is_newtype {
                    FieldRules::of_newtype(&field.attrs)
                } else {
                    FieldRules::new(&field.attrs)
                },
            })
            .collect();
        let attributes = variant.map(|variant| variant.attrs.as_slice());
        Self {
            variant,
            style,
            rules: Container::new(attributes.unwrap_or_default()),
            fields,
        }
    }
}

impl<'a> Shape<'a> {
    pub(crate) fn field(&self, member: &Member) -> Option<&FieldModel<'a>> {
        self.fields.iter().find(|field| field.member == *member)
    }
}

/// Whether the attribute is `#[repr(packed)]`, `#[repr(C, packed(2))]` or the like.
fn is_packed(attribute: &Attribute) -> bool {
    let mut found = false;
    if attribute.path().is_ident("repr") {
        // rustc reports errors of this attribute.
        let _ = attribute.parse_nested_meta(|meta| {
            found |= meta.path.is_ident("packed");
            if meta.input.peek(syn::token::Paren) {
                meta.input.parse::<Group>()?;
            }
            Ok(())
        });
    }
    found
}

fn redact(attributes: &[Attribute], diagnostics: &mut Diagnostics) -> Option<Ident> {
    let entries = FIELD.read_all("event", attributes, diagnostics);
    entries.into_iter().next().map(|entry| entry.key)
}

impl Keys {
    fn new(attributes: &[Attribute], diagnostics: &mut Diagnostics) -> Self {
        let earlier = diagnostics.count();
        let mut keys = Self::default();
        for entry in EVENT.read_all("event", attributes, diagnostics) {
            match entry.key.to_string().as_str() {
                "alias" => keys.alias = Keyed::new(entry, diagnostics, aliases),
                "crate" => keys.root = entry.module(diagnostics),
                "durable" => keys.durable = Some(entry.key),
                "handlers" => keys.handlers = Keyed::new(entry, diagnostics, range::read),
                "key" => keys.key = Keyed::new(entry, diagnostics, field_name),
                "name" => keys.name = Keyed::new(entry, diagnostics, name),
                "no_previous" => keys.no_previous = Some(entry.key),
                "previous" => keys.previous = Keyed::new(entry, diagnostics, previous),
                "reads_newer" => keys.reads_newer = Some(entry.key),
                "schema" => keys.schema = Some(entry.key),
                "stoppable" => keys.stoppable = Some(entry.key),
                "superseded" => keys.superseded = Some(entry.key),
                "version" => keys.version = Keyed::new(entry, diagnostics, version),
                "wire" => keys.wire = Some(entry.key),
                other => unreachable!("`{other}` is in the form and not read"),
            }
        }
        // What is stored leaves the process.
        if keys.wire.is_none() {
            keys.wire.clone_from(&keys.durable);
        }
        keys.complete = diagnostics.count() == earlier;
        keys
    }
}

fn name(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<LitStr> {
    let name = entry.string(diagnostics)?;
    names::check_name(&entry.key, &name, diagnostics);
    Some(name)
}

fn aliases(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<Vec<LitStr>> {
    let aliases = entry.strings(diagnostics)?;
    for alias in &aliases {
        names::check_alias(&entry.key, alias, diagnostics);
    }
    Some(aliases)
}

fn previous(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<TokenStream> {
    entry.path("the type of the version before", diagnostics)
}

fn field_name(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<Member> {
    let mut tokens = entry.value.clone().into_iter();
    let is_tuple = |token: TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Parenthesis,
        _ => false,
    };
    if !tokens.next().is_some_and(is_tuple) && tokens.next().is_none() {
        return entry.parsed("the name of a field", diagnostics);
    }
    // `key = (customer, order_id)`, `key = customer.id`
    diagnostics.error(
        &entry.value,
        "expected the name of a field for `key`, and this is more than a name",
        "give what is the key a field of its own, of one type, and write `key = that_field`",
    );
    None
}

fn version(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<u32> {
    let version = entry.integer("an integer from 1 on", diagnostics)?;
    if version == 0 {
        entry.expected("an integer from 1 on", diagnostics);
    }
    // An envelope has the version as an extension, and those are signed integers of 32 bits.
    if i32::try_from(version).is_err() {
        entry.expected("an integer from 1 to 2147483647", diagnostics);
    }
    Some(version)
}

impl FieldModel<'_> {
    /// Returns `order_id`, or `0` in a tuple struct.
    pub(crate) fn name(&self) -> String {
        self.member.to_token_stream().to_string()
    }
}
