//! One key with its value, and the values that keys take.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, Parser};
use syn::{ExprPath, Lit, LitInt, LitStr, Path};

use super::split::split;
use crate::diagnostics::Diagnostics;
use crate::text;

/// One key the user wrote, with the value still in tokens.
pub(crate) struct Entry {
    pub(crate) key: Ident,
    pub(crate) value: TokenStream,
    pub(super) example: &'static str,
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
            Some(inner) if !self.example.contains('"') && fits(kind, &inner) => {
                format!("remove the quotes: `{inner}`")
            }
            _ => format!("write `{}`", self.example),
        };
        diagnostics.error(at, what, help);
    }
}

/// A literal or a path is worth repeating in a message, a closure is not.
fn is_short(tokens: &TokenStream) -> bool {
    syn::parse2::<Lit>(tokens.clone()).is_ok() || syn::parse2::<ExprPath>(tokens.clone()).is_ok()
}

/// Whether what was quoted is what was expected.
fn fits(kind: &str, inner: &str) -> bool {
    !kind.contains("i32") || inner.parse::<i32>().is_ok()
}

/// What is inside `"path::to::function"` or `"3"`, which some libraries take as strings.
fn unquoted(tokens: &TokenStream) -> Option<String> {
    let text = syn::parse2::<LitStr>(tokens.clone()).ok()?.value();
    let fits = syn::parse_str::<Path>(&text).is_ok() || text.parse::<i32>().is_ok();
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
