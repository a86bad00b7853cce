//! Writes what `#[derive(Event)]` expands to.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{GenericParam, Generics, Ident, Member, TypeParam, parse_quote_spanned};

use super::parse::{Keys, Model};
use super::{bounds, masked, versions};
use crate::{item, library};

/// The impls of an event:
///
/// ```text
/// #[allow(deprecated)]
/// const _: () = {
///     static __EVENT_SLOT: P::EventSlot = P::EventSlot::new();
///     impl ::event_core::Event for OrderPlaced {
///         type Durability = ::event_core::event::Now;
///         const INFO: &'static ::event_core::event::EventInfo =
///             &::event_core::event::EventInfo::new::<Self>(file!(), line!(), module_path!())
///                 .with_name("shop.order_placed")
///                 .with_redacted(&["/card"]);
///         fn slot() -> P::Option<&'static P::EventSlot> { P::Some(&__EVENT_SLOT) }
///         fn fmt_masked(&self, f: &mut Formatter<'_>) -> fmt::Result { ... }
///         fn lane(&self) -> P::Option<u64> { P::Some(P::lane(&self.order_id)) }
///         P::wire_json! { "/card" }
///     }
///     impl<__E> ::event_core::handler::Outcome<__E> for OrderPlaced { ... }
///     impl ::event_core::event::Stoppable for OrderPlaced {}
///     impl Debug for OrderPlaced { ... }
///     P::inventory::submit! { P::EventEntry::of::<OrderPlaced>() }
/// };
/// ```
///
/// where `P` is `::event_core::__private`. `Debug` is there for an event with a redacted field:
/// it writes the masked form, and a derived one, which would show the field, does not compile
/// beside it. A generic event has no slot and no entry: each of its
/// instances is an event of its own, and none is known before it is emitted.
pub(crate) fn expand(model: &Model<'_>) -> TokenStream {
    let root = library::path(model.keys.root.as_ref());
    let name = &model.input.ident;
    let generics = bounds::bounded(&model.input.generics, model);
    let (_, arguments, _) = generics.split_for_impl();
    let event = quote!(#name #arguments);

    let mut members = masked::fmt_masked(model, &root);
    let mut before = TokenStream::new();
    let mut after = TokenStream::new();
    if !model.is_generic() {
        before = quote_spanned! {Span::mixed_site()=>
            static __EVENT_SLOT: #root::__private::EventSlot = #root::__private::EventSlot::new();
        };
        members = quote_spanned! {Span::mixed_site()=>
            fn slot() -> #root::__private::Option<&'static #root::__private::EventSlot> {
                #root::__private::Some(&__EVENT_SLOT)
            }
            #members
        };
        let follows = versions::assertions(model, &root, &event);
        after = quote_spanned! {Span::mixed_site()=>
            #follows
            #root::__private::inventory::submit! { #root::__private::EventEntry::of::<#event>() }
        };
    }
    if let Some(key) = &model.keys.key {
        members.extend(lane(&key.value, model.is_packed, &root));
    }
    if let Some(wire) = &model.keys.wire {
        let pointers = model.pointers();
        // All of it at the key, since serde's missing derives are reported here.
        let call = quote!(#root::__private::wire_json! { #(#pointers),* });
        members.extend(item::respanned(call, wire.span()));
    }
    let masked = model
        .has_redacted_field()
        .then(|| masked_debug(&root, &event, &generics));
    let info = info(model, &root);
    let impls = impls(&root, &event, &generics, &model.keys, &info, &members);
    in_const(&quote!(#before #impls #masked #after))
}

/// The `Debug` of an event with a redacted field.
fn masked_debug(root: &TokenStream, event: &TokenStream, generics: &Generics) -> TokenStream {
    let (parameters, _, bounds) = generics.split_for_impl();
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #parameters ::core::fmt::Debug for #event #bounds {
            fn fmt(&self, __event_f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #root::Event::fmt_masked(self, __event_f)
            }
        }
    }
}

/// Which deliveries keep their order: those of the same value in the field that is the key.
fn lane(field: &Member, is_packed: bool, root: &TokenStream) -> TokenStream {
    // At the field's name in `key = field`, where a type without `Hash` is reported.
    let at = field.span();
    let this = quote_spanned!(at=> self);
    let value = if is_packed {
        quote_spanned!(at=> &#root::__private::unpacked(#this.#field))
    } else {
        quote_spanned!(at=> &#this.#field)
    };
    quote_spanned! {Span::mixed_site()=>
        fn lane(&#this) -> #root::__private::Option<::core::primitive::u64> {
            #root::__private::Some(#root::__private::lane(#value))
        }
    }
}

/// `const _: () = { ... };`, so that nothing generated can be named.
pub(super) fn in_const(content: &TokenStream) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #[allow(deprecated, reason = "generated by `#[derive(Event)]`")]
        const _: () = { #content };
    }
}

/// The traits that every event has, whether or not its attributes were right.
pub(super) fn impls(
    root: &TokenStream,
    event: &TokenStream,
    generics: &Generics,
    keys: &Keys,
    info: &TokenStream,
    members: &TokenStream,
) -> TokenStream {
    let (parameters, _, bounds) = generics.split_for_impl();
    let stoppable = keys.stoppable.as_ref().map(|_| {
        quote_spanned! {Span::mixed_site()=>
            #[automatically_derived]
            impl #parameters #root::event::Stoppable for #event #bounds {}
        }
    });
    let is_superseded = keys.superseded.is_some();
    let durability = if is_superseded {
        quote_spanned!(Span::mixed_site()=> Superseded)
    } else {
        quote_spanned!(Span::mixed_site()=> Now)
    };
    let outcome = outcome(root, event, generics, is_superseded);
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #parameters #root::Event for #event #bounds {
            type Durability = #root::event::#durability;
            const INFO: &'static #root::event::EventInfo = &#info;
            #members
        }
        #outcome
        #stoppable
    }
}

