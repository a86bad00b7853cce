//! Generates the JSON form of a `wire` event: its key, and what is shown of it.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, Fields, LitStr, Member};

use super::parse::{FieldModel, Model, Shape};
use super::probed;
use super::serde::{Direction, copied, for_event};

/// Generates the associated constant of a `wire` event:
///
/// ```ignore
/// P::wire_json! {
///     P::wire_form::<Self>()
///         .with_key(|__event_this, __event_json| P::write_key(&__event_this.order_id, __event_json))
///         .with_redacted(..)
/// }
/// ```
pub(super) fn wire_json(model: &Model<'_>, root: &TokenStream) -> Option<TokenStream> {
    let wire = model.keys.wire.as_ref()?;
    // The span is the key `wire`, since serde's missing derives are reported here.
    let form = quote_spanned!(wire.span()=> wire_form::<Self>());
    let key = key(model, root);
    let redacted = model.has_redacted_field().then(|| redacted(model, root));
    let json = quote_spanned!(wire.span()=> wire_json!);
    let private = quote_spanned!(Span::mixed_site()=> #root::__private::);
    let events = events(model, root);
    Some(quote!(#private #json { #private #form #key #redacted #events }))
}

/// Generates the writer of the key, which is the value of its field, wherever serde puts it.
fn key(model: &Model<'_>, root: &TokenStream) -> Option<TokenStream> {
    let key = &model.keys.key.as_ref()?.value;
    let field = model.shapes.first()?.field(key)?;
    let at = key.span();
    let write = if let Some(writer) = &field.serde.writer {
        quote!(#writer)
    } else {
        // The span is the field's name in `key = field`, where a type without `Serialize` is reported.
        let write = quote_spanned!(at=> write_key);
        quote_spanned!(Span::mixed_site()=> #root::__private::#write)
    };
    let write =
        quote_spanned!(at=> |__event_this, __event_json| #write(&__event_this.#key, __event_json));
    Some(quote_spanned!(Span::mixed_site()=> .with_key(#write)))
}

/// Generates the places of other events in data that is read. Only the compiler knows which types are
/// events, so each type that is named in a field's type is probed, except those of the standard library:
///
/// ```ignore
/// .with_events({
///     use P::NoEvent as __EventNoEvent;
///     const __EVENT_EVENTS: &[(&str, bool)] =
///         &[("/order", <P::Probe<()> as __EventNoEvent>::HAS_REDACTED || P::Probe::<Order>::HAS_REDACTED)];
///     __EVENT_EVENTS
/// })
/// ```
fn events(model: &Model<'_>, root: &TokenStream) -> Option<TokenStream> {
    let mut events = Vec::new();
    for shape in &model.shapes {
        for field in shape.fields.iter().filter(|field| field.redact.is_none()) {
            let event = &model.input.ident;
            let types = probed::types(&field.field.ty, event);
            let types = types.iter().map(|ty| for_event(quote!(#ty), event));
            let types: Vec<_> = types.collect();
            if types.is_empty() {
                continue;
            }
            for pointer in model.field_pointers(shape, field, Direction::Read) {
                events.push(quote_spanned! {Span::mixed_site()=>
                    (
                        #pointer,
                        <#root::__private::Probe<()> as __EventNoEvent>::HAS_REDACTED
                            #(|| #root::__private::Probe::<#types>::HAS_REDACTED)*
                    )
                });
            }
        }
    }
    if events.is_empty() {
        return None;
    }
    Some(quote_spanned! {Span::mixed_site()=>
        .with_events({
            use #root::__private::NoEvent as __EventNoEvent;
            const __EVENT_EVENTS: &[(&::core::primitive::str, ::core::primitive::bool)] =
                &[#(#events),*];
            __EVENT_EVENTS
        })
    })
}

/// Generates the masked JSON of an event with redacted fields. serde's derive writes a second type with
/// the same fields and the same attributes, in which each redacted field has a writer that does not read
/// it; so the masked JSON contains no secret, whatever the event's own `Serialize` does:
///
/// ```ignore
/// .with_redacted(
///     {
///         use P::{Unwritten as __EventUnwritten, mask as __event_mask, serde as __event_serde};
///         #[derive(P::serde::Serialize)]
///         #[serde(crate = "__event_serde", remote = "OrderPlaced", rename(serialize = "OrderPlaced"))]
///         struct __EventMasked {
///             order_id: u64,
///             #[serde(serialize_with = "__event_mask")]
///             card: String,
///         }
///         impl __EventUnwritten for __EventMasked {}
///         |__event_this, __event_json| __EventMasked::serialize(__event_this, __event_json)
///     },
///     &[],
///     &["/order_id"],
/// )
/// ```
///
/// The lists contain where redacted fields are read and not written, and where other fields are read.
fn redacted(model: &Model<'_>, root: &TokenStream) -> TokenStream {
    let event = &model.input.ident;
    let name = event.unraw().to_string();
    let renamed = match model.container.names.written {
        Some(_) => None,
        // serde would use the second type's name.
        None => Some(quote_spanned!(Span::mixed_site()=> , rename(serialize = #name))),
    };
    let remote = LitStr::new(&event.to_string(), Span::mixed_site());
    let attributes = copied(&model.input.attrs, &["crate", "remote"], event);
    let definition = definition(model);
    // `EventInfo` has the places where they are written. They may be read elsewhere, if serde's
    // attributes differ in the two directions.
    let written = model.redacted(Direction::Written);
    let mut read = model.redacted(Direction::Read);
    read.retain(|pointer| !written.contains(pointer));
    let shown = model.shown(Direction::Read);
    quote_spanned! {Span::mixed_site()=>
        .with_redacted(
            {
                use #root::__private::{
                    Unwritten as __EventUnwritten, mask as __event_mask, serde as __event_serde
                };
                #[derive(#root::__private::serde::Serialize)]
                #[serde(crate = "__event_serde", remote = #remote #renamed)]
                #attributes
                #definition
                impl __EventUnwritten for __EventMasked {}
                |__event_this, __event_json| __EventMasked::serialize(__event_this, __event_json)
            },
            &[#(#read),*],
            &[#(#shown),*],
        )
    }
}

/// Generates the second type, with the event's fields or variants.
fn definition(model: &Model<'_>) -> TokenStream {
    let event = &model.input.ident;
    let shapes = model.shapes.iter().map(|shape| {
        let fields = fields(model, shape);
        let Some(variant) = shape.variant else {
            let end = matches!(shape.style, Fields::Unnamed(_)).then(|| quote!(;));
            return quote_spanned!(Span::mixed_site()=> struct __EventMasked #fields #end);
        };
        let attributes = copied(&variant.attrs, &[], event);
        let name = &variant.ident;
        quote!(#attributes #name #fields)
    });
    if let Data::Enum(_) = &model.input.data {
        quote_spanned!(Span::mixed_site()=> enum __EventMasked { #(#shapes),* })
    } else {
        quote!(#(#shapes)*)
    }
}

/// Generates `{ order_id: u64, ... }` or `(u64, ...)`.
fn fields(model: &Model<'_>, shape: &Shape<'_>) -> TokenStream {
    let fields = shape.fields.iter().map(|field| self::field(model, field));
    match shape.style {
        Fields::Named(_) => quote!({ #(#fields),* }),
        Fields::Unnamed(_) => quote!((#(#fields),*)),
        Fields::Unit => TokenStream::new(),
    }
}

fn field(model: &Model<'_>, field: &FieldModel<'_>) -> TokenStream {
    let event = &model.input.ident;
    let name = match &field.member {
        Member::Named(name) => Some(quote!(#name:)),
        Member::Unnamed(_) => None,
    };
    let ty = &field.field.ty;
    let ty = for_event(quote!(#ty), event);
    if field.redact.is_none() {
        let attributes = copied(&field.field.attrs, &[], event);
        return quote!(#attributes #name #ty);
    }
    let attributes = copied(&field.field.attrs, &["with", "serialize_with"], event);
    let mask = quote_spanned!(Span::mixed_site()=> #[serde(serialize_with = "__event_mask")]);
    quote!(#attributes #mask #name #ty)
}
