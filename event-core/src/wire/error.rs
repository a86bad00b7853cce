//! The errors of writing and reading events.
//!
//! A text says where the data does not fit, and what was expected there, without the value. The text of a
//! type's own `Deserialize` is passed on, unless the event has redacted fields, whose values it might
//! show, or one of its fields has a type that names an event with redacted fields. An event inside of
//! another type is not detected here; a `Redacted` is hidden wherever it is.

use crate::event::json::checked::Unreadable;
use crate::event::json::read::{DataError, shown};
use crate::event::json::write::WriteFailure;

/// Why a codec was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The `source` is no URI reference.
    #[error(
        "`{source_text}` cannot be the source of events: it is no URI reference; write one such as \
         `https://shop.example/orders` or `/orders`"
    )]
    Source {
        /// The `source` that was given.
        source_text: String,
    },
    /// Two types accept one name and version. A build of a dispatcher reports this, too, with places.
    #[error("two event types accept `{event}` of version {version}: `{first}` and `{second}`")]
    AcceptedTwice {
        /// The name that both accept.
        event: &'static str,
        /// The version that both accept.
        version: u32,
        /// One of the types.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
}

/// Why an event was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The event never leaves the process.
    #[error("`{event}` is not `wire`; add `#[event(wire)]` and the serde derives to it")]
    NotWire {
        /// The event's name.
        event: &'static str,
    },
    /// The event belongs to a [failure](crate::report::Failure::envelope) that keeps only its type.
    #[error("the failure does not keep the `{event}` that it is about, only its type")]
    NotKept {
        /// The event's name.
        event: &'static str,
    },
    /// The event's own `Serialize` failed.
    #[error("cannot write `{event}` version {version}")]
    Serialize {
        /// The event's name.
        event: &'static str,
        /// Its version.
        version: u32,
        /// The error of serde.
        source: serde_json::Error,
    },
    /// A float is infinite or not a number, which JSON cannot express: serde writes it as `null`, and
    /// reads that only as an `Option`.
    #[error(
        "cannot write `{event}` version {version}: a float at `{path}` is not finite, and JSON has no \
         such number; check it before the event is emitted, or make it an `Option`"
    )]
    NotFinite {
        /// The event's name.
        event: &'static str,
        /// Its version.
        version: u32,
        /// The place: `data.lines[2].price`. For a map's key it is the place of the map.
        path: String,
    },
    /// The event is nested deeper than `serde_json` reads.
    #[error(
        "cannot write `{event}` version {version}: at `{path}` it is nested deeper than 127 arrays and \
         objects, and no reader accepts that"
    )]
    TooDeep {
        /// The event's name.
        event: &'static str,
        /// Its version.
        version: u32,
        /// The place: the start of the path.
        path: String,
    },
    /// The event's own `Serialize` panicked.
    #[error("writing `{event}` version {version} panicked")]
    Panicked {
        /// The event's name.
        event: &'static str,
        /// Its version.
        version: u32,
    },
    /// The time cannot be written.
    #[error("cannot write `{event}` version {version}: its time is not in the years 0 to 9999")]
    Time {
        /// The event's name.
        event: &'static str,
        /// Its version.
        version: u32,
    },
    /// The envelope is larger than the limit, so a reader with the same limit would refuse it.
    #[error(
        "`{event}` version {version} is {size} bytes as an envelope, and the limit is {limit}; \
         `codec.size_limit(bytes)` sets another"
    )]
    TooLarge {
        /// The event's name.
        event: &'static str,
        /// Its version.
        version: u32,
        /// The bytes of the envelope.
        size: usize,
        /// The most that are allowed.
        limit: usize,
    },
}

impl EncodeError {
    pub(crate) fn unwritten(event: &'static str, version: u32, why: WriteFailure) -> Self {
        match why {
            WriteFailure::Serialize(source) => Self::Serialize {
                event,
                version,
                source,
            },
            WriteFailure::Refused { why, path } => Self::refused(event, version, why, path),
        }
    }

    pub(crate) fn refused(
        event: &'static str,
        version: u32,
        why: Unreadable,
        path: String,
    ) -> Self {
        match why {
            Unreadable::NotFinite => Self::NotFinite {
                event,
                version,
                path,
            },
            Unreadable::TooDeep => Self::TooDeep {
                event,
                version,
                path,
            },
            Unreadable::Buffered => unreachable!("that is not looked for in an envelope"),
        }
    }
}

