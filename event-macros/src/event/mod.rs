//! `#[derive(Event)]`: read, check, and expand; with an error, the fallback.

mod bounds;
mod check;
mod described;
mod expand;
mod fallback;
mod masked;
mod parse;
mod pointer;
mod probed;
mod range;
mod readable;
mod schema;
mod serde;
mod versions;
mod wire;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use self::parse::Model;
use crate::diagnostics::Diagnostics;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => {
            diagnostics.syntax(error);
            return diagnostics.finish().unwrap_or_default();
        }
    };
    let model = Model::new(&input, &mut diagnostics);
    check::check(&model, &mut diagnostics);
    match diagnostics.finish() {
        None => expand::expand(&model),
        Some(errors) => {
            let event = fallback::fallback(&model);
            quote!(#errors #event)
        }
    }
}
