//! The macros that assert, and how they read patterns.
//!
//! A pattern of an event becomes an `EventPattern`: one closure for the whole pattern, and one for each field, so that
//! a failure can name the field that differs. `OrderPlaced { id: 42, .. }` becomes
//!
//! ```text
//! EventPattern::new("OrderPlaced { id: 42, .. }", |event: &_| matches!(event, OrderPlaced { id: 42, .. }))
//!     .with_shape(|event: &_| matches!(event, OrderPlaced { .. }))
//!     .with_fields(vec![
//!         FieldPattern::new("id", "42", |event: &_| matches!(event, OrderPlaced { id: 42, .. })),
//!     ])
//! ```

/// Asserts that an event was emitted that matches a pattern, and returns the first one, as a
/// [`RecordedEvent`](crate::RecordedEvent).
///
/// The pattern is that of a struct, a tuple struct or a variant, with a guard if need be; or the type alone, which
/// matches each event of it. With `times = n`, `at_least = n` or `at_most = n` it asserts how many events match, and
/// returns all of them in a `Vec`. A variant without fields is written `Paid::Nothing {}`, and the pattern of a generic
/// event `Saved::<User> { .. }`.
///
/// A failure lists the events that were emitted, where, and how their deliveries ended, and for events of the pattern's
/// type what differs. The method behind it is [`Recorder::expect`](crate::Recorder::expect).
///
/// # Examples
///
/// ```
/// use event_core::{Dispatcher, Event};
/// use event_testing::{DispatcherExt as _, assert_emitted};
///
/// #[derive(Event)]
/// struct OrderPlaced { id: u64, total_cents: u64 }
///
/// #[derive(Event)]
/// struct Moved(i32, i32);
///
/// let dispatcher = Dispatcher::empty().build()?;
/// let rec = dispatcher.record();
/// dispatcher.emit(OrderPlaced { id: 42, total_cents: 995 });
/// dispatcher.emit(OrderPlaced { id: 43, total_cents: 5 });
/// dispatcher.emit(Moved(1, -1));
///
/// let placed = assert_emitted!(rec, OrderPlaced { id: 42, .. });
/// assert_eq!(placed.total_cents, 995);
/// assert_emitted!(rec, OrderPlaced { total_cents, .. } if *total_cents < 10);
/// assert_emitted!(rec, OrderPlaced, times = 2);
/// assert_emitted!(rec, Moved(1, _));
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
///
/// # Panics
///
/// No event matches, or another number of events than wanted.
#[macro_export]
macro_rules! assert_emitted {
    ($rec:expr, $($path:ident)::+ { $($fields:tt)* } $(if $guard:expr)? $(, $($count:tt)*)?) => {
        $crate::__event_expect!(
            ($rec) ($crate::__event_pattern!($($path)::+ { $($fields)* } $(if $guard)?)) $($($count)*)?
        )
    };
    ($rec:expr, $($path:ident)::+ ( $($fields:tt)* ) $(if $guard:expr)? $(, $($count:tt)*)?) => {
        $crate::__event_expect!(
            ($rec) ($crate::__event_pattern!($($path)::+ ( $($fields)* ) $(if $guard)?)) $($($count)*)?
        )
    };
    ($rec:expr, $($path:ident)::+ :: < $($part:ty),+ > { $($fields:tt)* } $(if $guard:expr)? $(, $($count:tt)*)?) => {
        $crate::__event_expect!(
            ($rec)
            ($crate::__event_pattern!($($path)::+ :: < $($part),+ > { $($fields)* } $(if $guard)?))
            $($($count)*)?
        )
    };
    ($rec:expr, $event:ty $(, $($count:tt)*)?) => {
        $crate::__event_expect!(($rec) ($crate::__event_pattern!($event)) $($($count)*)?)
    };
}

