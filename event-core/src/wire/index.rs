//! The index of all that the linked program can read: each name and version that an event type accepts.

use std::collections::HashMap;

use crate::build::registry;
use crate::build::registry::Read;
use crate::event::info::EventInfo;
use crate::wire::error::CodecError;

/// The types by the names that they accept. A type accepts its own name and aliases, in its version; and
/// it accepts those of the versions before it, together with its own, in their versions.
pub(crate) struct Index {
    by_name: HashMap<&'static str, Vec<Reader>>,
}

/// Reads one version of an event.
pub(crate) struct Reader {
    pub(crate) version: u32,
    pub(crate) newest: &'static EventInfo,
    pub(crate) read: Read,
}

impl Index {
    /// # Errors
    ///
    /// Two types accept one name and version.
    pub(crate) fn new() -> Result<Self, CodecError> {
        let mut events: Vec<_> = registry::events().collect();
        events.sort_by_key(|event| (event.info.file(), event.info.line()));
        let mut by_name: HashMap<_, Vec<Reader>> = HashMap::new();
        for entry in events {
            let newest = entry.info;
            for (event, version) in newest.accepted() {
                let readers = by_name.entry(event).or_default();
                if let Some(other) = readers.iter().find(|reader| reader.version == version) {
                    return Err(CodecError::AcceptedTwice {
                        event,
                        version,
                        first: other.newest.type_name(),
                        second: newest.type_name(),
                    });
                }
                readers.push(Reader {
                    version,
                    newest,
                    read: entry.read,
                });
            }
        }
        for readers in by_name.values_mut() {
            readers.sort_by_key(|reader| reader.version);
        }
        Ok(Self { by_name })
    }

    /// Returns the name, and the reader of this version, either of the exact version or of the newest
    /// one.
    ///
    /// # Errors
    ///
    /// The readers of the other versions of the name, the oldest first; empty if the name is unknown.
    pub(crate) fn find(
        &self,
        name: &str,
        version: u32,
    ) -> Result<(&'static str, &Reader), &[Reader]> {
        let (name, readers) = self.by_name.get_key_value(name).ok_or(&[][..])?;
        let exact = readers.iter().find(|reader| reader.version == version);
        let newest = || readers.last().filter(|last| last.reads_newer(version));
        exact
            .or_else(newest)
            .map(|reader| (*name, reader))
            .ok_or(readers)
    }

    /// Returns the known name that was probably meant.
    pub(crate) fn near(&self, name: &str) -> Option<&'static str> {
        // Input may be longer than any name.
        if name.len() > 100 {
            return None;
        }
        let distances = self.by_name.keys().map(|known| {
            let distance = strsim::damerau_levenshtein(known, name);
            (distance, *known)
        });
        distances
            .filter(|(distance, known)| *distance <= known.len() / 3 + 1)
            .min()
            .map(|(_, known)| known)
    }
}

impl Reader {
    fn reads_newer(&self, version: u32) -> bool {
        let is_newest = self.version == self.newest.version();
        is_newest && self.newest.reads_newer() && version > self.version
    }
}
