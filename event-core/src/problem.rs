//! The error of a build: every problem, in one error.

use std::error::Error;
use std::fmt;

use crate::counted::Counted;

/// Why a dispatcher was not built: every problem, each with its place and its fix.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, handler};
///
/// #[derive(Event)]
/// struct OrderPlaced;
///
/// struct Stock;
///
/// #[handler]
/// fn reserve(_event: &OrderPlaced, _stock: &Stock) {}
///
/// let error = Dispatcher::builder().only(reserve).build().unwrap_err();
/// assert_eq!(error.problems().len(), 1);
/// assert!(error.to_string().contains("add `.provide(…)` with a value of type `Stock`"));
/// ```
pub struct BuildError {
    problems: Vec<Problem>,
}

/// One problem of a [`BuildError`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    places: Vec<SourceLocation>,
    kind: ProblemKind,
    what: String,
    help: String,
}

/// A place in the source that a [`Problem`] concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceLocation {
    file: &'static str,
    line: u32,
    what: &'static str,
}

/// What a [`Problem`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A handler needs a value that was not provided.
    MissingDependency,
    /// Two values of one type were provided.
    ProvidedTwice,
    /// `override_with` replaces a value that was not provided.
    NothingToOverride,
    /// Two event types declare one name.
    EventNameTwice,
    /// Two event types are decoded from one name and version.
    AcceptedTwice,
    /// An event is superseded, and no other event is its newer version.
    NothingSupersedes,
    /// Two handlers have one path: two copies of a crate are linked.
    HandlerTwice,
    /// The `after` and `before` of handlers form a cycle.
    OrderCycle,
    /// `after` or `before` names a function that does not handle the event.
    OrderUnrelated,
    /// The builder names a function that is no handler.
    NotAHandler,
    /// `.replace(…)` names a handler of another event than its closure takes.
    WrongReplacement,
    /// `.only(…)` names a handler that the builder does not have.
    NotSelected,
    /// A pattern matches no event.
    PatternWithoutMatch,
    /// An event has fewer or more handlers than it declares.
    Cardinality,
    /// A module has no handlers.
    ModuleWithoutHandlers,
    /// A catch-all handler takes an emitter.
    CatchAllEmits,
    /// An async or queued handler has no runtime to run on.
    MissingRuntime,
    /// A handler has a timeout or is retried, and its runtime has no timers.
    MissingTimers,
    /// `retry(ordered)` is on a handler whose events have no key.
    OrderedWithoutKey,
    /// `after` or `before` is between handlers that do not run in the same way.
    OrderAcrossExecutors,
    /// Two queues have one name.
    QueueNameTwice,
    /// A queue can wait for capacity that only its own consumers free.
    Deadlock,
    /// The builder gives a queue settings that it cannot have.
    QueueSettings,
    /// A handler is durable or called before a commit, and the dispatcher has no outbox.
    MissingOutbox,
    /// The outbox belongs to another dispatcher.
    OutboxTaken,
    /// Two durable handlers have one id or alias.
    HandlerIdTwice,
    /// A handler takes a `&mut` of another type than the outbox lends.
    OtherTransaction,
    /// A parameter made per delivery cannot be made in this dispatcher.
    UnresolvedParam,
}

impl BuildError {
    /// Makes the error; `None` if there are no problems.
    pub(crate) fn of(mut problems: Vec<Problem>) -> Option<Self> {
        // The places of a cycle keep the order of waiting.
        for problem in &mut problems {
            if problem.kind != ProblemKind::OrderCycle {
                problem.places.sort();
            }
        }
        problems.sort();
        problems.dedup();
        (!problems.is_empty()).then_some(Self { problems })
    }

    /// Returns the problems, in order of their places.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = Counted::new(self.problems.len(), "problem", "problems");
        write!(f, "the dispatcher cannot be built; {problems}:")?;
        for problem in &self.problems {
            write!(f, "\n\n{problem}")?;
        }
        Ok(())
    }
}

/// Shows the same text as `Display`, since `main` and `unwrap` show an error by its `Debug`.
impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for BuildError {}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, what: String) -> Self {
        Self {
            places: Vec::new(),
            kind,
            what,
            help: String::new(),
        }
    }

    pub(crate) fn at(self, file: &'static str, line: u32) -> Self {
        self.at_named(file, line, "")
    }

    /// Adds a place, and its description if the problem's first line does not name it.
    pub(crate) fn at_named(mut self, file: &'static str, line: u32, what: &'static str) -> Self {
        self.places.push(SourceLocation { file, line, what });
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Returns what the problem is about.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// Returns the places that are involved.
    #[must_use]
    pub fn places(&self) -> &[SourceLocation] {
        &self.places
    }
}

impl SourceLocation {
    /// Returns the source file.
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// Returns the line in [`file`](Self::file).
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.what.is_empty() {
            return Ok(());
        }
        write!(f, " {}", self.what)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        for place in &self.places {
            write!(f, "\n  --> {place}")?;
        }
        if self.help.is_empty() {
            return Ok(());
        }
        write!(f, "\n  help: {}", self.help)
    }
}