/// Asserts that no event was emitted that matches a pattern; see [`assert_emitted!`](crate::assert_emitted) for
/// patterns.
///
/// Deliveries that still run may emit it later. So assert this after [`track`](crate::DispatcherExt::track), which
/// returns when all that a call causes has ended. The method behind it is
/// [`Recorder::expect_none`](crate::Recorder::expect_none).
///
/// # Examples
///
/// ```
/// use event_core::{Dispatcher, Event};
/// use event_testing::{DispatcherExt as _, assert_not_emitted};
///
/// #[derive(Event)]
/// struct OrderPlaced { id: u64 }
///
/// let dispatcher = Dispatcher::empty().build()?;
/// let rec = dispatcher.record();
/// dispatcher.emit(OrderPlaced { id: 41 });
/// assert_not_emitted!(rec, OrderPlaced { id: 42 });
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
///
/// # Panics
///
/// An event matches.
#[macro_export]
macro_rules! assert_not_emitted {
    ($rec:expr, $($pattern:tt)+) => {
        $rec.expect_no_pattern(&$crate::__event_pattern!($($pattern)+))
    };
}

/// Asserts that no event was emitted, of any type. The method behind it is
/// [`Recorder::expect_nothing`](crate::Recorder::expect_nothing).
///
/// # Examples
///
/// ```
/// use event_core::Dispatcher;
/// use event_testing::{DispatcherExt as _, assert_nothing_emitted};
///
/// let dispatcher = Dispatcher::empty().build()?;
/// let rec = dispatcher.record();
/// assert_nothing_emitted!(rec);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
///
/// # Panics
///
/// An event was emitted.
#[macro_export]
macro_rules! assert_nothing_emitted {
    ($rec:expr $(,)?) => {
        $rec.expect_nothing()
    };
}

/// Asserts that events were emitted in an order: one for each pattern, with any other events between them; or, with
/// `exact`, these events and no others. See [`assert_emitted!`](crate::assert_emitted) for patterns.
///
/// The methods behind it are [`Recorder::expect_sequence`](crate::Recorder::expect_sequence) and
/// [`Recorder::expect_exact_sequence`](crate::Recorder::expect_exact_sequence).
///
/// # Examples
///
/// ```
/// use event_core::{Dispatcher, Event};
/// use event_testing::{DispatcherExt as _, assert_sequence};
///
/// #[derive(Event)]
/// struct DoorOpened { door: u8 }
///
/// #[derive(Event)]
/// struct DoorClosed { door: u8 }
///
/// let dispatcher = Dispatcher::empty().build()?;
/// let rec = dispatcher.record();
/// dispatcher.emit(DoorOpened { door: 1 });
/// dispatcher.emit(DoorOpened { door: 2 });
/// dispatcher.emit(DoorClosed { door: 1 });
///
/// assert_sequence!(rec, [DoorOpened { door: 1 }, DoorClosed]);
/// assert_sequence!(rec, exact [DoorOpened, DoorOpened { door: 2 }, DoorClosed { .. }]);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
///
/// # Panics
///
/// An event of the sequence is missing or, with `exact`, there is another one.
#[macro_export]
macro_rules! assert_sequence {
    ($rec:expr, exact [ $($patterns:tt)* ] $(,)?) => {
        $crate::__event_sequence!(($rec) expect_exact_sequence [] $($patterns)*)
    };
    ($rec:expr, [ $($patterns:tt)* ] $(,)?) => {
        $crate::__event_sequence!(($rec) expect_sequence [] $($patterns)*)
    };
}

