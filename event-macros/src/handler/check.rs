//! Rules that need more than one fact: a signature's qualifiers, and keys against the signature.
//!
//! Rules about a single key are in `parse`, those about a parameter in `signature`, and those about
//! `async` and `queue` in `delivery`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{GenericParam, Safety};

use super::parse::Keys;
use super::signature::{Event, Handler};
use crate::conditional::{Conditional, all};
use crate::diagnostics::Diagnostics;
use crate::item::Function;
use crate::text::compact;

/// Refuses `#[handler]` above a method that a trait only declares. Returns whether there is a body.
pub(crate) fn body(function: &Function, diagnostics: &mut Diagnostics) -> bool {
    if !function.has_body {
        let name = &function.signature.ident;
        diagnostics.error(
            name,
            format!("handler `{name}` has no body, so there is nothing to call"),
            "write `#[handlers]` above an `impl Type { ... }`, with a `#[handler]` that calls this one",
        );
    }
    function.has_body
}

/// Checks that a handler is one plain function, neither `unsafe` nor generic.
pub(crate) fn qualifiers(function: &Function, diagnostics: &mut Diagnostics) {
    let signature = &function.signature;
    let name = &signature.ident;
    if let Safety::Unsafe(keyword) = signature.safety {
        diagnostics.error(
            keyword,
            format!("handler `{name}` is `unsafe`, but the dispatcher cannot know when to call it"),
            "remove `unsafe` here, and put an `unsafe` block into the body",
        );
    }
    if let Some(abi) = &signature.abi {
        diagnostics.error(
            abi,
            format!(
                "handler `{name}` is `{}`, but only Rust calls it",
                compact(abi)
            ),
            format!("remove `{}`", compact(abi)),
        );
    }
    if let Some(variadic) = &signature.variadic {
        diagnostics.error(
            variadic,
            format!("handler `{name}` is variadic"),
            "remove `...`, and name each parameter",
        );
    }
    generics(function, diagnostics);
}

/// Refuses type parameters: `fn f<T>(event: &PostSave<T>)` is not one function. Lifetimes are allowed.
fn generics(function: &Function, diagnostics: &mut Diagnostics) {
    let signature = &function.signature;
    let event = signature.inputs.first().map(compact).unwrap_or_default();
    for parameter in &signature.generics.params {
        let parameter = match parameter {
            GenericParam::Lifetime(_) => continue,
            GenericParam::Type(parameter) => &parameter.ident,
            GenericParam::Const(parameter) => &parameter.ident,
        };
        let help = if event.ends_with(&format!(": &{parameter}")) {
            "write one handler for each event; for every event write `event: &dyn AnyEvent`"
                .to_owned()
        } else {
            format!("write one handler for each type, with that type in place of `{parameter}`")
        };
        diagnostics.error(
            parameter,
            format!(
                "handler `{}` is generic over `{parameter}`, so it is not one function but many",
                signature.ident
            ),
            help,
        );
    }
}

/// Refuses a second `#[handler]`, which would register the function twice. `others` are the conditions of
/// those before it.
pub(crate) fn duplicate(
    function: &Ident,
    attribute: &Conditional,
    others: &[&[TokenStream]],
    diagnostics: &mut Diagnostics,
) {
    let what = format!("duplicate `#[handler]` on `{function}`");
    let help = "keep one of the two, with the keys of both";
    let mut conditions = attribute.conditions.clone();
    if others.iter().all(|conditions| !conditions.is_empty()) {
        let others = others.iter().map(|conditions| all(conditions));
        conditions.push(quote!(any(#(#others),*)));
    }
    if conditions.is_empty() {
        diagnostics.error(&attribute.attribute, what, help);
    } else {
        diagnostics.error_where(all(&conditions), &attribute.attribute, what, help);
    }
}

/// Refuses keys that contradict the signature, or each other.
pub(crate) fn conflicts(keys: &Keys, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    let name = handler.name();
    if let (Some(events), Event::Typed(event)) = (&keys.events, &handler.event) {
        diagnostics.error(
            &events.key,
            format!(
                "`events` on handler `{name}`, which takes `&{}` only",
                compact(event)
            ),
            "remove `events`, or write `event: &dyn AnyEvent`",
        );
    }
    let itself = if handler.in_impl {
        format!("Self::{name}")
    } else {
        name.to_string()
    };
    for (key, named) in [("after", keys.after()), ("before", keys.before())] {
        for function in named {
            if compact(function) == itself {
                diagnostics.error(
                    function,
                    format!("handler `{name}` cannot run {key} itself"),
                    format!("name another handler, or remove `{key}`"),
                );
            }
        }
    }
    for function in keys.before() {
        let text = compact(function.to_token_stream());
        if keys.after().iter().any(|after| compact(after) == text) {
            diagnostics.error(
                function,
                format!("handler `{name}` cannot run both `after` and `before` `{text}`"),
                "keep one of the two",
            );
        }
    }
}
