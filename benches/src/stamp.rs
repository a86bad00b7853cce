//! Handlers by the ten: `#[handler]` takes no generic function, so they are stamped out.
//!
//! Binaries that must not link the handlers of the library include this file with `#[path]`.

/// A module with ten handlers, numbered from `$first`. `ten_handlers!(all, 0, (event: &super::E), f(event))`
/// gives handler number `I` these parameters and the body `super::f::<I>(event)`. With `async` in front
/// they are `async fn`s, with `pending` those that await what `f` returns.
macro_rules! ten_handlers {
    (async $module:ident, $first:expr, $parameters:tt, $body:ident $arguments:tt) => {
        ten_handlers! { @module [async] $module, $first, $parameters, $body $arguments }
    };
    (pending $module:ident, $first:expr, $parameters:tt, $body:ident $arguments:tt) => {
        ten_handlers! { @module [async .await] $module, $first, $parameters, $body $arguments }
    };
    ($module:ident, $first:expr, $parameters:tt, $body:ident $arguments:tt) => {
        ten_handlers! { @module [] $module, $first, $parameters, $body $arguments }
    };
    (@module $async:tt $module:ident, $first:expr, $parameters:tt, $body:ident $arguments:tt) => {
        mod $module {
            ten_handlers! {
                @handlers $async
                h0 0, h1 1, h2 2, h3 3, h4 4, h5 5, h6 6, h7 7, h8 8, h9 9;
                $first, $parameters, $body $arguments
            }
        }
    };
    (
        @handlers $async:tt $($name:ident $offset:literal),*;
        $first:expr, $parameters:tt, $body:ident $arguments:tt
    ) => { $(
        ten_handlers! { @handler $async $name $parameters super::$body::<{ $first + $offset }> $arguments }
    )* };
    (@handler [$($async:ident $($await:tt)*)?] $name:ident $parameters:tt $($call:tt)*) => {
        #[event_core::handler]
        pub(super) $($async)? fn $name $parameters {
            $($call)* $($($await)*)?;
        }
    };
}