/// Asserts that an event was caused by another one, and returns the caused event: a handler of the first returned or
/// emitted the second. See [`assert_emitted!`](crate::assert_emitted) for patterns.
///
/// The [causation](event_core::Meta::causation) is compared, so the cause is the direct one. The method behind it is
/// [`Recorder::expect_caused`](crate::Recorder::expect_caused).
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, handler};
/// use event_testing::{DispatcherExt as _, assert_caused};
///
/// #[derive(Event)]
/// struct OrderPlaced { id: u64 }
///
/// #[derive(Event)]
/// struct StockReserved { order: u64 }
///
/// #[handler]
/// fn reserve_stock(event: &OrderPlaced) -> StockReserved {
///     StockReserved { order: event.id }
/// }
///
/// let dispatcher = Dispatcher::builder().build()?;
/// let rec = dispatcher.record();
/// dispatcher.emit(OrderPlaced { id: 42 });
/// assert_caused!(rec, OrderPlaced { id: 42 } => StockReserved { order: 42 });
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
///
/// # Panics
///
/// No event that matches the second pattern was caused by one that matches the first.
#[macro_export]
macro_rules! assert_caused {
    ($rec:expr, $($patterns:tt)+) => {
        $crate::__event_caused!(($rec) [] $($patterns)+)
    };
}

/// Asserts that a delivery to a handler ended in a way, which is a [`DeliveryStatus`](event_core::report::DeliveryStatus)
/// without its path, `Done` if it is left out. Returns the first such delivery, as a
/// [`RecordedDelivery`](crate::RecordedDelivery).
///
/// The handler is named by its function, which the compiler checks. The method behind it is
/// [`Recorder::expect_handled`](crate::Recorder::expect_handled).
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, handler};
/// use event_testing::{DispatcherExt as _, assert_handled};
///
/// #[derive(Event)]
/// struct OrderPlaced { total_cents: u64 }
///
/// #[handler(filter = is_large)]
/// fn call_customer(_event: &OrderPlaced) {}
///
/// fn is_large(event: &OrderPlaced) -> bool { event.total_cents > 10_000 }
///
/// #[handler]
/// fn send_receipt(_event: &OrderPlaced) -> Result<(), &'static str> {
///     Err("the mailbox is full")
/// }
///
/// let dispatcher = Dispatcher::builder().build()?;
/// let rec = dispatcher.record();
/// dispatcher.emit(OrderPlaced { total_cents: 995 });
/// assert_handled!(rec, call_customer, Skipped(SkipReason::Filter));
/// let failed = assert_handled!(rec, send_receipt, Failed | TimedOut);
/// assert_eq!(failed.error(), Some("the mailbox is full"));
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
///
/// # Panics
///
/// No delivery to the handler ended like this.
#[macro_export]
macro_rules! assert_handled {
    ($rec:expr, $handler:expr $(,)?) => {
        $crate::assert_handled!($rec, $handler, Done)
    };
    ($rec:expr, $handler:expr, $($status:ident $(($($reason:tt)*))?)|+ $(,)?) => {
        $rec.expect_handled_as(
            $handler,
            &$crate::__private::StatusPattern::new(
                ::core::stringify!($($status $(($($reason)*))?)|+),
                |status| {
                    #[allow(unused_imports)]
                    use $crate::__private::SkipReason;
                    ::core::matches!(
                        status,
                        $($crate::__private::DeliveryStatus::$status $(($($reason)*))?)|+
                    )
                },
            ),
        )
    };
}

/// Asserts that a dispatcher has a handler for an event: that both are linked, and that the builder chose the handler.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, handler};
/// use event_testing::assert_handles;
///
/// #[derive(Event)]
/// struct OrderPlaced;
///
/// #[handler]
/// fn send_receipt(_event: &OrderPlaced) {}
///
/// let dispatcher = Dispatcher::builder().build()?;
/// assert_handles!(dispatcher, send_receipt, OrderPlaced);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
///
/// # Panics
///
/// The dispatcher has no such handler, or it handles other events.
#[macro_export]
macro_rules! assert_handles {
    ($dispatcher:expr, $handler:expr, $event:ty $(,)?) => {
        $crate::__private::expect_handles::<$event, _>(&$dispatcher, $handler)
    };
}

