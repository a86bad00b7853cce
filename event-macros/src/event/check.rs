//! Rules that need more than one fact about a type.
//!
//! What a single key can get wrong is in `parse`.

use syn::{Data, Fields};

use super::parse::{FieldModel, Model, Shape};
use super::{readable, versions};
use crate::diagnostics::Diagnostics;
use crate::names::snake_case;
use crate::text::{compact, did_you_mean};

pub(crate) fn check(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    kind(model, diagnostics);
    lifetimes(model, diagnostics);
    if model.is_generic() {
        stays_in_the_process(model, diagnostics);
    } else {
        wire_needs_a_name(model, diagnostics);
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

/// An event outlives the emitter's stack: it may be queued, kept in a report, stored.
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

/// `PostSave<User>` and `PostSave<Order>` are two events, so they cannot share a name, and nothing
/// can list them all.
fn stays_in_the_process(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    let keys = &model.keys;
    let refused = [
        keys.name.as_ref().map(|name| &name.key),
        keys.version.as_ref().map(|version| &version.key),
        keys.handlers.as_ref().map(|handlers| &handlers.key),
        keys.wire.as_ref(),
        keys.alias.as_ref().map(|alias| &alias.key),
        keys.previous.as_ref().map(|previous| &previous.key),
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
    // A misspelt or ill-formed `name` has been reported, and mending it is all there is to do.
    let keys = &model.keys;
    if let (Some(wire), None, true) = (&keys.wire, &keys.name, keys.complete) {
        let name = snake_case(&model.input.ident.to_string());
        diagnostics.error(
            wire,
            format!(
                "event `{}` is `wire`, and has no name to be sent under",
                model.input.ident
            ),
            format!("add `name = \"my_app.{name}\"`"),
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
    let found = shape.fields.iter().find(|field| field.member == key.value);
    let text = compact(&key.value);
    match found {
        Some(field) if field.redact.is_some() => diagnostics.error(
            &key.value,
            format!("`key` names `{text}`, which is redacted; a key is logged and sent"),
            format!("name another field, or remove `#[event(redact)]` from `{text}`"),
        ),
        Some(field) => {
            if let (Some(_), Some(serde)) = (&model.keys.wire, unwritten(model, field)) {
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

/// The key of serde because of which the field is not in the event's JSON, or not as itself.
fn unwritten(model: &Model<'_>, field: &FieldModel<'_>) -> Option<&'static str> {
    let is = |opaque: &Option<String>, key: &str| opaque.as_deref() == Some(key);
    if field.serde.skipped {
        Some("skip")
    } else if is(&field.serde.opaque, "flatten") {
        Some("flatten")
    } else if is(&model.container.opaque, "into") {
        Some("into")
    } else {
        None
    }
}

/// A redacted field must have a place of its own in the JSON.
fn redact(
    model: &Model<'_>,
    shape: &Shape<'_>,
    field: &FieldModel<'_>,
    diagnostics: &mut Diagnostics,
) {
    let Some(redact) = &field.redact else { return };
    let name = field.name();
    let ty = compact(&field.field.ty);
    if let Some(serde) = &field.serde.opaque {
        diagnostics.error(
            redact,
            format!("`redact` on `{name}`, which `serde({serde})` writes in its own way"),
            format!("give `{name}` the type `Redacted<{ty}>` instead, or remove `serde({serde})`"),
        );
    } else if let Some(serde) = &model.container.opaque {
        diagnostics.error(
            redact,
            format!(
                "`redact` in `{}`, which has `serde({serde})`",
                model.input.ident
            ),
            format!("give `{name}` the type `Redacted<{ty}>` instead, or remove `serde({serde})`"),
        );
    } else if let (Some(variant), Fields::Unnamed(_)) = (shape.variant, shape.style)
        && (model.container.tag || model.container.untagged)
    {
        let serde = if model.container.tag {
            "tag"
        } else {
            "untagged"
        };
        let variant = &variant.ident;
        diagnostics.error(
            redact,
            format!(
                "`redact` on `{variant}.{name}`, which has no key in JSON with `serde({serde})`"
            ),
            format!("name the field, as in `{variant} {{ secret: {ty} }}`"),
        );
    }
}
