//! Compares the events of a program with those of a lock.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::accepted::{Accepted, Reader};
use super::{Change, Directions, Lock, LockedEvent, Rule, help};
use crate::catalog::{Catalog, EventEntry, EventId, Place, Text};
use crate::compat::{self, Direction};
use crate::doctor::{Finding, Severity};
use crate::schema::Schemas;

/// What is checked, and what fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckOptions {
    /// Which changes are checked; `None` for what the lock says.
    pub directions: Option<Directions>,
    /// Whether what cannot be told is an error, and a `wire` event without a schema is one.
    pub strict: bool,
}

impl CheckOptions {
    /// Sets which changes are checked.
    #[must_use]
    pub fn with_directions(mut self, directions: Directions) -> Self {
        self.directions = Some(directions);
        self
    }

    /// Makes what cannot be told an error, and a `wire` event without a schema.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }
}

/// What a program's events and a lock differ in.
///
/// `Display` writes the text of `events check`.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub(super) directions: Directions,
    pub(super) changes: Vec<Change>,
    pub(super) findings: Vec<Finding>,
    pub(super) is_current: bool,
    pub(super) count: usize,
}

impl Check {
    /// Returns the differences, by event, the worst first.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns the differences that are errors.
    pub fn errors(&self) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(|change| change.severity == Severity::Error)
    }

    /// Whether there is no error: each side reads what the other writes, as far as that was checked.
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.errors().next().is_none()
    }

    /// Whether the lock has just the events of the program, so that writing it again changes nothing.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.is_current
    }

    /// Returns which changes were checked.
    #[must_use]
    pub fn directions(&self) -> Directions {
        self.directions
    }

    /// Returns what was found beside the differences, and is said with them.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    pub(crate) fn with_findings(self, findings: Vec<Finding>) -> Self {
        Self { findings, ..self }
    }

    /// Gives what is no longer linked the place where the lock has it.
    pub(crate) fn with_lock_file(mut self, file: &str, text: &str) -> Self {
        for change in &mut self.changes {
            change.place.get_or_insert_with(|| Place {
                file: file.to_owned().into(),
                line: super::file::line_of(text, &change.event),
            });
        }
        self
    }
}

pub(super) fn check(catalog: &Catalog, lock: &Lock, options: CheckOptions) -> Check {
    let now = catalog.lock();
    let directions = options.directions.unwrap_or(lock.direction);
    let old_by_id = lock.by_id();
    let pairs = now
        .events
        .iter()
        .filter_map(|new| Some((*old_by_id.get(&(&*new.name, new.version))?, new)));
    let unchanged = pairs.filter(|(old, new)| old == new);
    let mut comparison = Comparison {
        catalog,
        old: lock,
        new: &now,
        unchanged: unchanged.map(|(old, new)| pair(old, new)).collect(),
        old_by_id,
        mentioned: HashSet::new(),
        old_readers: Accepted::of(lock),
        new_readers: Accepted::of(&now),
        renamed: HashMap::new(),
        is_strict: options.strict,
        directions,
        changes: Vec::new(),
    };
    comparison.run();
    let is_same = |(old, new): (&LockedEvent, &LockedEvent)| {
        comparison.unchanged.contains(&pair(old, new)) || old == new
    };
    let is_current =
        lock.events.len() == now.events.len() && lock.events.iter().zip(&now.events).all(is_same);
    let mut changes = comparison.changes;
    changes.sort_by(|one, other| {
        let rest = |change: &Change| (change.severity, change.direction);
        let events = one.event.cmp(&other.event);
        events.then_with(|| rest(one).cmp(&rest(other)))
    });
    Check {
        directions,
        changes,
        findings: Vec::new(),
        is_current,
        count: now.events.len(),
    }
}

/// Returns what an event before and an event now are known by, so that they are compared once.
fn pair(old: &LockedEvent, new: &LockedEvent) -> (*const LockedEvent, *const LockedEvent) {
    (old, new)
}

