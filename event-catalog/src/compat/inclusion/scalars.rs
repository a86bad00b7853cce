//! Numbers and texts.

use serde_json::Value;

use crate::compat::accepts::json;
use crate::compat::inclusion::{Finding, Kind};
use crate::compat::shape::{FloatShape, IntegerShape, TextShape};

pub(super) fn integers(writer: &IntegerShape, reader: &IntegerShape) -> Vec<Finding> {
    let (below, above) = exceeded((writer.min, writer.max), (reader.min, reader.max));
    if below.is_none() && above.is_none() {
        return Vec::new();
    }
    // A bound beyond 64 bits cannot be written, and is no witness.
    let beyond = [below.map(|min| min - 1), above.map(|max| max + 1)];
    let written = |number: &i128| writer.has(*number);
    let witness = beyond.into_iter().flatten().filter(written).find_map(json);
    vec![Finding::new(Kind::Range { is_integer: true }, witness)]
}

pub(super) fn texts(writer: &TextShape, reader: &TextShape) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sample = |length: u64, format: Option<&String>| {
        let is_plain = writer.pattern.is_none() && writer.format.as_ref() == format;
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= 10_000);
        length
            .filter(|_| is_plain)
            .map(|length| Value::String("x".repeat(length)))
    };
    let is_longer = match (writer.max, reader.max) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(one), Some(other)) => one > other,
    };
    if writer.min < reader.min {
        findings.push(Finding::new(Kind::Text, sample(writer.min, None)));
    } else if is_longer {
        let longer = reader.max.map_or(0, |max| max.saturating_add(1));
        findings.push(Finding::new(
            Kind::Text,
            sample(longer.max(writer.min), None),
        ));
    } else if reader.pattern.is_some() && reader.pattern != writer.pattern {
        findings.push(Finding::undecided("a pattern"));
    }
    let is_written = |text: &&String| writer.accepts(text) != Some(false);
    if let Some(text) = reader.excluded.iter().find(is_written) {
        let value = Value::String(text.clone());
        let kind = Kind::Value {
            value: value.clone(),
        };
        findings.push(Finding::new(kind, Some(value)));
    }
    if let Some(format) = reader
        .format
        .as_ref()
        .filter(|format| writer.format.as_ref() != Some(format))
    {
        let kind = Kind::Format {
            from: writer.format.clone(),
            to: format.clone(),
        };
        findings.push(Finding::new(kind, sample(writer.min.max(1), None)));
    }
    findings
}

pub(super) fn floats(writer: &FloatShape, reader: &FloatShape) -> Vec<Finding> {
    let (below, above) = exceeded((writer.min, writer.max), (reader.min, reader.max));
    if below.is_none() && above.is_none() {
        return Vec::new();
    }
    let beyond = [
        below.map(|min| writer.min.unwrap_or(min - 1.0)),
        above.map(|max| writer.max.unwrap_or(max + 1.0)),
    ];
    let witness = beyond.into_iter().flatten().next().map(Value::from);
    vec![Finding::new(Kind::Range { is_integer: false }, witness)]
}

/// The lowest and the highest number, where there is such a bound.
type Bounds<T> = (Option<T>, Option<T>);

/// Returns the bounds of the reader beyond which numbers are written.
fn exceeded<T: PartialOrd + Copy>(writer: Bounds<T>, reader: Bounds<T>) -> Bounds<T> {
    let below = |min: &T| writer.0.is_none_or(|written| written < *min);
    let above = |max: &T| writer.1.is_none_or(|written| written > *max);
    (reader.0.filter(below), reader.1.filter(above))
}
