//! Reads `key`, `key = value` lists. Only this module reports "unknown key", "duplicate key", "needs a
//! value" and "expected".
//!
//! After an error, reading continues with the next key, so that all errors are reported.

mod duration;
mod duration_range;
mod entry;
mod split;

use proc_macro2::{Delimiter, Ident, Literal, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Attribute, LitInt, Meta};

pub(crate) use self::entry::{Entry, Keyed};
pub(crate) use self::split::split;
use crate::diagnostics::Diagnostics;
use crate::text;

/// The keys of one attribute.
pub(crate) struct Form {
    /// The attribute as the user writes it: `#[handler(...)]`.
    pub(crate) attribute: &'static str,
    /// The place of the attribute, if it has other keys elsewhere: ` on a field`.
    pub(crate) place: &'static str,
    /// The most common key, as an example.
    pub(crate) example: &'static str,
    /// The keys in alphabetical order, since messages list them.
    pub(crate) keys: &'static [Key],
    /// Keys that people write here and that belong somewhere else, with what to do: `{value}` is the value
    /// that was written, and `{value + 1}` the number after it.
    pub(crate) misplaced: &'static [(&'static str, &'static str)],
}

pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// The text to paste: `priority = -10`, the name of a key without a value, or `retry(attempts = 5)`, whose
    /// parentheses may be left out.
    pub(crate) example: &'static str,
}

impl Key {
    fn is_flag(&self) -> bool {
        self.name == self.example
    }

    /// Whether its value is a list of keys.
    fn is_list(&self) -> bool {
        let rest = self.example.strip_prefix(self.name);
        rest.is_some_and(|rest| rest.starts_with('('))
    }
}

impl Form {
    /// Reads every attribute named `name` among `attributes` as one list of keys.
    pub(crate) fn read_all(
        &'static self,
        name: &str,
        attributes: &[Attribute],
        diagnostics: &mut Diagnostics,
    ) -> Vec<Entry> {
        let mut entries = Vec::new();
        for attribute in attributes {
            if attribute.path().is_ident(name) {
                self.read_attribute(attribute, &mut entries, diagnostics);
            }
        }
        entries
    }

    /// Reads one attribute; `#[handler]` without a list has no keys.
    pub(crate) fn read_attribute(
        &'static self,
        attribute: &Attribute,
        entries: &mut Vec<Entry>,
        diagnostics: &mut Diagnostics,
    ) {
        match &attribute.meta {
            Meta::Path(_) => {}
            Meta::List(list) => self.read(list.tokens.clone(), entries, diagnostics),
            Meta::NameValue(pair) => diagnostics.error(
                pair,
                format!("expected `{}`", self.attribute),
                format!("write `{}`", self.attribute.replace("...", self.example)),
            ),
        }
    }

    /// Reads a list of keys, and adds them to `entries`.
    pub(crate) fn read(
        &'static self,
        tokens: TokenStream,
        entries: &mut Vec<Entry>,
        diagnostics: &mut Diagnostics,
    ) {
        for part in split(tokens) {
            if let Some(entry) = self.read_part(part, entries, diagnostics) {
                entries.push(entry);
            }
        }
    }

    fn read_part(
        &'static self,
        part: Vec<TokenTree>,
        earlier: &[Entry],
        diagnostics: &mut Diagnostics,
    ) -> Option<Entry> {
        let mut part = part.into_iter();
        let key = match part.next()? {
            TokenTree::Ident(key) => key,
            other => {
                let help = match (&other, self.example.split_once(" = \"")) {
                    // `#[event("shop.order_placed")]`
                    (TokenTree::Literal(text), Some((key, _))) if is_string(text) => {
                        format!("write `{key} = {text}`")
                    }
                    _ => format!("a key looks like `{}`", self.example),
                };
                let what = format!("expected a key in `{}`", self.attribute);
                diagnostics.error(&other, what, help);
                return None;
            }
        };
        let rest: Vec<TokenTree> = part.collect();
        let Some(known) = self.keys.iter().find(|known| key == known.name) else {
            self.unknown(&key, &rest, diagnostics);
            return None;
        };
        if earlier.iter().any(|entry| entry.key == key) {
            diagnostics.error(
                &key,
                format!("duplicate key `{key}` in `{}`", self.attribute),
                match known.name {
                    "after" | "before" => format!("write one list: `{key} = [a, b]`"),
                    _ => "keep one of the two".to_owned(),
                },
            );
            return None;
        }
        let value = value(&key, known, &rest, diagnostics)?;
        Some(Entry {
            key,
            value,
            example: known.example,
        })
    }

