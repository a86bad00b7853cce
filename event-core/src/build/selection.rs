//! Which of the linked handlers a dispatcher has.

use std::any::TypeId;
use std::collections::HashSet;
use std::panic::Location;

use crate::build::module::Module;
use crate::build::registry;
use crate::engine::plan::handlers::EventKind;
use crate::event::info::EventInfo;
use crate::handler::registered::Registered;
use crate::handler::replacement::Replacement;
use crate::handler_info::spec::FunctionId;
use crate::problem::{Problem, ProblemKind};
use crate::type_name::short;

/// Which of the linked handlers a dispatcher has.
pub(crate) struct Selection {
    /// Whether every linked handler is included; otherwise those of `modules` are.
    pub(crate) linked: bool,
    pub(crate) modules: Vec<Module>,
    pub(crate) only_modules: Option<Vec<Module>>,
    pub(crate) without_modules: Vec<Module>,
    /// Handlers that are added one by one.
    pub(crate) handlers: Vec<Choice>,
    pub(crate) only: Vec<Choice>,
    pub(crate) without: Vec<Choice>,
    pub(crate) allow_unhandled: HashSet<TypeId>,
    /// Closures in the place of handlers.
    pub(crate) replacements: Vec<Replacement>,
    /// The events whose handlers do not run.
    pub(crate) fakes: Vec<EventKind>,
}

/// A function that the builder names.
pub(crate) struct Choice {
    pub(crate) function: FunctionId,
    pub(crate) verb: &'static str,
    pub(crate) at: &'static Location<'static>,
}

impl Selection {
    pub(crate) fn new(linked: bool) -> Self {
        Self {
            linked,
            modules: Vec::new(),
            only_modules: None,
            without_modules: Vec::new(),
            handlers: Vec::new(),
            only: Vec::new(),
            without: Vec::new(),
            allow_unhandled: HashSet::new(),
            replacements: Vec::new(),
            fakes: Vec::new(),
        }
    }

    /// Whether the cardinality of events is checked. It concerns the whole program.
    pub(crate) fn checks_cardinality(&self) -> bool {
        self.linked
    }

