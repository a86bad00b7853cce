//! Rules that need more than one fact about a type.
//!
//! Rules about a single key are in `parse`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Data, Fields, Type};

use super::parse::{FieldModel, Model, Shape};
use super::{readable, versions};
use crate::diagnostics::Diagnostics;
use crate::names::snake_case;
use crate::text::{compact, did_you_mean};

pub(crate) fn check(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    kind(model, diagnostics);
    lifetimes(model, diagnostics);
    references(model, diagnostics);
    if model.is_generic() {
        stays_in_the_process(model, diagnostics);
    } else {
        wire_needs_a_name(model, diagnostics);
        schema_needs_wire(model, diagnostics);
        durable(model, diagnostics);
        versions::check(model, diagnostics);
        readable::check(model, diagnostics);
    }
    key(model, diagnostics);
    for shape in &model.shapes {
        for field in &shape.fields {
            redact(model, shape, field, diagnostics);
        }
    }
}

fn kind(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    let Data::Union(data) = &model.input.data else {
        return;
    };
    diagnostics.error(
        data.union_token,
        format!("event `{}` is a union", model.input.ident),
        format!("write `enum {}` or `struct {0}`", model.input.ident),
    );
}

/// Refuses lifetimes: an event outlives the emitter's stack, since it may be queued, kept in a report, or
/// stored.
fn lifetimes(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    for parameter in model.input.generics.lifetimes() {
        let lifetime = &parameter.lifetime;
        diagnostics.error(
            lifetime,
            format!("event `{}` borrows for `{lifetime}`", model.input.ident),
            "an event owns its data: write `String` for `&str`, `Vec<T>` for `&[T]`, and \
             remove the lifetime",
        );
    }
}

/// Refuses `&str`: rustc asks for a lifetime, with which the event would borrow nevertheless.
fn references(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    for field in model.shapes.iter().flat_map(|shape| &shape.fields) {
        let ty = &field.field.ty;
        if !has_reference(ty.to_token_stream()) {
            continue;
        }
        let name = field.name();
        let help = match ty {
            Type::Reference(reference) => {
                let owned = match &*reference.elem {
                    Type::Slice(slice) => format!("Vec<{}>", compact(&slice.elem)),
                    other if compact(other) == "str" => "String".to_owned(),
                    other => compact(other),
                };
                format!("an event owns its data: write `{name}: {owned}`")
            }
            _ => {
                "an event owns its data: write `String` for `&str`, `Vec<T>` for `&[T]`".to_owned()
            }
        };
        let what = format!("event `{}` borrows in `{name}`", model.input.ident);
        diagnostics.error(ty, what, help);
    }
}

/// Whether there is a `&` without a lifetime, except in the arguments of functions.
fn has_reference(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word)
                if ["fn", "Fn", "FnMut", "FnOnce"].iter().any(|it| word == it) =>
            {
                return false;
            }
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                let is_lifetime =
                    |next: &TokenTree| matches!(next, TokenTree::Punct(it) if it.as_char() == '\'');
                if !tokens.peek().is_some_and(is_lifetime) {
                    return true;
                }
            }
            TokenTree::Group(group) if has_reference(group.stream()) => return true,
            _ => {}
        }
    }
    false
}

/// Refuses keys of generic events: `PostSave<User>` and `PostSave<Order>` are two events, so they cannot
/// share a name, and no list can have them all.
fn stays_in_the_process(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    let keys = &model.keys;
    let refused = [
        keys.name.as_ref().map(|name| &name.key),
        keys.version.as_ref().map(|version| &version.key),
        keys.handlers.as_ref().map(|handlers| &handlers.key),
        keys.wire.as_ref().filter(|_| keys.durable.is_none()),
        keys.durable.as_ref(),
        keys.schema.as_ref(),
        keys.alias.as_ref().map(|alias| &alias.key),
        keys.previous.as_ref().map(|previous| &previous.key),
        keys.no_previous.as_ref(),
        keys.reads_newer.as_ref(),
        keys.superseded.as_ref(),
    ];
    for key in refused.into_iter().flatten() {
        let event = &model.input.ident;
        diagnostics.error(
            key,
            format!("generic event `{event}` takes no `{key}`: each `{event}<_>` is its own event"),
            format!("remove `{key}`, or derive `Event` on a struct that is not generic"),
        );
    }
}

fn wire_needs_a_name(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    // A misspelt or ill-formed `name` has been reported already, and needs no second error.
    let keys = &model.keys;
    if let (Some(wire), None, true) = (&keys.wire, &keys.name, keys.complete) {
        let name = snake_case(&model.input.ident.to_string());
        diagnostics.error(
            wire,
            format!(
                "event `{}` is `{wire}`, and has no name to be {} under",
                model.input.ident,
                if keys.durable.is_some() {
                    "stored"
                } else {
                    "sent"
                },
            ),
            format!("add `name = \"my_app.{name}\"`"),
        );
    }
}

/// Refuses keys that contradict `durable`.
fn durable(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    let keys = &model.keys;
    let (Some(_), event) = (&keys.durable, &model.input.ident) else {
        return;
    };
    if let Some(stoppable) = &keys.stoppable {
        diagnostics.error(
            stoppable,
            format!(
                "event `{event}` is `durable`, and nothing stops what was committed: it is not `stoppable`"
            ),
            "remove `stoppable`; a handler that is `before_commit` can make the commit fail",
        );
    }
    if let Some(superseded) = &keys.superseded {
        diagnostics.error(
            superseded,
            format!(
                "event `{event}` is `superseded`, so that it is never emitted, and `durable` says how it is \
                 emitted"
            ),
            "write `wire` for `durable`",
        );
    }
}

