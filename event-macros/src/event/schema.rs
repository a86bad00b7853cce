//! Generates the JSON Schema of an event, and what `schemars` leaves out of it.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Data, Variant};

use super::parse::{FieldModel, Model, Shape};
use super::serde::Direction;

/// Generates the description of the event with its schema:
///
/// ```text
/// P::with_schema!(P::json_schema::<Self>(), P::info!().with_name("shop.order_placed")...)
/// ```
///
/// An enum's schema has `.with_tagging(::event_core::event::Tagging::Internal { tag: "type" })`.
pub(super) fn with_schema(model: &Model<'_>, info: TokenStream, root: &TokenStream) -> TokenStream {
    let Some(key) = &model.keys.schema else {
        return info;
    };
    // The span is the key `schema`, since a missing derive of `JsonSchema` is reported here.
    let schema = quote_spanned!(key.span()=> json_schema::<Self>());
    let macro_name = quote_spanned!(key.span()=> with_schema!);
    let tagging = tagging(model, root);
    let private = quote_spanned!(Span::mixed_site()=> #root::__private::);
    quote!(#private #macro_name (#private #schema #tagging, #info))
}

fn tagging(model: &Model<'_>, root: &TokenStream) -> Option<TokenStream> {
    let Data::Enum(_) = &model.input.data else {
        return None;
    };
    let container = &model.container;
    let tagging = match (&container.tag, &container.content) {
        _ if container.untagged => quote_spanned!(Span::mixed_site()=> Untagged),
        (Some(tag), Some(content)) => {
            quote_spanned!(Span::mixed_site()=> Adjacent { tag: #tag, content: #content })
        }
        (Some(tag), None) => quote_spanned!(Span::mixed_site()=> Internal { tag: #tag }),
        (None, _) => quote_spanned!(Span::mixed_site()=> External),
    };
    Some(quote_spanned!(Span::mixed_site()=> .with_tagging(#root::event::Tagging::#tagging)))
}

/// Generates `.with_read_names(&["orderId", "order_id"])` for a field of an event with a schema that serde
/// reads under several names.
pub(super) fn field(
    model: &Model<'_>,
    shape: &Shape<'_>,
    field: &FieldModel<'_>,
) -> Option<TokenStream> {
    let is_read = !field.serde.is_unread && field.field.ident.is_some();
    if model.keys.schema.is_none() || !is_read {
        return None;
    }
    let names = model.field_keys(shape, field, Direction::Read);
    (names.len() > 1).then(|| quote_spanned!(Span::mixed_site()=> .with_read_names(&[#(#names),*])))
}

/// Generates `.with_read_names(&["InCash"])`, and `.with_other()` for `#[serde(other)]`.
pub(super) fn variant(
    model: &Model<'_>,
    shape: &Shape<'_>,
    variant: &Variant,
) -> Option<TokenStream> {
    model.keys.schema.as_ref()?;
    if model.container.untagged || shape.rules.untagged || shape.rules.is_unread {
        return None;
    }
    let names = model.variant_names(shape, variant, Direction::Read);
    let mut facts = quote_spanned!(Span::mixed_site()=> .with_read_names(&[#(#names),*]));
    if shape.rules.is_other {
        facts.extend(quote_spanned!(Span::mixed_site()=> .with_other()));
    }
    Some(facts)
}