/// Why an event was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The input is larger than the limit, and was not parsed.
    #[error(
        "the input is {size} bytes, and the limit is {limit}; `codec.size_limit(bytes)` sets \
         another"
    )]
    TooLarge {
        /// The bytes of the input.
        size: usize,
        /// The most that are read.
        limit: usize,
    },
    /// The input is not JSON, or ends early.
    #[error("the input is not JSON: {problem} at line {line} column {column}")]
    NotJson {
        /// What is wrong.
        problem: String,
        /// The line, from 1 on.
        line: usize,
        /// The column, from 1 on.
        column: usize,
    },
    /// The input is JSON, but no CloudEvent.
    #[error("the input is not a CloudEvent: {}{problem}", at(path))]
    NotCloudEvent {
        /// The attribute; empty if the problem is not about one.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// The CloudEvent has another version of the specification.
    #[error("`specversion` is `{found}`, and only `1.0` is read")]
    SpecVersion {
        /// The version that it has.
        found: String,
    },
    /// No linked type has the name.
    #[error(
        "no linked event is named `{event}` (version {version}){}",
        did_you_mean(*near)
    )]
    UnknownEvent {
        /// The name that was written.
        event: String,
        /// The version that was written.
        version: u32,
        /// A known name that is nearly the same.
        near: Option<&'static str>,
    },
    /// Linked types have the name, in other versions.
    #[error(
        "version {version} of `{event}` is not known; known {}{}",
        versions(known),
        after(help)
    )]
    UnknownVersion {
        /// The name that was written.
        event: String,
        /// The version that was written.
        version: u32,
        /// The versions that can be read.
        known: Vec<u32>,
        /// What to type, so that it is read.
        help: String,
    },
    /// The data is in `data_base64`.
    #[error("the data of `{event}` version {version} is binary (`data_base64`); only JSON is read")]
    Binary {
        /// The event's name.
        event: String,
        /// The version that was written.
        version: u32,
    },
    /// The data is not JSON.
    #[error(
        "the data of `{event}` version {version} is `{found}` (`datacontenttype`); only JSON is read"
    )]
    ContentType {
        /// The event's name.
        event: String,
        /// The version that was written.
        version: u32,
        /// The content type that was written.
        found: String,
    },
    /// The data does not fit the type.
    #[error(
        "`{event}` version {version} does not fit at `{path}`: {problem}{}",
        after(help)
    )]
    Data {
        /// The event's name.
        event: String,
        /// The version that was written.
        version: u32,
        /// The place: `data.lines[2].price`.
        path: String,
        /// What is wrong there, without the value.
        problem: String,
        /// What to type, if the event has changed since it was written; empty if the error does not
        /// suggest that.
        help: String,
    },
    /// The data is nested too deep to be read.
    #[error("`{event}` version {version} is nested too deep at `{path}`")]
    TooDeep {
        /// The event's name.
        event: String,
        /// The version that was written.
        version: u32,
        /// The place: the start of the path.
        path: String,
    },
    /// The type's own `Deserialize`, or a `From` between versions, panicked.
    #[error("reading `{event}` version {version} panicked")]
    Panicked {
        /// The event's name.
        event: String,
        /// The version that was written.
        version: u32,
    },
}

impl DecodeError {
    pub(crate) fn unfit(event: &str, version: u32, unfit: DataError, help: String) -> Self {
        let event = shown_name(event);
        let DataError { path, problem, .. } = unfit;
        if unfit.too_deep {
            return Self::TooDeep {
                event,
                version,
                path,
            };
        }
        Self::Data {
            event,
            version,
            path,
            problem,
            help,
        }
    }
}

pub(crate) fn lost(lost_at: Option<&str>) -> String {
    lost_at.map_or_else(String::new, |path| {
        format!(
            "; serde keeps what is flattened, tagged inside or untagged in a buffer, which loses what is \
             at `{path}`: `event_core::wire` says what else to write"
        )
    })
}

pub(crate) fn unread(error: &DecodeError) -> String {
    match error {
        DecodeError::Data {
            event,
            version,
            path,
            problem,
            ..
        } => format!(
            "`{event}` version {version} is written and cannot be read: it does not fit at `{path}`: \
             {problem}"
        ),
        other => other.to_string(),
    }
}

/// Returns a name from outside for a message.
pub(crate) fn shown_name(name: &str) -> String {
    shown(name, 100)
}

fn at(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!("`{path}`: ")
    }
}

/// Returns the help with its separator; empty if there is none.
fn after(help: &str) -> String {
    if help.is_empty() {
        String::new()
    } else {
        format!("; {help}")
    }
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(
        || {
            "; link the crate that declares it, or add the name as an `alias` to the event that \
             has another now"
                .to_owned()
        },
        |near| format!("; did you mean `{near}`?"),
    )
}

fn versions(known: &[u32]) -> String {
    match known {
        [only] => format!("is {only}"),
        [most @ .., last] => {
            let most: Vec<_> = most.iter().map(ToString::to_string).collect();
            format!("are {} and {last}", most.join(", "))
        }
        [] => "are none".to_owned(),
    }
}