    /// Whether a key of a list is this one, or a misspelling of it.
    pub(crate) fn means(&self, name: &str, tokens: TokenStream) -> bool {
        let names: Vec<&str> = self.keys.iter().map(|key| key.name).collect();
        split(tokens).iter().any(|part| match part.first() {
            Some(TokenTree::Ident(word)) => {
                let word = word.to_string();
                let near = text::did_you_mean(&word, names.iter().copied());
                word == name || (near == Some(name) && !names.contains(&word.as_str()))
            }
            _ => false,
        })
    }

    fn unknown(&self, key: &Ident, rest: &[TokenTree], diagnostics: &mut Diagnostics) {
        let word = key.unraw().to_string();
        let names: Vec<&str> = self.keys.iter().map(|key| key.name).collect();
        let elsewhere = self.misplaced.iter().find(|(name, _)| *name == word);
        let help = match (elsewhere, text::did_you_mean(&word, names.iter().copied())) {
            (Some((_, help)), _) => with_value(help, rest),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            // `module!(count_sales)`
            (None, None) if self.example.contains('[') => {
                let (list, _) = self.example.split_once('=').unwrap_or((self.example, ""));
                format!("write `{list}= [{word}]`")
            }
            (None, None) if word.starts_with(char::is_uppercase) => {
                format!("remove `{word}`; a handler's event is the type of its first parameter")
            }
            (None, None) => format!("remove `{word}`"),
        };
        diagnostics.error(
            key,
            format!(
                "unknown key `{word}` in `{}`{}; expected {}",
                self.attribute,
                self.place,
                text::one_of(&names)
            ),
            help,
        );
    }
}

/// Puts the value after an unknown key into the help.
fn with_value(help: &str, rest: &[TokenTree]) -> String {
    let value: TokenStream = rest.iter().skip(1).cloned().collect();
    let next = syn::parse2(value.clone()).ok().and_then(|number: LitInt| {
        let number: u64 = number.base10_parse().ok()?;
        number.checked_add(1)
    });
    let or_dots = |text: String| {
        if text.is_empty() {
            "...".to_owned()
        } else {
            text
        }
    };
    let value = or_dots(text::compact(&value));
    let next = or_dots(next.map(|next| next.to_string()).unwrap_or_default());
    help.replace("{value}", &value)
        .replace("{value + 1}", &next)
}

fn is_string(literal: &Literal) -> bool {
    literal.to_string().starts_with('"')
}

/// Reads the tokens after a key: nothing for a flag, `(keys)` or nothing for a list, `= value` for the others.
fn value(
    key: &Ident,
    known: &Key,
    rest: &[TokenTree],
    diagnostics: &mut Diagnostics,
) -> Option<TokenStream> {
    let write = format!("write `{}`", known.example);
    match rest {
        rest if known.is_list() => list(key, rest, write, diagnostics),
        [] if known.is_flag() => Some(TokenStream::new()),
        rest if known.is_flag() => {
            let rest: TokenStream = rest.iter().cloned().collect();
            diagnostics.error(rest, format!("`{key}` takes no value"), write);
            None
        }
        [TokenTree::Punct(equals), value @ ..] if equals.as_char() == '=' => {
            if value.is_empty() {
                diagnostics.error(key, format!("`{key}` needs a value"), write);
                return None;
            }
            Some(value.iter().cloned().collect())
        }
        [] => {
            diagnostics.error(key, format!("`{key}` needs a value"), write);
            None
        }
        [other, ..] => {
            diagnostics.error(other, format!("expected `=` after `{key}`"), write);
            None
        }
    }
}

/// Reads the parentheses after a key that is a list.
fn list(
    key: &Ident,
    rest: &[TokenTree],
    write: String,
    diagnostics: &mut Diagnostics,
) -> Option<TokenStream> {
    match rest {
        [] => Some(TokenStream::new()),
        [TokenTree::Group(list), rest @ ..] if list.delimiter() == Delimiter::Parenthesis => {
            if let [odd, ..] = rest {
                let what = format!("expected `,` after `{key}(...)`");
                diagnostics.error(odd, what, format!("write `,` before `{odd}`"));
                return None;
            }
            Some(list.stream())
        }
        [odd, ..] => {
            diagnostics.error(odd, format!("expected `(` after `{key}`"), write);
            None
        }
    }
}
