//! What the program of a lock reads: each name and version that one of its events accepts.

use std::collections::HashMap;

use super::{Lock, LockedEvent};

/// The events by the names and versions that they are read from, as the codec of `event-core` finds them.
pub(super) struct Accepted<'a> {
    by_name: HashMap<&'a str, Vec<Reader<'a>>>,
    /// The names and versions that two events accept, which no codec takes.
    pub(super) twice: Vec<Twice<'a>>,
}

pub(super) struct Twice<'a> {
    pub(super) name: &'a str,
    pub(super) version: u32,
    pub(super) events: [&'a LockedEvent; 2],
}

#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) version: u32,
    /// What reads the data.
    pub(super) event: &'a LockedEvent,
    /// What it becomes.
    pub(super) newest: &'a LockedEvent,
}

impl<'a> Accepted<'a> {
    pub(super) fn of(lock: &'a Lock) -> Self {
        let by_id = lock.by_id();
        let mut by_name: HashMap<&str, Vec<Reader<'_>>> = HashMap::new();
        let mut twice = Vec::new();
        for newest in lock.events.iter().filter(|event| !event.is_superseded) {
            let mut older = Some(newest);
            // A file may say that an event is made from itself.
            for _ in 0..=lock.events.len() {
                let Some(event) = older else { break };
                let names = [event, newest];
                let names = names
                    .iter()
                    .flat_map(|it| [&it.name].into_iter().chain(&it.aliases));
                for name in names {
                    let readers = by_name.entry(name).or_default();
                    let version = event.version;
                    match readers.iter().find(|reader| reader.version == version) {
                        None => readers.push(Reader {
                            version,
                            event,
                            newest,
                        }),
                        Some(other) if !std::ptr::eq(other.newest, newest) => twice.push(Twice {
                            name,
                            version,
                            events: [other.newest, newest],
                        }),
                        Some(_) => {}
                    }
                }
                let previous = event.previous.as_ref();
                older = previous.and_then(|id| by_id.get(&(&*id.name, id.version)).copied());
            }
        }
        for readers in by_name.values_mut() {
            readers.sort_by_key(|reader| reader.version);
        }
        Self { by_name, twice }
    }

    /// Returns what reads a version.
    ///
    /// # Errors
    ///
    /// What reads other versions of the name; empty if no event has the name.
    pub(super) fn find(&self, name: &str, version: u32) -> Result<Reader<'a>, &[Reader<'a>]> {
        let readers = self.by_name.get(name).ok_or(&[][..])?;
        let exact = readers.iter().find(|reader| reader.version == version);
        let newest = || {
            let last = readers.last()?;
            let is_newest = last.version == last.newest.version && last.newest.reads_newer;
            (is_newest && version > last.version).then_some(last)
        };
        exact.or_else(newest).copied().ok_or(readers)
    }
}
