//! What to do about a break.

use super::LockedEvent;
use crate::compat::{Direction, Rule};

/// Returns what to type so that a change of an event's data breaks nobody; or empty.
pub(super) fn of(rule: Rule, direction: Direction, event: &LockedEvent) -> String {
    let is_backward = direction == Direction::Backward;
    let step = match rule {
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
        Rule::FieldRenamed if is_backward => {
            "write `#[serde(alias = \"its_old_name\")]` above the field"
        }
        Rule::FieldRenamed => {
            "write the old name until every program reads both: `#[serde(rename = \"its_old_name\", alias = \
             \"its_new_name\")]`"
        }
        Rule::EnumValueRemoved | Rule::VariantRemoved => {
            "keep the variant; if it has another name, write `#[serde(alias = \"ItsOldName\")]` above it"
        }
        Rule::EnumValueAdded | Rule::VariantAdded => {
            "release the variant to every program that reads it before one writes it; a variant with \
             `#[serde(other)]` reads those to come"
        }
        Rule::Unanalysable => return String::new(),
        _ => return format!("keep the type, or {}", new_version(event)),
    };
    if is_backward {
        format!("{step}; or {}", new_version(event))
    } else {
        step.to_owned()
    }
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
