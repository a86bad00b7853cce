//! The version of an event before another, and its upcast to the newer one.

use std::fmt;

use crate::event::info::EventInfo;
use crate::event::{Event, Superseded};

/// The version of an event before another, in the newer one's [`EventInfo`].
#[derive(Clone, Copy)]
pub struct Previous {
    pub(crate) info: &'static EventInfo,
    #[cfg(feature = "serde")]
    pub(crate) read: crate::event::json::read::ReadOlder,
}

impl Previous {
    #[cfg_attr(
        not(feature = "serde"),
        allow(
            clippy::extra_unused_type_parameters,
            reason = "nothing is decoded without it"
        )
    )]
    pub(crate) const fn of<E, P>() -> Self
    where
        E: Upcast<P>,
        P: Event,
    {
        Self {
            info: P::INFO,
            #[cfg(feature = "serde")]
            read: crate::event::json::read::read_older::<E, P>,
        }
    }
}

impl fmt::Debug for Previous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Previous").field(&self.info).finish()
    }
}

/// The bound of the type that `previous` names: a type that is only decoded.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is named by `previous`, and can still be emitted",
    label = "not superseded",
    note = "add `superseded` to `#[event(...)]` of `{Self}`: it is then decoded, and neither \
            emitted nor handled"
)]
pub trait Superseding<D> {}

impl<E: Event<Durability = Superseded>> Superseding<Superseded> for E {}

/// The bound of an event with a `previous`: the older one converts into the newer one.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "there is no way from `{P}` to `{Self}`",
    label = "does not become the newer version",
    note = "write `impl From<{P}> for {Self}`: with it, what was written as the older version is \
            decoded as the newer one"
)]
pub trait Upcast<P>: From<P> + 'static {}

#[diagnostic::do_not_recommend]
impl<E: From<P> + 'static, P> Upcast<P> for E {}
