//! Writes events as CloudEvents, and reads them.

use std::fmt;
use std::sync::Arc;

use iri_string::types::UriReferenceStr;

use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::event::json::read::shown;
use crate::event::json::write::{Attributes, WriteFailure, Written, envelope_of};
use crate::meta::Meta;
use crate::panics;
use crate::wire::attributes::{Text, attributes, not_utf8, required};
use crate::wire::envelope::Envelope;
use crate::wire::error::{CodecError, DecodeError, EncodeError, shown_name};
use crate::wire::help;
use crate::wire::identity::{meta, route, timestamp};
use crate::wire::index::Index;

/// A byte order mark, which some editors and libraries write before UTF-8, and which JSON does not allow.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The default limit: 1 MiB.
const SIZE_LIMIT: usize = 1 << 20;

/// Writes `wire` events as CloudEvents 1.0 JSON (structured mode), and reads those of every event
/// type of the program.
///
/// It knows the types that are linked, as a build does. Clones share this knowledge.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::wire::{Codec, DecodeError};
///
/// let codec = Codec::new("https://shop.example/orders")?.size_limit(64 * 1024);
///
/// let error = codec.decode(b"{\"specversion\": \"1.0\"}").unwrap_err();
/// assert_eq!(error.to_string(), "the input is not a CloudEvent: `id`: it is missing");
/// # Ok::<(), event_core::wire::CodecError>(())
/// ```
#[derive(Clone)]
pub struct Codec {
    source: Arc<str>,
    size_limit: usize,
    allows_echoes: bool,
    index: Arc<Index>,
}

impl Codec {
    /// Makes a codec that writes `source` as the CloudEvents attribute `source`: where the events come
    /// from. Together with an event's id it is unique, so an event from outside keeps the source that it
    /// has, and `source` is added to its [forwarders](crate::Meta::forwarders).
    ///
    /// # Errors
    ///
    /// `source` is no URI reference, or two linked types accept one name and version, which a
    /// [build](crate::dispatcher::DispatcherBuilder::build) refuses, too.
    pub fn new(source: &str) -> Result<Self, CodecError> {
        if source.is_empty() || UriReferenceStr::new(source).is_err() {
            return Err(CodecError::Source {
                source_text: shown(source, 200),
            });
        }
        Ok(Self {
            source: source.into(),
            size_limit: SIZE_LIMIT,
            allows_echoes: false,
            index: Arc::new(Index::new()?),
        })
    }

    /// Sets how many bytes an envelope may have, read or written; the default is 1 MiB.
    #[must_use]
    pub fn size_limit(self, bytes: usize) -> Self {
        Self {
            size_limit: bytes,
            ..self
        }
    }

    /// Allows events to be [delivered](crate::Dispatcher::emit) that have been here before: those that
    /// this source has forwarded, and those that it wrote and others forwarded. By default they are
    /// refused, since programs that forward to each other what they receive would never stop.
    ///
    /// If it is set, such a loop ends at the dispatcher's
    /// [limit](crate::dispatcher::DispatcherBuilder::depth_limit) of depth: an event is one deeper each
    /// time that it comes back. An event that this source wrote, and that a broker brings back unchanged,
    /// does not need this: no program has forwarded it.
    #[must_use]
    pub fn allow_echoes(self) -> Self {
        Self {
            allows_echoes: true,
            ..self
        }
    }

    /// Returns the most bytes that an envelope may have.
    pub(crate) fn most(&self) -> usize {
        self.size_limit
    }

    /// Writes an event. Values of redacted fields are written unmasked, since the reader of the envelope
    /// needs them.
    ///
    /// # Errors
    ///
    /// The event is not `wire`, has a float that is not finite, is nested deeper than can be read, its
    /// `Serialize` fails or panics, its time has no year of four digits, or the envelope is larger than
    /// the limit.
    pub fn encode(&self, event: &dyn AnyEvent, meta: &Meta) -> Result<String, EncodeError> {
        self.write(event.info(), meta, |attributes| event.write(attributes))
    }

    /// Writes an envelope of an event that was serialized before.
    pub(crate) fn encode_written(
        &self,
        info: &'static EventInfo,
        event: &Written,
        meta: &Meta,
    ) -> Result<String, EncodeError> {
        self.write(info, meta, |attributes| {
            Some(envelope_of(event, attributes).map_err(WriteFailure::Serialize))
        })
    }

