//! Which of the linked handlers a dispatcher has.

use std::any::TypeId;
use std::collections::HashSet;
use std::panic::Location;

use crate::build::module::Module;
use crate::build::registry;
use crate::handler::registered::Registered;
use crate::handler_info::spec::FunctionId;
use crate::problem::{Problem, ProblemKind};

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
                problems.push(
                    Problem::new(
                        ProblemKind::NotAHandler,
                        format!(
                            "`.{}(…)` names `{}`, which is no handler",
                            choice.verb,
                            choice.function.name()
                        ),
                    )
                    .at(choice.at.file(), choice.at.line())
                    .help("add `#[handler]` to the function, or name another"),
                );
            }
        }
    }
}

/// Whether a handler is among those that the builder names.
fn names(choices: &[Choice], handler: &dyn Registered) -> bool {
    choices
        .iter()
        .any(|choice| choice.function.id == handler.id())
}
