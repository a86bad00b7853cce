//! Attributes under a condition. The compiler resolves `#[cfg_attr(condition, ...)]` only after a macro
//! has seen it: below an attribute macro, and everywhere inside of a block that has one.

use std::slice;

use proc_macro2::{TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Meta, parse_quote};

use crate::item;
use crate::keys::split;

/// An attribute, and the conditions under which it exists.
pub(crate) struct Conditional {
    pub(crate) attribute: Attribute,
    /// The conditions, all of which must hold.
    pub(crate) conditions: Vec<TokenStream>,
}

/// Returns a predicate for `cfg` that holds if all conditions hold; `all()` always holds.
pub(crate) fn all(conditions: &[TokenStream]) -> TokenStream {
    match conditions {
        [only] => only.clone(),
        conditions => quote!(all(#(#conditions),*)),
    }
}

/// Takes the attributes of this name out of others, from inside of `cfg_attr`, too.
pub(crate) fn take(name: &str, attributes: &mut Vec<Attribute>) -> Vec<Conditional> {
    let mut taken = Vec::new();
    let is_taken = |attribute: &Attribute| item::is_named(attribute, name);
    let others = attributes.drain(..);
    let others = others.filter_map(|it| without(it, &is_taken, &[], &mut taken));
    *attributes = others.collect();
    taken
}

/// Returns the `cfg`s of an item that exists if all of `conditions` hold, and none of the `earlier` ones
/// does.
pub(crate) fn as_cfgs(conditions: &[TokenStream], earlier: &[&[TokenStream]]) -> Vec<Attribute> {
    let conditions = conditions.iter().cloned();
    let excluded = earlier.iter().map(|earlier| {
        let earlier = all(earlier);
        quote!(not(#earlier))
    });
    conditions
        .chain(excluded)
        .map(|condition| parse_quote!(#[cfg(#condition)]))
        .collect()
}

/// Returns the `cfg`s among attributes, which generated code needs as well.
pub(crate) fn cfgs(attributes: &[Attribute]) -> Vec<Attribute> {
    let is_other = |attribute: &Attribute| !attribute.path().is_ident("cfg");
    let attributes = attributes.iter().cloned();
    attributes
        .filter_map(|attribute| without(attribute, &is_other, &[], &mut Vec::new()))
        .collect()
}

/// Returns an attribute without those that `is_taken`, which are added to `taken`.
fn without(
    attribute: Attribute,
    is_taken: &dyn Fn(&Attribute) -> bool,
    conditions: &[TokenStream],
    taken: &mut Vec<Conditional>,
) -> Option<Attribute> {
    let Some((condition, parts)) = parts(&attribute) else {
        if !is_taken(&attribute) {
            return Some(attribute);
        }
        taken.push(Conditional {
            attribute,
            conditions: conditions.to_vec(),
        });
        return None;
    };
    let conditions = [conditions, slice::from_ref(&condition)].concat();
    let before = (parts.len(), taken.len());
    let parts = parts.into_iter();
    let others = parts.filter_map(|part| without(part, is_taken, &conditions, taken));
    let others: Vec<Meta> = others.map(|other| other.meta).collect();
    if (others.len(), taken.len()) == before {
        return Some(attribute);
    }
    (!others.is_empty()).then(|| parse_quote!(#[cfg_attr(#condition, #(#others),*)]))
}

/// Returns the condition of a `cfg_attr`, and each attribute in it as if it were written alone.
fn parts(attribute: &Attribute) -> Option<(TokenStream, Vec<Attribute>)> {
    let Meta::List(list) = &attribute.meta else {
        return None;
    };
    if !list.path.is_ident("cfg_attr") {
        return None;
    }
    let mut parts = split(list.tokens.clone()).into_iter();
    let condition = parts.next()?.into_iter().collect();
    let parts: Option<Vec<Attribute>> = parts.map(alone).collect();
    Some((condition, parts?))
}

/// Returns `handler(priority = 3)` as `#[handler(priority = 3)]`, with the span that the user wrote.
fn alone(part: Vec<TokenTree>) -> Option<Attribute> {
    let meta: Meta = syn::parse2(part.into_iter().collect()).ok()?;
    let attribute = quote_spanned!(meta.span()=> #[#meta]);
    Some(parse_quote!(#attribute))
}

/// Whether an attribute has this name, or contains one under a condition.
pub(crate) fn mentions(attribute: &Attribute, name: &str) -> bool {
    !take(name, &mut vec![attribute.clone()]).is_empty()
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens, quote};
    use syn::{Attribute, parse_quote};

    use super::{all, cfgs, take};
    use crate::text::compact;

    fn written(attributes: &[Attribute]) -> String {
        let attributes = attributes.iter().map(ToTokens::to_token_stream);
        compact(attributes.collect::<proc_macro2::TokenStream>())
    }

    #[test]
    fn an_attribute_is_taken_with_its_conditions_and_leaves_the_others() {
        let mut attributes: Vec<Attribute> = vec![
            parse_quote!(#[doc = "a"]),
            parse_quote!(#[cfg_attr(all(unix, b), inline, handler(priority = 3), cold)]),
            parse_quote!(#[cfg_attr(unix, cfg_attr(feature = "a", event_core::handler),)]),
            parse_quote!(#[cfg_attr(test, doc = "handler", other::handler_of)]),
            parse_quote!(#[handler]),
        ];
        let taken = take("handler", &mut attributes);
        let taken: Vec<_> = taken
            .iter()
            .map(|it| (compact(&it.attribute), compact(all(&it.conditions))))
            .collect();
        let expected = [
            ("#[handler(priority = 3)]", "all(unix, b)"),
            ("#[event_core::handler]", "all(unix, feature = \"a\")"),
            ("#[handler]", "all()"),
        ];
        assert_eq!(taken.len(), expected.len());
        for ((attribute, condition), expected) in taken.iter().zip(expected) {
            assert_eq!((attribute.as_str(), condition.as_str()), expected);
        }
        let others = "#[doc = \"a\"]#[cfg_attr(all(unix, b), inline, cold)]\
                      #[cfg_attr(test, doc = \"handler\", other::handler_of)]";
        assert_eq!(written(&attributes), others);
    }

    #[test]
    fn what_is_generated_exists_where_the_function_does() {
        let attributes: Vec<Attribute> = vec![
            parse_quote!(#[cfg(unix)]),
            parse_quote!(#[inline]),
            parse_quote!(#[cfg_attr(test, cfg(feature = "a"), inline)]),
            parse_quote!(#[cfg_attr(test, inline)]),
        ];
        assert_eq!(
            written(&cfgs(&attributes)),
            "#[cfg(unix)]#[cfg_attr(test, cfg(feature = \"a\"))]"
        );
        let broken: Attribute = parse_quote!(#[cfg_attr]);
        assert_eq!(compact(quote!(#broken)), "#[cfg_attr]");
    }
}
