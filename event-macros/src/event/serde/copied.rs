//! Copies serde's attributes to another type, for which serde then writes the same JSON.

use proc_macro2::{Group, Ident, Literal, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, LitStr, Meta};

use crate::item::with_content;

/// Keys whose strings are names in JSON, and not paths.
const NAMES: &[&str] = &["alias", "content", "rename", "tag"];

/// Returns each `#[serde(...)]` except for the entries of the keys `without`. A `Self` in it becomes the
/// event. Its tokens keep their spans, so that an error that serde reports twice is shown once.
pub(crate) fn copied(attributes: &[Attribute], without: &[&str], event: &Ident) -> TokenStream {
    let mut copied = TokenStream::new();
    for attribute in attributes {
        let mut attribute = attribute.clone();
        if let (true, Meta::List(list)) = (attribute.path().is_ident("serde"), &mut attribute.meta)
        {
            list.tokens = entries(list.tokens.clone(), without, event);
            attribute.to_tokens(&mut copied);
        }
    }
    copied
}

fn entries(tokens: TokenStream, without: &[&str], event: &Ident) -> TokenStream {
    let mut kept = TokenStream::new();
    for entry in split(tokens) {
        let key = entry.first().map(ToString::to_string).unwrap_or_default();
        if without.contains(&key.as_str()) {
            continue;
        }
        let entry = entry.into_iter().collect();
        if NAMES.contains(&key.as_str()) {
            kept.extend(entry);
        } else {
            kept.extend(for_event(entry, event));
        }
    }
    kept
}

/// Returns the entries, each with the comma behind it.
fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut entries = vec![Vec::new()];
    for token in tokens {
        let is_end = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',');
        if let Some(last) = entries.last_mut() {
            last.push(token);
        }
        if is_end {
            entries.push(Vec::new());
        }
    }
    entries
}

/// Returns the tokens with `Self` replaced by the event's name, also in strings that name functions.
pub(crate) fn for_event(tokens: TokenStream, event: &Ident) -> TokenStream {
    let replace = |token: TokenTree| match token {
        TokenTree::Ident(name) if name == "Self" => {
            let mut event = event.clone();
            event.set_span(name.span());
            TokenTree::Ident(event)
        }
        TokenTree::Group(group) => {
            let content = for_event(group.stream(), event);
            Group::into(with_content(&group, content))
        }
        TokenTree::Literal(literal) => TokenTree::Literal(path_for_event(literal, event)),
        other => other,
    };
    tokens.into_iter().map(replace).collect()
}

fn path_for_event(literal: Literal, event: &Ident) -> Literal {
    let Ok(text) = syn::parse2::<LitStr>(TokenTree::Literal(literal.clone()).into()) else {
        return literal;
    };
    match text.value().strip_prefix("Self::") {
        None => literal,
        Some(rest) => {
            let mut path = Literal::string(&format!("{event}::{rest}"));
            path.set_span(literal.span());
            path
        }
    }
}