struct Comparison<'a> {
    catalog: &'a Catalog,
    old: &'a Lock,
    new: &'a Lock,
    old_by_id: HashMap<(&'a str, u32), &'a LockedEvent>,
    /// The events that are in both and have not changed, before and now.
    unchanged: HashSet<(*const LockedEvent, *const LockedEvent)>,
    /// The events of which something is said.
    mentioned: HashSet<EventId>,
    old_readers: Accepted<'a>,
    new_readers: Accepted<'a>,
    /// The events that have another name now and do not say so, by the new one.
    renamed: HashMap<EventId, Text>,
    is_strict: bool,
    directions: Directions,
    changes: Vec<Change>,
}

impl<'a> Comparison<'a> {
    fn run(&mut self) {
        self.accepted_twice();
        let (old, new) = (self.old, self.new);
        for event in &old.events {
            self.backward(event);
        }
        for event in new.events.iter().filter(|event| !event.is_superseded) {
            self.forward(event);
        }
        for event in &new.events {
            self.rest(event);
        }
    }

    fn accepted_twice(&mut self) {
        let twice = self.new_readers.twice.iter().map(|it| {
            let [first, second] = it.events;
            let message = format!(
                "`{}` and `{}` are both read from `{}` v{}, so that no codec can be made",
                first.type_name, second.type_name, it.name, it.version
            );
            Change::new(Rule::AcceptedTwice, second.id(), message)
                .help("give one of them another name, or another `alias`")
        });
        let twice: Vec<_> = twice.collect();
        for change in twice {
            self.say(change);
        }
    }

    /// Whether new programs read what was written of an event.
    fn backward(&mut self, event: &'a LockedEvent) {
        let was_read = self.old_readers.find(&event.name, event.version).is_ok();
        if event.is_superseded && !was_read {
            // No newer version named it already.
            return;
        }
        let change = match self.new_readers.find(&event.name, event.version) {
            Ok(reader) => {
                self.data(event, reader.event, Direction::Backward);
                self.aliases(event);
                return;
            }
            Err([]) => match self.renaming(event) {
                Some(new) => {
                    self.renamed.insert(new.id(), event.name.clone());
                    let new_name = &new.name;
                    let message = format!(
                        "it is `{new_name}` now, and new programs do not read its old name"
                    );
                    Change::new(Rule::EventRenamed, event.id(), message)
                        .at(self.place(&new.id()))
                        .help(format!(
                            "write `alias = \"{}\"` in `#[event(...)]`",
                            event.name
                        ))
                }
                None => self.removal(event),
            },
            Err(others) => {
                // What is read instead.
                let newest = others.last().map(|reader| reader.newest.id());
                let message = format!("new programs read only {} of it", versions(others));
                Change::new(Rule::VersionRemoved, event.id(), message)
                    .at(newest.and_then(|id| self.place(&id)))
                    .help(help::old_version(event))
            }
        };
        let witness = envelope(event, &event.name);
        self.say(change.breaks(Direction::Backward).witness(witness));
    }

    /// Whether new programs read an event under its other names.
    fn aliases(&mut self, event: &'a LockedEvent) {
        for alias in event.aliases.iter().filter(|alias| **alias != event.name) {
            match self.new_readers.find(alias, event.version) {
                Ok(reader) if reader.event.id() != event.id() => {
                    self.data(event, reader.event, Direction::Backward);
                }
                Ok(_) => {}
                Err(_) => {
                    let message = format!("new programs do not read its name `{alias}`");
                    let change = Change::new(Rule::AliasRemoved, event.id(), message)
                        .help(format!("write `alias = \"{alias}\"` in `#[event(...)]`"))
                        .witness(envelope(event, alias));
                    self.say(change.breaks(Direction::Backward));
                }
            }
        }
    }

