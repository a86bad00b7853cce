//! Reads the parameters after the event: what is lent, what is made for the delivery.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, GenericArgument, Lifetime, Pat, PatType, Path, PathArguments, Signature, Type,
    TypeReference,
};

use super::signature::{Argument, Event, Reader};
use crate::item;
use crate::text::compact;

impl Reader<'_> {
    pub(super) fn parameter(
        &mut self,
        parameter: &PatType,
        event: Option<&Event>,
    ) -> Option<Argument> {
        self.no_cfg(&parameter.attrs);
        let ty = peel(&parameter.ty);
        let traits = compact(named_traits(ty)).replacen("impl ", "dyn ", 1);
        let fix = format!(
            "write `{}: &{traits}`, and give the builder one with `.provide_arc::<{traits}>(...)`",
            variable(parameter)
        );
        if self.refused_everywhere(ty, &fix) {
            return None;
        }
        if let Type::Reference(reference) = ty {
            let dependency = self.dependency(parameter, reference, "")?;
            return Some(Argument::Dependency(dependency));
        }
        if let Some(reference) = optional(ty) {
            let dependency = self.dependency(parameter, reference, "Option")?;
            return Some(Argument::Optional(dependency));
        }
        if self.wrapped(parameter, ty) {
            return None;
        }
        if is_emitter(ty) && matches!(event, Some(Event::Any)) {
            self.diagnostics.error(
                ty,
                format!(
                    "catch-all handler `{}` takes an `Emitter`, and would feed itself",
                    self.name
                ),
                "remove the parameter; to emit, write a handler of one event: `event: &YourEvent`",
            );
            return None;
        }
        Some(Argument::Context(self.without_lifetimes(ty)))
    }

    /// Whether a type that can be no parameter, since it is a foreign wrapper, was refused.
    fn wrapped(&mut self, parameter: &PatType, ty: &Type) -> bool {
        let Type::Path(path) = ty else { return false };
        let Some(last) = path.path.segments.last() else {
            return false;
        };
        let variable = variable(parameter);
        let PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return false;
        };
        let Some(GenericArgument::Type(inner)) = arguments.args.first() else {
            return false;
        };
        let inner = compact(inner);
        let help = match last.ident.to_string().as_str() {
            "Arc" | "Rc" => format!(
                "write `{variable}: &{inner}`, and give the builder the `Arc` with \
                 `.provide_arc(...)`"
            ),
            "Option" => format!("write `{variable}: Option<&{inner}>`"),
            _ => return false,
        };
        let what = format!(
            "handler `{}` cannot take `{}` by value",
            self.name,
            compact(ty)
        );
        self.diagnostics.error(ty, what, help);
        true
    }

    /// The `T` of `&T`, which may stand in an `Option<...>`.
    fn dependency(
        &mut self,
        parameter: &PatType,
        reference: &TypeReference,
        wrapper: &str,
    ) -> Option<TokenStream> {
        let elem = peel(&reference.elem);
        let text = compact(elem);
        if let Some(mutable) = reference.mutability {
            let variable = variable(parameter);
            let fixed = match wrapper {
                "" => format!("&{text}"),
                wrapper => format!("{wrapper}<&{text}>"),
            };
            self.diagnostics.error(
                mutable,
                format!(
                    "handler `{}` takes a dependency by `&mut`, but handlers share it",
                    self.name
                ),
                format!("write `{variable}: {fixed}`, with a `Mutex` or an atomic inside `{text}`"),
            );
            return None;
        }
        if self.is_static(parameter, reference) {
            return None;
        }
        if is_emitter(elem) {
            let variable = variable(parameter);
            self.diagnostics.error(
                reference.and_token,
                format!(
                    "handler `{}` takes its `Emitter` by reference, but each delivery has its own",
                    self.name
                ),
                format!("write `{variable}: {text}`"),
            );
            return None;
        }
        Some(self.without_lifetimes(elem))
    }

    pub(super) fn is_static(&mut self, parameter: &PatType, reference: &TypeReference) -> bool {
        let is_static = |lifetime: &&Lifetime| lifetime.ident == "static";
        let Some(lifetime) = reference.lifetime.as_ref().filter(is_static) else {
            return false;
        };
        let (variable, elem) = (variable(parameter), compact(&reference.elem));
        self.diagnostics.error(
            lifetime,
            format!(
                "handler `{}` borrows `{variable}` for `'static`, but has it for one call",
                self.name
            ),
            format!("write `{variable}: &{elem}`"),
        );
        true
    }

    /// What no parameter may have, whatever it is for.
    pub(super) fn refused_everywhere(&mut self, ty: &Type, fix: &str) -> bool {
        let Some(opaque) = impl_trait(ty.to_token_stream()) else {
            return false;
        };
        self.diagnostics.error(
            opaque,
            format!(
                "handler `{}` takes `{}`, so it is not one function but many",
                self.name,
                compact(ty)
            ),
            fix,
        );
        true
    }

    /// A `#[cfg]` on a parameter is resolved after us, so we cannot know if the parameter exists.
    pub(super) fn no_cfg(&mut self, attributes: &[Attribute]) {
        let conditional = |path: &Path| path.is_ident("cfg") || path.is_ident("cfg_attr");
        for attribute in attributes.iter().filter(|it| conditional(it.path())) {
            self.diagnostics.error(
                attribute,
                format!("`#[cfg]` on a parameter of handler `{}`", self.name),
                "write `#[cfg(...)]` above two versions of the whole function",
            );
        }
    }

    pub(super) fn without_lifetimes(&self, tokens: impl ToTokens) -> TokenStream {
        item::replace_lifetimes(tokens, &self.lifetimes, "_")
    }
}

