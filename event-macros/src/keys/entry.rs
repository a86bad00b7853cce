//! One key with its value, and the kinds of values that keys take.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, Parser};
use syn::{ExprPath, Lit, LitInt, LitStr, Path};

use super::split::split;
use super::{duration, duration_range};
use crate::diagnostics::Diagnostics;
use crate::text;

/// A value with its key, so that every later check can point at the key.
pub(crate) struct Keyed<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

impl<T> Keyed<T> {
    pub(crate) fn new(
        entry: Entry,
        diagnostics: &mut Diagnostics,
        read: fn(&Entry, &mut Diagnostics) -> Option<T>,
    ) -> Option<Self> {
        let value = read(&entry, diagnostics)?;
        Some(Self {
            key: entry.key,
            value,
        })
    }
}

/// One key that the user wrote, with the value as tokens.
pub(crate) struct Entry {
    pub(crate) key: Ident,
    pub(crate) value: TokenStream,
    pub(super) example: &'static str,
}

impl Entry {
    /// Reads a string literal.
    pub(crate) fn string(&self, diagnostics: &mut Diagnostics) -> Option<LitStr> {
        self.parsed("a string", diagnostics)
    }

    /// Reads a string literal, or several in square brackets.
    pub(crate) fn strings(&self, diagnostics: &mut Diagnostics) -> Option<Vec<LitStr>> {
        const KIND: &str = "a string, or several in square brackets,";
        let parts = match bracketed(&self.value) {
            Some(list) => split(list),
            None => vec![self.value.clone().into_iter().collect()],
        };
        if parts.is_empty() {
            self.expected(KIND, diagnostics);
            return None;
        }
        let mut strings = Vec::new();
        for part in parts {
            let part: TokenStream = part.into_iter().collect();
            match syn::parse2(part.clone()) {
                Ok(string) => strings.push(string),
                Err(_) => self.expected_at(&part, KIND, diagnostics),
            }
        }
        Some(strings)
    }

    /// Reads an integer literal within the range of `N`, which `kind` describes.
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

    /// Reads a string literal that is a duration, in milliseconds.
    pub(crate) fn duration(&self, diagnostics: &mut Diagnostics) -> Option<u64> {
        let literal: Option<LitStr> = syn::parse2(self.value.clone()).ok();
        // `5s` without quotes is a literal to Rust, too.
        let bare = text::compact(&self.value);
        let text = literal.as_ref().map_or_else(|| bare.clone(), LitStr::value);
        let key = &self.key;
        let (why, write) = match (duration::milliseconds(&text), literal) {
            (Ok(0), _) => {
                let what = format!("a `{key}` of zero cancels every delivery at once");
                let help = format!("write `{}`, or remove `{key}`", self.example);
                diagnostics.error(&self.value, what, help);
                return None;
            }
            (Ok(milliseconds), Some(_)) => return Some(milliseconds),
            (Ok(_), None) => ("it needs quotes".to_owned(), text),
            (Err(problem), _) => (problem.why, problem.write),
        };
        diagnostics.error(
            &self.value,
            format!(
                "expected a duration for `{key}`{}: {why}",
                found(&self.value)
            ),
            format!("write `{key} = \"{write}\"`"),
        );
        None
    }

    /// Reads a string literal that is a range of durations, in milliseconds.
    pub(crate) fn duration_range(&self, diagnostics: &mut Diagnostics) -> Option<(u64, u64)> {
        let literal: Option<LitStr> = syn::parse2(self.value.clone()).ok();
        if !is_range(&self.value) {
            self.expected("two durations in a string", diagnostics);
            return None;
        }
        // `1s..1m` without quotes is an expression to Rust.
        let bare = text::compact(&self.value);
        let text = literal.as_ref().map_or_else(|| bare.clone(), LitStr::value);
        let (why, write) = match (duration_range::milliseconds(&text), literal) {
            (Ok(range), Some(_)) => return Some(range),
            (Ok(_), None) => ("it needs quotes".to_owned(), text),
            (Err(problem), _) => (problem.why, problem.write),
        };
        let key = &self.key;
        diagnostics.error(
            &self.value,
            format!("expected two durations for `{key}`, found `{bare}`: {why}"),
            format!("write `{key} = \"{write}\"`"),
        );
        None
    }

    /// Reads the path of a module.
    pub(crate) fn module(&self, diagnostics: &mut Diagnostics) -> Option<Path> {
        self.parsed_with(Path::parse_mod_style, "a path", diagnostics)
    }

    /// Reads the path of a function or of a `static`.
    pub(crate) fn path(&self, kind: &str, diagnostics: &mut Diagnostics) -> Option<TokenStream> {
        self.path_in(&self.value, kind, diagnostics)
    }

    /// Reads the path of a function, or several in square brackets.
    pub(crate) fn functions(&self, diagnostics: &mut Diagnostics) -> Vec<TokenStream> {
        const KIND: &str = "the name of a function";
        let Some(list) = bracketed(&self.value) else {
            return self.path(KIND, diagnostics).into_iter().collect();
        };
        let parts = split(list).into_iter();
        let parts = parts.map(|part| part.into_iter().collect());
        parts
            .filter_map(|part| self.path_in(&part, KIND, diagnostics))
            .collect()
    }

    fn path_in(
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

    /// Reports that the value is not of this `kind`.
    pub(crate) fn expected(&self, kind: &str, diagnostics: &mut Diagnostics) {
        self.expected_at(&self.value, kind, diagnostics);
    }

    fn expected_at(&self, at: &TokenStream, kind: &str, diagnostics: &mut Diagnostics) {
        let what = format!("expected {kind} for `{}`{}", self.key, found(at));
        let help = match unquoted(at) {
            Some(inner) if !self.example.contains('"') && fits(kind, &inner) => {
                let is_static = kind.contains("`static`") && !inner.contains("::");
                let inner = if is_static {
                    inner.to_uppercase()
                } else {
                    inner
                };
                format!("remove the quotes: `{inner}`")
            }
            _ => format!("write `{}`", self.example),
        };
        diagnostics.error(at, what, help);
    }
}

/// Returns a value for a message: a literal or a path is repeated, a closure is not.
fn found(tokens: &TokenStream) -> String {
    let is_short = syn::parse2::<Lit>(tokens.clone()).is_ok()
        || syn::parse2::<ExprPath>(tokens.clone()).is_ok();
    if is_short {
        format!(", found `{}`", text::compact(tokens))
    } else {
        String::new()
    }
}

/// Whether a value is a literal, or a range of literals such as `1s..1m`.
fn is_range(tokens: &TokenStream) -> bool {
    let is_part = |token| match token {
        TokenTree::Literal(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == '.',
        _ => false,
    };
    tokens.clone().into_iter().all(is_part)
}

/// Whether a quoted value is of the expected kind.
fn fits(kind: &str, inner: &str) -> bool {
    let is_number = ["i32", "u32", "integer"].iter().any(|it| kind.contains(it));
    is_number == inner.parse::<i64>().is_ok()
}

/// Returns the text inside `"path::to::function"` or `"3"`, which some libraries take as strings.
fn unquoted(tokens: &TokenStream) -> Option<String> {
    let text = syn::parse2::<LitStr>(tokens.clone()).ok()?.value();
    let fits = syn::parse_str::<Path>(&text).is_ok() || text.parse::<i64>().is_ok();
    fits.then_some(text)
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
