//! Reads the serde attributes that decide how a field is written and read.
//!
//! Attributes that cannot be read are left to serde's derive, which reports them.

mod case;
mod copied;

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, ExprPath, LitStr, Token};

pub(crate) use self::case::Case;
pub(crate) use self::copied::{copied, for_event};

/// serde's attributes on a type, or on a variant.
#[derive(Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a key of serde, and none excludes another"
)]
pub(crate) struct Container {
    pub(crate) names: Names,
    pub(crate) rename_all: Cases,
    pub(crate) rename_all_fields: Cases,
    pub(crate) tag: Option<String>,
    pub(crate) content: Option<String>,
    pub(crate) untagged: bool,
    pub(crate) transparent: bool,
    /// Set by `skip` and `skip_deserializing` on a variant.
    pub(crate) is_unread: bool,
    /// Set by `other` on a variant.
    pub(crate) is_other: bool,
    /// A key with which something else than the fields, one by one, is written: `into`; `with` and
    /// `serialize_with` of a variant; and a key that is not known here.
    pub(crate) opaque: Option<String>,
}

/// serde's attributes on a field.
#[derive(Default)]
pub(crate) struct FieldRules {
    pub(crate) names: Names,
    /// Set by `skip` and `skip_serializing`.
    pub(crate) is_unwritten: bool,
    /// Set by `skip` and `skip_deserializing`.
    pub(crate) is_unread: bool,
    /// Set by `skip_serializing_if`.
    pub(crate) is_conditional: bool,
    /// The function that writes the field, from `with` or `serialize_with`.
    pub(crate) writer: Option<ExprPath>,
    /// A key with which the field is not written as one value: `flatten`, and a key that is not known
    /// here.
    pub(crate) opaque: Option<String>,
}

/// The rules that change names.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cases {
    written: Option<Case>,
    read: Option<Case>,
}

/// The names of a type, a variant or a field, if they are renamed.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) written: Option<String>,
    /// All of them are accepted.
    pub(crate) read: Vec<String>,
    aliases: Vec<String>,
}

/// The direction in which the event's data is processed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Written,
    Read,
}

/// Keys that do not change which values are written.
const HARMLESS_ON_TYPES: &[&str] = &[
    "bound",
    "crate",
    "default",
    "deny_unknown_fields",
    "expecting",
    "field_identifier",
    "from",
    "remote",
    "try_from",
    "variant_identifier",
    // Keys of variants.
    "borrow",
    "deserialize_with",
    "skip_serializing",
];

const HARMLESS_ON_FIELDS: &[&str] = &["borrow", "bound", "default", "deserialize_with", "getter"];

impl Container {
    pub(crate) fn new(attributes: &[Attribute]) -> Self {
        let mut container = Self::default();
        each(attributes, |key, meta| {
            match key {
                "rename" => container.names.rename(meta)?,
                "alias" => container.names.aliases.push(string(meta)?),
                "rename_all" => container.rename_all = Cases::new(meta)?,
                "rename_all_fields" => container.rename_all_fields = Cases::new(meta)?,
                "tag" => container.tag = Some(string(meta)?),
                "content" => container.content = Some(string(meta)?),
                "untagged" => container.untagged = true,
                "transparent" => container.transparent = true,
                "other" => container.is_other = true,
                "skip" | "skip_deserializing" => container.is_unread = true,
                key if HARMLESS_ON_TYPES.contains(&key) => skip(meta)?,
                key => {
                    container.opaque = Some(key.to_owned());
                    skip(meta)?;
                }
            }
            Ok(())
        });
        container
    }
}

