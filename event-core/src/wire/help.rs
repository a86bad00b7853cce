//! Says what to type if the written data and the types of this program differ.

use crate::event::info::EventInfo;
use crate::event::json::read::DataError;
use crate::type_name::short;
use crate::wire::index::Reader;

/// Returns the help for a version of a name that no reader accepts; `readers` are sorted by version.
pub(crate) fn unknown_version(event: &str, version: u32, readers: &[Reader]) -> String {
    if version == 0 {
        return "versions count from 1".to_owned();
    }
    let Some(reader) = readers.iter().find(|reader| reader.version > version) else {
        let newest = readers.last();
        return newest.map_or_else(String::new, |newest| newer(event, version, newest));
    };
    let oldest = of_version(reader.newest, reader.version);
    let (event, before) = (name(oldest), oldest.version() - 1);
    let older = older_name(&event, before);
    let further = if before > version {
        format!(", and so on down to version {version}")
    } else {
        String::new()
    };
    format!(
        "it is older than `{event}`, which has no `previous`: add `previous = {older}` to it, with the \
         struct of version {before} under that name{further}"
    )
}

fn newer(known_as: &str, version: u32, reader: &Reader) -> String {
    let event = name(reader.newest);
    let newest = reader.newest.version();
    if reader.version < newest {
        return format!(
            "`{event}` has another name since version {newest}: add `alias = \"{known_as}\"` to it"
        );
    }
    format!(
        "it is newer than `{event}`: give this program version {version} before others write it; or, if \
         newer versions only add what it can ignore, add `reads_newer` to `#[event(...)]` of `{event}`"
    )
}

/// Returns the help for data that does not fit the type that reads this version; empty unless a change of
/// the type explains it.
pub(crate) fn unfit(version: u32, reader: &Reader, unfit: &DataError) -> String {
    let Some(Change { what, mend }) = Change::of(&unfit.problem, &unfit.path) else {
        return String::new();
    };
    let info = of_version(reader.newest, reader.version);
    let event = name(info);
    if version > reader.version {
        return format!(
            "it is newer than `{event}`, which reads it as version {}: give this program version \
             {version} before others write it",
            reader.version
        );
    }
    if info.is_superseded() {
        let mend = mend.map_or_else(String::new, |mend| format!(": {mend}"));
        return format!("`{event}` is to stay as version {version} was written{mend}");
    }
    let mend = mend.map_or_else(String::new, |mend| format!("{mend}; or "));
    let older = older_name(&event, version);
    let next = version.saturating_add(1);
    format!(
        "if {what}, {mend}keep the struct of version {version} as `{older}`, and write `version = \
         {next}, previous = {older}` on `{event}`"
    )
}

/// A change of a type since the data was written, as far as an error shows it.
struct Change {
    what: String,
    /// The edit with which the changed type can read the data.
    mend: Option<String>,
}

impl Change {
    /// Finds the change that explains one of serde's own texts.
    fn of(problem: &str, path: &str) -> Option<Self> {
        let change = |what: &str, mend: Option<&str>| {
            Some(Self {
                what: what.to_owned(),
                mend: mend.map(str::to_owned),
            })
        };
        let is = |kind| problem.starts_with(kind);
        let field = problem.strip_prefix("missing field `");
        if let Some(field) = field.and_then(|rest| rest.strip_suffix('`')) {
            let mend = format!("write `#[serde(default)]` above `{field}`");
            change(&format!("`{field}` was added"), Some(&mend))
        } else if is("invalid length") {
            let mend = "write `#[serde(default)]` before it";
            change("an element was added", Some(mend))
        } else if is("unknown field") {
            let mend = "remove `#[serde(deny_unknown_fields)]`";
            change("a field was removed", Some(mend))
        } else if is("unknown variant") {
            let mend = "write `#[serde(alias = \"…\")]` above the one that has its place";
            change("a variant was removed or renamed", Some(mend))
        } else if path != "data" && (is("invalid type") || is("invalid value")) {
            // If the data as a whole has another type, no change explains it.
            change("its type was changed", None)
        } else {
            None
        }
    }
}

/// Returns the type of this version: the newest one, or one of those before it.
fn of_version(newest: &'static EventInfo, version: u32) -> &'static EventInfo {
    let mut older = std::iter::successors(Some(newest), |info| info.previous());
    older
        .find(|info| info.version() == version)
        .unwrap_or(newest)
}

fn name(info: &EventInfo) -> String {
    short(info.type_name())
}

/// Returns `OrderPlacedV1`, for both `OrderPlaced` and `OrderPlacedV2`.
fn older_name(event: &str, version: u32) -> String {
    let stem = event.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = match stem.strip_suffix('V') {
        Some(stem) if event.len() > stem.len() + 1 && !stem.is_empty() => stem,
        _ => event,
    };
    format!("{stem}V{version}")
}
