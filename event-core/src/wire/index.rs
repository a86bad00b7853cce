//! What the linked program can read: each name and version that some event type accepts.

use std::collections::HashMap;

use crate::build::registry;
use crate::build::registry::Read;
use crate::event::info::EventInfo;
use crate::wire::error::CodecError;

/// The types by the names they accept. A type accepts its own name and aliases, in its version; and
/// those of the versions before it, together with its own, in theirs.
pub(crate) struct Index {
    by_name: HashMap<&'static str, Vec<Reader>>,
}

/// Who reads one version of an event.
pub(crate) struct Reader {
    pub(crate) version: u32,
    pub(crate) newest: &'static EventInfo,
    pub(crate) read: Read,
}

impl Index {
    /// # Errors
    ///
    /// Two types accept the same.
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

    /// The name, and who reads this version of it, as it is or as the newest that is known.
    ///
    /// # Errors
    ///
    /// Who reads the other versions of the name, the oldest first; nobody if the name is unknown.
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

    /// The known name that was probably meant.
    pub(crate) fn near(&self, name: &str) -> Option<&'static str> {
        // No name is as long as some input.
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
