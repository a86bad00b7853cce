//! Reads the parameters after the event: dependencies, lent values, and values that are made for the
//! delivery.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Attribute, Lifetime, PatType, Path, Token, Type, TypeReference};

use super::signature::{Argument, Borrowed, Event, Lent, Reader, Tied};
use super::types::{
    impl_trait, is_bare_object, is_emitter, is_named, named_traits, optional, peel, type_arguments,
    variable, wrapper,
};
use crate::item;
use crate::text::compact;

impl Reader<'_> {
    pub(super) fn parameter(&mut self, parameter: &PatType, event: &Event) -> Option<Argument> {
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
            if let Some(mutable) = reference
                .mutability
                .filter(|_| !is_emitter(&reference.elem))
            {
                return self.lent(parameter, reference, mutable).map(Argument::Lent);
            }
            let dependency = self.dependency(parameter, reference)?;
            return Some(Argument::Dependency(dependency));
        }
        if let Some(reference) = optional(ty) {
            let dependency = self.dependency(parameter, reference)?;
            return Some(Argument::Optional(dependency));
        }
        if self.wrapped(parameter, ty) {
            return None;
        }
        if self.is_dispatcher(parameter, ty) {
            return None;
        }
        if is_emitter(ty) && self.is_no_list(parameter, ty) {
            return None;
        }
        if is_emitter(ty) && matches!(event, Event::Any) {
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

    /// Refuses an `Emitter` of several parameters; returns whether it did. rustc would have all but one
    /// removed.
    fn is_no_list(&mut self, parameter: &PatType, ty: &Type) -> bool {
        let events: Vec<String> = type_arguments(ty).into_iter().map(compact).collect();
        if events.len() < 2 {
            return false;
        }
        self.diagnostics.error(
            ty,
            format!(
                "the `Emitter` of handler `{}` takes one list of events",
                self.name
            ),
            format!(
                "write `{}: Emitter<({})>`",
                variable(parameter),
                events.join(", ")
            ),
        );
        true
    }

    /// Refuses a `Dispatcher`, since a delivery that owned one would keep it alive; returns whether it did.
    fn is_dispatcher(&mut self, parameter: &PatType, ty: &Type) -> bool {
        if !is_named(ty, "Dispatcher") {
            return false;
        }
        self.diagnostics.error(
            ty,
            format!(
                "handler `{}` takes a `Dispatcher`, which its deliveries would keep alive",
                self.name
            ),
            format!(
                "write `{}: event_core::dispatcher::DispatcherHandle`",
                variable(parameter)
            ),
        );
        true
    }

    /// Refuses a foreign wrapper type, which can be no parameter; returns whether it did.
    fn wrapped(&mut self, parameter: &PatType, ty: &Type) -> bool {
        let Some((name, inner)) = wrapper(ty) else {
            return false;
        };
        let variable = variable(parameter);
        let is_context = is_named(inner, "Context");
        let is_handle = is_named(inner, "DispatcherHandle");
        let inner = compact(inner);
        let help = match name.to_string().as_str() {
            "Arc" | "Rc" | "Option" if is_handle => {
                format!("write `{variable}: {inner}`, which every delivery has")
            }
            "Arc" | "Rc" => format!(
                "write `{variable}: &{inner}`, and give the builder the `Arc` with \
                 `.provide_arc(...)`"
            ),
            "Option" if !is_context => format!("write `{variable}: Option<&{inner}>`"),
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

    /// Returns the `T` of `&T`, which may be in an `Option<...>`.
    fn dependency(&mut self, parameter: &PatType, reference: &TypeReference) -> Option<Borrowed> {
        let elem = peel(&reference.elem);
        let text = compact(elem);
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
        if let Some(mutable) = reference.mutability {
            let variable = variable(parameter);
            self.diagnostics.error(
                mutable,
                format!(
                    "handler `{}` takes a dependency by `&mut`, but handlers share it",
                    self.name
                ),
                format!(
                    "write `{variable}: Option<&{text}>`, with a `Mutex` or an atomic inside \
                     `{text}`"
                ),
            );
            return None;
        }
        if self.is_static(parameter, reference) {
            return None;
        }
        Some(Borrowed {
            ty: self.without_lifetimes(elem),
            tied: self.tied(elem),
        })
    }

    fn tied(&self, elem: &Type) -> Option<Tied> {
        let open = Ident::new("_", Span::call_site());
        let mut lifetimes = self.lifetimes.clone();
        let names_one = compact(self.without_lifetimes(elem)) != compact(elem);
        lifetimes.push(&open);
        let mut held = item::replace_lifetimes(elem, &lifetimes, "static");
        if is_bare_object(elem) {
            held.extend(quote_spanned!(Span::mixed_site()=> + 'static));
        } else if !names_one {
            return None;
        }
        let taken = item::replace_lifetimes(elem, &lifetimes, "__event");
        Some(Tied { held, taken })
    }

    /// Returns the `S` of `&mut S`. The rules of lent values are in `lent`.
    fn lent(
        &mut self,
        parameter: &PatType,
        reference: &TypeReference,
        mutable: Token![mut],
    ) -> Option<Lent> {
        let elem = peel(&reference.elem);
        if self.is_static(parameter, reference) || self.is_unsized(parameter, elem) {
            return None;
        }
        Some(Lent {
            mutable,
            input: compact(parameter),
            variable: variable(parameter),
            ty: self.without_lifetimes(elem),
        })
    }

    /// Refuses `dyn Trait`, since a queue declares what it lends by its type; returns whether it did.
    fn is_unsized(&mut self, parameter: &PatType, elem: &Type) -> bool {
        if !matches!(elem, Type::TraitObject(_) | Type::Slice(_)) && !is_named(elem, "str") {
            return false;
        }
        let (variable, text) = (variable(parameter), compact(elem));
        self.diagnostics.error(
            elem,
            format!(
                "handler `{}` takes `&mut {text}`, but a queue lends a type of known size",
                self.name
            ),
            format!("write `{variable}: &mut Box<{text}>`, and lend a `Box<{text}>`"),
        );
        true
    }

    pub(super) fn is_static(&mut self, parameter: &PatType, reference: &TypeReference) -> bool {
        let is_static = |lifetime: &&Lifetime| lifetime.ident == "static";
        let Some(lifetime) = reference.lifetime.as_ref().filter(is_static) else {
            return false;
        };
        let (variable, elem) = (variable(parameter), compact(&reference.elem));
        let mutable = reference.mutability.map_or("", |_| "mut ");
        self.diagnostics.error(
            lifetime,
            format!(
                "handler `{}` borrows `{variable}` for `'static`, but has it for one call",
                self.name
            ),
            format!("write `{variable}: &{mutable}{elem}`"),
        );
        true
    }

    /// Refuses types that no parameter may have; returns whether it did.
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

    /// Refuses a `#[cfg]` on a parameter: it is resolved after the macro, which cannot know whether the
    /// parameter exists.
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
