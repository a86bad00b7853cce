//! Recognizes types by how they are written: a reference, an `Option`, an `Emitter`, a future.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    AssocType, GenericArgument, Pat, PatType, Path, PathArguments, PathSegment, Signature, Type,
    TypeParamBound, TypeReference,
};

use crate::text::compact;

pub(super) fn lifetimes(signature: &Signature) -> Vec<&Ident> {
    let lifetimes = signature.generics.lifetimes();
    lifetimes
        .map(|parameter| &parameter.lifetime.ident)
        .collect()
}

/// Returns the type without the brackets that a macro of the user's, or the user, put around it.
pub(super) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peel(&group.elem),
        Type::Paren(paren) => peel(&paren.elem),
        other => other,
    }
}

/// Returns the `impl Clock` of `&impl Clock`.
pub(super) fn named_traits(ty: &Type) -> &Type {
    match ty {
        Type::Reference(reference) => peel(&reference.elem),
        other => other,
    }
}

/// Returns the `T` of `Arc<T>`, for a message.
pub(super) fn pointee(ty: &Type) -> &Type {
    match wrapper(ty) {
        Some((name, inner)) if ["Arc", "Rc", "Box"].iter().any(|it| name == it) => inner,
        _ => ty,
    }
}

/// Whether a type is written as an `Emitter`.
pub(super) fn is_emitter(ty: &Type) -> bool {
    is_named(ty, "Emitter")
}

/// Whether a type is a `dyn Trait` without a lifetime, whose lifetime is then that of its borrow.
pub(super) fn is_bare_object(ty: &Type) -> bool {
    let is_lifetime = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(_));
    matches!(ty, Type::TraitObject(object) if !object.bounds.iter().any(is_lifetime))
}

/// Whether the last segment of a type's path is this name.
pub(super) fn is_named(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if last_segment(&path.path).is_some_and(|last| last == name))
}

/// Returns the `Vec` of `std::vec::Vec<u8>`.
pub(super) fn outermost(tokens: &TokenStream) -> Option<Ident> {
    let Ok(Type::Path(path)) = syn::parse2(tokens.clone()) else {
        return None;
    };
    last_segment(&path.path).cloned()
}

/// Returns the `A` and `B` of `Wrapper<A, B>`.
pub(super) fn type_arguments(ty: &Type) -> Vec<&GenericArgument> {
    let Type::Path(path) = ty else {
        return Vec::new();
    };
    match path.path.segments.last().map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => arguments.args.iter().collect(),
        _ => Vec::new(),
    }
}

/// Returns the name and the `T` of `Wrapper<T>`.
pub(super) fn wrapper(ty: &Type) -> Option<(&Ident, &Type)> {
    let Type::Path(path) = ty else { return None };
    let PathSegment { ident, arguments } = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return None;
    };
    let mut arguments = arguments.args.iter();
    match (arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(inner)), None) => Some((ident, peel(inner))),
        _ => None,
    }
}

/// Returns the `&T` of `Option<&T>`.
pub(super) fn optional(ty: &Type) -> Option<&TypeReference> {
    match wrapper(ty)? {
        (name, Type::Reference(reference)) if name == "Option" => Some(reference),
        _ => None,
    }
}

pub(super) fn last_segment(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|segment| &segment.ident)
}

/// Returns the parameter's name, for a line that can be pasted.
pub(super) fn variable(parameter: &PatType) -> String {
    match &*parameter.pat {
        Pat::Ident(pattern) => pattern.ident.to_string(),
        other => compact(other),
    }
}

/// Returns the first `impl` in a type, however deep.
pub(super) fn impl_trait(tokens: TokenStream) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word == "impl" => Some(word),
        TokenTree::Group(group) => impl_trait(group.stream()),
        _ => None,
    })
}

/// Returns the `T` of `impl Future<Output = T>`.
pub(super) fn future_output(ty: &Type) -> Option<&Type> {
    let Type::ImplTrait(opaque) = ty else {
        return None;
    };
    opaque.bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let last = bound.path.segments.last()?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return None;
        };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(AssocType { ident, ty, .. })
                if last.ident == "Future" && ident == "Output" =>
            {
                Some(ty)
            }
            _ => None,
        })
    })
}
