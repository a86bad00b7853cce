//! Collects every error of one item, so that one build reports them all.
//!
//! A macro makes one [`Diagnostics`], passes it to each step, and finishes it once. Dropping it unread is
//! a bug of the macro, so it panics: no error can get lost between two steps.

use std::fmt::Display;
use std::thread;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

#[must_use = "errors are shown only by `finish`"]
pub(crate) struct Diagnostics {
    errors: Vec<syn::Error>,
    /// Errors that exist only if a condition holds, which the compiler knows and a macro does not.
    conditional: Vec<(TokenStream, syn::Error)>,
    finished: bool,
}

impl Diagnostics {
    pub(crate) fn new() -> Self {
        Self {
            errors: Vec::new(),
            conditional: Vec::new(),
            finished: false,
        }
    }

    /// Reports `what` is wrong at the tokens to edit, with a `help` that can be pasted.
    pub(crate) fn error(&mut self, at: impl ToTokens, what: impl Display, help: impl Display) {
        let message = format!("{what}\nhelp: {help}");
        self.errors.push(syn::Error::new_spanned(at, message));
    }

    /// Reports `what` is wrong at a span that is no token, such as a pair of parentheses.
    pub(crate) fn error_at(&mut self, at: Span, what: impl Display, help: impl Display) {
        let message = format!("{what}\nhelp: {help}");
        self.errors.push(syn::Error::new(at, message));
    }

    /// Reports what is wrong only if the `cfg` of `condition` holds.
    pub(crate) fn error_where(
        &mut self,
        condition: TokenStream,
        at: impl ToTokens,
        what: impl Display,
        help: impl Display,
    ) {
        let message = format!("{what}\nhelp: {help}");
        self.conditional
            .push((condition, syn::Error::new_spanned(at, message)));
    }

    /// Adds syn's error about tokens that are no Rust item.
    pub(crate) fn syntax(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// Adds the errors that another step collected.
    pub(crate) fn append(&mut self, mut other: Self) {
        other.finished = true;
        self.errors.append(&mut other.errors);
        self.conditional.append(&mut other.conditional);
    }

    /// Adds errors that exist only if the `cfg` of `condition` holds.
    pub(crate) fn append_where(&mut self, condition: &TokenStream, mut other: Self) {
        other.finished = true;
        let errors = other.errors.drain(..);
        self.conditional
            .extend(errors.map(|error| (condition.clone(), error)));
        self.conditional.append(&mut other.conditional);
    }

    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// Returns one `compile_error!` for each error, or `None` if there is none.
    pub(crate) fn finish(mut self) -> Option<TokenStream> {
        self.finished = true;
        let errors = self.errors.iter().map(syn::Error::to_compile_error);
        let conditional = self.conditional.iter().map(|(condition, error)| {
            let error = error.to_compile_error();
            quote!(#[cfg(#condition)] #error)
        });
        let errors: TokenStream = errors.chain(conditional).collect();
        (!errors.is_empty()).then_some(errors)
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        assert!(
            self.finished || thread::panicking(),
            "the errors of a macro were dropped unread"
        );
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::Diagnostics;

    #[test]
    fn every_error_is_shown_with_its_help() {
        let mut diagnostics = Diagnostics::new();
        diagnostics.error(quote!(a), "first", "write `b`");
        diagnostics.error(quote!(c), "second", "write `d`");
        let shown = diagnostics.finish().unwrap_or_default().to_string();
        assert!(shown.contains("first\\nhelp: write `b`"), "{shown}");
        assert!(shown.contains("second\\nhelp: write `d`"), "{shown}");
    }

    #[test]
    #[should_panic(expected = "dropped unread")]
    fn errors_cannot_be_forgotten() {
        drop(Diagnostics::new());
    }
}
