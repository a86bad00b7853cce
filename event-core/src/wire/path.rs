//! Where in an event something is that was not written or read.

use std::fmt::Write;

use serde::Serialize;
use serde_path_to_error::{Path, Segment};

use super::read::shown;

/// One step into a value.
#[derive(Debug)]
pub(super) enum Step {
    Index(usize),
    /// A field, the key of a map, or a variant.
    Key(Box<str>),
    Unknown,
}

impl Step {
    /// The step to the value of a map's key; `None` for what can be no key in JSON.
    pub(super) fn to_value_of<K: Serialize + ?Sized>(key: &K) -> Option<Self> {
        let json = serde_json::to_string(key).ok()?;
        let text = match json.as_bytes().first()? {
            b'"' => serde_json::from_str(&json).ok()?,
            b'n' | b'[' | b'{' => return None,
            _ => json,
        };
        Some(Self::Key(text.into()))
    }

    /// Whether a map's key is a text, and not only written as one.
    pub(super) fn is_text<K: Serialize + ?Sized>(key: &K) -> bool {
        serde_json::to_string(key).is_ok_and(|json| json.starts_with('"'))
    }

    /// The steps of an error while reading.
    pub(super) fn all_of(path: &Path) -> impl Iterator<Item = Self> {
        path.iter().map(|segment| match segment {
            Segment::Seq { index } => Self::Index(*index),
            Segment::Map { key } | Segment::Enum { variant: key } => Self::Key(key.as_str().into()),
            Segment::Unknown => Self::Unknown,
        })
    }
}

/// `data.lines[2].price`; no further than a redacted value, and no longer than can be read.
pub(super) fn shown_path(
    root: &str,
    path: impl IntoIterator<Item = Step>,
    redacted: &[&str],
) -> String {
    const MOST: usize = 16;
    let mut shown_path = root.to_owned();
    let mut pointer = String::new();
    for (index, step) in path.into_iter().enumerate() {
        if redacted.contains(&pointer.as_str()) {
            break;
        }
        if index == MOST {
            shown_path.push_str("[…]");
            break;
        }
        pointer.push('/');
        match step {
            Step::Index(index) => {
                let _ = write!(shown_path, "[{index}]");
                let _ = write!(pointer, "{index}");
            }
            Step::Key(key) => {
                if !shown_path.is_empty() {
                    shown_path.push('.');
                }
                shown_path.push_str(&shown(&key, 40));
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Step::Unknown => {
                shown_path.push_str(".?");
                pointer.push('?');
            }
        }
    }
    shown_path
}
