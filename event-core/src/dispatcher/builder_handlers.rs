//! Chooses the handlers of a dispatcher.

use std::any::TypeId;
use std::panic::Location;

use crate::build::module::Module;
use crate::build::selection::Choice;
use crate::dispatcher::builder::DispatcherBuilder;
use crate::event::Event;
use crate::handler_info::spec::FunctionId;

impl DispatcherBuilder {
    /// Leaves out one handler. An `after` or `before` that names it counts as satisfied.
    #[track_caller]
    pub fn without<F: Copy + 'static>(mut self, handler: F) -> Self {
        self.selection.without.push(Choice {
            function: FunctionId::of(handler),
            verb: "without",
            at: Location::caller(),
        });
        self
    }

    /// Adds one handler. The builder of [`Dispatcher::empty`](crate::Dispatcher::empty) starts without
    /// handlers; that of [`Dispatcher::builder`](crate::Dispatcher::builder) has every linked handler
    /// already.
    #[track_caller]
    pub fn handler<F: Copy + 'static>(mut self, handler: F) -> Self {
        self.selection.handlers.push(Choice {
            function: FunctionId::of(handler),
            verb: "handler",
            at: Location::caller(),
        });
        self
    }

    /// Leaves out every handler except this one and others that are named with `only`. Values that only the
    /// left out handlers take need not be provided.
    #[track_caller]
    pub fn only<F: Copy + 'static>(mut self, handler: F) -> Self {
        self.selection.only.push(Choice {
            function: FunctionId::of(handler),
            verb: "only",
            at: Location::caller(),
        });
        self
    }

    /// Adds the handlers of a module. Naming the module makes the linker include its crate. The build
    /// fails if the module has no handlers. Those of an opt-in module below it are added only by that module's
    /// own name; see [`module!`](crate::module!).
    pub fn module(mut self, module: Module) -> Self {
        self.selection.modules.push(module);
        self
    }

    /// Leaves out the handlers of a module.
    pub fn without_module(mut self, module: Module) -> Self {
        self.selection.without_modules.push(module);
        self
    }

    /// Leaves out the handlers of every other module.
    pub fn only_modules(mut self, modules: impl IntoIterator<Item = Module>) -> Self {
        self.selection
            .only_modules
            .get_or_insert_default()
            .extend(modules);
        self
    }

    /// Allows this program to have too few handlers of `E`, although `E` declares how many it must have.
    pub fn allow_unhandled<E: Event>(mut self) -> Self {
        self.selection.allow_unhandled.insert(TypeId::of::<E>());
        self
    }
}