fn schema_needs_wire(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    let keys = &model.keys;
    if let (Some(schema), None, true) = (&keys.schema, &keys.wire, keys.complete) {
        diagnostics.error(
            schema,
            format!(
                "event `{}` has a `schema`, which describes its JSON, and is not `wire`",
                model.input.ident
            ),
            "write `wire, schema`",
        );
    }
}

fn key(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    let Some(key) = &model.keys.key else { return };
    let event = &model.input.ident;
    if let Data::Enum(_) = &model.input.data {
        diagnostics.error(
            &key.key,
            format!("`key` on enum `{event}`: a key is one field, and each variant has its own"),
            format!("remove `key`, or make `{event}` a struct, with the enum in one of its fields"),
        );
        return;
    }
    let Some(shape) = model.shapes.first() else {
        return;
    };
    let found = shape.field(&key.value);
    let text = compact(&key.value);
    match found {
        Some(field) if field.redact.is_some() => diagnostics.error(
            &key.value,
            format!("`key` names `{text}`, which is redacted; a key is logged and sent"),
            format!("name another field, or remove `#[event(redact)]` from `{text}`"),
        ),
        Some(field) if names_redacted(&field.field.ty) => diagnostics.error(
            &key.value,
            format!("`key` names `{text}`, which is `Redacted`; a key is logged and sent"),
            format!("name another field, or give `{text}` a type that is not `Redacted`"),
        ),
        Some(field) => {
            let wire = model.keys.wire.is_some();
            if wire && field.serde.is_unread && !field.serde.is_unwritten {
                diagnostics.error(
                    &key.value,
                    format!(
                        "`key` names `{text}`, which `serde(skip_deserializing)` does not read, so \
                         that a decoded event has another key than it was sent with"
                    ),
                    "name another field, or remove `serde(skip_deserializing)`",
                );
            } else if let (true, Some(serde)) = (wire, unwritten(model, field)) {
                diagnostics.error(
                    &key.value,
                    format!(
                        "`key` names `{text}`, which `serde({serde})` does not write under a name \
                         of its own; envelopes carry the key's value"
                    ),
                    format!("name another field, or remove `serde({serde})`"),
                );
            }
        }
        None => {
            let names: Vec<String> = shape.fields.iter().map(FieldModel::name).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let help = match (did_you_mean(&text, names.iter().copied()), names.as_slice()) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, []) => format!("add a field to `{event}`, or remove `key`"),
                (None, [only]) => format!("write `key = {only}`"),
                (None, names) => format!("the fields are `{}`", names.join("`, `")),
            };
            diagnostics.error(
                &key.value,
                format!("`key` names `{text}`, and `{event}` has no such field"),
                help,
            );
        }
    }
}

/// Whether a type contains `Redacted<…>`.
fn names_redacted(ty: &Type) -> bool {
    let mut tokens = vec![ty.to_token_stream()];
    while let Some(stream) = tokens.pop() {
        for token in stream {
            match token {
                TokenTree::Ident(name) if name == "Redacted" => return true,
                TokenTree::Group(group) => tokens.push(group.stream()),
                _ => {}
            }
        }
    }
    false
}

/// Returns the key of serde because of which the field is not in the event's JSON, or not as itself.
fn unwritten(model: &Model<'_>, field: &FieldModel<'_>) -> Option<String> {
    if field.serde.is_unwritten {
        return Some("skip".to_owned());
    }
    let opaque = field.serde.opaque.as_ref();
    opaque.or(model.container.opaque.as_ref()).cloned()
}

/// Checks that a redacted field is written as one value of its own.
fn redact(
    model: &Model<'_>,
    shape: &Shape<'_>,
    field: &FieldModel<'_>,
    diagnostics: &mut Diagnostics,
) {
    let Some(redact) = &field.redact else { return };
    let name = field.name();
    let ty = compact(&field.field.ty);
    let event = &model.input.ident;
    if let Some(serde) = &field.serde.opaque {
        diagnostics.error(
            redact,
            format!("`redact` on `{name}`, which `serde({serde})` writes in its own way"),
            format!(
                "remove `serde({serde})`, or `redact` here and give each secret inside of `{ty}` the \
                 type `Redacted<…>`"
            ),
        );
    } else if let Some(serde) = &model.container.opaque {
        diagnostics.error(
            redact,
            format!("`redact` in `{event}`, which has `serde({serde})`"),
            format!(
                "remove `serde({serde})`, or `redact` here and give `{name}`, and what `{serde}` makes \
                 of it, the type `Redacted<{ty}>`"
            ),
        );
    } else if let (Some(variant), Some(serde)) = (shape.variant, &shape.rules.opaque) {
        let variant = &variant.ident;
        diagnostics.error(
            redact,
            format!(
                "`redact` in `{event}::{variant}`, which `serde({serde})` writes in its own way"
            ),
            format!("remove `serde({serde})`, or write it above the fields that need it"),
        );
    } else if let (Some(variant), Fields::Unnamed(_)) = (shape.variant, shape.style)
        && model.container.tag.is_some()
        && model.container.content.is_none()
        && !shape.rules.untagged
    {
        let variant = &variant.ident;
        diagnostics.error(
            redact,
            format!("`redact` on `{variant}.{name}`, which has no key in JSON with `serde(tag)`"),
            format!("name the field, as in `{variant} {{ secret: {ty} }}`"),
        );
    }
}
