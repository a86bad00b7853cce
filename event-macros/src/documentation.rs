//! Reads doc comments, which the catalogue shows.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// One line of a doc comment, or several.
enum Part {
    Text(String),
    /// `include_str!("page.md")` or the like, which the compiler expands.
    Macro(TokenStream),
}

/// Returns the text of doc comments as an expression, without the blank that follows `///`; `None` if there
/// is no text.
pub(crate) fn documentation(attributes: &[Attribute]) -> Option<TokenStream> {
    let mut parts: Vec<Part> = attributes.iter().filter_map(part).collect();
    unindent(&mut parts);
    let mut merged: Vec<Part> = Vec::new();
    for part in parts {
        match (merged.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => {
                before.push('\n');
                before.push_str(&text);
            }
            (_, part) => merged.push(part),
        }
    }
    if let [Part::Text(text)] = merged.as_slice() {
        let text = text.trim();
        return (!text.is_empty()).then(|| Literal::string(text).to_token_stream());
    }
    if merged.is_empty() {
        return None;
    }
    let parts = merged.into_iter().map(|part| match part {
        Part::Text(text) => Literal::string(&text).to_token_stream(),
        Part::Macro(tokens) => tokens,
    });
    let lines = parts.flat_map(|part| [part, Literal::string("\n").to_token_stream()]);
    Some(quote_spanned!(Span::mixed_site()=> ::core::concat!(#(#lines),*)))
}

/// Reads `#[doc = "text"]`; `#[doc(hidden)]` has no text.
fn part(attribute: &Attribute) -> Option<Part> {
    let Meta::NameValue(doc) = &attribute.meta else {
        return None;
    };
    if !doc.path.is_ident("doc") {
        return None;
    }
    match &doc.value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(Part::Text(text.value())),
        other => Some(Part::Macro(other.to_token_stream())),
    }
}

/// Removes the blanks with which every line begins.
fn unindent(parts: &mut [Part]) {
    let lines = parts.iter().flat_map(|part| match part {
        Part::Text(text) => text.lines().collect(),
        Part::Macro(_) => Vec::new(),
    });
    let indents = lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len());
    let indent = indents.min().unwrap_or(0);
    for part in parts {
        if let Part::Text(text) = part {
            let lines = text.lines().map(|line| {
                let line = line.get(indent..).unwrap_or_default();
                line.trim_end()
            });
            *text = lines.collect::<Vec<_>>().join("\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::{ItemStruct, parse_quote};

    use super::documentation;

    fn text(item: &ItemStruct) -> Option<String> {
        documentation(&item.attrs).map(|text| text.to_string())
    }

    #[test]
    fn lines_are_joined_without_the_blank_that_all_of_them_have() {
        let item = parse_quote! {
            /// A customer placed an order.
            ///
            ///     code
            #[doc(hidden)]
            struct OrderPlaced;
        };
        let expected = quote!("A customer placed an order.\n\n    code");
        assert_eq!(text(&item), Some(expected.to_string()));
    }

    #[test]
    fn a_block_of_several_lines_is_one_text() {
        let item = parse_quote! {
            #[doc = "\n    First line.\n    Second line.\n"]
            struct OrderPlaced;
        };
        let expected = quote!("First line.\nSecond line.");
        assert_eq!(text(&item), Some(expected.to_string()));
    }

    #[test]
    fn what_another_macro_writes_is_left_to_the_compiler() {
        let item = parse_quote! {
            /// See below.
            #[doc = include_str!("page.md")]
            struct OrderPlaced;
        };
        let expected = quote!(::core::concat!(
            "See below.",
            "\n",
            include_str!("page.md"),
            "\n"
        ));
        assert_eq!(text(&item), Some(expected.to_string()));
    }

    #[test]
    fn without_text_there_is_no_documentation() {
        let bare = parse_quote!(
            struct OrderPlaced;
        );
        let blank = parse_quote! {
            ///
            #[doc(alias = "order")]
            struct OrderPlaced;
        };
        assert_eq!((text(&bare), text(&blank)), (None, None));
    }
}
