//! Reads `key`, `key = value` lists: the only author of "unknown key", "duplicate key",
//! "needs a value" and "expected".
//!
//! Reading goes on after an error with the next key, so that all of them are reported.

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, Parser};
use syn::{Attribute, ExprPath, Lit, LitInt, LitStr, Meta, Path};

use crate::diagnostics::Diagnostics;
use crate::text;

/// The keys one attribute takes.
pub(crate) struct Form {
    /// As the user writes it: `#[handler(...)]`.
    pub(crate) attribute: &'static str,
    /// Where it stands, if the same attribute has other keys elsewhere: ` on a field`.
    pub(crate) place: &'static str,
    /// A key as most people need it.
    pub(crate) example: &'static str,
    /// In alphabetical order, since messages list them.
    pub(crate) keys: &'static [Key],
    /// Keys that people write here and that belong somewhere else, with what to do.
    pub(crate) misplaced: &'static [(&'static str, &'static str)],
}

pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What to paste: `priority = -10`, or just the name of a key without a value.
    pub(crate) example: &'static str,
}

impl Key {
    fn is_flag(&self) -> bool {
        self.name == self.example
    }
}

/// One key the user wrote, with the value still in tokens.
pub(crate) struct Entry {
    pub(crate) key: Ident,
    pub(crate) value: TokenStream,
    example: &'static str,
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

