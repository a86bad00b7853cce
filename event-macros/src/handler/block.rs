//! Reads a `#[handlers] impl` block without parsing the bodies in it.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Generics, Token, Type};

use crate::conditional::{self, Conditional};
use crate::item::{self, Function};

/// The block, with a parsed header and its content as tokens.
pub(crate) struct Block {
    pub(crate) generics: Generics,
    /// The trait of a trait impl.
    pub(crate) of_trait: Option<Type>,
    pub(crate) owner: Type,
    pub(crate) content: Group,
    /// The tokens before the braces.
    header: TokenStream,
}

/// One item of the block.
pub(crate) enum Member {
    Other(TokenStream),
    Handler(Box<Method>),
}

/// An item with `#[handler]` above it.
pub(crate) struct Method {
    /// One attribute, or several under different conditions.
    pub(crate) handlers: Vec<Conditional>,
    /// `None` if the item is no function that syn can read.
    pub(crate) function: Option<Function>,
    /// The item without its `#[handler]`.
    pub(crate) kept: TokenStream,
}

impl Block {
    pub(crate) fn read(item: &TokenStream) -> syn::Result<Self> {
        let mut header: Vec<TokenTree> = item.clone().into_iter().collect();
        // The braces are the last token.
        header.pop();
        let read = |input: ParseStream<'_>| {
            input.call(Attribute::parse_outer)?;
            input.parse::<Option<Token![unsafe]>>()?;
            input.parse::<Token![impl]>()?;
            let mut generics: Generics = input.parse()?;
            input.parse::<Option<Token![!]>>()?;
            let mut owner: Type = input.parse()?;
            let mut of_trait = None;
            if input.parse::<Option<Token![for]>>()?.is_some() {
                of_trait = Some(owner);
                owner = input.parse()?;
            }
            generics.where_clause = input.parse()?;
            let content: Group = input.parse()?;
            Ok(Self {
                generics,
                of_trait,
                owner,
                content,
                header: header.into_iter().collect(),
            })
        };
        read.parse2(item.clone())
    }

    /// Returns the block with other members.
    pub(crate) fn with_members(&self, members: TokenStream) -> TokenStream {
        let mut block = self.header.clone();
        block.extend([TokenTree::from(item::with_content(&self.content, members))]);
        block
    }

    pub(crate) fn members(&self) -> syn::Result<Vec<Member>> {
        let read = |input: ParseStream<'_>| {
            let inner = input.call(Attribute::parse_inner)?;
            let mut members = vec![Member::Other(join(&inner))];
            while !input.is_empty() {
                members.push(member(input)?);
            }
            Ok(members)
        };
        read.parse2(self.content.stream())
    }
}

fn member(input: ParseStream<'_>) -> syn::Result<Member> {
    let start = input.fork();
    let mut attributes = input.call(Attribute::parse_outer)?;
    let handlers = conditional::take("handler", &mut attributes);
    let mut kept = join(&attributes);
    kept.extend(rest_of_member(input)?);
    if handlers.is_empty() {
        return Ok(Member::Other(kept));
    }
    let function = start.call(Function::read).ok();
    let function = function.map(|function| Function {
        attributes,
        ..function
    });
    Ok(Member::Handler(Box::new(Method {
        handlers,
        function,
        kept,
    })))
}

/// Returns the tokens up to the body of a function or the semicolon of another item.
///
/// `const LIMIT: u8 = { 1 };` ends too early, at its braces; its semicolon is then a member of its own,
/// and stays where it was.
fn rest_of_member(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let is_end = match &token {
            TokenTree::Group(group) => item::is_body(group),
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        tokens.extend([token]);
        if is_end {
            break;
        }
    }
    Ok(tokens)
}

fn join(attributes: &[Attribute]) -> TokenStream {
    attributes.iter().map(ToTokens::to_token_stream).collect()
}
