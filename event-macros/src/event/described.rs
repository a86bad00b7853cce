//! Generates what the catalogue shows of an event: its documentation, its fields and its variants.

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote_spanned;
use syn::Data;
use syn::ext::IdentExt;

use super::parse::{FieldModel, Model, Shape};
use super::schema;
use super::serde::Direction;
use crate::documentation::documentation;
use crate::text::compact;

/// Generates the calls on an `EventInfo`:
///
/// ```text
/// .with_documentation("A customer placed an order.")
/// .with_fields(&[
///     ::event_core::event::FieldInfo::new("order_id", "u64").with_pointer("/orderId"),
///     ::event_core::event::FieldInfo::new("card", "String").with_redacted(),
/// ])
/// ```
///
/// or, for an enum:
///
/// ```text
/// .with_variants(&[::event_core::event::VariantInfo::new("InCash", &[..])])
/// ```
pub(super) fn described(model: &Model<'_>, root: &TokenStream) -> TokenStream {
    let mut described = with_documentation(&model.input.attrs);
    let shapes = model.shapes.iter();
    if let Data::Enum(_) = &model.input.data {
        let variants = shapes.map(|shape| variant(model, shape, root));
        let variants: Vec<_> = variants.collect();
        if !variants.is_empty() {
            described
                .extend(quote_spanned!(Span::mixed_site()=> .with_variants(&[#(#variants),*])));
        }
        return described;
    }
    let fields: Vec<_> = shapes
        .flat_map(|shape| fields(model, shape, root))
        .collect();
    if !fields.is_empty() {
        described.extend(quote_spanned!(Span::mixed_site()=> .with_fields(&[#(#fields),*])));
    }
    described
}

fn variant(model: &Model<'_>, shape: &Shape<'_>, root: &TokenStream) -> Option<TokenStream> {
    let variant = shape.variant?;
    let name = Literal::string(&variant.ident.unraw().to_string());
    let fields = fields(model, shape, root);
    let documentation = with_documentation(&variant.attrs);
    let schema = schema::variant(model, shape, variant);
    Some(quote_spanned! {Span::mixed_site()=>
        #root::event::VariantInfo::new(#name, &[#(#fields),*]) #documentation #schema
    })
}

fn fields(model: &Model<'_>, shape: &Shape<'_>, root: &TokenStream) -> Vec<TokenStream> {
    let field = |field| field_info(model, shape, field, root);
    shape.fields.iter().map(field).collect()
}

fn field_info(
    model: &Model<'_>,
    shape: &Shape<'_>,
    field: &FieldModel<'_>,
    root: &TokenStream,
) -> TokenStream {
    let name = match &field.field.ident {
        Some(name) => name.unraw().to_string(),
        None => field.name(),
    };
    let (name, ty) = (
        Literal::string(&name),
        Literal::string(&compact(&field.field.ty)),
    );
    let mut info = quote_spanned!(Span::mixed_site()=> #root::event::FieldInfo::new(#name, #ty));
    info.extend(with_documentation(&field.field.attrs));
    let opaque = [
        &field.serde.opaque,
        &shape.rules.opaque,
        &model.container.opaque,
    ];
    let is_written = !field.serde.is_unwritten && opaque.iter().all(|key| key.is_none());
    if model.keys.wire.is_some() && is_written {
        let pointers = model.field_pointers(shape, field, Direction::Written);
        if let [pointer] = pointers.as_slice() {
            info.extend(quote_spanned!(Span::mixed_site()=> .with_pointer(#pointer)));
        }
    }
    info.extend(schema::field(model, shape, field));
    if field.redact.is_some() {
        info.extend(quote_spanned!(Span::mixed_site()=> .with_redacted()));
    }
    info
}

fn with_documentation(attributes: &[syn::Attribute]) -> TokenStream {
    let text = documentation(attributes);
    text.map_or_else(
        TokenStream::new,
        |text| quote_spanned!(Span::mixed_site()=> .with_documentation(#text)),
    )
}