    /// Whether old programs read what is written of an event.
    fn forward(&mut self, event: &'a LockedEvent) {
        let change = match self.old_readers.find(&event.name, event.version) {
            Ok(reader) => return self.data(event, reader.event, Direction::Forward),
            Err([]) => {
                let Some(before) = self.name_before(event) else {
                    let change = Change::new(Rule::EventAdded, event.id(), "it is new");
                    return self.say(change);
                };
                let message =
                    format!("it was `{before}`, and old programs do not read its new name");
                Change::new(Rule::EventRenamed, event.id(), message).help(format!(
                    "write `name = \"{before}\", alias = \"{}\"` until every program reads both names",
                    event.name
                ))
            }
            Err(others) => {
                let message = format!("old programs read only {} of it", versions(others));
                Change::new(Rule::VersionAdded, event.id(), message).help(
                    "release the new version to every program that reads it before one writes it",
                )
            }
        };
        let witness = envelope(event, &event.name);
        self.say(change.breaks(Direction::Forward).witness(witness));
    }

    /// Compares what is written of one event with what is read of another, or of the same.
    fn data(&mut self, writer: &'a LockedEvent, reader: &'a LockedEvent, direction: Direction) {
        // What has changed is the event as it is now.
        let (old, new) = match direction {
            Direction::Backward => (writer, reader),
            Direction::Forward => (reader, writer),
        };
        let (Some(written), Some(read)) = (&writer.schemas, &reader.schemas) else {
            // Of one event that is said once, for both directions.
            if writer.id() != reader.id() {
                let message = format!(
                    "`{}` or `{}` has no schema, so they are not compared",
                    writer.id(),
                    reader.id()
                );
                let change = Change::new(Rule::Data(compat::Rule::Unanalysable), new.id(), message);
                self.say(change.breaks(direction));
            }
            return;
        };
        let is_unchanged = self.unchanged.contains(&pair(old, new)) || written == read;
        if is_unchanged || !self.directions.includes(direction) {
            return;
        }
        let mut breaks = compat::breaks(direction, &written.writer, &read.reader);
        let is_proven = |found: &compat::Break| found.rule() != compat::Rule::Unanalysable;
        if let Some(message) = retagged(written, read, direction)
            && let Some(at) = breaks.iter().position(is_proven)
        {
            let rule = compat::Rule::TaggingChanged;
            let change = Change::new(Rule::Data(rule), new.id(), message)
                .help(help::of_type(new))
                .witness(breaks.swap_remove(at).witness().cloned());
            return self.say(change.breaks(direction));
        }
        for found in breaks {
            let change = Change::new(Rule::Data(found.rule()), new.id(), found.message())
                .help(help::of(&found, new))
                .witness(found.witness().cloned());
            let pointer = found.pointer();
            self.say(Change { pointer, ..change }.breaks(direction));
        }
    }

    /// Says what is not compared, and what changed without a break.
    fn rest(&mut self, event: &'a LockedEvent) {
        let before = self.old_by_id.get(&(&*event.name, event.version)).copied();
        if event.schemas.is_none() {
            let had = before.is_some_and(|before| before.schemas.is_some());
            let name = &event.type_name;
            let help = format!(
                "write `#[event(schema)]` and `#[derive(schemars::JsonSchema)]` above `{name}`"
            );
            if had {
                let message = "it has no schema any more, so its data is not compared";
                self.say(Change::new(Rule::SchemaRemoved, event.id(), message).help(help));
            } else if self.is_strict {
                let message = "it has no schema, so its data is not compared";
                self.say(Change::new(Rule::SchemaMissing, event.id(), message).help(help));
            }
        }
        let is_changed = |before: &&LockedEvent| !self.unchanged.contains(&pair(before, event));
        let Some(before) = before.filter(is_changed) else {
            return;
        };
        if before.key != event.key {
            let of = |key: &Option<Text>| match key {
                Some(key) => format!("`{key}`"),
                None => "none".to_owned(),
            };
            let message = format!(
                "its key was {} and is {}: what is under way may be handled in another order",
                of(&before.key),
                of(&event.key)
            );
            self.say(Change::new(Rule::KeyChanged, event.id(), message));
        }
        let id = event.id();
        if !self.mentioned.contains(&id) {
            let message = if before.schemas.is_none() && event.schemas.is_some() {
                "it has a schema now; its data was not compared, since the lock has none"
            } else {
                "it is not as it is in the lock, and nothing that is checked breaks"
            };
            self.say(Change::new(Rule::EventChanged, id, message));
        }
    }