    fn write(
        &self,
        info: &'static EventInfo,
        meta: &Meta,
        write: impl FnOnce(&Attributes<'_>) -> Option<Result<String, WriteFailure>>,
    ) -> Result<String, EncodeError> {
        let (name, version) = (info.name(), info.version());
        if !info.is_wire() {
            return Err(EncodeError::NotWire { event: name });
        }
        let time = timestamp(meta.time()).ok_or(EncodeError::Time {
            event: name,
            version,
        })?;
        let attributes = Attributes {
            source: &self.source,
            name,
            version,
            time,
            meta,
        };
        // The type's `Serialize` is the user's code.
        let written = match panics::catch(|| write(&attributes)) {
            Ok(Some(Ok(written))) => written,
            Ok(Some(Err(why))) => return Err(EncodeError::unwritten(name, version, why)),
            Ok(None) => return Err(EncodeError::NotWire { event: name }),
            Err(_) => {
                return Err(EncodeError::Panicked {
                    event: name,
                    version,
                });
            }
        };
        if written.len() > self.size_limit {
            return Err(EncodeError::TooLarge {
                event: name,
                version,
                size: written.len(),
                limit: self.size_limit,
            });
        }
        Ok(written)
    }

    /// Reads an envelope: finds the type that accepts its name and version, reads the data as that
    /// version, and upcasts it to the newest one. A version newer than the newest known one is read as
    /// that one, if the event says `reads_newer`; otherwise it is refused. A byte order mark before the
    /// envelope is skipped.
    ///
    /// Unknown attributes are ignored. An `id` that is no UUID becomes one by name (of version 5, from
    /// `source` and `id`), and so do `correlationid` and `causationid`. Without an `eventversion` the
    /// version is 1; without a `time` it is that of the id, or else the current time. A `traceparent`
    /// that cannot be read is ignored, as its standard requires.
    ///
    /// # Errors
    ///
    /// A [`DecodeError`] says why the input is no event. Input larger than the limit is not parsed.
    pub fn decode(&self, input: &[u8]) -> Result<Envelope, DecodeError> {
        self.decode_unmarked(input.strip_prefix(BYTE_ORDER_MARK).unwrap_or(input))
    }

    /// Reads an envelope that must not have a byte order mark before it.
    pub(crate) fn decode_unmarked(&self, input: &[u8]) -> Result<Envelope, DecodeError> {
        if input.len() > self.size_limit {
            return Err(DecodeError::TooLarge {
                size: input.len(),
                limit: self.size_limit,
            });
        }
        let text = std::str::from_utf8(input).map_err(|error| not_utf8(input, &error))?;
        let attributes = attributes(text)?;
        let spec = required(attributes.specversion.as_ref(), "specversion")?;
        if spec != "1.0" {
            return Err(DecodeError::SpecVersion {
                found: shown(spec, 40),
            });
        }
        let id = required(attributes.id.as_ref(), "id")?;
        let source = required(attributes.source.as_ref(), "source")?;
        let name = required(attributes.r#type.as_ref(), "type")?;
        let version = attributes.eventversion.map_or(1, |version| version.0);
        let meta = meta(&attributes, source, id)?;
        let route = route(&attributes, source, &self.source);
        let (name, reader) = self.index.find(name, version).map_err(|readers| {
            let event = shown_name(name);
            if readers.is_empty() {
                let near = self.index.near(name);
                DecodeError::UnknownEvent {
                    event,
                    version,
                    near,
                }
            } else {
                DecodeError::UnknownVersion {
                    event,
                    version,
                    known: readers.iter().map(|reader| reader.version).collect(),
                    help: help::unknown_version(name, version, readers),
                }
            }
        })?;
        let event = || shown_name(name);
        if attributes.data_base64.is_some() {
            return Err(DecodeError::Binary {
                event: event(),
                version,
            });
        }
        if let Some(Text(found)) = &attributes.datacontenttype
            && !is_json(found)
        {
            return Err(DecodeError::ContentType {
                event: event(),
                version,
                found: shown(found, 100),
            });
        }
        let data = attributes.data.map_or("null", |data| data.get());
        // The type's `Deserialize`, and the `From` between versions, are the user's code.
        match panics::catch(|| (reader.read)(reader.version, data)) {
            Ok(Some(Ok(event))) => Ok(Envelope {
                event,
                meta: meta.with_route(Some(route)),
                name,
                version,
                own_source: Arc::clone(&self.source),
                allows_echoes: self.allows_echoes,
            }),
            Ok(Some(Err(unfit))) => {
                let help = help::unfit(version, reader, &unfit);
                Err(DecodeError::unfit(name, version, unfit, help))
            }
            Ok(None) => unreachable!("the index has only what is accepted"),
            Err(_) => Err(DecodeError::Panicked {
                event: event(),
                version,
            }),
        }
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec")
            .field("source", &self.source)
            .field("size_limit", &self.size_limit)
            .finish_non_exhaustive()
    }
}

/// Accepts `application/json`, `application/json; charset=utf-8`, `application/order+json`.
fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let Some((_, subtype)) = media_type.split_once('/') else {
        return false;
    };
    let subtype = subtype.to_ascii_lowercase();
    subtype == "json" || subtype.ends_with("+json")
}
