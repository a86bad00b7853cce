//! The dispatcher as a value: stopping, observing, handles, the global default, modules.
//! Apart from other tests, since it looks at all handlers of a program, and at its default dispatcher.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use event_core::error::EmitError;
use event_core::observer::{DeliveryResult, DeliveryView, EmissionView, Observer};
use event_core::report::{DeliveryStatus, Failure, SkipReason};
use event_core::{Dispatcher, Event, global, handler};

event_core::module!();

mod keyboard {
    use super::{ControlFlow, Event, handler};

    event_core::module!();

    #[derive(Event)]
    #[event(stoppable)]
    pub(super) struct KeyPressed(pub(super) char);

    #[handler]
    pub(super) fn a_shortcut(event: &KeyPressed) -> ControlFlow<()> {
        if event.0 == 'q' {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    #[handler]
    pub(super) fn b_text(_event: &KeyPressed) -> Result<(), &'static str> {
        Err("read only")
    }

    #[handler]
    pub(super) fn c_status(_event: &KeyPressed) {}
}

use keyboard::KeyPressed;

#[derive(Event)]
struct Nobody;

fn build() -> Dispatcher {
    Dispatcher::builder().build().expect("wired")
}

#[test]
fn break_skips_every_later_handler_and_the_report_says_who_did_it() {
    let dispatcher = build();
    let report = dispatcher.emit(KeyPressed('q'));
    assert_eq!((report.done(), report.skipped()), (1, 2));
    let by = report.stopped_by().expect("stopped");
    assert_eq!(by.name(), "dispatcher::keyboard::a_shortcut");
    let report = dispatcher.emit(KeyPressed('x'));
    assert_eq!(
        (report.done(), report.failed(), report.skipped()),
        (2, 1, 0)
    );
    assert!(report.stopped_by().is_none());
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn write(&self, line: String) {
        self.0.lock().expect("not poisoned").push(line);
    }
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("not poisoned"))
    }
}

impl Observer for Seen {
    fn emission_started(&self, emission: &EmissionView<'_>) {
        self.write(format!(
            "emit {:?} at {}",
            emission.event(),
            emission.depth()
        ));
    }
    fn delivery_started(&self, delivery: &DeliveryView<'_>) {
        self.write(format!("start {}", delivery.handler().name()));
    }
    fn delivery_ended(&self, delivery: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        let error = end.failure().and_then(Failure::error);
        let error = error.map(|error| format!(": {error}")).unwrap_or_default();
        let name = delivery.handler().name();
        self.write(format!("end {name} {:?}{error}", end.ended()));
    }
    fn emission_ended(&self, _: &EmissionView<'_>) {
        self.write("emitted".to_owned());
    }
}

#[test]
fn an_observer_sees_each_delivery_end_exactly_once() {
    let dispatcher = build();
    let seen = Seen::default();
    let observing = dispatcher.observe(seen.clone());
    dispatcher.emit(KeyPressed('x'));
    assert_eq!(
        seen.take(),
        [
            "emit KeyPressed('x') at 0",
            "start dispatcher::keyboard::a_shortcut",
            "end dispatcher::keyboard::a_shortcut Done",
            "start dispatcher::keyboard::b_text",
            "end dispatcher::keyboard::b_text Failed: read only",
            "start dispatcher::keyboard::c_status",
            "end dispatcher::keyboard::c_status Done",
            "emitted",
        ],
    );
    dispatcher.emit(KeyPressed('q'));
    let skipped = format!("{:?}", DeliveryStatus::Skipped(SkipReason::Break));
    assert_eq!(
        seen.take()[2..],
        [
            "end dispatcher::keyboard::a_shortcut Done".to_owned(),
            format!("end dispatcher::keyboard::b_text {skipped}"),
            format!("end dispatcher::keyboard::c_status {skipped}"),
            "emitted".to_owned(),
        ],
    );
    dispatcher.emit(Nobody);
    assert_eq!(seen.take(), ["emit Nobody at 0", "emitted"]);
    drop(observing);
    dispatcher.emit(KeyPressed('x'));
    assert!(seen.take().is_empty());
}

#[test]
fn a_handle_answers_too_early_and_gone() {
    let builder = Dispatcher::empty();
    let handle = builder.handle();
    assert_eq!(handle.emit(Nobody).err(), Some(EmitError::TooEarly));
    let dispatcher = builder.build().expect("wired");
    assert!(handle.emit(Nobody).is_ok());
    let second = dispatcher.handle();
    drop(dispatcher);
    assert_eq!(handle.emit(Nobody).err(), Some(EmitError::Gone));
    assert_eq!(second.emit(Nobody).err(), Some(EmitError::Gone));
}

#[test]
fn a_handle_of_a_failed_build_is_gone() {
    let builder = Dispatcher::empty().without(build);
    let handle = builder.handle();
    builder.build().expect_err("`build` is no handler");
    assert_eq!(handle.emit(Nobody).err(), Some(EmitError::Gone));

    let builder = Dispatcher::empty();
    let handle = builder.handle();
    drop(builder);
    assert_eq!(handle.emit(Nobody).err(), Some(EmitError::Gone));
}

