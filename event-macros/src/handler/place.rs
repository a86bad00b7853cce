//! Attributes in the wrong place: above another item, or on an `impl` that cannot hold handlers.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Lifetime};

use super::block::{Block, Member};
use crate::diagnostics::Diagnostics;
use crate::text::compact;

/// `#[handler]` on anything but a function.
pub(crate) fn not_a_function(
    keyword: Option<Ident>,
    item: &TokenStream,
    diagnostics: &mut Diagnostics,
) {
    let Some(keyword) = keyword else {
        let help = "write it above a `fn`";
        diagnostics.error(item, "`#[handler]` is not on a function", help);
        return;
    };
    let help = match keyword.to_string().as_str() {
        "impl" => {
            "write `#[handlers]` here, and `#[handler]` above each method that handles an event"
        }
        "struct" | "enum" => {
            "write `#[derive(Event)]` here to make it an event, and `#[handler]` above \
             the function that handles it"
        }
        _ => "write `#[handler]` above the function that handles the event",
    };
    diagnostics.error(
        &keyword,
        format!(
            "`#[handler]` goes on a function, and this is {}",
            article(&keyword)
        ),
        help,
    );
}

/// `#[handlers]` on anything but an `impl`.
pub(crate) fn not_an_impl(
    keyword: Option<Ident>,
    item: &TokenStream,
    diagnostics: &mut Diagnostics,
) {
    let Some(keyword) = keyword else {
        let help = "write it above an `impl` block";
        diagnostics.error(item, "`#[handlers]` is not on an `impl` block", help);
        return;
    };
    let help = match keyword.to_string().as_str() {
        "fn" => "write `#[handler]`: `#[handlers]` is for the methods of an `impl` block",
        "struct" | "enum" => "write it above `impl Type { ... }`",
        "trait" => "write it above the `impl` block of a type, and call the trait's method there",
        _ => "write `#[handlers]` above `impl Type { ... }`, and `#[handler]` above each function",
    };
    diagnostics.error(
        &keyword,
        format!(
            "`#[handlers]` goes on an `impl` block, and this is {}",
            article(&keyword)
        ),
        help,
    );
}

/// What `impl` blocks cannot hold handlers. Answers whether this one can.
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
        // The attribute itself is what has to go, or what nothing answers.
        diagnostics.error_at(
            Span::call_site(),
            format!("`#[handlers]` on an `impl {owner}` without a `#[handler]`"),
            "write `#[handler]` above each method that handles an event",
        );
    }
    true
}

/// The first lifetime of a type that is not `'static`.
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

/// `#[handler]` above something else inside a `#[handlers]` block.
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