    /// Returns every handler of the program: those that the linker collected, and those that modules
    /// list.
    pub(crate) fn linked(&self) -> Vec<&'static dyn Registered> {
        let mut handlers: Vec<_> = registry::handlers().collect();
        // The linker's list is in reverse order. In source order it is often sorted already, which makes
        // sorting fastest.
        handlers.reverse();
        let listed = self.all_modules().flat_map(Module::listed);
        let mut known: Option<HashSet<TypeId>> = None;
        for handler in listed {
            let known =
                known.get_or_insert_with(|| handlers.iter().map(|other| other.id()).collect());
            if known.insert(handler.id()) {
                handlers.push(*handler);
            }
        }
        handlers
    }

    fn all_modules(&self) -> impl Iterator<Item = &Module> {
        self.modules
            .iter()
            .chain(self.only_modules.iter().flatten())
            .chain(&self.without_modules)
    }

    /// Whether the builder has a handler, before `only` and `without` restrict it. It has one of an opt-in
    /// module only if it names the handler, that module, or one inside of it.
    pub(crate) fn has(&self, handler: &dyn Registered) -> bool {
        let opt_in = || registry::opt_in_modules().filter(|module| module.has(handler));
        let is_of =
            |module: &Module| module.has(handler) && opt_in().all(|opt_in| opt_in.contains(module));
        let is_linked = self.linked
            && (opt_in().next().is_none()
                || names(&self.only, handler)
                || self.only_modules.iter().flatten().any(is_of));
        is_linked || self.modules.iter().any(is_of) || names(&self.handlers, handler)
    }

    /// Whether the dispatcher has a handler.
    pub(crate) fn chooses(&self, handler: &dyn Registered) -> bool {
        let in_any = |modules: &[Module]| modules.iter().any(|module| module.has(handler));
        self.has(handler)
            && self.only_modules.as_deref().is_none_or(in_any)
            && !in_any(&self.without_modules)
            && (self.only.is_empty() || names(&self.only, handler))
            && !names(&self.without, handler)
            && !handler.event().is_some_and(|event| self.fakes(event))
    }

    /// Whether the handlers of an event do not run.
    pub(crate) fn fakes(&self, event: &EventInfo) -> bool {
        let mut fakes = self.fakes.iter();
        fakes.any(|kind| kind.info().type_id() == event.type_id())
    }

    /// Returns the closure that runs in the place of a handler.
    pub(crate) fn replacement(&self, handler: &dyn Registered) -> Option<&Replacement> {
        let mut replacements = self.replacements.iter().rev();
        replacements.find(|it| it.function.id == handler.id())
    }

    /// Refuses modules without handlers, and functions that are no handlers.
    pub(crate) fn check(&self, linked: &[&'static dyn Registered], problems: &mut Vec<Problem>) {
        for module in self.all_modules() {
            if !linked.iter().any(|handler| module.has(*handler)) {
                let (file, line) = module.place();
                problems.push(
                    Problem::new(
                        ProblemKind::ModuleWithoutHandlers,
                        format!("module `{}` has no handlers", module.path()),
                    )
                    .at(file, line)
                    .help(
                        "add `#[handler]` to its functions; where the linker drops what registers \
                         itself (a static library, some wasm), list them: \
                         `module!(handlers = [a, b])`",
                    ),
                );
            }
        }
        let choices = self.handlers.iter().chain(&self.only).chain(&self.without);
        for choice in choices {
            let mut linked = linked.iter();
            let named = linked.find(|handler| handler.id() == choice.function.id);
            if let Some(handler) = named {
                if choice.verb == "only" && !self.has(*handler) {
                    problems.push(
                        Problem::new(
                            ProblemKind::NotSelected,
                            format!(
                                "`.only(…)` names `{}`, which this builder does not have",
                                choice.function.name()
                            ),
                        )
                        .at(choice.at.file(), choice.at.line())
                        .help(
                            "`.only(…)` leaves out all others: add the handler with `.handler(…)`, or its \
                             module with `.module(…)`",
                        ),
                    );
                }
            } else {
                problems.push(no_handler(choice.verb, choice.function, choice.at));
            }
        }
        for replacement in &self.replacements {
            let mut linked = linked.iter();
            let Some(handler) = linked.find(|it| it.id() == replacement.function.id) else {
                let Replacement { function, at, .. } = replacement;
                problems.push(no_handler("replace", *function, at));
                continue;
            };
            let takes = |event: &EventInfo| event.type_id() == replacement.event.type_id();
            if !handler.event().is_some_and(takes) {
                problems.push(of_another_event(replacement, *handler));
            }
        }
    }
}

/// Makes the problem of a function that the builder names and that is no handler.
fn no_handler(verb: &str, function: FunctionId, at: &'static Location<'static>) -> Problem {
    Problem::new(
        ProblemKind::NotAHandler,
        format!(
            "`.{verb}(…)` names `{}`, which is no handler",
            function.name()
        ),
    )
    .at(at.file(), at.line())
    .help("add `#[handler]` to the function, or name another")
}

/// Makes the problem of a closure that takes another event than the handler it replaces.
fn of_another_event(replacement: &Replacement, handler: &dyn Registered) -> Problem {
    let takes = short(replacement.event.type_name());
    let (what, help) = match handler.event() {
        Some(event) => {
            let event = short(event.type_name());
            (
                format!("handles `{event}`"),
                format!("take that event: `|event: &{event}| …`"),
            )
        }
        None => (
            "is a catch-all".to_owned(),
            "leave it out with `.without(…)`, and subscribe to the events".to_owned(),
        ),
    };
    let spec = handler.spec();
    Problem::new(
        ProblemKind::WrongReplacement,
        format!(
            "`.replace(…)` names `{}`, which {what}, and its closure takes `{takes}`",
            handler.name()
        ),
    )
    .at(replacement.at.file(), replacement.at.line())
    .at_named(spec.file, spec.line, handler.name())
    .help(help)
}

/// Whether a handler is among those that the builder names.
fn names(choices: &[Choice], handler: &dyn Registered) -> bool {
    choices
        .iter()
        .any(|choice| choice.function.id == handler.id())
}
