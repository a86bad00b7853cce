#![doc = include_str!("docs/crate.md")]
// docs.rs shows the feature that an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod assertions;
mod clock;
mod dispatcher_ext;
mod event_list;
#[cfg(feature = "tokio")]
mod explore;
mod limit;
mod macros;
pub mod pattern;
mod recorder;
mod shown;
mod tracker;

pub use crate::clock::ManualClock;
pub use crate::dispatcher_ext::DispatcherExt;
#[cfg(feature = "tokio")]
pub use crate::explore::explore;
pub use crate::recorder::recorded::{RecordedDelivery, RecordedEvent};
pub use crate::recorder::timeline::Timeline;
pub use crate::recorder::wait::WaitFor;
pub use crate::recorder::{Mark, Recorder};
pub use crate::tracker::{TrackError, Tracker};
#[cfg(feature = "serde")]
pub use event_core::wire::assert_round_trip;

#[doc(hidden)]
pub mod __private {
    //! Not public API. Used by the macros.
    pub use event_core::report::{DeliveryStatus, SkipReason};

    pub use crate::assertions::{Count, expect_handles};
    pub use crate::pattern::{EventPattern, FieldPattern, StatusPattern};
}

/// The sample of the package's page, as a doctest.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