    /// Returns the event that has probably taken the place of one that no name leads to.
    fn renaming(&self, gone: &LockedEvent) -> Option<&'a LockedEvent> {
        let is_new = |event: &&LockedEvent| {
            let is_known = self.old_readers.find(&event.name, event.version).is_ok();
            !event.is_superseded && !gone.is_superseded && !is_known
        };
        let mut new: Vec<_> = self.new.events.iter().filter(is_new).collect();
        let is_same_type = |event: &&LockedEvent| event.type_name == gone.type_name;
        if let Some(same) = new.iter().copied().find(is_same_type) {
            return Some(same);
        }
        new.retain(|event| gone.schemas.is_some() && event.schemas == gone.schemas);
        match new[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Returns the name that an event had in the lock.
    fn name_before(&self, event: &LockedEvent) -> Option<String> {
        if let Some(before) = self.renamed.get(&event.id()) {
            return Some(before.to_string());
        }
        let mut old = self.old.events.iter().filter(|old| !old.is_superseded);
        let is_it = |old: &&LockedEvent| {
            let reader = self.new_readers.find(&old.name, old.version);
            reader.is_ok_and(|reader| reader.newest.id() == event.id())
        };
        old.find(is_it).map(|old| old.name.to_string())
    }

    /// Says what became of an event that no name leads to.
    fn removal(&self, event: &LockedEvent) -> Change {
        let same_name = |it: &&EventEntry| it.name == event.name;
        match self.catalog.events.iter().find(same_name) {
            Some(linked) if !linked.is_wire => {
                let message = "it is no longer `wire`, and new programs do not read it";
                Change::new(Rule::EventRemoved, event.id(), message)
                    .at(Some(linked.place.clone()))
                    .help("write `wire` in `#[event(...)]`")
            }
            _ => {
                let message = "new programs have no event of this name";
                Change::new(Rule::EventRemoved, event.id(), message).help(format!(
                    "keep `{}` for as long as there is data; if it is there, name the `MODULE` of its crate, so that \
                     it is linked",
                    event.type_name
                ))
            }
        }
    }

    fn place(&self, id: &EventId) -> Option<Place> {
        Some(self.catalog.get(id)?.place.clone())
    }

    /// Adds a change, unless it breaks in a direction that is not checked.
    fn say(&mut self, change: Change) {
        if change
            .direction
            .is_some_and(|direction| !self.directions.includes(direction))
        {
            return;
        }
        let place = change.place.clone().or_else(|| self.place(&change.event));
        let severity = change.rule.severity(self.is_strict);
        self.mentioned.insert(change.event.clone());
        self.changes.push(Change {
            severity,
            place,
            ..change
        });
    }
}

/// Says how an enum is written and read otherwise; `None` if it is told apart as it was, or is no enum.
fn retagged(written: &Schemas, read: &Schemas, direction: Direction) -> Option<String> {
    let (from, to) = (written.tagging.as_ref()?, read.tagging.as_ref()?);
    let (writers, readers) = match direction {
        Direction::Backward => ("old programs", "new ones"),
        Direction::Forward => ("new programs", "old ones"),
    };
    (from != to).then(|| format!("{writers} write it {from}, and {readers} read it {to}"))
}

/// Returns an envelope of an event under a name, with data that is written.
fn envelope(event: &LockedEvent, name: &str) -> Option<Value> {
    let mut envelope = json!({"type": name, "eventversion": event.version});
    if let Some(schemas) = &event.schemas {
        envelope["data"] = schemas.sample()?;
    }
    Some(envelope)
}

/// Returns `version 1`, `versions 1 and 2`, `versions 1, 2 and 3`.
fn versions(readers: &[Reader<'_>]) -> String {
    let numbers: Vec<_> = readers
        .iter()
        .map(|reader| reader.version.to_string())
        .collect();
    match &numbers[..] {
        [only] => format!("version {only}"),
        [others @ .., last] => format!("versions {} and {last}", others.join(", ")),
        [] => String::new(),
    }
}