/// Calls the method for a count, or for none.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_expect {
    (($rec:expr) ($pattern:expr)) => {
        $rec.expect_pattern(&$pattern)
    };
    (($rec:expr) ($pattern:expr) times = $count:expr $(,)?) => {
        $rec.expect_count(&$pattern, $crate::__private::Count::Times($count))
    };
    (($rec:expr) ($pattern:expr) at_least = $count:expr $(,)?) => {
        $rec.expect_count(&$pattern, $crate::__private::Count::AtLeast($count))
    };
    (($rec:expr) ($pattern:expr) at_most = $count:expr $(,)?) => {
        $rec.expect_count(&$pattern, $crate::__private::Count::AtMost($count))
    };
}

/// Makes an `EventPattern`.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_pattern {
    ($($path:ident)::+ { $($fields:tt)* } $(if $guard:expr)? $(,)?) => {
        $crate::__event_pattern!(
            @make [$($path)::+] [$($path)::+ { $($fields)* }]
            [$crate::__event_fields!(@named [$($path)::+] [] $($fields)*)]
            $($guard)?
        )
    };
    ($($path:ident)::+ ( $($fields:tt)* ) $(if $guard:expr)? $(,)?) => {
        $crate::__event_pattern!(
            @make [$($path)::+] [$($path)::+ ( $($fields)* )]
            [$crate::__event_fields!(@tuple [$($path)::+] [] [] $($fields)*)]
            $($guard)?
        )
    };
    ($($path:ident)::+ :: < $($part:ty),+ > { $($fields:tt)* } $(if $guard:expr)? $(,)?) => {
        $crate::__event_pattern!(
            @make [$($path)::+ :: < $($part),+ >] [$($path)::+ :: < $($part),+ > { $($fields)* }]
            [$crate::__event_fields!(@named [$($path)::+ :: < $($part),+ >] [] $($fields)*)]
            $($guard)?
        )
    };
    ($event:ty $(,)?) => {
        $crate::__private::EventPattern::<'_, $event>::of_type(::core::stringify!($event))
    };
    (@make [$($path:tt)+] [$($pattern:tt)+] [$fields:expr]) => {{
        #[allow(unused_variables, unreachable_patterns, clippy::all, clippy::pedantic)]
        let pattern = $crate::__private::EventPattern::new(
            ::core::stringify!($($pattern)+),
            |event: &_| ::core::matches!(event, $($pattern)+),
        )
        .with_shape(|event: &_| ::core::matches!(event, $($path)+ { .. }))
        .with_fields($fields);
        pattern
    }};
    (@make [$($path:tt)+] [$($pattern:tt)+] [$fields:expr] $guard:expr) => {{
        #[allow(unused_variables, unreachable_patterns, clippy::all, clippy::pedantic)]
        let pattern = $crate::__private::EventPattern::new(
            ::core::stringify!($($pattern)+),
            |event: &_| ::core::matches!(event, $($pattern)+),
        )
        .with_shape(|event: &_| ::core::matches!(event, $($path)+ { .. }))
        .with_fields($fields)
        .with_guard(
            ::core::stringify!($guard),
            |event: &_| ::core::matches!(event, $($pattern)+ if $guard),
        );
        pattern
    }};
}