/// That handlers of any event may return it. Of what is superseded none may: there the impl has a
/// bound that never holds, and that has a message for whoever tries.
fn outcome(
    root: &TokenStream,
    event: &TokenStream,
    generics: &Generics,
    is_superseded: bool,
) -> TokenStream {
    let mut generics = generics.clone();
    let cause = Ident::new("__E", Span::mixed_site());
    let parameter = GenericParam::Type(TypeParam::from(cause.clone()));
    generics.params.push(parameter);
    let body = if is_superseded {
        let never = parse_quote_spanned! {Span::mixed_site()=>
            #root::event::Superseded: #root::event::Newest<Self, #cause>
        };
        generics.make_where_clause().predicates.push(never);
        quote_spanned! {Span::mixed_site()=>
            fn conclude(self, _: &mut #root::handler::Conclusion<'_>) {}
        }
    } else {
        quote_spanned! {Span::mixed_site()=>
            fn conclude(self, __event_conclusion: &mut #root::handler::Conclusion<'_>) {
                __event_conclusion.emit(self);
            }

            fn events(__event_events: &mut #root::__private::Events) {
                __event_events.add::<Self>();
            }
        }
    };
    let (parameters, _, bounds) = generics.split_for_impl();
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #parameters #root::handler::Outcome<#cause> for #event #bounds {
            #body
        }
    }
}

/// `EventInfo::new::<Self>(...)` and one call for each key.
fn info(model: &Model<'_>, root: &TokenStream) -> TokenStream {
    let keys = &model.keys;
    let mut info = new_info(&model.input.ident, root);
    if let Some(name) = &keys.name {
        let name = &name.value;
        info.extend(quote_spanned!(Span::mixed_site()=> .with_name(#name)));
    }
    if let Some(version) = &keys.version {
        let version = proc_macro2::Literal::u32_unsuffixed(version.value);
        info.extend(quote_spanned!(Span::mixed_site()=> .with_version(#version)));
    }
    info.extend(versions::info(model, root));
    if keys.wire.is_some() {
        info.extend(quote_spanned!(Span::mixed_site()=> .with_wire()));
    }
    if let Some(key) = &keys.key {
        let field = match &key.value {
            Member::Named(name) => name.unraw().to_string(),
            Member::Unnamed(index) => index.index.to_string(),
        };
        info.extend(quote_spanned!(Span::mixed_site()=> .with_key(#field)));
    }
    if let (Some(_), Some(pointer)) = (&keys.wire, model.key_pointer()) {
        info.extend(quote_spanned!(Span::mixed_site()=> .with_key_pointer(#pointer)));
    }
    if keys.stoppable.is_some() {
        info.extend(quote_spanned!(Span::mixed_site()=> .with_stoppable()));
    }
    if let Some(handlers) = &keys.handlers {
        let number = proc_macro2::Literal::usize_unsuffixed;
        let min = number(handlers.value.min);
        let max = match handlers.value.max.map(number) {
            None => quote_spanned!(Span::mixed_site()=> #root::__private::None),
            Some(max) => quote_spanned!(Span::mixed_site()=> #root::__private::Some(#max)),
        };
        info.extend(quote_spanned!(Span::mixed_site()=> .with_handlers(#min, #max)));
    }
    let pointers = model.pointers();
    if !pointers.is_empty() {
        info.extend(quote_spanned!(Span::mixed_site()=> .with_redacted(&[#(#pointers),*])));
    }
    info
}

pub(super) fn new_info(name: &Ident, root: &TokenStream) -> TokenStream {
    // Looked up where they are spanned: the type's own name, not the derive.
    let at = name.span();
    let file = quote_spanned!(at=> ::core::file!());
    let line = quote_spanned!(at=> ::core::line!());
    let module = quote_spanned!(at=> ::core::module_path!());
    quote_spanned! {Span::mixed_site()=>
        #root::event::EventInfo::new::<Self>(#file, #line, #module)
    }
}
