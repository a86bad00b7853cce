//! Subscriptions whose closures take more than the event: weak targets before it, and parameters behind it.

use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::{Arc, Weak};

use crate::dispatcher::subscription::Subscription;
use crate::dispatcher::subscription::builder::SubscriptionBuilder;
use crate::dispatcher::subscription::conditions::Selects;
use crate::dispatcher::subscription::late::conclude_async;
use crate::dispatcher::subscription::queue_traits::{LendsNothing, RunsAsync};
use crate::engine::emission::delivery::Delivery;
use crate::engine::emission::ending::Ending;
use crate::engine::plan::bound::NotRun;
use crate::engine::plan::subscription::inline::Target;
use crate::event::Handled;
use crate::handler::bind::BoundParam;
use crate::handler::bind_async::Conclusion;
use crate::handler::outcome::{Deferred, Effects, Outcome};
use crate::queue::local::LocalQueue;

/// A weak target of a [`SubscriptionBuilder`] that has the targets `W` already.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a subscription has at most four weak targets",
    label = "a fifth target",
    note = "put what belongs together into one type, and make an `Arc` of it the target"
)]
pub trait TargetBehind<W> {
    type Targets;

    #[doc(hidden)]
    fn join(targets: W, target: Weak<Self>) -> Self::Targets;
}

/// A parameter of a [`SubscriptionBuilder`] that has the parameters `P` already.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a subscription has at most three parameters",
    label = "a fourth parameter",
    note = "write a type that implements `Param` and has what belongs together"
)]
pub trait ParamBehind<P>: Sized {
    type Params;

    #[doc(hidden)]
    fn join(params: P, param: BoundParam<Self>) -> Self::Params;
}

macro_rules! target_behind {
    ($($target:ident)*) => {
        impl<$($target: ?Sized,)* T: ?Sized> TargetBehind<($(Weak<$target>,)*)> for T {
            type Targets = ($(Weak<$target>,)* Weak<T>,);

            #[allow(non_snake_case, reason = "one name serves the type and its value")]
            fn join(($($target,)*): ($(Weak<$target>,)*), target: Weak<T>) -> Self::Targets {
                ($($target,)* target,)
            }
        }
    };
}

target_behind!();
target_behind!(A);
target_behind!(A B);
target_behind!(A B C);

macro_rules! param_behind {
    ($($param:ident)*) => {
        impl<$($param,)* P> ParamBehind<($(BoundParam<$param>,)*)> for P {
            type Params = ($(BoundParam<$param>,)* BoundParam<P>,);

            #[allow(non_snake_case, reason = "one name serves the type and its value")]
            fn join(
                ($($param,)*): ($(BoundParam<$param>,)*),
                param: BoundParam<P>,
            ) -> Self::Params {
                ($($param,)* param,)
            }
        }
    };
}

param_behind!();
param_behind!(X);
param_behind!(X Y);

/// The weak targets of a subscription.
trait Targets {
    /// Returns what says whether the targets are alive, if there are any.
    fn live(&self) -> Option<Target>;
}

macro_rules! targets {
    ($($target:ident)+) => {
        impl<$($target: ?Sized + Send + Sync + 'static),+> Targets for ($(Weak<$target>,)+) {
            fn live(&self) -> Option<Target> {
                #[allow(non_snake_case, reason = "one name serves the type and its value")]
                let ($($target,)+) = self.clone();
                Some(Box::new(move || $($target.strong_count() > 0)&&+))
            }
        }
    };
}

impl Targets for () {
    fn live(&self) -> Option<Target> {
        None
    }
}

targets!(A);
targets!(A B);
targets!(A B C);
targets!(A B C D);

impl<'d, W, S, P, Q> SubscriptionBuilder<'d, W, S, P, Q> {
    /// Takes the targets and the parameters out.
    fn split(self) -> (SubscriptionBuilder<'d, (), S, (), Q>, W, P) {
        let builder = SubscriptionBuilder {
            dispatcher: self.dispatcher,
            options: self.options,
            targets: (),
            params: (),
            conditions: self.conditions,
            queue: PhantomData,
        };
        (builder, self.targets, self.params)
    }
}

