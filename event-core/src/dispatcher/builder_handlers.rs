//! Chooses the handlers of a dispatcher.

use std::any::TypeId;
use std::panic::Location;

use crate::build::module::Module;
use crate::build::selection::Choice;
use crate::dispatcher::builder::DispatcherBuilder;
use crate::engine::plan::handlers::EventType;
use crate::event::{Event, Handled};
use crate::handler::outcome::Outcome;
use crate::handler::replacement::Replacement;
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

    /// Runs a closure in the place of a handler: for a test, in which the handler itself would do too much.
    ///
    /// The handler does not run, and the values that it takes need not be provided. The closure runs where and when
    /// the handler would: in its order, its queue or its task, under its timeout and with its retries. Reports and
    /// observers name the handler. It may return whatever a handler of `E` may return; a
    /// `ControlFlow` is ignored unless the handler runs inline. The handler's filter is not asked. A second closure for one handler replaces the first.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// struct Mailer;
    ///
    /// #[handler]
    /// fn send_receipt(_event: &OrderPlaced, _mailer: &Mailer) {
    ///     unreachable!("it is replaced");
    /// }
    ///
    /// let last = Arc::new(AtomicU64::new(0));
    /// let sent = last.clone();
    /// let dispatcher = Dispatcher::builder()
    ///     .replace(send_receipt, move |event: &OrderPlaced| {
    ///         sent.store(event.order_id, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// assert_eq!(dispatcher.emit(OrderPlaced { order_id: 7 }).done(), 1);
    /// assert_eq!(last.load(Ordering::Relaxed), 7);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    #[track_caller]
    pub fn replace<E, R, F>(
        mut self,
        handler: F,
        replacement: impl Fn(&E) -> R + Send + Sync + 'static,
    ) -> Self
    where
        E: Handled,
        R: Outcome<E> + Send + 'static,
        F: Copy + 'static,
    {
        let function = FunctionId::of(handler);
        let replacement = Replacement::new(function, Location::caller(), replacement);
        self.selection.replacements.push(replacement);
        self
    }

    /// Fakes an event: it is emitted, and observers see it, but no linked handler of it runs, and no catch-all sees
    /// it. It is for tests, which record the event. Values that only its handlers take need not be provided.
    /// Subscriptions run.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// #[derive(Event)]
    /// struct PaymentDue;
    ///
    /// #[handler]
    /// fn bill(_event: &OrderPlaced) -> PaymentDue { PaymentDue }
    ///
    /// #[handler]
    /// fn charge_card(_event: &PaymentDue) {
    ///     unreachable!("its event is faked");
    /// }
    ///
    /// let dispatcher = Dispatcher::builder().fake::<PaymentDue>().build()?;
    /// assert_eq!(dispatcher.emit(OrderPlaced).done(), 1);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    pub fn fake<E: Handled>(mut self) -> Self {
        self.selection.fakes.push(EventType::<E>::KIND);
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
