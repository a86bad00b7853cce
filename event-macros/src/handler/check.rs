//! Rules that need more than one fact: a signature's qualifiers, and keys against the signature.
//!
//! What a single key can get wrong is in `parse`, what a parameter can is in `signature`.

use quote::ToTokens;
use syn::{GenericParam, Safety};

use super::parse::Keys;
use super::signature::{Event, Handler};
use crate::diagnostics::Diagnostics;
use crate::item::{self, Function};
use crate::text::compact;

/// A handler is one plain function: no `async`, no `unsafe`, nothing generic.
pub(crate) fn qualifiers(function: &Function, diagnostics: &mut Diagnostics) {
    let signature = &function.signature;
    let name = &signature.ident;
    if let Some(keyword) = signature.asyncness {
        diagnostics.error(
            keyword,
            format!("handler `{name}` is `async`, which is not supported yet"),
            format!("write a plain `fn {name}(...)`; `async` handlers come with a later version"),
        );
    }
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
            format!("handler `{name}` is `{}`", compact(abi)),
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

/// `fn f<T>(event: &PostSave<T>)` is not one function; lifetimes are fine.
fn generics(function: &Function, diagnostics: &mut Diagnostics) {
    let name = &function.signature.ident;
    for parameter in &function.signature.generics.params {
        let (parameter, help) = match parameter {
            GenericParam::Lifetime(_) => continue,
            GenericParam::Type(parameter) => (
                &parameter.ident,
                "write one handler for each type, as in `event: &PostSave<User>`; \
                 for every event write `event: &dyn AnyEvent`",
            ),
            GenericParam::Const(parameter) => (
                &parameter.ident,
                "write one handler for each value, as in `event: &Sample<8>`",
            ),
        };
        diagnostics.error(
            parameter,
            format!(
                "handler `{name}` is generic over `{parameter}`, so it is not one function but many"
            ),
            help,
        );
    }
}

/// `#[handler] #[handler] fn f` would register `f` twice.
pub(crate) fn only_once(function: &Function, diagnostics: &mut Diagnostics) {
    for attribute in &function.attributes {
        if item::is_named(attribute, "handler") {
            diagnostics.error(
                attribute,
                format!("duplicate `#[handler]` on `{}`", function.signature.ident),
                "keep one of the two, with the keys of both",
            );
        }
    }
}

/// Keys that contradict the signature, or each other.
pub(crate) fn conflicts(keys: &Keys, handler: &Handler<'_>, diagnostics: &mut Diagnostics) {
    let name = handler.name();
    if let (Some((key, _)), Event::Typed(event)) = (&keys.events, &handler.event) {
        diagnostics.error(
            key,
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
    for (key, named) in [("after", &keys.after), ("before", &keys.before)] {
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
    for function in &keys.before {
        let text = compact(function.to_token_stream());
        if keys.after.iter().any(|after| compact(after) == text) {
            diagnostics.error(
                function,
                format!("handler `{name}` cannot run both `after` and `before` `{text}`"),
                "keep one of the two",
            );
        }
    }
}
