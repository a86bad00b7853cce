//! Reads a function's signature as a handler's: its event, its parameters, its return type.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{
    FnArg, PatType, Receiver, ReceiverKind, ReturnType, Signature, Token, Type, TypeParamBound,
};

use super::types::{future_output, impl_trait, last_segment, lifetimes, peel, pointee, variable};
use crate::diagnostics::Diagnostics;
use crate::item::Function;
use crate::text::compact;

/// A function, for the expansion.
pub(crate) struct Handler<'a> {
    pub(crate) function: &'a Function,
    /// Whether the function is a method or an associated function of a `#[handlers] impl`.
    pub(crate) in_impl: bool,
    pub(crate) event: Event,
    /// The arguments in the order of the call.
    pub(crate) arguments: Vec<Argument>,
    /// The return type, `()` if none is written.
    pub(crate) output: TokenStream,
}

/// The event that the handler takes.
pub(crate) enum Event {
    Typed(TokenStream),
    /// `&dyn AnyEvent`
    Any,
    /// The event has an error, which has been reported, and nothing is generated.
    Refused,
}

/// One argument; the types are the user's tokens with the function's lifetimes as `'_`.
pub(crate) enum Argument {
    Event,
    /// `&T`, and `&self`
    Dependency(Borrowed),
    /// `Option<&T>`
    Optional(Borrowed),
    /// A `Param`, by value.
    Context(TokenStream),
    /// `&mut S`
    Lent(Lent),
}

/// The `T` of `&T`.
pub(crate) struct Borrowed {
    pub(crate) ty: TokenStream,
    /// The type `T` if it lives as long as its borrow, as `dyn Clock` does: `&'a dyn Clock` is `&'a (dyn
    /// Clock + 'a)`.
    pub(crate) tied: Option<Tied>,
}

/// A type with lifetimes of its own.
pub(crate) struct Tied {
    /// The type with `'static` as lifetimes, as the dispatcher holds it.
    pub(crate) held: TokenStream,
    /// The type with `'__event` as lifetimes, as the function takes it.
    pub(crate) taken: TokenStream,
}

/// A value that a queue's owner lends to a handler.
pub(crate) struct Lent {
    pub(crate) mutable: Token![mut],
    /// The whole parameter, for messages.
    pub(crate) input: String,
    pub(crate) variable: String,
    pub(crate) ty: TokenStream,
}

impl Handler<'_> {
    pub(crate) fn name(&self) -> &Ident {
        &self.function.signature.ident
    }

    pub(crate) fn is_async(&self) -> bool {
        self.function.signature.asyncness.is_some()
    }

    /// Whether the function is called on a value of its `impl` block.
    pub(crate) fn is_method(&self) -> bool {
        self.function.signature.receiver().is_some()
    }

    pub(crate) fn lent(&self) -> impl Iterator<Item = &Lent> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Lent(lent) => Some(lent),
            _ => None,
        })
    }
}

const ANY_EVENT: &str = "write the event's type, as in `event: &OrderPlaced`, or `event: &dyn AnyEvent` for every event";

/// Reads a signature; its errors are in the diagnostics.
pub(crate) fn read<'a>(
    function: &'a Function,
    in_impl: bool,
    diagnostics: &mut Diagnostics,
) -> Handler<'a> {
    let signature = &function.signature;
    let mut reader = Reader {
        name: &signature.ident,
        lifetimes: lifetimes(signature),
        diagnostics,
    };
    let mut inputs = signature.inputs.iter().peekable();
    let mut arguments = Vec::new();
    if let Some(FnArg::Receiver(receiver)) = inputs.next_if(|input| is_receiver(input)) {
        reader.receiver(receiver, in_impl);
        let this = receiver.self_token.span;
        let ty = quote_spanned!(this=> Self);
        arguments.push(Argument::Dependency(Borrowed { ty, tied: None }));
    }
    let event = if let Some(FnArg::Typed(parameter)) = inputs.next() {
        reader.event(parameter).unwrap_or(Event::Refused)
    } else {
        reader.no_event(signature);
        Event::Refused
    };
    arguments.push(Argument::Event);
    for input in inputs {
        if let FnArg::Typed(parameter) = input {
            arguments.extend(reader.parameter(parameter, &event));
        }
    }
    let output = reader.output(signature);
    Handler {
        function,
        in_impl,
        event,
        arguments,
        output,
    }
}

