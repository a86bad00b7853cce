//! The events of each kind of work. Ours and the queue by hand send the same types.

use event_core::{Event, Transient};

/// How many keys there are.
const KEYS: u64 = 64;

/// An event that is made from its number.
pub(crate) trait Numbered: Transient {
    /// The event with this id.
    fn new(id: u64) -> Self;
}

macro_rules! pairs {
    ($($(#[$attribute:meta])* $name:ident;)*) => { $(
        $(#[$attribute])*
        #[derive(Event)]
        pub(crate) struct $name {
            pub(crate) id: u64,
            pub(crate) total: u64,
        }

        impl Numbered for $name {
            fn new(id: u64) -> Self {
                Self { id, total: 1 }
            }
        }
    )* };
}

pairs! {
    /// Its handler counts.
    Plain;
    /// Its handler awaits what is ready.
    Ready;
    /// Its handler waits once.
    Waits;
    /// Comes in turns with [`Second`].
    First;
    /// Comes in turns with [`First`].
    Second;
}

/// Its deliveries with one key run one after the other.
#[derive(Event)]
#[event(key = key)]
pub(crate) struct Keyed {
    pub(crate) id: u64,
    pub(crate) total: u64,
    pub(crate) key: u64,
}

impl Numbered for Keyed {
    fn new(id: u64) -> Self {
        Self {
            id,
            total: 1,
            key: id % KEYS,
        }
    }
}

/// It has 512 bytes.
#[derive(Event)]
pub(crate) struct Large {
    pub(crate) id: u64,
    pub(crate) totals: [u64; 63],
}

const _: () = assert!(size_of::<Large>() == 512);

impl Numbered for Large {
    fn new(id: u64) -> Self {
        Self {
            id,
            totals: [1; 63],
        }
    }
}
