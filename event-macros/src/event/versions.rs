//! `alias`, `previous`, `no_previous`, `superseded` and `reads_newer`: how data of programs of other
//! versions is read.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::parse::Model;
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::text::compact;

pub(super) fn check(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    need_wire(model, diagnostics);
    aliases(model, diagnostics);
    previous(model, diagnostics);
    no_previous(model, diagnostics);
    superseded(model, diagnostics);
}

/// Checks that the event is `wire`, since all of these keys are about decoding.
fn need_wire(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    let keys = &model.keys;
    if keys.wire.is_some() || !keys.complete {
        return;
    }
    let decoding = [
        keys.alias.as_ref().map(|alias| &alias.key),
        keys.previous.as_ref().map(|previous| &previous.key),
        keys.no_previous.as_ref(),
        keys.superseded.as_ref(),
        keys.reads_newer.as_ref(),
    ];
    for key in decoding.into_iter().flatten() {
        diagnostics.error(
            key,
            format!(
                "`{key}` on `{}`, which is not `wire`, so it is never decoded",
                model.input.ident
            ),
            format!("add `wire`, or remove `{key}`"),
        );
    }
}

fn aliases(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    let keys = &model.keys;
    let Some(alias) = &keys.alias else { return };
    for (index, name) in alias.value.iter().enumerate() {
        let text = name.value();
        let is_own = keys
            .name
            .as_ref()
            .is_some_and(|own| own.value.value() == text);
        let what = if is_own {
            format!("alias `{text}` is the event's own name")
        } else if alias.value[..index].iter().any(|it| it.value() == text) {
            format!("alias `{text}` is there twice")
        } else {
            continue;
        };
        diagnostics.error(name, what, "remove it");
    }
}

fn previous(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    let keys = &model.keys;
    let Some(previous) = &keys.previous else {
        return;
    };
    let event = &model.input.ident;
    let text = compact(&previous.value);
    if text == "Self" || *event == text {
        diagnostics.error(
            &previous.value,
            format!("`{event}` names itself as `previous`"),
            format!("name the type of the version before: `previous = {event}V1`"),
        );
        return;
    }
    // An ill-formed version has been reported already.
    let version = keys.version.as_ref().map(|version| version.value);
    if keys.complete && version.unwrap_or(1) < 2 {
        diagnostics.error(
            &previous.key,
            format!("`previous` on version 1 of `{event}`: there is no version before"),
            "add `version = 2`, or the version after that of the type it names",
        );
    }
}

/// Checks that a version after the first has a `previous`, or `no_previous`: otherwise only the first old
/// envelope would show that it cannot be read.
fn no_previous(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    let keys = &model.keys;
    let event = &model.input.ident;
    let version = keys.version.as_ref().map(|version| version.value);
    let is_first = keys.complete && version.unwrap_or(1) < 2;
    match (&keys.no_previous, &keys.previous, &keys.version) {
        (Some(key), Some(_), _) => diagnostics.error(
            key,
            format!("`no_previous` beside `previous` on `{event}`"),
            "keep one of the two",
        ),
        (Some(key), None, _) if is_first => diagnostics.error(
            key,
            format!("`no_previous` on version 1 of `{event}`: there is no version before"),
            "remove it",
        ),
        (None, None, Some(version)) if keys.wire.is_some() && keys.complete && !is_first => {
            let (version, key) = (version.value, &version.key);
            let before = version - 1;
            let older = older_name(&event.to_string(), before);
            diagnostics.error(
                key,
                format!(
                    "`{event}` is version {version}, and does not say how version {before} is read"
                ),
                format!(
                    "keep the struct of version {before} as `{older}`, `superseded`, with an `impl \
                     From<{older}> for {event}`, and add `previous = {older}`; or add `no_previous`, \
                     if there is no older data"
                ),
            );
        }
        _ => {}
    }
}

/// Returns `OrderPlacedV1`, for both `OrderPlaced` and `OrderPlacedV2`.
fn older_name(event: &str, version: u32) -> String {
    let stem = event.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = match stem.strip_suffix('V') {
        Some(stem) if event.len() > stem.len() + 1 && !stem.is_empty() => stem,
        _ => event,
    };
    format!("{stem}V{version}")
}

fn superseded(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    let keys = &model.keys;
    if keys.superseded.is_none() {
        return;
    }
    let emitted = [
        keys.handlers.as_ref().map(|handlers| &handlers.key),
        keys.stoppable.as_ref(),
    ];
    for key in emitted.into_iter().flatten() {
        diagnostics.error(
            key,
            format!(
                "`{key}` on `{}`, which is superseded: nothing emits or handles it",
                model.input.ident
            ),
            format!("move `{key}` to the newest version"),
        );
    }
    if let Some(key) = &keys.reads_newer {
        diagnostics.error(
            key,
            format!(
                "`{key}` on `{}`, which is superseded: only the newest version reads newer ones",
                model.input.ident
            ),
            format!("move `{key}` to the newest version"),
        );
    }
}

/// Generates the calls on `EventInfo` for these keys.
pub(super) fn info(model: &Model<'_>, root: &TokenStream) -> TokenStream {
    let keys = &model.keys;
    let mut info = TokenStream::new();
    if let Some(alias) = &keys.alias {
        let names = &alias.value;
        info.extend(quote_spanned!(Span::mixed_site()=> .with_aliases(&[#(#names),*])));
    }
    if let Some(previous) = &keys.previous {
        let older = &previous.value;
        // All of it has the span of the type's name, where a missing `From` or `superseded` is reported.
        let call = quote!(#root::__private::previous::<Self, #older>());
        let call = item::respanned(call, older.span());
        info.extend(quote_spanned!(Span::mixed_site()=> .with_previous(#call)));
    }
    if keys.superseded.is_some() {
        info.extend(quote_spanned!(Span::mixed_site()=> .with_superseded()));
    }
    if keys.reads_newer.is_some() {
        info.extend(quote_spanned!(Span::mixed_site()=> .with_reads_newer()));
    }
    info
}

/// Generates the assertions that the chain of versions has no gap, and that its names fit:
///
/// ```text
/// const _: () = assert!(P::follows(<OrderPlaced as Event>::INFO), "...");
/// const _: () = assert!(P::has_its_name(<OrderPlaced as Event>::INFO), "...");
/// ```
pub(super) fn assertions(
    model: &Model<'_>,
    root: &TokenStream,
    event: &TokenStream,
) -> Option<TokenStream> {
    let keys = &model.keys;
    let previous = keys.previous.as_ref()?;
    let older = compact(&previous.value);
    let ours = &model.input.ident;
    let version = keys.version.as_ref()?.value;
    let before = version.saturating_sub(1);
    let name = keys.name.as_ref()?.value.value();
    let gap = format!(
        "`{ours}` is version {version}, and `{older}`, which it names as `previous`, is not \
         version {before}\nhelp: name the type of version {before}; each version is made from the \
         one before it"
    );
    let other = format!(
        "`{ours}` is named `{name}`, and `{older}`, which it names as `previous`, has another \
         name\nhelp: add that name to `{ours}` as `alias = \"…\"`, or give both one `name`"
    );
    let info = quote!(<#event as #root::Event>::INFO);
    let assertions = quote! {
        const _: () = ::core::assert!(#root::__private::follows(#info), #gap);
        const _: () = ::core::assert!(#root::__private::has_its_name(#info), #other);
    };
    Some(item::respanned(assertions, previous.value.span()))
}
