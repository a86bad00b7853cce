//! Finds what kind of item an attribute is on, for messages, without parsing the item.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Signature, Token, Visibility};

use crate::conditional;

/// A function whose body, if it has one, is not parsed.
///
/// A body that does not parse is reported by rustc, and must not prevent the handler.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    /// Whether the function has a body, and is not only declared.
    pub(crate) has_body: bool,
}

impl Function {
    /// Reads a function, and skips its body.
    pub(crate) fn read(input: ParseStream<'_>) -> syn::Result<Self> {
        let function = Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            has_body: true,
        };
        match input.parse()? {
            TokenTree::Group(body) if is_body(&body) => Ok(function),
            TokenTree::Punct(end) if end.as_char() == ';' => Ok(Self {
                has_body: false,
                ..function
            }),
            other => Err(syn::Error::new_spanned(
                other,
                "expected the function's body",
            )),
        }
    }

    /// Returns the `#[cfg]`s of the function, which generated code needs as well.
    pub(crate) fn cfgs(&self) -> Vec<Attribute> {
        conditional::cfgs(&self.attributes)
    }
}

/// Whether the group is `{ ... }`, or the `$body:block` of a macro of the user's.
pub(crate) fn is_body(group: &Group) -> bool {
    match group.delimiter() {
        Delimiter::Brace => true,
        Delimiter::None => {
            let mut content = group.stream().into_iter();
            let first = content.next();
            matches!(first, Some(TokenTree::Group(inner)) if is_body(&inner))
                && content.next().is_none()
        }
        _ => false,
    }
}

/// Returns an item with other attributes above it.
pub(crate) fn with_attributes(item: TokenStream, attributes: &[Attribute]) -> TokenStream {
    let rest = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<TokenStream>()
    };
    let rest = rest.parse2(item).unwrap_or_default();
    quote!(#(#attributes)* #rest)
}

/// Whether an attribute is `#[name]` or `#[path::to::name]`.
pub(crate) fn is_named(attribute: &Attribute, name: &str) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|segment| segment.ident == name)
}

/// Returns the keyword of an item: `struct`, `impl`, `fn`, and so on.
pub(crate) fn keyword(item: &TokenStream) -> Option<Ident> {
    let read = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        let mut found = None;
        while let Ok(word) = input.call(Ident::parse_any) {
            let is_constant = word == "const" && !is_qualifier(input);
            if is_constant || ITEMS.iter().any(|item| word == item) {
                found = Some(word);
                break;
            }
            // The name of an ABI, as in `extern "C" fn`.
            input.parse::<Option<syn::LitStr>>()?;
        }
        input.parse::<TokenStream>()?;
        Ok(found)
    };
    read.parse2(item.clone()).ok().flatten()
}

/// Whether the tokens after `const` make it a `const fn`.
fn is_qualifier(input: ParseStream<'_>) -> bool {
    input.peek(Token![fn])
        || input.peek(Token![async])
        || input.peek(Token![unsafe])
        || input.peek(Token![extern])
}

const ITEMS: &[&str] = &[
    "fn", "impl", "struct", "enum", "union", "trait", "mod", "static", "type", "use",
];

/// Removes every `#[name]` directly inside the last braces of an item, so that the rest of a misplaced
/// block does not report the same mistake again for each of its functions.
pub(crate) fn without_inner(item: TokenStream, name: &str) -> TokenStream {
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    if let Some(TokenTree::Group(group)) = tokens.last_mut()
        && group.delimiter() == Delimiter::Brace
    {
        *group = with_content(group, without_attribute(group.stream(), name));
    }
    tokens.into_iter().collect()
}

/// Returns the same brackets around other content.
pub(crate) fn with_content(group: &Group, content: TokenStream) -> Group {
    let mut new = Group::new(group.delimiter(), content);
    new.set_span(group.span());
    new
}

fn without_attribute(content: TokenStream, name: &str) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in content {
        let after_pound = matches!(kept.last(), Some(TokenTree::Punct(p)) if p.as_char() == '#');
        match &token {
            TokenTree::Group(group) if after_pound && names(group, name) => {
                kept.pop();
            }
            _ => kept.push(token),
        }
    }
    kept.into_iter().collect()
}

/// Whether `[path::name(...)]` is the attribute of this name, or contains it under a condition.
fn names(group: &Group, name: &str) -> bool {
    let attribute = Attribute::parse_outer.parse2(quote!(# #group));
    attribute.is_ok_and(|it| it.iter().any(|it| conditional::mentions(it, name)))
}

/// Returns tokens with each of `lifetimes` replaced by `replacement`: `'_`, or `'static`.
pub(crate) fn replace_lifetimes(
    tokens: impl ToTokens,
    lifetimes: &[&Ident],
    replacement: &str,
) -> TokenStream {
    let mut replaced: Vec<TokenTree> = Vec::new();
    for token in tokens.to_token_stream() {
        let quoted = matches!(replaced.last(), Some(TokenTree::Punct(p)) if p.as_char() == '\'');
        replaced.push(match token {
            TokenTree::Ident(name) if quoted && lifetimes.contains(&&name) => {
                Ident::new(replacement, name.span()).into()
            }
            TokenTree::Group(group) => {
                let content = replace_lifetimes(group.stream(), lifetimes, replacement);
                with_content(&group, content).into()
            }
            other => other,
        });
    }
    replaced.into_iter().collect()
}

/// Returns the tokens with the span `span`, at which they are reported and looked up.
pub(crate) fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    let respan = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), respanned(group.stream(), span)).into();
        }
        token.set_span(span);
        token
    };
    tokens.into_iter().map(respan).collect()
}