    /// Reads a list of keys, and adds them to those that came before.
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
                diagnostics.error(
                    &other,
                    format!("expected a key in `{}`", self.attribute),
                    format!("a key looks like `{}`", self.example),
                );
                return None;
            }
        };
        let rest: Vec<TokenTree> = part.collect();
        let Some(known) = self.keys.iter().find(|known| key == known.name) else {
            self.unknown(&key, diagnostics);
            return None;
        };
        if earlier.iter().any(|entry| entry.key == key) {
            diagnostics.error(
                &key,
                format!("duplicate key `{key}` in `{}`", self.attribute),
                "keep one of the two",
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

    fn unknown(&self, key: &Ident, diagnostics: &mut Diagnostics) {
        let word = key.unraw().to_string();
        let names: Vec<&str> = self.keys.iter().map(|key| key.name).collect();
        let elsewhere = self.misplaced.iter().find(|(name, _)| *name == word);
        let help = match (elsewhere, text::did_you_mean(&word, names.iter().copied())) {
            (Some((_, help)), _) => (*help).to_owned(),
            (None, Some(near)) => format!("did you mean `{near}`?"),
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

/// What follows a key: nothing for a flag, `= value` for the others.
fn value(
    key: &Ident,
    known: &Key,
    rest: &[TokenTree],
    diagnostics: &mut Diagnostics,
) -> Option<TokenStream> {
    let write = format!("write `{}`", known.example);
    match rest {
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

/// Splits at the commas that are in no brackets. Angle brackets are brackets only if they pair up:
/// `filter = is_large::<A, B>` is one part, and in `filter = a < b, priority = 1` there are two.
fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let (parts, balanced) = split_with(&tokens, true);
    if balanced {
        parts
    } else {
        split_with(&tokens, false).0
    }
}

fn split_with(tokens: &[TokenTree], angles: bool) -> (Vec<Vec<TokenTree>>, bool) {
    let mut parts = vec![Vec::new()];
    let mut depth = 0_usize;
    let mut arrow = false;
    for token in tokens {
        if let TokenTree::Punct(punct) = token {
            match punct.as_char() {
                '<' if angles => depth += 1,
                '>' if angles && !arrow => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    parts.push(Vec::new());
                    continue;
                }
                _ => {}
            }
            arrow = punct.spacing() == Spacing::Joint && matches!(punct.as_char(), '-' | '=');
        }
        if let Some(part) = parts.last_mut() {
            part.push(token.clone());
        }
    }
    // A trailing comma, and `#[handler()]`, leave an empty part behind.
    parts.pop_if(|part| part.is_empty());
    (parts, depth == 0)
}

impl Entry {
    /// A string literal.
    pub(crate) fn string(&self, diagnostics: &mut Diagnostics) -> Option<LitStr> {
        self.parsed("a string", diagnostics)
    }

    /// An integer literal between the two ends of `N`, which `kind` describes.
    pub(crate) fn integer<N>(&self, kind: &str, diagnostics: &mut Diagnostics) -> Option<N>
    where
        N: std::str::FromStr<Err: std::fmt::Display>,
    {
        let literal: LitInt = self.parsed(kind, diagnostics)?;
        let number = literal.base10_parse().ok();
        if number.is_none() {
            self.expected(kind, diagnostics);
        }
        number
    }

    /// The path of a module.
    pub(crate) fn module(&self, diagnostics: &mut Diagnostics) -> Option<Path> {
        self.parsed_with(Path::parse_mod_style, "a path", diagnostics)
    }

    /// The path of a function.
    pub(crate) fn function(
        &self,
        kind: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<TokenStream> {
        self.function_in(&self.value, kind, diagnostics)
    }

    /// The path of a function, or several in square brackets.
    pub(crate) fn functions(&self, diagnostics: &mut Diagnostics) -> Vec<TokenStream> {
        const KIND: &str = "the name of a function";
        let Some(list) = bracketed(&self.value) else {
            return self.function(KIND, diagnostics).into_iter().collect();
        };
        let parts = split(list).into_iter();
        let parts = parts.map(|part| part.into_iter().collect());
        parts
            .filter_map(|part| self.function_in(&part, KIND, diagnostics))
            .collect()
    }

    fn function_in(
        &self,
        tokens: &TokenStream,
        kind: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<TokenStream> {
        let path = syn::parse2::<ExprPath>(tokens.clone()).ok();
        if path.is_none() {
            self.expected_at(tokens, kind, diagnostics);
        }
        path.map(ExprPath::into_token_stream)
    }

    pub(crate) fn parsed<T: Parse>(&self, kind: &str, diagnostics: &mut Diagnostics) -> Option<T> {
        self.parsed_with(T::parse, kind, diagnostics)
    }

    fn parsed_with<T>(
        &self,
        parser: impl Parser<Output = T>,
        kind: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<T> {
        let parsed = parser.parse2(self.value.clone()).ok();
        if parsed.is_none() {
            self.expected(kind, diagnostics);
        }
        parsed
    }

    /// Says that the value is not of this `kind`.
    pub(crate) fn expected(&self, kind: &str, diagnostics: &mut Diagnostics) {
        self.expected_at(&self.value, kind, diagnostics);
    }

    fn expected_at(&self, at: &TokenStream, kind: &str, diagnostics: &mut Diagnostics) {
        let found = if is_short(at) {
            format!(", found `{}`", text::compact(at))
        } else {
            String::new()
        };
        let what = format!("expected {kind} for `{}`{found}", self.key);
        let help = match unquoted(at) {
            Some(path) if !self.example.contains('"') => format!("remove the quotes: `{path}`"),
            _ => format!("write `{}`", self.example),
        };
        diagnostics.error(at, what, help);
    }
}

/// A literal or a path is worth repeating in a message, a closure is not.
fn is_short(tokens: &TokenStream) -> bool {
    syn::parse2::<Lit>(tokens.clone()).is_ok() || syn::parse2::<ExprPath>(tokens.clone()).is_ok()
}

/// The path inside `"path::to::function"`, which some libraries take as a string.
fn unquoted(tokens: &TokenStream) -> Option<String> {
    let text = syn::parse2::<LitStr>(tokens.clone()).ok()?.value();
    syn::parse_str::<Path>(&text).is_ok().then_some(text)
}

fn bracketed(tokens: &TokenStream) -> Option<TokenStream> {
    let mut tokens = tokens.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Bracket => {
            Some(group.stream())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::split;

    #[test]
    fn commas_in_brackets_do_not_split() {
        let lists = [
            (quote!(), 0),
            (quote!(wire,), 1),
            (quote!(after = [a, b], priority = 3), 2),
            (quote!(filter = is_large::<A, B>, priority = 3), 2),
            (quote!(filter = |e| e.total < 3, priority = 3), 2),
            (quote!(filter = f::<fn(A) -> B, C>, wire), 2),
        ];
        for (list, parts) in lists {
            assert_eq!(split(list.clone()).len(), parts, "{list}");
        }
    }
}
