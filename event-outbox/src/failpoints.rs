//! Places at which a test lets its process die, with the feature `failpoints`. Without it they are nothing.
//!
//! The process aborts where the environment variable [`VARIABLE`] names a [`Point`], and how often it is passed until
//! then: `Committed:1` is the first time.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The environment variable that says where the process aborts.
pub const VARIABLE: &str = "EVENT_OUTBOX_ABORT_AT";

macro_rules! points {
    ($($(#[$doc:meta])* $point:ident,)*) => {
        /// A step of the outbox after which the process can die.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Point {
            $($(#[$doc])* $point,)*
        }

        impl Point {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$point,)*];

            /// Returns its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => stringify!($point),)*
                }
            }
        }
    };
}

points! {
    /// The tables are made, in a transaction that does not say so yet.
    Migrating,
    /// The tables are there.
    Migrated,
    /// An owner has its lock, which nobody can find yet.
    Registering,
    /// The process is an owner.
    Registered,
    /// A transaction of the program has stored its deliveries.
    Inserted,
    /// It is committed.
    Committed,
    /// Its deliveries were handed to the engine.
    HandedOver,
    /// An event without a transaction of the program is stored and committed.
    InsertedAlone,
    /// An event is stored in a transaction that the caller will commit.
    InsertedForCaller,
    /// The store is about to be asked for deliveries.
    Claiming,
    /// It has given some, or none.
    Claimed,
    /// A delivery begins.
    Begun,
    /// A handler without a transaction has returned.
    Handled,
    /// A handler with a transaction has returned.
    HandledInTransaction,
    /// Its delivery was completed in its transaction.
    CompletedInTransaction,
    /// That transaction is committed.
    CommittedWithCompletion,
    /// Deliveries are about to be completed.
    Completing,
    /// They are.
    Completed,
    /// Deliveries are about to be given back for another attempt.
    Retrying,
    /// They are.
    Retried,
    /// Deliveries are about to become dead letters.
    Burying,
    /// They are.
    Buried,
    /// Leases are about to be extended.
    Extending,
    /// They are.
    Extended,
    /// Dead owners are about to be looked for.
    Recovering,
    /// The deliveries of one are free, and the owner is still known.
    OwnerFreed,
    /// The dead owners are gone.
    Recovered,
    /// What was not begun is about to be given back.
    GivingBack,
    /// It is.
    GaveBack,
    /// The registration is about to end.
    Unregistering,
    /// SQLite has written what several asked for, and has not committed it.
    BatchWritten,
    /// It has, and nobody was told.
    BatchCommitted,
}

static PASSED: [AtomicU32; Point::ALL.len()] = [const { AtomicU32::new(0) }; Point::ALL.len()];

static FATAL: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
    let value = std::env::var(VARIABLE).ok()?;
    let (point, time) = value.split_once(':')?;
    Some((point.to_owned(), time.parse().ok()?))
});

/// Returns how often this process has passed a point.
#[must_use]
pub fn passed(point: Point) -> u32 {
    PASSED[point as usize].load(Ordering::SeqCst)
}

/// Passes a point, unless it is the last one of the process.
pub(crate) fn pass(point: Point) {
    let time = PASSED[point as usize].fetch_add(1, Ordering::SeqCst) + 1;
    let is_fatal = |(fatal, at): &(String, u32)| *fatal == point.name() && *at == time;
    if FATAL.as_ref().is_some_and(is_fatal) {
        std::process::abort();
    }
}
