//! References of a schema into itself: JSON pointers in the fragment of a URI, in which bytes are written as `%` and two
//! digits, as `schemars` writes those of an odd name.

use std::borrow::Cow;

use serde_json::Value;

/// Returns a reference with all characters as they are in the names that it is made of; one that is encoded in another
/// way as it is.
pub(crate) fn decoded(reference: &str) -> Cow<'_, str> {
    if !reference.contains('%') {
        return Cow::Borrowed(reference);
    }
    match decode(reference) {
        Some(decoded) => Cow::Owned(decoded),
        None => Cow::Borrowed(reference),
    }
}

fn decode(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// Returns what a reference leads to in a schema.
pub(crate) fn target<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(decoded(reference).strip_prefix('#')?)
}

/// Returns the name of the definition that a reference leads to, or into, and what it leads to there: a pointer, which
/// is empty for the whole.
pub(crate) fn definition(reference: &str) -> Option<(String, &str)> {
    let path = reference.strip_prefix("#/definitions/")?;
    let (name, within) = path.split_at(path.find('/').unwrap_or(path.len()));
    let name = decoded(name).replace("~1", "/").replace("~0", "~");
    Some((name, within))
}
