//! `#[handler]` and `#[handlers]`: read, check, and expand if there is no error.

mod bind;
mod block;
mod check;
mod delivery;
pub(crate) mod expand;
mod fallback;
mod lent;
mod lints;
mod parameter;
mod parse;
mod place;
mod retry;
mod signature;
mod transaction;
mod types;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;
use syn::parse::Parser;

use self::block::{Block, Member, Method};
use self::parse::Keys;
use self::signature::Handler;
use crate::conditional;
use crate::diagnostics::Diagnostics;
use crate::item::{self, Function};
use crate::library;

/// Expands `#[handler]` on a function: the function unchanged, and its registration after it.
pub(crate) fn handler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let keys = Keys::read(&parse::HANDLER, arguments, &mut diagnostics);
    let keyword = item::keyword(&item);
    if keyword.as_ref().is_none_or(|keyword| keyword != "fn") {
        let item = place::not_a_function(keyword, item, &mut diagnostics);
        return finish(diagnostics, &item);
    }
    let (item, function) = match Function::read.parse2(item.clone()) {
        Ok(mut function) => {
            let item = without_duplicates(&mut function, item, &mut diagnostics);
            (item, function)
        }
        Err(error) => {
            diagnostics.syntax(error);
            return finish(diagnostics, &item);
        }
    };
    let item = expand_function(&function, &keys, &item, &mut diagnostics);
    finish(diagnostics, &item)
}

/// Returns the function without other `#[handler]`s, which are reported.
fn without_duplicates(
    function: &mut Function,
    item: TokenStream,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let others = conditional::take("handler", &mut function.attributes);
    if others.is_empty() {
        return item;
    }
    for other in &others {
        check::duplicate(&function.signature.ident, other, &[&[]], diagnostics);
    }
    item::with_attributes(item, &function.attributes)
}

/// Returns the function and its registration.
fn expand_function(
    function: &Function,
    keys: &Keys,
    item: &TokenStream,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let root = library::path(keys.root.as_ref());
    let Some(handler) = checked(function, keys, false, diagnostics) else {
        // A function with `self` may be in the impl of a trait, which takes no other constant.
        let is_free = function.signature.receiver().is_none();
        let constant = is_free.then(|| fallback::fallback(function, &root));
        return quote!(#item #constant);
    };
    let lints = lints::allowed(&handler);
    let constant = expand::constant(&handler, keys, &root, None);
    quote!(#lints #item #constant)
}

/// Expands `#[handlers]` on an `impl` block: the block without its inner `#[handler]`s, and with a
/// constant for each handler.
pub(crate) fn handlers(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let root = Keys::read(&parse::HANDLERS, arguments, &mut diagnostics).root;
    let keyword = item::keyword(&item);
    if keyword.as_ref().is_none_or(|keyword| keyword != "impl") {
        let item = place::not_an_impl(keyword, item, &mut diagnostics);
        return finish(diagnostics, &item);
    }
    let block = Block::read(&item);
    let members = block.and_then(|block| Ok((block.members()?, block)));
    let (members, block) = match members {
        Ok(read) => read,
        Err(error) => {
            diagnostics.syntax(error);
            return finish(diagnostics, &item::without_inner(item, "handler"));
        }
    };
    let refused = !place::block(&block, &members, &mut diagnostics);
    let mut kept = TokenStream::new();
    for member in members {
        kept.extend(match member {
            Member::Other(tokens) => tokens,
            Member::Handler(method) if refused => method.kept,
            Member::Handler(method) => {
                expand_method(*method, root.as_ref(), &block, &mut diagnostics)
            }
        });
    }
    let block = block.with_members(kept);
    finish(diagnostics, &block)
}

fn finish(diagnostics: Diagnostics, item: &TokenStream) -> TokenStream {
    let errors = diagnostics.finish();
    quote!(#item #errors)
}

/// Returns the method and its registration.
fn expand_method(
    method: Method,
    root: Option<&Path>,
    block: &Block,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let Method {
        handlers,
        function,
        kept,
    } = method;
    let Some(mut function) = function else {
        for handler in &handlers {
            place::not_a_method(&handler.attribute, diagnostics);
        }
        return kept;
    };
    let attributes = function.attributes.clone();
    let mut lints = None;
    let mut constants = TokenStream::new();
    let mut earlier: Vec<&[TokenStream]> = Vec::new();
    for handler in &handlers {
        if !earlier.is_empty() {
            check::duplicate(&function.signature.ident, handler, &earlier, diagnostics);
        }
        let conditions = conditional::as_cfgs(&handler.conditions, &earlier);
        function.attributes = [&*attributes, &*conditions].concat();
        let mut own = Diagnostics::new();
        let keys = Keys::read_attribute(&handler.attribute, &mut own);
        let root = library::path(keys.root.as_ref().or(root));
        if let Some(handler) = checked(&function, &keys, true, &mut own) {
            lints = lints::allowed(&handler);
            constants.extend(expand::constant(&handler, &keys, &root, Some(&block.owner)));
        } else {
            constants.extend(fallback::fallback(&function, &root));
        }
        if handler.conditions.is_empty() {
            diagnostics.append(own);
        } else {
            diagnostics.append_where(&conditional::all(&handler.conditions), own);
        }
        earlier.push(&handler.conditions);
    }
    quote!(#lints #kept #constants)
}

/// Returns the handler, if the function and its keys have no error.
fn checked<'a>(
    function: &'a Function,
    keys: &Keys,
    in_impl: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Handler<'a>> {
    if !check::body(function, diagnostics) {
        return None;
    }
    let mut own = Diagnostics::new();
    check::qualifiers(function, &mut own);
    let handler = signature::read(function, in_impl, &mut own);
    check::conflicts(keys, &handler, &mut own);
    delivery::check(keys, &handler, &mut own);
    let is_clean = own.is_empty();
    diagnostics.append(own);
    is_clean.then_some(handler)
}