macro_rules! subscribe {
    ($(#[$shown:meta])? ($($target:ident)*) ($($param:ident)*)) => {
        $(#[$shown])?
        #[allow(
            non_snake_case,
            unused_variables,
            reason = "one name serves the type and its value, and not every form has parameters"
        )]
        impl<S, Q: LendsNothing, $($target: ?Sized + Send + Sync + 'static,)* $($param: 'static,)*>
            SubscriptionBuilder<'_, ($(Weak<$target>,)*), S, ($(BoundParam<$param>,)*), Q>
        {
            /// Adds the subscription. The closure is called with the [targets](Self::weak), the event and the
            /// [parameters](Self::param), and may return whatever a handler of `E` may return that runs where it does.
            #[track_caller]
            pub fn subscribe<E, R, F>(self, handler: F) -> Subscription
            where
                E: Handled,
                S: Selects<E>,
                R: Outcome<Q::Returning<E>>,
                F: Fn($(&$target,)* &E $(, $param)*) -> R + Send + Sync + 'static,
            {
                let at = Location::caller();
                let (builder, targets, ($($param,)*)) = self.split();
                let live = targets.live();
                let ($($target,)*) = targets;
                builder.add::<E, F>(at, live, move |event, emission| {
                    $(let Some($target) = $target.upgrade() else {
                        return false;
                    };)*
                    let ending = Ending::new(emission, event);
                    $(let $param = match $param.make(&Delivery::new(emission)) {
                        Ok(param) => param,
                        Err(why) => {
                            ending.not_run(why);
                            return true;
                        }
                    };)*
                    let outcome = handler($(&$target,)* event $(, $param)*);
                    outcome.conclude(&mut Effects::new(&ending));
                    true
                })
            }
        }

        $(#[$shown])?
        #[allow(
            non_snake_case,
            unused_variables,
            reason = "one name serves the type and its value, and not every form has parameters"
        )]
        impl<S, Q, $($target: ?Sized + Send + Sync + 'static,)* $($param: 'static,)*>
            SubscriptionBuilder<'_, ($(Weak<$target>,)*), S, ($(BoundParam<$param>,)*), Q>
        {
            /// Adds an async closure, which is called with the [targets](Self::weak), the event and the
            /// [parameters](Self::param). See [`Dispatcher::subscribe_async`](crate::Dispatcher::subscribe_async).
            #[track_caller]
            pub fn subscribe_async<E, R, F, Fut>(self, handler: F) -> Subscription
            where
                E: Handled,
                S: Selects<E>,
                Q: RunsAsync,
                R: Outcome<Deferred<E>> + 'static,
                F: Fn($(Arc<$target>,)* Arc<E> $(, $param)*) -> Fut + Send + Sync + 'static,
                Fut: Future<Output = R> + Send + 'static,
            {
                let at = Location::caller();
                let (builder, targets, ($($param,)*)) = self.split();
                let live = targets.live();
                let ($($target,)*) = targets;
                builder.add_late::<E, F>(at, live, move |event, delivery| {
                    // A target may end after the call was claimed.
                    $(let $target = $target.upgrade().ok_or(NotRun::Cancelled)?;)*
                    $(let $param = $param.make(delivery)?;)*
                    Ok(conclude_async(
                        handler($($target,)* event $(, $param)*),
                        const { &Conclusion::new(R::conclude, None) },
                    ))
                })
            }
        }

        lent!(($($target)*) ($($param)*));
    };
}

/// The closures of a `LocalQueue`, which take a `&mut` behind the event.
macro_rules! lent {
    (($($target:ident)*) ($($param:ident)*)) => {
        #[doc(hidden)]
        #[allow(
            non_snake_case,
            unused_variables,
            reason = "one name serves the type and its value, and not every form has parameters"
        )]
        impl<S, L: 'static, $($target: ?Sized + Send + Sync + 'static,)* $($param: 'static,)*>
            SubscriptionBuilder<
                '_,
                ($(Weak<$target>,)*),
                S,
                ($(BoundParam<$param>,)*),
                LocalQueue<L>,
            >
        {
            #[track_caller]
            pub fn subscribe<E, R, F>(self, handler: F) -> Subscription
            where
                E: Handled,
                S: Selects<E>,
                R: Outcome<Deferred<E>>,
                F: Fn($(&$target,)* &E, &mut L $(, $param)*) -> R + Send + Sync + 'static,
            {
                let at = Location::caller();
                let (builder, targets, ($($param,)*)) = self.split();
                let live = targets.live();
                let ($($target,)*) = targets;
                builder.add_lent::<E, L, F>(at, live, move |event, lent, emission| {
                    $(let Some($target) = $target.upgrade() else {
                        return false;
                    };)*
                    let ending = Ending::new(emission, event);
                    $(let $param = match $param.make(&Delivery::new(emission)) {
                        Ok(param) => param,
                        Err(why) => {
                            ending.not_run(why);
                            return true;
                        }
                    };)*
                    let outcome = handler($(&$target,)* event, lent $(, $param)*);
                    outcome.conclude(&mut Effects::new(&ending));
                    true
                })
            }
        }
    };
}

subscribe!(()(X));
subscribe!((A)());
subscribe!((A)(X));
subscribe!(#[doc(hidden)] () (X Y));
subscribe!(#[doc(hidden)] () (X Y Z));
subscribe!(#[doc(hidden)] (A) (X Y));
subscribe!(#[doc(hidden)] (A) (X Y Z));
subscribe!(#[doc(hidden)] (A B) ());
subscribe!(#[doc(hidden)] (A B) (X));
subscribe!(#[doc(hidden)] (A B) (X Y));
subscribe!(#[doc(hidden)] (A B) (X Y Z));
subscribe!(#[doc(hidden)] (A B C) ());
subscribe!(#[doc(hidden)] (A B C) (X));
subscribe!(#[doc(hidden)] (A B C) (X Y));
subscribe!(#[doc(hidden)] (A B C) (X Y Z));
subscribe!(#[doc(hidden)] (A B C D) ());
subscribe!(#[doc(hidden)] (A B C D) (X));
subscribe!(#[doc(hidden)] (A B C D) (X Y));
subscribe!(#[doc(hidden)] (A B C D) (X Y Z));
