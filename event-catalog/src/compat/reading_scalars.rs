//! Reads what a JSON Schema says of numbers and texts.

use serde_json::Value;

use crate::compat::keywords::Keywords;
use crate::compat::shape::{FloatShape, IntegerShape, Shape, TextShape};

pub(super) fn unsigned(value: Option<&Value>) -> Option<u64> {
    value.and_then(Value::as_u64)
}

pub(super) fn integer(keywords: &mut Keywords<'_>) -> Shape {
    let format = keywords.get("format").and_then(Value::as_str);
    let (least, most) = format.map_or((None, None), bounds_of_format);
    let whole = |value: Option<&Value>, bound: fn(f64) -> f64| -> Option<i128> {
        let value = value?;
        let exact = value.as_i64().map(i128::from);
        exact
            .or_else(|| value.as_u64().map(i128::from))
            .or_else(|| {
                let rounded = bound(value.as_f64()?);
                // A bound that no integer type has is beyond every bound.
                #[allow(clippy::cast_possible_truncation, reason = "saturates, as a bound may")]
                Some(rounded as i128)
            })
    };
    let min = whole(keywords.take("minimum"), f64::ceil);
    let above = whole(number(keywords, "exclusiveMinimum"), f64::floor).map(|bound| bound + 1);
    let max = whole(keywords.take("maximum"), f64::floor);
    let below = whole(number(keywords, "exclusiveMaximum"), f64::ceil).map(|bound| bound - 1);
    Shape::Integer(IntegerShape {
        min: [least, min, above].into_iter().flatten().max(),
        max: [most, max, below].into_iter().flatten().min(),
    })
}

/// Takes a keyword that is a number. In draft-04 the exclusive bounds are not: they stay, and are not analysed.
fn number<'s>(keywords: &mut Keywords<'s>, key: &str) -> Option<&'s Value> {
    keywords.get(key)?.as_f64()?;
    keywords.take(key)
}

/// The integers of a Rust type; serde refuses all others, whatever the schema's bounds.
fn bounds_of_format(format: &str) -> (Option<i128>, Option<i128>) {
    let (signed, bits) = match (format.strip_prefix("uint"), format.strip_prefix("int")) {
        (Some(bits), _) => (false, bits),
        (_, Some(bits)) => (true, bits),
        _ => return (None, None),
    };
    let bits: u32 = match bits {
        "" => 64,
        bits => match bits.parse() {
            Ok(bits @ (8 | 16 | 32 | 64)) => bits,
            _ => return (None, None),
        },
    };
    if signed {
        (Some(-(1 << (bits - 1))), Some((1 << (bits - 1)) - 1))
    } else {
        (Some(0), Some((1 << bits) - 1))
    }
}

pub(super) fn float(keywords: &mut Keywords<'_>) -> Shape {
    let bound = |value: Option<&Value>| value.and_then(Value::as_f64);
    Shape::Float(FloatShape {
        min: bound(keywords.take("minimum")),
        max: bound(keywords.take("maximum")),
    })
}

pub(super) fn text(keywords: &mut Keywords<'_>) -> Shape {
    let owned = |value: Option<&Value>| value.and_then(|value| Some(value.as_str()?.to_owned()));
    Shape::Text(TextShape {
        min: unsigned(keywords.take("minLength")).unwrap_or(0),
        max: unsigned(keywords.take("maxLength")),
        pattern: owned(keywords.take("pattern")),
        format: owned(keywords.take("format")),
        excluded: excluded(keywords).unwrap_or_default(),
    })
}

/// Takes `"not": {"enum": [...]}` from the keywords, and returns the texts of the list. Any other `not` stays.
fn excluded(keywords: &mut Keywords<'_>) -> Option<Vec<String>> {
    let not = keywords.get("not")?.as_object()?;
    let values = not.get("enum").filter(|_| not.len() == 1)?.as_array()?;
    let texts: Option<Vec<_>> = values
        .iter()
        .map(|value| Some(value.as_str()?.to_owned()))
        .collect();
    let texts = texts?;
    keywords.take("not");
    Some(texts)
}
