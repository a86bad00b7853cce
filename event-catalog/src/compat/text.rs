//! What is said of a break.

use std::fmt;

use crate::compat::inclusion::Kind;
use crate::compat::{Break, Direction, Rule};

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FieldAddedRequired => "FIELD_ADDED_REQUIRED",
            Self::FieldRemovedRequired => "FIELD_REMOVED_REQUIRED",
            Self::FieldAdded => "FIELD_ADDED",
            Self::FieldRemoved => "FIELD_REMOVED",
            Self::FieldRenamed => "FIELD_RENAMED",
            Self::OptionalToRequired => "OPTIONAL_TO_REQUIRED",
            Self::RequiredToOptional => "REQUIRED_TO_OPTIONAL",
            Self::TypeChanged => "TYPE_CHANGED",
            Self::IntToFloat => "INT_TO_FLOAT",
            Self::ArrayScalar => "ARRAY_SCALAR",
            Self::IntNarrowed => "INT_NARROWED",
            Self::IntWidened => "INT_WIDENED",
            Self::ConstraintTightened => "CONSTRAINT_TIGHTENED",
            Self::ConstraintLoosened => "CONSTRAINT_LOOSENED",
            Self::FormatChanged => "FORMAT_CHANGED",
            Self::EnumValueRemoved => "ENUM_VALUE_REMOVED",
            Self::EnumValueAdded => "ENUM_VALUE_ADDED",
            Self::VariantRemoved => "VARIANT_REMOVED",
            Self::VariantAdded => "VARIANT_ADDED",
            Self::TaggingChanged => "TAGGING_CHANGED",
            Self::ItemsChanged => "ITEMS_CHANGED",
            Self::Unanalysable => "UNANALYSABLE",
        })
    }
}

/// Writes the rule, the place, what changed, who breaks, and the witness, in one line.
impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.rule())?;
        match self.pointer().as_str() {
            "" => write!(f, ": {}", self.message())?,
            pointer => write!(f, " at `{pointer}`: {}", self.message())?,
        }
        match self.witness() {
            _ if self.rule() == Rule::Unanalysable => Ok(()),
            Some(witness) => write!(f, "; such as {witness}"),
            None => f.write_str("; no example of it is known"),
        }
    }
}

pub(super) fn message(kind: &Kind, direction: Direction) -> String {
    let (writers, readers) = match direction {
        Direction::Backward => ("old programs", "new ones"),
        Direction::Forward => ("new programs", "old ones"),
    };
    match kind {
        Kind::FieldRequired {
            field,
            is_written: true,
        } => format!("{writers} may leave out `{field}`, and {readers} require it"),
        Kind::FieldRequired { field, .. } => {
            format!("{writers} do not write `{field}`, and {readers} require it")
        }
        Kind::FieldRefused { field } => {
            format!("{writers} write `{field}`, and {readers} refuse fields that they do not know")
        }
        Kind::FieldRenamed { from, to } => {
            format!("{writers} write `{from}`, and {readers} require `{to}`")
        }
        Kind::Null => format!("{writers} may write null, and {readers} refuse it"),
        Kind::Type { from, to } => format!("{writers} write {from}, and {readers} read {to}"),
        Kind::Tagging => {
            format!("{writers} write the variants in another way than {readers} read them")
        }
        Kind::Range { .. } => format!("{writers} may write numbers that {readers} refuse"),
        Kind::Text => format!("{writers} may write texts that {readers} refuse"),
        Kind::Format {
            from: Some(from),
            to,
        } => {
            format!("{writers} write the format {from}, and {readers} read {to}")
        }
        Kind::Format { from: None, to } => {
            format!("{writers} write any text, and {readers} read the format {to}")
        }
        Kind::Value { value } => {
            format!("{writers} may write {value}, which {readers} refuse")
        }
        Kind::Variant { tag } => {
            format!("{writers} may write the variant `{tag}`, which {readers} do not know")
        }
        Kind::Items => format!("{writers} may write arrays whose length {readers} refuse"),
        Kind::Undecided { why } => {
            format!("it cannot be told whether {readers} read all that {writers} write: {why}")
        }
    }
}
