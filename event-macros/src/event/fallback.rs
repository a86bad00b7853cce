//! Generates the expansion of an event with an error, so that the rest of the crate still compiles.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Generics;

use super::parse::Model;
use super::{bounds, expand, masked};
use crate::item::replace_lifetimes;
use crate::library;

/// Generates an event with no keys but `stoppable` and `superseded`, which prints its name only.
///
/// A lifetime parameter, which was reported, becomes `'static`.
pub(crate) fn fallback(model: &Model<'_>) -> TokenStream {
    let Model { input, keys, .. } = model;
    let root = library::path(keys.root.as_ref());
    let name = &input.ident;
    let lifetimes = input.generics.lifetimes();
    let lifetimes: Vec<&Ident> = lifetimes.map(|it| &it.lifetime.ident).collect();
    let (_, arguments, _) = input.generics.split_for_impl();
    let arguments = replace_lifetimes(arguments.to_token_stream(), &lifetimes, "static");
    let event = quote!(#name #arguments);
    let generics = bounds::bounded(&owned(&input.generics, &lifetimes), model);
    let text = name.to_string();
    let print = quote_spanned!(Span::mixed_site()=> __event_f.write_str(#text));
    let members = masked::with_body(&print);
    let info = expand::new_info(name, &root);
    expand::in_const(&expand::impls(
        &root, &event, &generics, keys, &info, &members,
    ))
}

/// Returns the generics without their lifetimes.
fn owned(generics: &Generics, lifetimes: &[&Ident]) -> Generics {
    let others = generics.params.iter().filter(|it| !is_lifetime(it));
    let mut owned = Generics {
        params: others.cloned().collect(),
        ..generics.clone()
    };
    if owned.params.is_empty() {
        owned.lt_token = None;
        owned.gt_token = None;
    }
    let bounds = generics
        .where_clause
        .as_ref()
        .map(ToTokens::to_token_stream);
    let bounds = bounds.map(|bounds| replace_lifetimes(bounds, lifetimes, "static"));
    owned.where_clause = bounds.and_then(|bounds| syn::parse2(bounds).ok());
    owned
}

fn is_lifetime(parameter: &syn::GenericParam) -> bool {
    matches!(parameter, syn::GenericParam::Lifetime(_))
}
