//! What to do about a break.

use super::LockedEvent;
use crate::compat::{Break, Direction, Rule};

/// Returns what to type so that a change of an event's data breaks nobody; or empty.
pub(super) fn of(found: &Break, event: &LockedEvent) -> String {
    if found.rule() == Rule::Unanalysable {
        return String::new();
    }
    let step = renamed(found).or_else(|| step(found.rule()).map(str::to_owned));
    match (step, found.direction()) {
        (None, _) => of_type(event),
        (Some(step), Direction::Backward) => format!("{step}; or {}", new_version(event)),
        (Some(step), Direction::Forward) => step,
    }
}

fn renamed(found: &Break) -> Option<String> {
    let (written, read) = found.renamed()?;
    Some(match found.direction() {
        Direction::Backward => format!("write `#[serde(alias = \"{written}\")]` above `{read}`"),
        Direction::Forward => format!(
            "write `#[serde(rename = \"{read}\", alias = \"{written}\")]` above it until every program reads both \
             names"
        ),
    })
}

fn step(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::FieldAddedRequired => "write `#[serde(default)]` above the field",
        Rule::OptionalToRequired => "keep the `Option`, or the `#[serde(default)]`",
        Rule::FieldRemovedRequired => {
            "keep the field until every program that reads it has `#[serde(default)]` above it"
        }
        Rule::RequiredToOptional => {
            "write the field always, and never as null, until every program reads it as optional"
        }
        Rule::FieldAdded | Rule::FieldRemoved => {
            "remove `#[serde(deny_unknown_fields)]` from what reads it, in every program"
        }
        Rule::EnumValueRemoved | Rule::VariantRemoved => {
            "keep the variant; if it has another name, write `#[serde(alias = \"ItsOldName\")]` above it"
        }
        Rule::EnumValueAdded | Rule::VariantAdded => {
            "release the variant to every program that reads it before one writes it; a variant with \
             `#[serde(other)]` reads those to come"
        }
        _ => return None,
    })
}

/// Returns what to type if another type is written.
pub(super) fn of_type(event: &LockedEvent) -> String {
    format!("keep the type; or {}", new_version(event))
}

/// Returns how the event gets another version.
fn new_version(event: &LockedEvent) -> String {
    let (name, version) = (&event.type_name, event.version);
    format!(
        "keep the old type as `{name}V{version}` with `superseded`, and write `version = {}, previous = \
         {name}V{version}` above the new one",
        version.saturating_add(1)
    )
}

/// Returns how a version that is gone is read again.
pub(super) fn old_version(event: &LockedEvent) -> String {
    let (name, version) = (&event.type_name, event.version);
    format!(
        "keep the type of version {version} as `{name}V{version}` with `superseded`, and name it with `previous = \
         {name}V{version}` in the version after it"
    )
}
