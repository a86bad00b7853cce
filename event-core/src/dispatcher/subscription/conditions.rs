//! Which events a subscription takes, and with which event it ends.

use std::any::type_name;
use std::marker::PhantomData;

use crate::dispatcher::subscription::builder::SubscriptionBuilder;
use crate::engine::plan::subscription::conditions::Conditions;
use crate::event::{Event, Handled};

impl<'d, W, S, P, Q> SubscriptionBuilder<'d, W, S, P, Q> {
    /// Skips the events for which `filter` returns `false`: the closure is not called, and the delivery is
    /// counted and observed as skipped, like that of a handler with `filter = …`.
    ///
    /// The filter is called where a handler's filter is: of an inline subscription before each call, of an
    /// async one where the delivery is handed over or, inside of `emit_async`, before it starts. It runs on the
    /// emitter's thread, and on several threads at once if several emit. If it panics, the delivery ends as
    /// panicked. With several filters, an event must pass all of them, which are asked in order.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced { total_cents: u64 }
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let calling = dispatcher
    ///     .subscription_builder()
    ///     .filter(|order: &OrderPlaced| order.total_cents > 10_000)
    ///     .subscribe(|order: &OrderPlaced| println!("{} cents", order.total_cents));
    /// assert_eq!(dispatcher.emit(OrderPlaced { total_cents: 20_000 }).done(), 1);
    /// let report = dispatcher.emit(OrderPlaced { total_cents: 20 });
    /// assert_eq!((report.done(), report.skipped()), (0, 1));
    /// # drop(calling);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    pub fn filter<E, F>(self, filter: F) -> SubscriptionBuilder<'d, W, E, P, Q>
    where
        E: Handled,
        S: Selects<E>,
        F: Fn(&E) -> bool + Send + Sync + 'static,
    {
        let mut builder = self.select::<E>();
        builder.options.filter.get_or_insert(type_name::<F>);
        builder.conditions.add_filter(filter);
        builder
    }

    /// Ends the subscription with the first event for which `is_last` returns `true`: the closure is called for
    /// that event, and for none after it. With several ends, the first that holds is the end.
    ///
    /// `is_last` is called before the closure, and only for events that the [filter](Self::filter) accepts; on
    /// several threads at once if several emit. If it panics, the delivery ends as panicked, and the
    /// subscription continues. It is not called for a subscription with [`once`](Self::once).
    ///
    /// Exactly one event is the last, whatever the number of threads that emit: once `is_last` has returned
    /// `true`, no delivery begins for which it was not asked before. Deliveries of earlier events may still run
    /// at the same time, and end after the last one; those of an async closure that were handed over before it
    /// also start after it. The last event ends the subscription even if its delivery does not get to the call,
    /// such as one whose task is abandoned.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct ParcelMoved { parcel: u32, is_delivered: bool }
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let tracking = dispatcher
    ///     .subscription_builder()
    ///     .filter(|moved: &ParcelMoved| moved.parcel == 7)
    ///     .until(|moved: &ParcelMoved| moved.is_delivered)
    ///     .subscribe(|moved: &ParcelMoved| println!("delivered: {}", moved.is_delivered));
    /// assert_eq!(dispatcher.emit(ParcelMoved { parcel: 7, is_delivered: false }).done(), 1);
    /// assert_eq!(dispatcher.emit(ParcelMoved { parcel: 7, is_delivered: true }).done(), 1);
    /// assert!(!tracking.is_active());
    /// assert_eq!(dispatcher.emit(ParcelMoved { parcel: 7, is_delivered: true }).done(), 0);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    pub fn until<E, F>(self, is_last: F) -> SubscriptionBuilder<'d, W, E, P, Q>
    where
        E: Handled,
        S: Selects<E>,
        F: Fn(&E) -> bool + Send + Sync + 'static,
    {
        let mut builder = self.select::<E>();
        builder.conditions.add_until(is_last);
        builder
    }

    /// Names the event of the subscription.
    fn select<E: Event>(self) -> SubscriptionBuilder<'d, W, E, P, Q>
    where
        S: Selects<E>,
    {
        SubscriptionBuilder {
            dispatcher: self.dispatcher,
            options: self.options,
            targets: self.targets,
            params: self.params,
            conditions: S::conditions(self.conditions),
            queue: PhantomData,
        }
    }
}

/// The event of a [`SubscriptionBuilder`]: `E`, or `()` as long as no condition names one.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the conditions of this subscription are about `{Self}`, and not about `{E}`",
    label = "another event than that of `filter` or `until`",
    note = "a subscription is to one event: let `filter`, `until` and `subscribe` take the same"
)]
pub trait Selects<E>: Sized {
    #[doc(hidden)]
    fn conditions(own: Conditions<Self>) -> Conditions<E>;
}

impl<E: Event> Selects<E> for E {
    fn conditions(own: Conditions<Self>) -> Conditions<E> {
        own
    }
}

impl<E> Selects<E> for () {
    fn conditions(_: Conditions<Self>) -> Conditions<E> {
        Conditions::default()
    }
}
