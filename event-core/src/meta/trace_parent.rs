//! The position of an event in a distributed trace.

use std::fmt;
use std::str::FromStr;

/// The position of an event in a distributed trace, as [W3C Trace Context] writes it in a
/// `traceparent` header.
///
/// [`Meta::traceparent`](crate::meta::Meta::traceparent) returns it. It is read in the format of any
/// version and written in that of version `00`. The header `tracestate` of vendors is not kept.
///
/// [W3C Trace Context]: https://www.w3.org/TR/trace-context/
///
/// # Examples
///
/// ```
/// use event_core::meta::TraceParent;
///
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let parent: TraceParent = text.parse()?;
/// assert!(parent.is_sampled());
/// assert_eq!(parent.to_string(), text);
/// # Ok::<(), event_core::meta::TraceParentError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    flags: u8,
}

/// The bit of the flags that is set if the trace is recorded.
const SAMPLED: u8 = 1;

impl TraceParent {
    /// Makes a position in the trace `trace_id`, below its span `span_id`; `None` if one of them is all
    /// zeros, which is invalid. The lowest bit of the flags is set if the trace is recorded.
    #[must_use]
    pub fn new(trace_id: [u8; 16], span_id: [u8; 8], flags: u8) -> Option<Self> {
        let is_some = trace_id != [0; 16] && span_id != [0; 8];
        is_some.then_some(Self {
            trace_id,
            span_id,
            flags,
        })
    }

    /// Returns the id of the trace.
    #[must_use]
    pub fn trace_id(&self) -> [u8; 16] {
        self.trace_id
    }

    /// Returns the id of the parent span.
    #[must_use]
    pub fn span_id(&self) -> [u8; 8] {
        self.span_id
    }

    /// Returns the flags, unchanged.
    #[must_use]
    pub fn flags(&self) -> u8 {
        self.flags
    }

    /// Whether the trace is recorded.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trace_id = u128::from_be_bytes(self.trace_id);
        let span_id = u64::from_be_bytes(self.span_id);
        write!(f, "00-{trace_id:032x}-{span_id:016x}-{:02x}", self.flags)
    }
}

impl fmt::Debug for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceParent({self})")
    }
}

impl FromStr for TraceParent {
    type Err = TraceParentError;

    fn from_str(text: &str) -> Result<Self, TraceParentError> {
        read(text).ok_or(TraceParentError(()))
    }
}

/// The error of a text that is no `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a `traceparent`: expected `00-<32 hex digits>-<16 hex digits>-<2 hex digits>` in lowercase, \
     with neither id all zeros"
)]
pub struct TraceParentError(());

fn read(text: &str) -> Option<TraceParent> {
    let mut parts = text.split('-');
    let [version] = hex(parts.next()?)?;
    let (trace_id, span_id) = (hex(parts.next()?)?, hex(parts.next()?)?);
    let [flags] = hex(parts.next()?)?;
    // Later versions may have more parts; version 0 has none, and `ff` is no version.
    if version == 0xff || (version == 0 && parts.next().is_some()) {
        return None;
    }
    TraceParent::new(trace_id, span_id, flags)
}

/// Reads exactly `N` bytes, in lowercase.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::meta::trace_parent::TraceParent;

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(
            trace_id: [u8; 16], span_id: [u8; 8], flags: u8
        ) {
            let Some(parent) = TraceParent::new(trace_id, span_id, flags) else {
                return Ok(());
            };
            prop_assert_eq!(parent.to_string().parse(), Ok(parent));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = text.parse::<TraceParent>();
        }
    }

    #[test]
    fn what_the_standard_calls_invalid_is_refused() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let zeros = "0".repeat(32);
        for text in [
            String::new(),
            format!("00-{trace}-{span}"),
            format!("ff-{trace}-{span}-01"),
            format!("00-{trace}-{span}-01-what"),
            format!("00-{zeros}-{span}-01"),
            format!("00-{trace}-0000000000000000-01"),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-{trace}-{span}-1"),
            format!("0-{trace}-{span}-01"),
        ] {
            assert!(text.parse::<TraceParent>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_later_version_with_more_parts_is_read_as_far_as_it_is_known() {
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more";
        let parent: TraceParent = later.parse().expect("a later version");
        assert!(!parent.is_sampled());
    }
}