/// Makes a `FieldPattern` of each field that has a pattern.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_fields {
    (@named [$($path:tt)+] [$($checks:expr),*] $(..)?) => {
        ::std::vec![$($checks),*]
    };
    (@named [$($path:tt)+] [$($checks:expr),*] $name:tt : $pattern:pat $(, $($rest:tt)*)?) => {
        $crate::__event_fields!(
            @named [$($path)+]
            [
                $($checks,)*
                $crate::__private::FieldPattern::new(
                    &::core::stringify!($name),
                    ::core::stringify!($pattern),
                    |event: &_| ::core::matches!(event, $($path)+ { $name: $pattern, .. }),
                )
            ]
            $($($rest)*)?
        )
    };
    // `..=` begins no `pat` of a macro.
    (@named [$($path:tt)+] [$($checks:expr),*] $name:tt : ..= $end:literal $(, $($rest:tt)*)?) => {
        $crate::__event_fields!(
            @named [$($path)+] [$($checks),*] $name : (..=$end) $(, $($rest)*)?
        )
    };
    // A field that is only bound.
    (@named [$($path:tt)+] [$($checks:expr),*] $(ref)? $name:ident $(, $($rest:tt)*)?) => {
        $crate::__event_fields!(@named [$($path)+] [$($checks),*] $($($rest)*)?)
    };
    // What follows `..` has no index.
    (@tuple [$($path:tt)+] [$($before:tt)*] [$($checks:expr),*] $(.. $($rest:tt)*)?) => {
        ::std::vec![$($checks),*]
    };
    (@tuple [$($path:tt)+] [$($before:tt)*] [$($checks:expr),*] ..= $end:literal $(, $($rest:tt)*)?) => {
        $crate::__event_fields!(
            @tuple [$($path)+] [$($before)*] [$($checks),*] (..=$end) $(, $($rest)*)?
        )
    };
    (@tuple [$($path:tt)+] [$($before:tt)*] [$($checks:expr),*] $pattern:pat $(, $($rest:tt)*)?) => {
        $crate::__event_fields!(
            @tuple [$($path)+] [$($before)* _]
            [
                $($checks,)*
                $crate::__private::FieldPattern::new(
                    &<[&str]>::len(&[$(::core::stringify!($before)),*]),
                    ::core::stringify!($pattern),
                    |event: &_| ::core::matches!(event, $($path)+ ($($before,)* $pattern, ..)),
                )
            ]
            $($($rest)*)?
        )
    };
}

/// Makes the patterns of a sequence.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_sequence {
    (($rec:expr) $method:ident [$($patterns:expr),*]) => {
        $rec.$method(&[$(&$patterns),*])
    };
    (($rec:expr) $method:ident [$($patterns:expr),*]
        $($path:ident)::+ { $($fields:tt)* } $(if $guard:expr)? $(, $($rest:tt)*)?) => {
        $crate::__event_sequence!(
            ($rec) $method
            [$($patterns,)* $crate::__event_pattern!($($path)::+ { $($fields)* } $(if $guard)?)]
            $($($rest)*)?
        )
    };
    (($rec:expr) $method:ident [$($patterns:expr),*]
        $($path:ident)::+ ( $($fields:tt)* ) $(if $guard:expr)? $(, $($rest:tt)*)?) => {
        $crate::__event_sequence!(
            ($rec) $method
            [$($patterns,)* $crate::__event_pattern!($($path)::+ ( $($fields)* ) $(if $guard)?)]
            $($($rest)*)?
        )
    };
    (($rec:expr) $method:ident [$($patterns:expr),*]
        $($path:ident)::+ :: < $($part:ty),+ > { $($fields:tt)* } $(if $guard:expr)? $(, $($rest:tt)*)?) => {
        $crate::__event_sequence!(
            ($rec) $method
            [
                $($patterns,)*
                $crate::__event_pattern!($($path)::+ :: < $($part),+ > { $($fields)* } $(if $guard)?)
            ]
            $($($rest)*)?
        )
    };
    (($rec:expr) $method:ident [$($patterns:expr),*] $event:ty $(, $($rest:tt)*)?) => {
        $crate::__event_sequence!(
            ($rec) $method [$($patterns,)* $crate::__event_pattern!($event)] $($($rest)*)?
        )
    };
}

/// Separates the patterns of a cause and its effect.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_caused {
    (($rec:expr) [$($cause:tt)+] => $($effect:tt)+) => {
        $rec.expect_caused(
            &$crate::__event_pattern!($($cause)+),
            &$crate::__event_pattern!($($effect)+),
        )
    };
    (($rec:expr) [$($cause:tt)*] $next:tt $($rest:tt)*) => {
        $crate::__event_caused!(($rec) [$($cause)* $next] $($rest)*)
    };
}