fn is_receiver(input: &FnArg) -> bool {
    matches!(input, FnArg::Receiver(_))
}

/// The context of each step: the function's name and lifetimes.
pub(super) struct Reader<'a> {
    pub(super) name: &'a Ident,
    pub(super) lifetimes: Vec<&'a Ident>,
    pub(super) diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn receiver(&mut self, receiver: &Receiver, in_impl: bool) {
        let name = self.name;
        self.no_cfg(&receiver.attrs);
        let shared = match &receiver.kind {
            ReceiverKind::Reference(_, _, mutable) => mutable.is_none(),
            ReceiverKind::Typed(_, ty) => compact(ty) == "&Self",
            _ => false,
        };
        if !in_impl {
            self.diagnostics.error(
                receiver,
                format!("handler `{name}` takes `self` outside of a `#[handlers]` block"),
                "write `#[handlers]` above the `impl`, and leave `#[handler]` here, by that name",
            );
        } else if !shared {
            self.diagnostics.error(
                receiver,
                format!("handler `{name}` takes `{}`", compact(receiver)),
                "write `&self`: `self` is a dependency, which all its handlers share",
            );
        }
    }

    fn no_event(&mut self, signature: &Signature) {
        let this = signature.receiver().map_or("", |_| "&self, ");
        self.diagnostics.error_at(
            signature.paren_token.span.join(),
            format!("handler `{}` takes no event", self.name),
            format!("write `fn {}({this}event: &YourEvent)`", self.name),
        );
    }

    fn event(&mut self, parameter: &PatType) -> Option<Event> {
        let name = self.name;
        self.no_cfg(&parameter.attrs);
        let ty = peel(&parameter.ty);
        if self.refused_everywhere(ty, ANY_EVENT) {
            return None;
        }
        let Type::Reference(reference) = ty else {
            self.diagnostics.error(
                ty,
                format!("handler `{name}` takes its event by value"),
                format!("write `{}: &{}`", variable(parameter), compact(pointee(ty))),
            );
            return None;
        };
        let elem = peel(&reference.elem);
        if let Some(mutable) = reference.mutability {
            self.diagnostics.error(
                mutable,
                format!("handler `{name}` takes its event by `&mut`, but all handlers share it"),
                format!("write `{}: &{}`", variable(parameter), compact(elem)),
            );
            return None;
        }
        if self.is_static(parameter, reference) {
            return None;
        }
        let Type::TraitObject(object) = elem else {
            return Some(Event::Typed(self.without_lifetimes(elem)));
        };
        let mut bounds = object.bounds.iter();
        if let (Some(TypeParamBound::Trait(bound)), None) = (bounds.next(), bounds.next())
            && last_segment(&bound.path).is_some_and(|last| last == "AnyEvent")
        {
            return Some(Event::Any);
        }
        self.diagnostics.error(
            elem,
            format!(
                "handler `{name}` takes `&{}`, which is no event",
                compact(elem)
            ),
            format!(
                "for every event write `{}: &dyn AnyEvent`",
                variable(parameter)
            ),
        );
        None
    }

    fn output(&mut self, signature: &Signature) -> TokenStream {
        let ReturnType::Type(_, ty) = &signature.output else {
            return quote_spanned!(Span::mixed_site()=> ());
        };
        if let Some(output) = future_output(peel(ty)) {
            let inputs = compact(&signature.inputs);
            let output = match compact(output).as_str() {
                "()" => String::new(),
                output => format!(" -> {output}"),
            };
            self.diagnostics.error(
                peel(ty),
                format!(
                    "handler `{}` returns a future, and is no `async fn`",
                    self.name
                ),
                format!("write `async fn {}({inputs}){output}`", self.name),
            );
        } else if let Some(opaque) = impl_trait(ty.to_token_stream()) {
            self.diagnostics.error(
                opaque,
                format!(
                    "handler `{}` returns `{}`, which hides what it emits",
                    self.name,
                    compact(ty)
                ),
                "write `-> Vec<YourEvent>`, or an event, `Option`, tuple or `Result` of events",
            );
        }
        if let Type::Never(never) = peel(ty) {
            self.diagnostics.error(
                never,
                format!("handler `{}` never returns", self.name),
                "write no return type, or `-> Result<(), YourError>`",
            );
        }
        self.without_lifetimes(ty)
    }
}
