//! The path to an error in an event's data, as a message may show it.

use serde::Serialize;
use serde_path_to_error::{Path, Segment};

use crate::event::json::read::shown;

/// The places where an event with redacted fields is read, its own fields and those of events inside of
/// it.
#[derive(Clone, Copy)]
pub(crate) struct RedactedFields {
    pub(crate) own: Option<OwnFields>,
    /// The fields with other events inside, and whether these have redacted fields.
    pub(crate) events: &'static [(&'static str, bool)],
}

/// The fields of an event with redacted ones, as JSON pointers. A place that leads to none of them may be
/// inside of a redacted field, under a name that is not known.
#[derive(Clone, Copy)]
pub(crate) struct OwnFields {
    /// Where redacted fields are written, and where else they are read.
    pub(crate) redacted: [&'static [&'static str]; 2],
    pub(crate) others: &'static [&'static str],
}

impl OwnFields {
    fn redacted(&self) -> impl Iterator<Item = &'static str> {
        self.redacted.into_iter().flatten().copied()
    }
}

impl RedactedFields {
    pub(crate) const NONE: Self = Self {
        own: None,
        events: &[],
    };

    pub(crate) fn is_empty(&self) -> bool {
        self.own.is_none() && !self.events.iter().any(|(_, has_redacted)| *has_redacted)
    }

    /// Whether the values inside of `pointer` are hidden.
    fn hide(&self, pointer: &str) -> bool {
        let is_redacted = self
            .own
            .is_some_and(|own| own.redacted().any(|field| field == pointer));
        is_redacted || self.events.contains(&(pointer, true))
    }

    /// Whether no field inside of `pointer` is redacted. Fields may share a pointer, as those of variants
    /// do.
    fn show(&self, pointer: &str) -> bool {
        self.own.is_none_or(|own| {
            own.others.contains(&pointer) && !own.redacted().any(|field| is_at(field, pointer))
        })
    }

    /// Whether `pointer` leads to a field.
    fn lead(&self, pointer: &str) -> bool {
        self.own.is_none_or(|own| {
            let mut fields = own.redacted().chain(own.others.iter().copied());
            fields.any(|field| is_at(field, pointer))
        })
    }
}

/// Whether `field` is at `pointer` or inside of it.
fn is_at(field: &str, pointer: &str) -> bool {
    let rest = field.strip_prefix(pointer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// One step into a value.
#[derive(Debug)]
pub(crate) enum Step {
    Index(usize),
    /// A field, the key of a map, or a variant.
    Key(Box<str>),
    Unknown,
}

impl Step {
    /// Returns the step to the value of a map's key; `None` for a value that cannot be a key in JSON.
    pub(crate) fn to_value_of<K: Serialize + ?Sized>(key: &K) -> Option<Self> {
        let json = serde_json::to_string(key).ok()?;
        let text = match json.as_bytes().first()? {
            b'"' => serde_json::from_str(&json).ok()?,
            b'n' | b'[' | b'{' => return None,
            _ => json,
        };
        Some(Self::Key(text.into()))
    }

    /// Whether a map's key is a text itself, and not only written as one.
    pub(crate) fn is_text<K: Serialize + ?Sized>(key: &K) -> bool {
        serde_json::to_string(key).is_ok_and(|json| json.starts_with('"'))
    }

    /// Returns the steps to an error of reading.
    pub(crate) fn all_of(path: &Path) -> impl Iterator<Item = Self> {
        path.iter().map(|segment| match segment {
            Segment::Seq { index } => Self::Index(*index),
            Segment::Map { key } | Segment::Enum { variant: key } => Self::Key(key.as_str().into()),
            Segment::Unknown => Self::Unknown,
        })
    }

    /// Returns the step as a part of a JSON pointer, and as a message shows it.
    fn shown(&self) -> (String, String) {
        match self {
            Self::Index(index) => (index.to_string(), format!("[{index}]")),
            Self::Key(key) => (
                key.replace('~', "~0").replace('/', "~1"),
                format!(".{}", shown(key, 40)),
            ),
            Self::Unknown => ("?".to_owned(), ".?".to_owned()),
        }
    }
}

/// Returns `data.lines[2].price`; the path ends at a redacted value, and has a limited length.
pub(crate) fn shown_path(
    root: &str,
    path: impl IntoIterator<Item = Step>,
    redacted: &RedactedFields,
) -> String {
    const MOST: usize = 16;
    let mut shown_path = root.to_owned();
    let mut pointer = String::new();
    let mut is_shown = false;
    for (index, step) in path.into_iter().enumerate() {
        if redacted.hide(&pointer) {
            break;
        }
        is_shown |= redacted.show(&pointer);
        let (step, shown_step) = step.shown();
        pointer.push('/');
        pointer.push_str(&step);
        if !is_shown && !redacted.lead(&pointer) {
            break;
        }
        if index == MOST {
            shown_path.push_str("[…]");
            break;
        }
        if shown_path.is_empty() {
            shown_path.push_str(shown_step.trim_start_matches('.'));
        } else {
            shown_path.push_str(&shown_step);
        }
    }
    shown_path
}
