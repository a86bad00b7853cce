//! `#[handler]` and `#[handlers]`: read, check, and only if nothing is wrong, expand.

mod bind;
mod block;
mod check;
mod delivery;
pub(crate) mod expand;
mod fallback;
mod lent;
mod parameter;
mod parse;
mod place;
mod signature;
mod types;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;
use syn::parse::Parser;

use self::block::{Block, Member, Method};
use self::parse::Keys;
use self::signature::Handler;
use crate::diagnostics::Diagnostics;
use crate::item::{self, Function};

/// `#[handler]` on a function: the function untouched, and its registration after it.
pub(crate) fn handler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let keys = Keys::read(&parse::HANDLER, arguments, &mut diagnostics);
    let keyword = item::keyword(&item);
    if keyword.as_ref().is_none_or(|keyword| keyword != "fn") {
        let item = place::not_a_function(keyword, item, &mut diagnostics);
        return finish(diagnostics, &item);
    }
    let mut generated = TokenStream::new();
    match Function::read.parse2(item.clone()) {
        Ok(function) => {
            generated = expand_function(&function, &keys, &mut diagnostics);
        }
        Err(error) => diagnostics.syntax(error),
    }
    finish(diagnostics, &quote!(#item #generated))
}

/// What is added to a function.
fn expand_function(function: &Function, keys: &Keys, diagnostics: &mut Diagnostics) -> TokenStream {
    if !check::is_only_one(function, diagnostics) {
        // The other `#[handler]` is still there, and does the rest.
        return TokenStream::new();
    }
    let root = item::root(keys.root.as_ref());
    let Some(handler) = checked(function, keys, false, diagnostics) else {
        // With `self` this may be the impl of a trait, which takes no other constant.
        let is_free = function.signature.receiver().is_none();
        let constant = is_free.then(|| fallback::fallback(function, &root));
        return quote!(#constant);
    };
    expand::constant(&handler, keys, &root, None)
}

/// `#[handlers]` on an `impl` block: the block without its inner `#[handler]`s, and in it a
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
        let method = match member {
            Member::Other(tokens) => {
                kept.extend(tokens);
                continue;
            }
            Member::Handler(method) => method,
        };
        kept.extend(method.kept.clone());
        if !refused {
            kept.extend(expand_method(
                &method,
                root.as_ref(),
                &block,
                &mut diagnostics,
            ));
        }
    }
    let block = block.with_members(kept);
    finish(diagnostics, &block)
}

fn finish(diagnostics: Diagnostics, item: &TokenStream) -> TokenStream {
    let errors = diagnostics.finish();
    quote!(#item #errors)
}

/// The constant that a method adds to its block.
fn expand_method(
    method: &Method,
    root: Option<&Path>,
    block: &Block,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let keys = Keys::read_attribute(&method.attribute, diagnostics);
    let Some(function) = &method.function else {
        place::not_a_method(&method.attribute, diagnostics);
        return TokenStream::new();
    };
    check::is_only_one(function, diagnostics);
    let root = item::root(keys.root.as_ref().or(root));
    match checked(function, &keys, true, diagnostics) {
        Some(handler) => expand::constant(&handler, &keys, &root, Some(&block.owner)),
        None => fallback::fallback(function, &root),
    }
}

/// The handler, if the function and its keys have no error.
fn checked<'a>(
    function: &'a Function,
    keys: &Keys,
    in_impl: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Handler<'a>> {
    let mut own = Diagnostics::new();
    check::qualifiers(function, &mut own);
    let handler = signature::read(function, in_impl, &mut own);
    check::conflicts(keys, &handler, &mut own);
    delivery::check(keys, &handler, &mut own);
    let is_clean = own.is_empty();
    diagnostics.append(own);
    is_clean.then_some(handler)
}
