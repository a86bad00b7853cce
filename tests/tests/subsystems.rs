//! A part of a program in a test: the handlers that it chooses, with what these need, and no others.
//! A program of its own, since it looks at all handlers of a program.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use event_core::dispatcher::DispatcherBuilder;
use event_core::error::ProblemKind;
use event_core::{Dispatcher, Event, handler, handlers};

// As in the root of a crate.
event_core::module!();

/// It has exactly one handler in the program; handlers of tests do not count.
#[derive(Event)]
#[event(handlers = 1)]
pub(crate) struct Charged;

#[derive(Event)]
pub(crate) struct OrderPlaced;

/// Counts calls.
#[derive(Default)]
pub(crate) struct Calls(AtomicU32);

impl Calls {
    fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

mod sales {
    use super::{Calls, Charged, OrderPlaced, handler};

    event_core::module!();

    #[derive(Default)]
    pub(crate) struct Ledger(pub(crate) Calls);

    #[handler]
    pub(crate) fn count_sales(_event: &OrderPlaced, ledger: &Ledger) -> Charged {
        ledger.0.add();
        Charged
    }

    #[handler]
    pub(crate) fn book(_event: &Charged, ledger: &Ledger) {
        ledger.0.add();
    }

    /// As below `#[cfg(test)]`.
    pub(crate) mod tests {
        use super::super::{Charged, OrderPlaced, handler};
        use super::count_sales;

        event_core::module!(opt_in);

        /// What no program provides.
        pub(crate) struct Fake;

        #[handler(after = count_sales)]
        pub(crate) fn look_at_order(_event: &OrderPlaced, _fake: &Fake) {}

        #[handler]
        pub(crate) fn look_at_charge(_event: &Charged, _fake: &Fake) {}

        pub(crate) mod inner {
            use crate::{OrderPlaced, handler};

            event_core::module!();

            #[handler]
            fn look_inside(_event: &OrderPlaced) {}
        }
    }
}

mod receipts {
    use super::{Calls, OrderPlaced, handler, handlers};

    event_core::module!();

    #[derive(Default)]
    pub(crate) struct Mailer(pub(crate) Calls);

    #[handlers]
    impl Mailer {
        #[handler]
        pub(crate) fn send_receipt(&self, _event: &OrderPlaced) {
            self.0.add();
        }
    }

    /// As below `#[cfg(test)]`.
    pub(crate) mod tests {
        use super::{OrderPlaced, handler};

        event_core::module!(opt_in);

        #[handler]
        fn look(_event: &OrderPlaced) {}
    }
}

use receipts::Mailer;
use sales::Ledger;
use sales::tests::Fake;

/// What the program itself builds from.
fn program() -> DispatcherBuilder {
    Dispatcher::builder()
        .module(MODULE)
        .provide(Ledger::default())
        .provide(Mailer::default())
}

/// How many deliveries the order has, and what it causes.
fn deliveries(builder: DispatcherBuilder) -> usize {
    let dispatcher = builder.build().expect("wired");
    let report = dispatcher.emit(OrderPlaced);
    assert!(report.is_ok(), "{report}");
    report.done()
}

/// Of the handlers of the program: two of the order, and one of the charge.
const OF_THE_PROGRAM: usize = 3;

#[test]
fn a_dispatcher_has_exactly_the_named_handlers_and_needs_only_their_dependencies() {
    let ledger = Arc::new(Ledger::default());
    let sales = Dispatcher::empty()
        .handler(sales::count_sales)
        .handler(sales::book)
        .provide_arc(ledger.clone());
    assert_eq!(deliveries(sales), 2);
    assert_eq!(ledger.0.count(), 2);
}

#[test]
fn a_method_is_named_by_its_path_as_a_function_is() {
    let mailer = Arc::new(Mailer::default());
    let receipts = Dispatcher::empty().handler(Mailer::send_receipt);
    assert_eq!(deliveries(receipts.provide_arc(mailer.clone())), 1);
    assert_eq!(mailer.0.count(), 1);
}

#[test]
fn a_module_is_a_part_of_the_program_that_needs_only_its_own_dependencies() {
    let sales = Dispatcher::empty().module(sales::MODULE);
    assert_eq!(deliveries(sales.provide(Ledger::default())), 2);
    let receipts = Dispatcher::empty().module(receipts::MODULE);
    assert_eq!(deliveries(receipts.provide(Mailer::default())), 1);
}

#[test]
fn a_handler_can_be_taken_out_of_the_builder_of_the_program() {
    assert_eq!(deliveries(program().without(Mailer::send_receipt)), 2);
    assert_eq!(deliveries(program().only(Mailer::send_receipt)), 1);
    assert_eq!(deliveries(program().only_modules([sales::MODULE])), 2);
}

#[test]
fn a_missing_dependency_says_how_to_do_without_the_handler() {
    let error = Dispatcher::empty().module(sales::MODULE).build();
    let error = error.expect_err("there is no ledger");
    assert_eq!(error.problems()[0].kind(), ProblemKind::MissingDependency);
    let text = error.to_string();
    let help = "a dispatcher that does not need the handler leaves it out with `.without(…)`, or names all \
                that it has: `Dispatcher::empty().handler(…)`";
    assert!(text.contains(help), "{text}");
    // As it says.
    let without = Dispatcher::empty()
        .module(sales::MODULE)
        .without(sales::count_sales)
        .without(sales::book);
    assert_eq!(deliveries(without), 0);
}

#[test]
fn handlers_of_an_opt_in_module_reach_no_dispatcher_that_does_not_name_them() {
    // `Fake` is provided to none of these, and the charge has one handler.
    assert_eq!(deliveries(program()), OF_THE_PROGRAM);
    let linked = Dispatcher::builder()
        .provide(Ledger::default())
        .provide(Mailer::default());
    assert_eq!(deliveries(linked), OF_THE_PROGRAM);
    let above = Dispatcher::empty().module(receipts::MODULE);
    assert_eq!(deliveries(above.provide(Mailer::default())), 1);
}

#[test]
fn handlers_of_an_opt_in_module_are_added_by_its_name() {
    let named = || program().module(sales::tests::MODULE).provide(Fake);
    let error = named()
        .build()
        .expect_err("the charge has a second handler");
    assert_eq!(error.problems().len(), 1, "{error}");
    assert_eq!(error.problems()[0].kind(), ProblemKind::Cardinality);

    let alone = Dispatcher::empty()
        .module(sales::tests::MODULE)
        .provide(Fake);
    assert_eq!(deliveries(alone), 2, "with the module inside of it");
    let alone = Dispatcher::builder().only_modules([receipts::tests::MODULE]);
    assert_eq!(deliveries(alone), 1);
    let beside = program().module(receipts::tests::MODULE);
    assert_eq!(deliveries(beside), OF_THE_PROGRAM + 1);
}

#[test]
fn handlers_of_an_opt_in_module_are_added_one_by_one() {
    let look = sales::tests::look_at_order;
    let beside = program().handler(look).provide(Fake);
    assert_eq!(deliveries(beside), OF_THE_PROGRAM + 1);
    assert_eq!(deliveries(program().only(look).provide(Fake)), 1);
}

#[test]
fn a_module_inside_of_an_opt_in_module_is_named_alone() {
    let inside = program().module(sales::tests::inner::MODULE);
    assert_eq!(deliveries(inside), OF_THE_PROGRAM + 1);
}
