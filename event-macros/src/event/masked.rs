//! Generates the formatting of an event, with its redacted fields masked.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Data, Fields};

use super::parse::{FieldModel, Model, Shape};

/// Generates the formatting that logs, failures and tests show:
///
/// ```text
/// fn fmt_masked(&self, __event_f: &mut Formatter<'_>) -> Result {
///     match self {
///         Self { order_id: __event_0, card: __event_1 } => __event_f
///             .debug_struct("OrderPlaced")
///             .field("order_id", P::shown::<u64>(__event_0))
///             .field("card", &P::masked(__event_1))
///             .finish(),
///     }
/// }
/// ```
pub(super) fn fmt_masked(model: &Model<'_>, root: &TokenStream) -> TokenStream {
    let arms = model.shapes.iter().map(|shape| arm(model, shape, root));
    let this = match &model.input.data {
        Data::Enum(data) if data.variants.is_empty() => quote_spanned!(Span::mixed_site()=> *self),
        _ => quote_spanned!(Span::mixed_site()=> self),
    };
    with_body(&quote_spanned!(Span::mixed_site()=> match #this { #(#arms)* }))
}

pub(super) fn with_body(body: &TokenStream) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        fn fmt_masked(
            &self,
            __event_f: &mut ::core::fmt::Formatter<'_>,
        ) -> ::core::fmt::Result {
            #body
        }
    }
}

fn arm(model: &Model<'_>, shape: &Shape<'_>, root: &TokenStream) -> TokenStream {
    let ident = shape
        .variant
        .map_or(&model.input.ident, |variant| &variant.ident);
    let name = ident.unraw().to_string();
    let path = shape.variant.map(|variant| &variant.ident);
    let path = path.map_or_else(
        || quote_spanned!(Span::mixed_site()=> Self),
        |variant| quote_spanned!(Span::mixed_site()=> Self::#variant),
    );
    let constructor = match shape.style {
        Fields::Named(_) => quote_spanned!(Span::mixed_site()=> debug_struct),
        Fields::Unnamed(_) => quote_spanned!(Span::mixed_site()=> debug_tuple),
        Fields::Unit => {
            return quote_spanned!(Span::mixed_site()=> #path {} => __event_f.write_str(#name),);
        }
    };
    let mut patterns = Vec::new();
    let mut calls = Vec::new();
    for (index, field) in shape.fields.iter().enumerate() {
        let (pattern, value) = if model.is_packed {
            unpacked(field, root)
        } else {
            value(index, field, root)
        };
        let member = &field.member;
        patterns.push(quote_spanned!(Span::mixed_site()=> #member: #pattern));
        let label = field.field.ident.as_ref().map(|name| {
            let name = name.unraw().to_string();
            quote!(#name,)
        });
        calls.push(quote_spanned!(Span::mixed_site()=> .field(#label #value)));
    }
    quote_spanned! {Span::mixed_site()=>
        #path { #(#patterns),* } => __event_f.#constructor(#name) #(#calls)* .finish(),
    }
}

/// Returns the pattern that binds a field, and the argument of the formatter for it. The field's type is
/// in the user's tokens, so that "needs `Debug`" is reported there.
fn value(index: usize, field: &FieldModel<'_>, root: &TokenStream) -> (TokenStream, TokenStream) {
    let bound = format_ident!("__event_{index}", span = Span::mixed_site());
    if field.redact.is_some() {
        let masked = masked(&quote_spanned!(Span::mixed_site()=> #bound), field, root);
        return (bound.into_token_stream(), masked);
    }
    let ty = &field.field.ty;
    let shown = quote_spanned!(Span::mixed_site()=> #root::__private::shown::<#ty>(#bound));
    (bound.into_token_stream(), shown)
}

/// Returns both for a field of a packed struct. It cannot be borrowed, so a copy of it is shown, and a
/// redacted field is not read:
///
/// ```text
/// .field("order_id", P::shown::<u64>(&P::unpacked::<u64>(self.order_id)))
/// .field("card", &P::hidden())
/// ```
fn unpacked(field: &FieldModel<'_>, root: &TokenStream) -> (TokenStream, TokenStream) {
    let (member, ty) = (&field.member, &field.field.ty);
    let shown = if field.redact.is_some() {
        quote_spanned!(Span::mixed_site()=> &#root::__private::hidden())
    } else {
        quote_spanned! {Span::mixed_site()=>
            #root::__private::shown::<#ty>(&#root::__private::unpacked::<#ty>(self.#member))
        }
    };
    (quote_spanned!(Span::mixed_site()=> _), shown)
}

/// Returns the argument of the formatter for a redacted field, to which `bound` is a reference.
fn masked(bound: &TokenStream, field: &FieldModel<'_>, root: &TokenStream) -> TokenStream {
    let mut masked = quote_spanned!(Span::mixed_site()=> &#root::__private::masked(#bound));
    if field.serde.is_unwritten || field.serde.is_conditional {
        masked.extend(quote_spanned!(Span::mixed_site()=> .if_written()));
    }
    masked
}