impl FieldRules {
    pub(crate) fn new(attributes: &[Attribute]) -> Self {
        let mut rules = Self::default();
        each(attributes, |key, meta| {
            match key {
                "rename" => rules.names.rename(meta)?,
                "alias" => rules.names.aliases.push(string(meta)?),
                "skip" => {
                    rules.is_unwritten = true;
                    rules.is_unread = true;
                }
                "skip_serializing" => rules.is_unwritten = true,
                "skip_deserializing" => rules.is_unread = true,
                "skip_serializing_if" => {
                    rules.is_conditional = true;
                    skip(meta)?;
                }
                "serialize_with" => rules.writer = Some(path(meta)?),
                "with" => {
                    let mut path = path(meta)?;
                    path.path.segments.push(
                        syn::parse_quote_spanned!(meta.path.segments[0].ident.span()=> serialize),
                    );
                    rules.writer = Some(path);
                }
                key if HARMLESS_ON_FIELDS.contains(&key) => skip(meta)?,
                key => {
                    rules.opaque = Some(key.to_owned());
                    skip(meta)?;
                }
            }
            Ok(())
        });
        rules
    }

    /// Returns the rules of the only field of a tuple struct, which serde writes and reads even if it has
    /// `skip`.
    pub(crate) fn of_newtype(attributes: &[Attribute]) -> Self {
        Self {
            is_unwritten: false,
            is_unread: false,
            is_conditional: false,
            ..Self::new(attributes)
        }
    }
}

impl Names {
    fn rename(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        each_direction(meta, |direction, name| match direction {
            Direction::Written => self.written = Some(name),
            Direction::Read => self.read.push(name),
        })
    }

    /// Returns all names of an item that is called `default` unless it is renamed.
    pub(crate) fn all(&self, direction: Direction, default: String) -> Vec<String> {
        match direction {
            Direction::Written => vec![self.written.clone().unwrap_or(default)],
            Direction::Read => {
                let mut names = self.read.clone();
                if names.is_empty() {
                    names.push(default);
                }
                names.extend(self.aliases.iter().cloned());
                names
            }
        }
    }
}

impl Cases {
    fn new(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        let mut cases = Self::default();
        each_direction(meta, |direction, rule| match direction {
            Direction::Written => cases.written = Case::new(&rule),
            Direction::Read => cases.read = Case::new(&rule),
        })?;
        Ok(cases)
    }

    pub(crate) fn of(self, direction: Direction) -> Option<Case> {
        match direction {
            Direction::Written => self.written,
            Direction::Read => self.read,
        }
    }
}

/// Returns the keys in each `#[serde(...)]`.
pub(super) fn keys(attributes: &[Attribute]) -> Vec<String> {
    let mut keys = Vec::new();
    each(attributes, |key, meta| {
        keys.push(key.to_owned());
        skip(meta)
    });
    keys
}

/// Calls `read` for each key in each `#[serde(...)]`.
fn each(
    attributes: &[Attribute],
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>) -> syn::Result<()>,
) {
    for attribute in attributes {
        if attribute.path().is_ident("serde") {
            // serde's derive reports errors of this attribute.
            let _ = attribute.parse_nested_meta(|meta| {
                let key = meta.path.get_ident().map(ToString::to_string);
                read(&key.unwrap_or_default(), &meta)
            });
        }
    }
}

/// Reads the strings of `key = "x"`, which is for both directions, or of `key(serialize = "x",
/// deserialize = "y")`.
fn each_direction(
    meta: &ParseNestedMeta<'_>,
    mut read: impl FnMut(Direction, String),
) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        let text = string(meta)?;
        read(Direction::Written, text.clone());
        read(Direction::Read, text);
        return Ok(());
    }
    meta.parse_nested_meta(|inner| {
        let text = string(&inner)?;
        if inner.path.is_ident("serialize") {
            read(Direction::Written, text);
        } else if inner.path.is_ident("deserialize") {
            read(Direction::Read, text);
        }
        Ok(())
    })
}

fn string(meta: &ParseNestedMeta<'_>) -> syn::Result<String> {
    Ok(meta.value()?.parse::<LitStr>()?.value())
}

fn path(meta: &ParseNestedMeta<'_>) -> syn::Result<ExprPath> {
    meta.value()?.parse::<LitStr>()?.parse()
}

fn skip(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if !meta.input.is_empty() && !meta.input.peek(Token![,]) {
        meta.input.parse::<proc_macro2::Group>()?;
    }
    Ok(())
}
