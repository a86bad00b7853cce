//! Reads the serde attributes that decide where a field lands in JSON.
//!
//! Whatever cannot be read is left to serde's derive, which reports it.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, LitStr, Token};

/// What serde's attributes on a type, or on a variant, say.
#[derive(Default)]
pub(crate) struct Container {
    pub(crate) rename: Option<String>,
    pub(crate) rename_all: Option<Case>,
    pub(crate) rename_all_fields: Option<Case>,
    pub(crate) tag: bool,
    pub(crate) content: Option<String>,
    pub(crate) untagged: bool,
    /// A key under which JSON does not show the fields: `transparent`, `into`.
    pub(crate) opaque: Option<String>,
}

/// What serde's attributes on a field say.
#[derive(Default)]
pub(crate) struct FieldRules {
    pub(crate) rename: Option<String>,
    pub(crate) skipped: bool,
    /// A key under which the field's JSON is not its own: `flatten`, `with`, `serialize_with`.
    pub(crate) opaque: Option<String>,
}

/// A `rename_all` rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Container {
    pub(crate) fn new(attributes: &[Attribute]) -> Self {
        let mut container = Self::default();
        each(attributes, |key, meta| {
            match key {
                "rename" => container.rename = serialized(meta)?,
                "rename_all" => container.rename_all = serialized(meta)?.and_then(Case::new),
                "rename_all_fields" => {
                    container.rename_all_fields = serialized(meta)?.and_then(Case::new);
                }
                "tag" => {
                    container.tag = true;
                    skip(meta)?;
                }
                "content" => container.content = serialized(meta)?,
                "untagged" => container.untagged = true,
                "transparent" | "into" => {
                    container.opaque = Some(key.to_owned());
                    skip(meta)?;
                }
                _ => skip(meta)?,
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
                "rename" => rules.rename = serialized(meta)?,
                "skip" | "skip_serializing" => rules.skipped = true,
                "flatten" | "with" | "serialize_with" => {
                    rules.opaque = Some(key.to_owned());
                    skip(meta)?;
                }
                _ => skip(meta)?,
            }
            Ok(())
        });
        rules
    }
}

/// The keys in each `#[serde(...)]`.
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
            // serde's derive reports what is wrong here.
            let _ = attribute.parse_nested_meta(|meta| {
                let key = meta.path.get_ident().map(ToString::to_string);
                read(&key.unwrap_or_default(), &meta)
            });
        }
    }
}

/// The string of `key = "x"`, or of `key(serialize = "x", deserialize = "y")`.
fn serialized(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<String>> {
    if meta.input.peek(Token![=]) {
        return Ok(Some(meta.value()?.parse::<LitStr>()?.value()));
    }
    let mut serialized = None;
    meta.parse_nested_meta(|inner| {
        let text = inner.value()?.parse::<LitStr>()?.value();
        if inner.path.is_ident("serialize") {
            serialized = Some(text);
        }
        Ok(())
    })?;
    Ok(serialized)
}

fn skip(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if !meta.input.is_empty() && !meta.input.peek(Token![,]) {
        meta.input.parse::<proc_macro2::Group>()?;
    }
    Ok(())
}

impl Case {
    #[allow(
        clippy::needless_pass_by_value,
        reason = "it is what `Option::and_then` calls it with"
    )]
    fn new(rule: String) -> Option<Self> {
        Some(match rule.as_str() {
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "snake_case" => Self::Snake,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            _ => return None,
        })
    }

    /// A variant's name, which Rust writes `LikeThis`.
    pub(crate) fn variant(self, name: &str) -> String {
        let mut snake = String::new();
        for (index, character) in name.char_indices() {
            if index > 0 && character.is_uppercase() {
                snake.push('_');
            }
            snake.push(character.to_ascii_lowercase());
        }
        match self {
            Self::Pascal => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Camel => lower_first(name),
            Self::Snake => snake,
            Self::ScreamingSnake => snake.to_ascii_uppercase(),
            Self::Kebab => snake.replace('_', "-"),
            Self::ScreamingKebab => snake.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// A field's name, which Rust writes `like_this`.
    pub(crate) fn field(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Pascal => pascal(name),
            Self::Camel => lower_first(&pascal(name)),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn pascal(snake: &str) -> String {
    let mut capital = true;
    let mut pascal = String::new();
    for character in snake.chars() {
        if character == '_' {
            capital = true;
        } else if capital {
            pascal.push(character.to_ascii_uppercase());
            capital = false;
        } else {
            pascal.push(character);
        }
    }
    pascal
}

fn lower_first(name: &str) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}
