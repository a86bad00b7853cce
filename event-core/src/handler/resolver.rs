//! Finds the parameters of handlers, while a dispatcher is built.

use std::any::{TypeId, type_name};
use std::fmt;
use std::sync::Arc;

use crate::engine::plan::provided::Provided;
use crate::handler::context::Context;
use crate::handler::outcome::Events;
use crate::handler::param::Dependency;
use crate::handler::registered::Registered;
use crate::meta::Meta;
use crate::prehashed::ByType;
use crate::problem::{Problem, ProblemKind};
use crate::type_name::short;

/// The help where a dispatcher needs neither the value nor the handler, as in a test of other handlers.
const LEAVE_OUT: &str = "; a dispatcher that does not need the handler leaves it out with `.without(…)`, or names \
                         all that it has: `Dispatcher::empty().handler(…)`";

/// Finds the parameters of handlers, while a dispatcher is built, and notes missing ones.
pub struct Resolver<'r> {
    provided: &'r Provided,
    is_event: &'r dyn Fn(TypeId) -> bool,
    handler: Option<&'static dyn Registered>,
    missing: ByType<Problem>,
    problems: Vec<Problem>,
    /// How many problems were noted.
    noted: usize,
    /// The events that the current handler can cause.
    caused: Events,
    /// Whether a parameter needs the identity of emissions.
    needs_meta: bool,
    /// Whether handlers are only described: no parameter is resolved, so no code of the user runs.
    describes: bool,
}

impl<'r> Resolver<'r> {
    pub(crate) fn new(provided: &'r Provided, is_event: &'r dyn Fn(TypeId) -> bool) -> Self {
        Self {
            provided,
            is_event,
            handler: None,
            missing: ByType::default(),
            problems: Vec::new(),
            noted: 0,
            caused: Events::default(),
            needs_meta: false,
            describes: false,
        }
    }

    /// Resolves nothing: binding a handler only collects the events that it can cause.
    pub(crate) fn describing(mut self) -> Self {
        self.describes = true;
        self
    }

    pub(crate) fn describes(&self) -> bool {
        self.describes
    }

    /// Starts a handler: from here on problems concern it.
    pub(crate) fn start(&mut self, handler: &'static dyn Registered) {
        self.handler = Some(handler);
        self.caused = Events::default();
    }

    /// Returns the events that the current handler can cause, so far.
    pub(crate) fn caused(&mut self) -> &mut Events {
        &mut self.caused
    }

    /// Notes that emissions must be stamped with an identity.
    pub(crate) fn needs_meta(&mut self) {
        self.needs_meta = true;
    }

    pub(crate) fn makes_meta(&self) -> bool {
        self.needs_meta
    }

    /// Returns the value of type `T` that was provided; `None` if there is none.
    #[must_use]
    pub fn get<T: Dependency + ?Sized>(&self) -> Option<Arc<T>> {
        self.provided.get()
    }

    /// Returns the value of type `T` that was provided; if there is none, the build fails with an error
    /// that names the handler and `T`.
    pub fn required<T: Dependency + ?Sized>(&mut self) -> Option<Arc<T>> {
        let found = self.provided.get();
        if found.is_none() {
            self.note_missing::<T>();
        }
        found
    }

    /// Notes that the current handler needs a `T`. All handlers that need it share one problem.
    #[cold]
    fn note_missing<T: Dependency + ?Sized>(&mut self) {
        let Some(handler) = self.handler.map(|handler| handler.planned().info()) else {
            return;
        };
        self.noted += 1;
        let problem = self.missing.remove(&TypeId::of::<T>()).unwrap_or_else(|| {
            Problem::new(
                ProblemKind::MissingDependency,
                format!("`{}` was not provided", type_name::<T>()),
            )
            .help(self.help_for_missing::<T>())
        });
        self.missing.insert(
            TypeId::of::<T>(),
            problem.at_named(handler.file(), handler.line(), handler.name()),
        );
    }

