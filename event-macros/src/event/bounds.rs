//! The bounds of an event's type parameters and of their associated types.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Generics, Token, Type, TypePath, parse_quote_spanned};

use super::parse::Model;
use crate::text::compact;

/// Returns the generics with bounds: `T: Debug + Send + Sync + 'static` for each parameter, and `E::Id:
/// ...` for each associated type in a field. A redacted field is not shown, so its associated types need
/// no `Debug`.
pub(super) fn bounded(generics: &Generics, model: &Model<'_>) -> Generics {
    let mut generics = generics.clone();
    let parameters: Vec<Ident> = generics.type_params().map(|it| it.ident.clone()).collect();
    if parameters.is_empty() {
        return generics;
    }
    let parameter_types = parameters.iter().map(|it| (it.to_token_stream(), true));
    let mut types: Vec<(TokenStream, bool)> = parameter_types.collect();
    for field in model.shapes.iter().flat_map(|shape| &shape.fields) {
        let is_shown = field.redact.is_none();
        for projection in projections(&field.field.ty, &parameters) {
            let same = types
                .iter_mut()
                .find(|(ty, _)| compact(ty) == compact(&projection));
            match same {
                Some((_, is_shown_elsewhere)) => *is_shown_elsewhere |= is_shown,
                None => types.push((projection, is_shown)),
            }
        }
    }
    let bounds = generics.make_where_clause();
    for (ty, is_shown) in types {
        let debug = is_shown.then(|| quote_spanned!(Span::mixed_site()=> ::core::fmt::Debug +));
        bounds
            .predicates
            .push(parse_quote_spanned! {Span::mixed_site()=>
                #ty: #debug ::core::marker::Send + ::core::marker::Sync + 'static
            });
    }
    generics
}

/// Returns each `E::Id` and `<E as Entity>::Id` in a type, where `E` is a parameter.
fn projections(ty: &Type, parameters: &[Ident]) -> Vec<TokenStream> {
    let read = |input: ParseStream<'_>| {
        let mut found = Vec::new();
        read(input, parameters, &mut found)?;
        Ok(found)
    };
    // A type that was parsed is parsed again.
    read.parse2(ty.to_token_stream()).unwrap_or_default()
}

fn read(
    input: ParseStream<'_>,
    parameters: &[Ident],
    found: &mut Vec<TokenStream>,
) -> syn::Result<()> {
    while !input.is_empty() {
        let ahead = input.fork();
        if let Ok(path) = ahead.parse::<TypePath>()
            && is_projection(&path, parameters)
        {
            found.push(input.parse::<TypePath>()?.to_token_stream());
        } else if input.parse::<Option<Token![::]>>()?.is_some() {
            // The next name is in a module or a type, and no parameter of the event.
            input.parse::<TokenTree>()?;
        } else if let TokenTree::Group(group) = input.parse()? {
            let inside = |input: ParseStream<'_>| read(input, parameters, found);
            inside.parse2(group.stream())?;
        }
    }
    Ok(())
}

fn is_projection(path: &TypePath, parameters: &[Ident]) -> bool {
    let owner = match &path.qself {
        Some(owner) => owner.ty.to_token_stream(),
        None if path.path.segments.len() > 1 && path.path.leading_colon.is_none() => {
            path.path.segments[0].to_token_stream()
        }
        None => return false,
    };
    let owner = compact(owner);
    parameters.iter().any(|parameter| *parameter == owner)
}

#[cfg(test)]
mod tests {
    use quote::{format_ident, quote};

    use super::projections;
    use crate::text::compact;

    #[test]
    fn associated_types_of_parameters_are_found_wherever_they_stand() {
        let samples = [
            (quote!(E::Id), "E::Id"),
            (
                quote!(Vec<(E::Id, [<E as Entity>::Key; 3])>),
                "E::Id, <E as Entity>::Key",
            ),
            (
                quote!(Option<<E as Entity<E::Id>>::Key>),
                "<E as Entity<E::Id>>::Key",
            ),
            (quote!(E::List<u8>), "E::List<u8>"),
            (quote!(E::Id::Part), "E::Id::Part"),
            (quote!(Vec<E>), ""),
            (quote!(module::E::Id), ""),
            (quote!(::E::Id), ""),
            (quote!(module::List::<E::Id>), "E::Id"),
            (quote!(<User as Entity>::Id), ""),
        ];
        for (ty, expected) in samples {
            let ty = syn::parse2(ty).expect("a type");
            let found: Vec<_> = projections(&ty, &[format_ident!("E")]);
            let found: Vec<_> = found.iter().map(compact).collect();
            assert_eq!(found.join(", "), expected);
        }
    }
}
