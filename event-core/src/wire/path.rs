//! Where in the data of an event an error is, as a message may show it.

use serde_path_to_error::{Path, Segment};

use super::read::shown;

/// Where an event is read that has redacted fields, itself or in events inside of it.
#[derive(Clone, Copy)]
pub(crate) struct RedactedFields {
    /// Of its own fields, as JSON pointers, those that are redacted and the others. What leads to none
    /// of them may be inside of a redacted one, under a name that is not known.
    pub(super) own: Option<[&'static [&'static str]; 2]>,
    /// Its fields with other events inside, and whether these have redacted fields.
    pub(super) events: &'static [(&'static str, bool)],
}

impl RedactedFields {
    pub(super) const NONE: Self = Self {
        own: None,
        events: &[],
    };

    pub(super) fn is_empty(&self) -> bool {
        self.own.is_none() && !self.events.iter().any(|(_, has_redacted)| *has_redacted)
    }

    /// Whether what is inside of `pointer` is hidden.
    fn hide(&self, pointer: &str) -> bool {
        let is_redacted = self
            .own
            .is_some_and(|[redacted, _]| redacted.contains(&pointer));
        is_redacted || self.events.contains(&(pointer, true))
    }

    /// Whether no field inside of `pointer` is redacted. Fields may share a pointer, as those of variants
    /// do.
    fn show(&self, pointer: &str) -> bool {
        self.own.is_none_or(|[redacted, others]| {
            others.contains(&pointer) && !redacted.iter().any(|field| is_at(field, pointer))
        })
    }

    /// Whether `pointer` leads to a field.
    fn lead(&self, pointer: &str) -> bool {
        self.own.is_none_or(|[redacted, others]| {
            let mut fields = redacted.iter().chain(others);
            fields.any(|field| is_at(field, pointer))
        })
    }
}

/// Whether `field` is what `pointer` points to, or inside of it.
fn is_at(field: &str, pointer: &str) -> bool {
    let rest = field.strip_prefix(pointer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `data.lines[2].price`; no further than a redacted value, and no longer than can be read.
pub(super) fn shown_path(root: &str, path: &Path, redacted: &RedactedFields) -> String {
    const MOST: usize = 16;
    let mut shown_path = root.to_owned();
    let mut pointer = String::new();
    let mut is_shown = false;
    for (index, segment) in path.iter().enumerate() {
        if redacted.hide(&pointer) {
            break;
        }
        is_shown |= redacted.show(&pointer);
        let (step, shown_step) = step(segment);
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

/// A step of a path as a part of a JSON pointer, and as a message shows it.
fn step(segment: &Segment) -> (String, String) {
    match segment {
        Segment::Seq { index } => (index.to_string(), format!("[{index}]")),
        Segment::Map { key } | Segment::Enum { variant: key } => (
            key.replace('~', "~0").replace('/', "~1"),
            format!(".{}", shown(key, 40)),
        ),
        Segment::Unknown => ("?".to_owned(), ".?".to_owned()),
    }
}
