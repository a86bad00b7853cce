//! Events that leave the process: written as CloudEvents 1.0 JSON, read, and delivered.
//!
//! An event that is `wire` has a declared name, a version, and serde's derives. A [`Codec`] writes it
//! with its [`Meta`](crate::Meta), and reads every envelope of a `wire` event of the program: the linker
//! collects the types, so there is no list of them. The result is an [`Envelope`], which
//! [`Dispatcher::emit`](crate::Dispatcher::emit) hands to the event's handlers with its identity, time
//! and causes.
//!
//! # Examples
//!
//! ```standalone_crate
//! use std::sync::Mutex;
//!
//! use event_core::wire::{Codec, EncodeError};
//! use event_core::{AnyEvent, Dispatcher, Event, Meta, handler};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Event, Serialize, Deserialize)]
//! #[event(name = "shop.order_placed", version = 2, previous = OrderPlacedV1, wire, key = order_id)]
//! struct OrderPlaced { order_id: u64, total_cents: u64 }
//!
//! /// Older data is still read as this version, but no code emits it any more.
//! #[derive(Event, Serialize, Deserialize)]
//! #[event(name = "shop.order_placed", wire, superseded)]
//! struct OrderPlacedV1 { order_id: u64, total: f64 }
//!
//! impl From<OrderPlacedV1> for OrderPlaced {
//!     fn from(old: OrderPlacedV1) -> Self {
//!         Self { order_id: old.order_id, total_cents: (old.total * 100.0).round() as u64 }
//!     }
//! }
//!
//! #[derive(Default)]
//! struct Outside(Mutex<Vec<String>>);
//!
//! #[handler(events = "shop.**")]
//! fn send(
//!     event: &dyn AnyEvent,
//!     codec: &Codec,
//!     outside: &Outside,
//!     meta: Meta,
//! ) -> Result<(), EncodeError> {
//!     if meta.is_remote() {
//!         return Ok(()); // or it would be sent back
//!     }
//!     outside.0.lock().unwrap().push(codec.encode(event, &meta)?);
//!     Ok(())
//! }
//!
//! #[handler]
//! fn charge(event: &OrderPlaced, meta: Meta) {
//!     println!("{} cents for order {} of {:?}", event.total_cents, event.order_id, meta.time());
//! }
//!
//! let codec = Codec::new("https://shop.example/orders")?;
//!
//! // One program writes it …
//! let outside = std::sync::Arc::new(Outside::default());
//! let here = Dispatcher::builder()
//!     .only(send)
//!     .provide(codec.clone())
//!     .provide_arc(outside.clone())
//!     .build()?;
//! here.emit(OrderPlaced { order_id: 7, total_cents: 995 });
//! let written = outside.0.lock().unwrap().pop().unwrap();
//! assert!(written.contains(r#""partitionkey":"7""#));
//!
//! // … and another one reads and delivers it.
//! let there = Dispatcher::builder().only(charge).build()?;
//! let envelope = codec.decode(written.as_bytes())?;
//! assert_eq!(there.emit(&envelope).done(), 1);
//!
//! // The data of an older program becomes the newest version.
//! let old = br#"{"specversion": "1.0", "id": "018f2f3c-1111-7000-8000-000000000000",
//!     "source": "/orders", "type": "shop.order_placed", "data": {"order_id": 6, "total": 1.25}}"#;
//! let envelope = codec.decode(old)?;
//! assert_eq!(envelope.event().downcast_ref::<OrderPlaced>().unwrap().total_cents, 125);
//! assert_eq!(envelope.version(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A program's events can be recorded, and replayed in another: see [`journal`].
//!
//! # Versions
//!
//! A codec reads every version of a type and of those before it (`previous`). A newer one is refused,
//! unless the event says `reads_newer`; [`Envelope::version`] is the one that was written. A field that
//! was added, and that older data lacks, needs `#[serde(default)]` or a new version: the compiler does
//! not know the data, so only the error for the first old envelope shows this, with what to type. The
//! page "Changing an event", `docs/changing_an_event.md` in the repository, has what to type for each
//! change, and which program must get it first.
//!
//! # Format
//!
//! | attribute | |
//! | --- | --- |
//! | `specversion` | `1.0` |
//! | `id`, `time` | from the event's `Meta`: a UUID, and RFC 3339 |
//! | `source` | that of the [`Codec`]; for an event from outside, its own |
//! | `type` | the event's declared name |
//! | `eventversion` | its version; read as 1 if there is none |
//! | `datacontenttype` | `application/json` |
//! | `partitionkey` | the value of the field that is its `key`, if it has one that is not `null` or empty: a string as it is, anything else as JSON |
//! | `correlationid`, `causationid`, `causaldepth` | from the event's `Meta` |
//! | `forwardedby` | for an event from outside: the sources that forwarded it, with the codec's, separated by spaces |
//! | `data` | the event as serde writes it, with nothing masked |
//!
//! The extensions that are written here, except those of CloudEvents itself, are strings and signed
//! integers of 32 bits, which every binding of CloudEvents and every SDK reads.
//!
#![doc = include_str!("../docs/wire.md")]

pub(crate) mod attributes;
pub(crate) mod codec;
pub(crate) mod dead_letter;
pub(crate) mod envelope;
pub(crate) mod error;
pub(crate) mod help;
pub(crate) mod identity;
pub(crate) mod index;
pub mod journal;
pub(crate) mod payload;
#[cfg(feature = "serde")]
pub(crate) mod round_trip;
pub(crate) mod round_trip_error;
pub(crate) mod transactional;

pub use crate::wire::codec::Codec;
pub use crate::wire::envelope::Envelope;
pub use crate::wire::error::{CodecError, DecodeError, EncodeError};
pub use crate::wire::round_trip::{assert_round_trip, check_round_trip};
pub use crate::wire::round_trip_error::RoundTripError;