pub(super) fn lifetimes(signature: &Signature) -> Vec<&Ident> {
    let lifetimes = signature.generics.lifetimes();
    lifetimes
        .map(|parameter| &parameter.lifetime.ident)
        .collect()
}

/// The type without the brackets that a macro of the user's, or the user, put around it.
pub(super) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peel(&group.elem),
        Type::Paren(paren) => peel(&paren.elem),
        other => other,
    }
}

/// The `impl Clock` of `&impl Clock`.
fn named_traits(ty: &Type) -> &Type {
    match ty {
        Type::Reference(reference) => peel(&reference.elem),
        other => other,
    }
}

/// The `T` of `Arc<T>`, for a message.
pub(super) fn pointee(ty: &Type) -> &Type {
    if let Type::Path(path) = ty
        && let Some(last) = path.path.segments.last()
        && ["Arc", "Rc", "Box"].iter().any(|name| last.ident == name)
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(GenericArgument::Type(inner)) = arguments.args.first()
    {
        return inner;
    }
    ty
}

/// Whether a type is written as an `Emitter`.
fn is_emitter(ty: &Type) -> bool {
    matches!(ty, Type::Path(path)
        if last_segment(&path.path).is_some_and(|last| last == "Emitter"))
}

/// The `&T` of `Option<&T>`.
fn optional(ty: &Type) -> Option<&TypeReference> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let mut arguments = arguments.args.iter();
    match (arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(ty)), None) if last.ident == "Option" => match peel(ty) {
            Type::Reference(reference) => Some(reference),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn last_segment(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|segment| &segment.ident)
}

/// The parameter's name, for a line that can be pasted.
pub(super) fn variable(parameter: &PatType) -> String {
    match &*parameter.pat {
        Pat::Ident(pattern) => pattern.ident.to_string(),
        other => compact(other),
    }
}

/// The first `impl` in a type, however deep.
pub(super) fn impl_trait(tokens: TokenStream) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word == "impl" => Some(word),
        TokenTree::Group(group) => impl_trait(group.stream()),
        _ => None,
    })
}
