//! Finds events by what people type.

use std::error::Error;
use std::fmt;

use super::{Catalog, EventEntry};

/// No event, or more than one, has the name that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownEventError {
    name: String,
    nearest: Vec<String>,
    is_ambiguous: bool,
}

/// How many names an error suggests.
const SUGGESTIONS: usize = 3;

impl Catalog {
    /// Finds an event by its name, by an alias, by the path of its type or by the last part of that path.
    /// Of several versions it is the newest.
    ///
    /// # Errors
    ///
    /// No event has the name, or several types have it: declared, which is a mistake, or as the last part of their
    /// path. The error has the nearest names.
    pub fn find(&self, name: &str) -> Result<&EventEntry, UnknownEventError> {
        let is_meant = |events: &Vec<&EventEntry>| events.iter().any(|event| event.name == name);
        if let Some(several) = self.named_twice().into_iter().find(is_meant) {
            let types = several.iter().map(|event| event.type_name.to_string());
            return Err(UnknownEventError {
                name: name.to_owned(),
                nearest: types.collect(),
                is_ambiguous: true,
            });
        }
        let newest = |is_meant: &dyn Fn(&EventEntry) -> bool| {
            let meant = self.events.iter().filter(|event| is_meant(event));
            meant.max_by_key(|event| (!event.is_superseded, event.version))
        };
        let found = newest(&|event| event.name == name)
            .or_else(|| newest(&|event| event.aliases.iter().any(|alias| alias == name)))
            .or_else(|| newest(&|event| event.type_name == name));
        if let Some(found) = found {
            return Ok(found);
        }
        let of_type = self.events.iter().filter(|it| it.short_type_name() == name);
        match of_type.collect::<Vec<_>>().as_slice() {
            [only] => Ok(only),
            [] => Err(UnknownEventError {
                name: name.to_owned(),
                nearest: self.nearest(name),
                is_ambiguous: false,
            }),
            several => Err(UnknownEventError {
                name: name.to_owned(),
                nearest: several.iter().map(|event| event.name.to_string()).collect(),
                is_ambiguous: true,
            }),
        }
    }

    /// Returns the events that a pattern selects. In a pattern with a `*`, that stands for one segment of a
    /// declared name, and `**` for the rest, as for catch-all handlers; any other text is sought in the
    /// names and in the paths of types, whatever the case of its letters.
    #[must_use]
    pub fn matching(&self, pattern: &str) -> Vec<&EventEntry> {
        let lower = pattern.to_lowercase();
        let is_meant = |event: &&EventEntry| {
            if pattern.contains('*') {
                matches(pattern, &event.name)
            } else {
                let texts = [&event.name, &event.type_name];
                texts
                    .iter()
                    .any(|text| text.to_lowercase().contains(&lower))
            }
        };
        self.events.iter().filter(is_meant).collect()
    }

    /// Returns the names that were probably meant, the nearest first.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Vec<String> {
        let sought = name.to_lowercase();
        let allowed = sought.chars().count() / 3 + 1;
        let mut near: Vec<(usize, &str)> = Vec::new();
        for event in self.current() {
            let last = event.name.rsplit(['.', ':']).next().unwrap_or_default();
            let spellings = [
                event.name.to_lowercase(),
                last.to_lowercase(),
                event.short_type_name().to_lowercase(),
            ];
            let distances = spellings
                .iter()
                .map(|spelling| strsim::damerau_levenshtein(&sought, spelling));
            let distance = distances.min().unwrap_or(usize::MAX);
            if distance <= allowed {
                near.push((distance, &event.name));
            }
        }
        near.sort_unstable();
        near.dedup_by_key(|(_, name)| *name);
        // What is much farther than the nearest one was not meant.
        let farthest = near.first().map_or(0, |(distance, _)| distance + 1);
        let near = near
            .into_iter()
            .take_while(|(distance, _)| *distance <= farthest);
        let near = near.take(SUGGESTIONS);
        near.map(|(_, name)| name.to_owned()).collect()
    }
}

/// Whether a name matches a pattern of segments.
fn matches(pattern: &str, name: &str) -> bool {
    let mut names = name.split('.');
    for segment in pattern.split('.') {
        match (segment, names.next()) {
            ("**", Some(_)) => return true,
            (segment, Some(name)) if segment == "*" || segment == name => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

impl UnknownEventError {
    /// Returns the name that was asked for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the names that were probably meant, the nearest first.
    #[must_use]
    pub fn nearest(&self) -> &[String] {
        &self.nearest
    }
}

impl fmt::Display for UnknownEventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.nearest.iter().map(|it| format!("`{it}`")).collect();
        if self.is_ambiguous {
            let name = &self.name;
            return write!(f, "several events are `{name}`: {}", names.join(", "));
        }
        write!(f, "no linked event is named `{}`", self.name)?;
        match names.as_slice() {
            [] => write!(f, "; `events list` has all names"),
            [only] => write!(f, "; did you mean {only}?"),
            [most @ .., last] => write!(f, "; did you mean {} or {last}?", most.join(", ")),
        }
    }
}

impl Error for UnknownEventError {}