    fn help_for_missing<T: Dependency + ?Sized>(&self) -> String {
        let needed = short(type_name::<T>());
        if (self.is_event)(TypeId::of::<T>()) {
            format!(
                "`{needed}` is an event: a handler takes one event, as its first parameter; \
                 write a second handler for `{needed}`"
            )
        } else if self.provided.get::<Arc<T>>().is_some() {
            format!(
                "an `Arc<{needed}>` was provided: give it with `.provide_arc(…)` instead of \
                 `.provide(…)`"
            )
        } else if self.provided.get::<Box<T>>().is_some() {
            format!(
                "a `Box<{needed}>` was provided: give it with \
                 `.provide_arc(std::sync::Arc::from(…))`"
            )
        } else if self.provided.get::<&'static T>().is_some() {
            format!("a `&{needed}` was provided: give the value itself, or an `Arc` of it")
        } else if TypeId::of::<T>() == TypeId::of::<Meta>()
            || type_name::<T>().starts_with(type_name_of_context())
        {
            format!(
                "each delivery has its own: take it by value, as `{needed}` instead of `&{needed}`"
            )
        } else if is_own(type_name::<T>(), "Dispatcher") {
            "return the event, or take an `Emitter<…>`; for later, take a `DispatcherHandle` by value".to_owned()
        } else if is_own(type_name::<T>(), "DispatcherHandle") {
            "take it by value, as `DispatcherHandle`; for the handle of another dispatcher, add \
             `.provide(…)` with it to the builder"
                .to_owned()
        } else if TypeId::of::<T>() == TypeId::of::<str>() {
            "add `.provide_arc::<str>(\"…\".into())` to the builder, or take `&String`".to_owned()
        } else if let Some(inner) = needed
            .strip_prefix("Option<")
            .and_then(|rest| rest.strip_suffix('>'))
        {
            format!("a dependency that may be missing is an `Option<&{inner}>`")
        } else if needed.starts_with("dyn ") {
            format!(
                "add `.provide_arc::<{needed}>(std::sync::Arc::new(…))` to the builder{LEAVE_OUT}"
            )
        } else if size_of::<&T>() > size_of::<usize>() {
            // A slice or another unsized type, which cannot be provided by value.
            format!("add `.provide_arc::<{needed}>(….into())` to the builder{LEAVE_OUT}")
        } else {
            format!(
                "add `.provide(…)` with a value of type `{needed}` to the builder; a handler \
                 that can do without takes `Option<&{needed}>`{LEAVE_OUT}"
            )
        }
    }

    /// Notes a problem of a parameter that needs more than a value of one type. `what` continues "handler
    /// `x` …", `help` says what to type.
    pub fn note(&mut self, what: &str, help: &str) {
        self.note_of(ProblemKind::UnresolvedParam, what, help);
    }

    /// Returns how many problems were noted so far.
    pub(crate) fn noted(&self) -> usize {
        self.noted
    }

    /// Notes a parameter that did not resolve and noted no problem.
    #[cold]
    pub(crate) fn unresolved(&mut self, param: &str) {
        self.note(
            &format!("takes `{param}`, which cannot be made in this dispatcher"),
            "in its `resolve`, use `resolver.required::<T>()`, which says what is missing, or \
             `resolver.note(…)`",
        );
    }

    #[cold]
    pub(crate) fn catch_all_cannot_emit(&mut self) {
        self.note_of(
            ProblemKind::CatchAllEmits,
            "is a catch-all and takes an `Emitter`; it would feed itself",
            "remove the parameter, or handle one event type",
        );
    }

    fn note_of(&mut self, kind: ProblemKind, what: &str, help: &str) {
        self.noted += 1;
        if let Some(handler) = self.handler.map(|handler| handler.planned().info()) {
            let what = format!("handler `{}` {what}", handler.name());
            self.problems.push(
                Problem::new(kind, what)
                    .at(handler.file(), handler.line())
                    .help(help),
            );
        }
    }

    /// Returns the problems that were noted.
    pub(crate) fn into_problems(self) -> impl Iterator<Item = Problem> {
        self.problems.into_iter().chain(self.missing.into_values())
    }
}

impl fmt::Debug for Resolver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

/// Whether this is the type name of this crate's type with a name.
fn is_own(type_name: &str, name: &str) -> bool {
    let mut names = type_name.split("::");
    names.next() == module_path!().split("::").next() && names.last() == Some(name)
}

/// Returns `event_core::context::Context<`, with the actual path of this crate.
fn type_name_of_context() -> &'static str {
    let name = type_name::<Context<()>>();
    name.split_inclusive('<').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::engine::plan::provided::Provided;
    use crate::handler::resolver::Resolver;

    #[test]
    fn what_has_no_size_of_its_own_is_said_to_be_provided_in_an_arc() {
        let provided = Provided::default();
        let resolver = Resolver::new(&provided, &|_| false);
        for (help, provide) in [
            (
                resolver.help_for_missing::<[u8]>(),
                "`.provide_arc::<[u8]>(….into())`",
            ),
            (
                resolver.help_for_missing::<Path>(),
                "`.provide_arc::<Path>(….into())`",
            ),
            (resolver.help_for_missing::<[u8; 3]>(), "`.provide(…)`"),
        ] {
            assert!(help.contains(provide), "{help}");
        }
    }
}
