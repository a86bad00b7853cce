//! Reports attributes in the wrong place: above another item, or on an `impl` that cannot hold handlers.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Lifetime};

use super::block::{Block, Member};
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::text::compact;

/// Reports `#[handler]` on anything but a function. Returns the item to emit.
pub(crate) fn not_a_function(
    keyword: Option<Ident>,
    item: TokenStream,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let help = match keyword.as_ref().map(Ident::to_string).as_deref() {
        None => "write it above the function that handles the event",
        Some("impl") => {
            "write `#[handlers]` here, and `#[handler]` above each method that handles an event"
        }
        Some("struct" | "enum") => {
            "write `#[derive(Event)]` here, and `#[handler]` above the function that handles it"
        }
        Some(_) => "write `#[handler]` above the function that handles the event",
    };
    misplaced(("handler", "a function"), keyword, item, help, diagnostics)
}

/// Reports `#[handlers]` on anything but an `impl`. Returns the item to emit.
pub(crate) fn not_an_impl(
    keyword: Option<Ident>,
    item: TokenStream,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let help = match keyword.as_ref().map(Ident::to_string).as_deref() {
        Some("fn") => "write `#[handler]`: `#[handlers]` is for the methods of an `impl` block",
        Some("trait") => "write it above `impl Type { ... }`, with methods that call the trait's",
        Some("mod") => "remove it: each `#[handler]` in the module registers itself",
        _ => "write it above `impl Type { ... }`",
    };
    let goes_on = ("handlers", "an `impl` block");
    misplaced(goes_on, keyword, item, help, diagnostics)
}

/// Reports an attribute on the wrong kind of item.
fn misplaced(
    (attribute, goes_on): (&str, &str),
    keyword: Option<Ident>,
    item: TokenStream,
    help: &str,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let Some(keyword) = keyword else {
        let first = item.clone().into_iter().next();
        let message = format!("`#[{attribute}]` is not on {goes_on}");
        diagnostics.error(first, message, help);
        return item;
    };
    let is = article(&keyword);
    let message = format!("`#[{attribute}]` goes on {goes_on}, and this is {is}");
    diagnostics.error(&keyword, message, help);
    without_echo(&keyword, item)
}

/// Removes each `#[handler]` in a block that is refused, which would report its own `self`.
fn without_echo(keyword: &Ident, item: TokenStream) -> TokenStream {
    if keyword == "impl" || keyword == "trait" {
        item::without_inner(item, "handler")
    } else {
        item
    }
}

/// Refuses `impl` blocks that cannot hold handlers. Returns whether this one can.
pub(crate) fn block(block: &Block, members: &[Member], diagnostics: &mut Diagnostics) -> bool {
    let owner = compact(&block.owner);
    if let Some(of_trait) = &block.of_trait {
        diagnostics.error(
            of_trait,
            format!("`#[handlers]` on an impl of trait `{}`", compact(of_trait)),
            format!("move the handlers into `impl {owner} {{ ... }}`"),
        );
        return false;
    }
    if !block.generics.params.is_empty() {
        diagnostics.error(
            &block.generics.params,
            format!("`#[handlers]` on a generic impl of `{owner}`, so a method is not one handler"),
            "write one `#[handlers]` block for each type, as in `impl Mailer<Smtp> { ... }`",
        );
        return false;
    }
    if let Some(lifetime) = borrowed(block.owner.to_token_stream()) {
        diagnostics.error(
            lifetime,
            format!("`{owner}` borrows, but a dispatcher keeps the dependencies of its handlers"),
            "write a type that owns its data, without lifetimes",
        );
        return false;
    }
    if !members
        .iter()
        .any(|member| matches!(member, Member::Handler(_)))
    {
        diagnostics.error(
            &block.owner,
            format!("`#[handlers]` on an impl of `{owner}` without a `#[handler]`"),
            "write `#[handler]` above each method that handles an event",
        );
    }
    true
}

/// Returns the first lifetime of a type that is not `'static`.
fn borrowed(tokens: TokenStream) -> Option<Lifetime> {
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(quote) if quote.as_char() == '\'' => {
                if let Some(TokenTree::Ident(ident)) = tokens.next()
                    && ident != "static"
                {
                    return Some(Lifetime {
                        apostrophe: quote.span(),
                        ident,
                    });
                }
            }
            TokenTree::Group(group) => {
                if let Some(lifetime) = borrowed(group.stream()) {
                    return Some(lifetime);
                }
            }
            _ => {}
        }
    }
    None
}

/// Reports `#[handler]` above something else than a function inside a `#[handlers]` block.
pub(crate) fn not_a_method(attribute: &Attribute, diagnostics: &mut Diagnostics) {
    diagnostics.error(
        attribute,
        "`#[handler]` is not on a function",
        "write it above a `fn` of this block",
    );
}

fn article(keyword: &Ident) -> String {
    match keyword.to_string().as_str() {
        "enum" | "impl" => format!("an `{keyword}`"),
        "fn" => "a function".to_owned(),
        "mod" => "a module".to_owned(),
        other => format!("a `{other}`"),
    }
}
