//! Generates the body of a handler's `bind`, which resolves its parameters once, and binds its call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::parse::Keys;
use super::signature::{Argument, Borrowed, Event, Handler, Tied};

/// An inline handler is a closure that only calls the function:
///
/// ```text
/// let (P::Some(__event_0),) = (__event_binder.dependency::<SalesCounter>(),) else {
///     return __event_binder.returns::<Result<(), E>>();
/// };
/// __event_binder.bind::<Result<(), E>, _>(move |__event, __event_delivery| {
///     P::filter(__event, is_large)?;
///     P::Ok(count_sales(__event, &*__event_0))
/// });
/// ```
///
/// The filter of any other handler runs where the event is emitted, so it is no part of the call:
///
/// ```text
/// __event_binder.filter(is_large);
/// __event_binder.bind_lent::<(), App, _>(move |__event, __event_lent, __event_delivery| {
///     P::Ok(show(__event, __event_lent, &*__event_0))
/// });
/// ```
///
/// An `async` function is passed as it is, since a future that is not `Send` is reported where the
/// function is named, and a closure around it would be named instead:
///
/// ```text
/// __event_binder.bind_async::<Result<(), E>, _, _>(notify, (__event_0,));
/// ```
///
/// A transaction lends itself to an `async` function, whose parameters are the others:
///
/// ```text
/// __event_binder.bind_async_lent::<Result<(), E>, Tx<'_>, _, _>(charge, (__event_0,));
/// ```
///
/// `when` of a `retry` is called with the outcome, and only with an error:
///
/// ```text
/// __event_binder.bind::<Result<(), E>, _>(move |__event, __event_delivery| {
///     let __event_outcome = send(__event, &*__event_0);
///     P::retry_when(__event_delivery, &__event_outcome, is_temporary);
///     P::Ok(__event_outcome)
/// });
///
/// __event_binder.retry_when::<Result<(), E>>(|__event_outcome| P::is_retried(__event_outcome, is_temporary));
/// __event_binder.bind_async::<Result<(), E>, _, _>(notify, (__event_0,));
/// ```
///
/// The arguments of an `async` function are not converted. If a dependency's type has the lifetime of its
/// borrow, the slot names the resulting type:
///
/// ```text
/// P::reborrowed::<_, for<'__event> fn(&'__event (dyn Clock + 'static)) -> &'__event (dyn Clock)>(
///     __event_0,
///     P::same,
/// )
/// ```
pub(super) fn binder(
    handler: &Handler<'_>,
    keys: &Keys,
    private: &TokenStream,
    function: &TokenStream,
) -> TokenStream {
    let parameters = Parameters::new(handler, private);
    let filter = keys.filter.as_ref();
    let is_inline = keys.queue.is_none() && !handler.is_async() && keys.transaction().is_none();
    // The span is the predicate's name, where a wrong signature is reported.
    let at = filter.map(|filter| filter.span().resolved_at(Span::mixed_site()));
    let (before, within) = match (filter, at) {
        (Some(filter), Some(at)) if is_inline => (
            None,
            Some(quote_spanned!(at=> #private::filter(__event, #filter)?;)),
        ),
        (Some(filter), Some(at)) => (
            Some(quote_spanned!(at=> __event_binder.filter(#filter);)),
            None,
        ),
        _ => (None, None),
    };
    let output = &handler.output;
    // The second place that names the type is of one span with the first, so that rustc reports a mistake once.
    let returns = matches!(handler.event, Event::Typed(_))
        .then(|| quote_spanned!(Span::mixed_site()=> __event_binder.returns::<#output>()));
    let resolve = parameters.resolve(returns.as_ref(), private);
    // What waits in a queue by value is an event of one type.
    let is_typed = matches!(handler.event, Event::Typed(_));
    let is_queued = keys.queue.is_some() && is_typed;
    let queued = (is_queued && !handler.is_async() && handler.lent().next().is_none())
        .then(|| quote_spanned!(Span::mixed_site()=> __event_binder.queued();));
    let when = keys
        .retry
        .as_ref()
        .and_then(|retry| retry.value.when.as_ref());
    let bind = if handler.is_async() {
        let when = when.map(|when| {
            let is_retried = is_retried(when, private);
            quote_spanned!(Span::mixed_site()=> __event_binder.retry_when::<#output>(#is_retried);)
        });
        let lent = handler.lent().next().map(|lent| &lent.ty);
        let lent = lent.map(|ty| quote_spanned!(Span::mixed_site()=> #ty,));
        let bind = match (handler.is_method(), is_queued) {
            (false, _) if lent.is_some() => {
                quote_spanned!(Span::mixed_site()=> bind_async_lent)
            }
            (true, _) if lent.is_some() => {
                quote_spanned!(Span::mixed_site()=> bind_async_lent_method)
            }
            (false, false) => quote_spanned!(Span::mixed_site()=> bind_async),
            (false, true) => quote_spanned!(Span::mixed_site()=> bind_async_queued),
            (true, false) => quote_spanned!(Span::mixed_site()=> bind_async_method),
            (true, true) => quote_spanned!(Span::mixed_site()=> bind_async_queued_method),
        };
        let slots = &parameters.async_slots;
        quote_spanned! {Span::mixed_site()=>
            #when
            __event_binder.#bind::<#output, #lent _, _>(#function, (#(#slots,)*));
        }
    } else {
        let lent = handler.lent().next().map(|lent| &lent.ty);
        let (bind, lent) = match lent {
            Some(ty) => (
                quote_spanned!(Span::mixed_site()=> bind_lent::<#output, #ty, _>),
                Some(quote_spanned!(Span::mixed_site()=> __event_lent,)),
            ),
            None => (
                quote_spanned!(Span::mixed_site()=> bind::<#output, _>),
                None,
            ),
        };
        let arguments = &parameters.arguments;
        let call = quote_spanned!(Span::mixed_site()=> #function(#(#arguments),*));
        let result = match when {
            None => quote_spanned!(Span::mixed_site()=> #private::Ok(#call)),
            Some(when) => judged(&call, when, private),
        };
        quote_spanned! {Span::mixed_site()=>
            __event_binder.#bind(move |__event, #lent __event_delivery| {
                #within
                #result
            });
        }
    };
    quote!(#resolve #before #queued #bind)
}

/// Generates the function that says whether another attempt may follow an outcome.
fn is_retried(when: &TokenStream, private: &TokenStream) -> TokenStream {
    // The span is the condition's name, where what does not fit is reported.
    let at = when.span().resolved_at(Span::mixed_site());
    quote_spanned!(at=> |__event_outcome| #private::is_retried(__event_outcome, #when))
}

/// Generates a call whose outcome is judged.
fn judged(call: &TokenStream, when: &TokenStream, private: &TokenStream) -> TokenStream {
    let at = when.span().resolved_at(Span::mixed_site());
    let judge =
        quote_spanned!(at=> #private::retry_when(__event_delivery, &__event_outcome, #when););
    quote_spanned! {Span::mixed_site()=>
        let __event_outcome = #call;
        #judge
        #private::Ok(__event_outcome)
    }
}

/// The lookups that are made once, and the arguments of each call.
#[derive(Default)]
struct Parameters {
    slots: Vec<TokenStream>,
    lookups: Vec<TokenStream>,
    /// The arguments of a closure's call of the function.
    arguments: Vec<TokenStream>,
    /// The slots in the form that the function itself takes.
    async_slots: Vec<TokenStream>,
}

impl Parameters {
    fn new(handler: &Handler<'_>, private: &TokenStream) -> Self {
        let mut parameters = Self::default();
        for argument in &handler.arguments {
            parameters.add(argument, private);
        }
        parameters
    }

    fn add(&mut self, argument: &Argument, private: &TokenStream) {
        let slot = format_ident!("__event_{}", self.slots.len(), span = Span::mixed_site());
        let mut async_slot = None;
        let (lookup, value) = match argument {
            Argument::Event => {
                let event = quote_spanned!(Span::mixed_site()=> __event);
                return self.arguments.push(event);
            }
            Argument::Lent(_) => {
                let lent = quote_spanned!(Span::mixed_site()=> __event_lent);
                return self.arguments.push(lent);
            }
            Argument::Dependency(Borrowed { ty, tied }) => {
                async_slot = tied.as_ref().map(|tied| reborrowed(&slot, tied, private));
                (
                    quote_spanned!(Span::mixed_site()=> dependency::<#ty>),
                    quote_spanned!(Span::mixed_site()=> &*#slot),
                )
            }
            Argument::Optional(Borrowed { ty, tied }) => {
                async_slot = tied.as_ref().map(|tied| reborrowed(&slot, tied, private));
                (
                    quote_spanned!(Span::mixed_site()=> optional::<#ty>),
                    quote_spanned!(Span::mixed_site()=> #slot.as_deref()),
                )
            }
            Argument::Context(ty) => (
                quote_spanned!(Span::mixed_site()=> param::<#ty>),
                quote_spanned!(Span::mixed_site()=> #slot.make(__event_delivery)?),
            ),
        };
        let slot = quote!(#slot);
        self.async_slots
            .push(async_slot.unwrap_or_else(|| slot.clone()));
        self.slots.push(slot);
        self.lookups.push(lookup);
        self.arguments.push(value);
    }

    /// Generates the lookups. All of them run before the first that failed ends the function, so that all
    /// problems are reported. What the handler returns is then only collected.
    fn resolve(&self, returns: Option<&TokenStream>, private: &TokenStream) -> Option<TokenStream> {
        let (slots, lookups) = (&self.slots, &self.lookups);
        // `(A,)` is a tuple, and rustc does not warn about `(P::Some(a),) = (b,)`.
        (!slots.is_empty()).then(|| {
            quote_spanned! {Span::mixed_site()=>
                let (#(#private::Some(#slots),)*) = (#(__event_binder.#lookups(),)*) else {
                    return #returns;
                };
            }
        })
    }
}

/// Generates a slot whose type has the lifetime of its borrow.
fn reborrowed(slot: &Ident, tied: &Tied, private: &TokenStream) -> TokenStream {
    let Tied { held, taken } = tied;
    quote_spanned! {Span::mixed_site()=>
        #private::reborrowed::<_, for<'__event> fn(&'__event (#held)) -> &'__event (#taken)>(
            #slot,
            #private::same,
        )
    }
}