#[test]
fn what_was_provided_is_dropped_with_the_dispatcher() {
    let value = Arc::new(());
    let dispatcher = Dispatcher::builder()
        .provide_arc(value.clone())
        .build()
        .expect("wired");
    let clone = dispatcher.clone();
    drop(dispatcher);
    clone.emit(KeyPressed('x'));
    drop(clone);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn entering_overrides_installing_on_one_thread() {
    // The only test of this binary that installs.
    assert_eq!(
        global::emit(KeyPressed('x')).err(),
        Some(EmitError::NoDefault)
    );
    global::set_default(&build()).expect("the first");
    let error = global::set_default(&build()).expect_err("the second");
    assert!(
        error
            .to_string()
            .contains("has a default dispatcher already"),
        "{error}"
    );
    assert_eq!(global::emit(KeyPressed('x')).expect("installed").done(), 2);

    let empty = Dispatcher::empty().build().expect("wired");
    let entered = global::enter(&empty);
    assert_eq!(global::emit(KeyPressed('x')).expect("entered").done(), 0);
    let other = std::thread::spawn(|| global::emit(KeyPressed('x')));
    let other = other.join().expect("no panic").expect("installed");
    assert_eq!(other.done(), 2);
    drop(entered);
    assert_eq!(global::emit(KeyPressed('x')).expect("installed").done(), 2);
}

#[test]
fn modules_choose_handlers_without_naming_functions() {
    let done = |builder: event_core::dispatcher::DispatcherBuilder| {
        let dispatcher = builder.build().expect("wired");
        dispatcher.emit(KeyPressed('x')).deliveries()
    };
    assert_eq!(done(Dispatcher::builder().module(keyboard::MODULE)), 3);
    assert_eq!(
        done(Dispatcher::builder().without_module(keyboard::MODULE)),
        0
    );
    assert_eq!(
        done(Dispatcher::builder().only_modules([keyboard::MODULE])),
        3
    );
    assert_eq!(done(Dispatcher::builder().only_modules([MODULE])), 3);
    assert_eq!(done(Dispatcher::empty()), 0);
    assert_eq!(done(Dispatcher::empty().module(keyboard::MODULE)), 3);
}

#[test]
fn a_dispatcher_can_be_sent_and_shared() {
    fn assert_send_sync<T: Send + Sync + 'static>() {}
    assert_send_sync::<Dispatcher>();
    assert_send_sync::<event_core::dispatcher::DispatcherHandle>();
    assert_send_sync::<event_core::dispatcher::Subscription>();
    assert_send_sync::<event_core::PendingEvents>();
    assert_send_sync::<event_core::Report>();
}

#[test]
fn each_delivery_that_starts_ends_even_if_its_subscription_is_cancelled() {
    let dispatcher = build();
    let seen = Seen::default();
    let later: Arc<Mutex<Option<event_core::dispatcher::Subscription>>> = Arc::default();
    let first = dispatcher.subscribe({
        let later = later.clone();
        move |_: &Nobody| drop(later.lock().expect("not poisoned").take())
    });
    *later.lock().expect("not poisoned") = Some(dispatcher.subscribe(|_: &Nobody| {}));
    let target = Arc::new(());
    dispatcher
        .subscription_builder()
        .weak(&target)
        .subscribe(|(): &(), _: &Nobody| {})
        .detach();
    drop(target);
    dispatcher.observe(seen.clone()).detach();
    let report = dispatcher.emit(Nobody);
    assert_eq!(report.deliveries(), 1);
    let lines = seen.take();
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("start "), count("end ")), (1, 1), "{lines:?}");
    drop(first);
}

#[test]
fn a_cancelled_subscription_is_not_skipped_behind_a_break() {
    let dispatcher = build();
    let later: Arc<Mutex<Option<event_core::dispatcher::Subscription>>> = Arc::default();
    let _first = dispatcher.subscription_builder().priority(-1).subscribe({
        let later = later.clone();
        move |_: &KeyPressed| {
            drop(later.lock().expect("not poisoned").take());
            ControlFlow::Break(())
        }
    });
    *later.lock().expect("not poisoned") = Some(dispatcher.subscribe(|_: &KeyPressed| {}));
    let report = dispatcher.emit(KeyPressed('x'));
    // The three handlers; the subscription that was cancelled is no delivery.
    assert_eq!((report.done(), report.skipped()), (1, 3));
}

#[test]
fn emitting_while_a_thread_ends_is_an_error_and_no_abort() {
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            // The only test that installs may have done so already.
            let _ = global::emit(Nobody);
        }
    }
    thread_local!(static LAST: std::cell::RefCell<Option<Last>> = const { std::cell::RefCell::new(None) });
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let thread = std::thread::spawn(move || {
        LAST.set(Some(Last));
        // After `LAST`, so destroyed before it.
        drop(global::enter(&dispatcher));
    });
    thread.join().expect("no panic");
}

#[test]
fn guards_that_end_out_of_order_leave_their_own_dispatcher() {
    let (one, two) = (build(), Dispatcher::empty().build().expect("wired"));
    let outer = global::enter(&one);
    let inner = global::enter(&two);
    drop(outer);
    assert_eq!(global::emit(KeyPressed('x')).expect("entered").done(), 0);
    drop(inner);
}
