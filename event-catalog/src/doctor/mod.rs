//! Finds what is probably a mistake, as far as the linker and cargo know.

mod checks;
mod document;
mod packages;

use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, Place};

pub(crate) use self::checks::named_twice;
pub(crate) use self::packages::unknown as packages_unknown;
pub use self::packages::{HandlerPackage, PackagesError, handler_packages};

/// Something that is probably a mistake, or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of mistake it is.
    pub kind: FindingKind,
    /// What is wrong, with the names of the program.
    pub message: String,
    /// What to do about it; or empty.
    pub help: String,
    /// Where it is.
    pub places: Vec<Place>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// Something does not work.
    Error,
    /// Something is probably not as it is meant to be.
    Warning,
    /// Something is as the declarations say, which may surprise.
    Note,
}

/// What kind of mistake a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingKind {
    /// Several event types have one name.
    NameTwice,
    /// Handlers of one event wait for each other.
    OrderCycle,
    /// An event has not as many handlers as it must have.
    Cardinality,
    /// A catch-all sees no event.
    PatternWithoutMatch,
    /// A package that the program depends on has handlers in its source, and none of them is linked.
    NotLinked,
    /// It is not known which packages the program depends on.
    PackagesUnknown,
    /// Events lead to each other.
    Cycle,
    /// No handler handles the event, and none causes it.
    Dead,
    /// No handler names the event.
    Unhandled,
    /// A handler that may wait has no limit of time.
    NoTimeout,
    /// An event that may leave the process has no schema, so that changes of it are not checked.
    NoSchema,
    /// A schema refers to what it does not have.
    ReferenceNowhere,
    /// An example or a default does not fit the schema that has it.
    ExampleRefused,
    /// The schemas of several events have one title, so that generators make one model of them.
    TitleTwice,
    /// A schema has a keyword that is newer than draft-07, which those who read AsyncAPI documents pass over.
    KeywordNewer,
}

/// Examines a catalogue. The findings are sorted, the worst first. Schemas are examined if they are
/// [there](Catalog::with_schemas).
///
/// # Examples
///
/// ```standalone_crate
/// use event_catalog::doctor::{FindingKind, examine};
/// use event_catalog::Catalog;
/// use event_core::{Event, handler};
///
/// #[derive(Event)]
/// #[event(name = "shop.order_placed")]
/// struct OrderPlaced;
///
/// #[handler]
/// async fn notify_warehouse(_event: &OrderPlaced) {}
///
/// let findings = examine(&Catalog::linked());
/// assert_eq!(findings[0].kind, FindingKind::NoTimeout);
/// ```
#[must_use]
pub fn examine(catalog: &Catalog) -> Vec<Finding> {
    let mut findings = checks::all(catalog);
    findings.extend(document::all(catalog));
    sorted(findings)
}

/// Examines which of the packages that have handlers are linked. Packages are those of
/// [`handler_packages`].
#[must_use]
pub fn examine_packages(catalog: &Catalog, packages: &[HandlerPackage]) -> Vec<Finding> {
    sorted(packages::unlinked(catalog, packages))
}

fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| (finding.severity, finding.kind, finding.message.clone());
        key(one).cmp(&key(other))
    });
    findings
}

impl Severity {
    /// Returns one word: `error`, `warning`, `note`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl FindingKind {
    /// Returns its name, as JSON has it: `not_linked`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NameTwice => "name_twice",
            Self::OrderCycle => "order_cycle",
            Self::Cardinality => "cardinality",
            Self::PatternWithoutMatch => "pattern_without_match",
            Self::NotLinked => "not_linked",
            Self::PackagesUnknown => "packages_unknown",
            Self::Cycle => "cycle",
            Self::Dead => "dead",
            Self::Unhandled => "unhandled",
            Self::NoTimeout => "no_timeout",
            Self::NoSchema => "no_schema",
            Self::ReferenceNowhere => "reference_nowhere",
            Self::ExampleRefused => "example_refused",
            Self::TitleTwice => "title_twice",
            Self::KeywordNewer => "keyword_newer",
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if !self.help.is_empty() {
            write!(f, "; {}", self.help)?;
        }
        Ok(())
    }
}
