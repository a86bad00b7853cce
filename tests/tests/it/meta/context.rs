//! What an emitter gives along.

use std::sync::{Arc, Mutex, PoisonError};

use event_core::{Context, Dispatcher, Event, handler};
use event_tests::{Heard, short};

use super::{Begun, TASKS, THREADS, quiet};

#[derive(Debug, PartialEq)]
struct Tenant(&'static str);

struct Locale(&'static str);

/// Who ran, with which tenant.
#[derive(Debug, Default)]
struct Tenants(Mutex<Vec<(&'static str, Option<&'static str>)>>);

impl Tenants {
    fn note(&self, handler: &'static str, tenant: Option<&'static str>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((handler, tenant));
    }

    fn sorted(&self) -> Vec<(&'static str, Option<&'static str>)> {
        let mut all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.sort_unstable();
        all
    }
}

#[derive(Event)]
struct Opened;

#[derive(Event)]
struct Passed(u8);

#[handler]
fn c_inline(_event: &Opened, tenant: Context<Tenant>, tenants: &Tenants) -> Passed {
    tenants.note("inline", Some(tenant.0));
    Passed(0)
}

#[handler]
async fn c_async(_event: &Opened, tenant: Context<Tenant>, tenants: &Tenants) -> Passed {
    tokio::task::yield_now().await;
    tenants.note("async", Some(tenant.0));
    Passed(1)
}

#[handler(queue = TASKS)]
async fn c_by_task(_event: &Opened, tenant: Context<Tenant>, tenants: &Tenants) -> Passed {
    tenants.note("by task", Some(tenant.0));
    Passed(2)
}

#[handler(queue = THREADS)]
fn c_by_thread(_event: &Opened, tenant: Context<Tenant>, tenants: &Tenants) -> Passed {
    tenants.note("by thread", Some(tenant.0));
    Passed(3)
}

#[handler]
async fn c_passed(event: &Passed, tenant: Option<Context<Tenant>>, tenants: &Tenants) {
    let names = ["caused 0", "caused 1", "caused 2", "caused 3"];
    tenants.note(names[usize::from(event.0)], tenant.map(|tenant| tenant.0));
}

fn contexts(heard: &Heard) -> (Dispatcher, Arc<Tenants>) {
    let tenants = Arc::new(Tenants::default());
    let dispatcher = Dispatcher::empty()
        .handler(c_inline)
        .handler(c_async)
        .handler(c_by_task)
        .handler(c_by_thread)
        .handler(c_passed)
        .provide_arc(tenants.clone())
        .on_failure(heard.hook())
        .build()
        .expect("wired");
    (dispatcher, tenants)
}

#[tokio::test(start_paused = true)]
async fn context_reaches_all_handlers_and_all_they_cause() {
    let heard = Heard::default();
    let (dispatcher, tenants) = contexts(&heard);
    let north = dispatcher.with(Tenant("south")).with(Tenant("north"));
    for is_async in [false, true] {
        if is_async {
            assert!(north.emit_async(Opened).await.is_ok());
        } else {
            assert!(north.emit(Opened).is_ok());
        }
        for _ in 0..3 {
            quiet(&dispatcher).await;
        }
        let some = Some("north");
        let expected = [
            ("async", some),
            ("by task", some),
            ("by thread", some),
            ("caused 0", some),
            ("caused 1", some),
            ("caused 2", some),
            ("caused 3", some),
            ("inline", some),
        ];
        assert_eq!(tenants.sorted(), expected);
    }
    assert!(heard.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_its_context_a_handler_fails_and_an_optional_one_does_without() {
    let heard = Heard::default();
    let (dispatcher, tenants) = contexts(&heard);
    let report = dispatcher.with(Locale("de")).emit_async(Opened).await;
    assert_eq!((report.failed(), report.handed_over()), (2, 2));
    for failure in report.failures() {
        let by = failure.handler().expect("by a handler");
        let expected = format!(
            "handler {by} failed on `it::meta::context::Opened`: the event was emitted without a \
             `it::meta::context::Tenant`; emit it with `dispatcher.with(Tenant…)`, or take \
             `Option<Context<_>>`"
        );
        assert_eq!(failure.to_string(), expected);
    }
    let mut failed: Vec<_> = report
        .failures()
        .iter()
        .filter_map(|failure| failure.handler().map(short))
        .collect();
    failed.sort();
    assert_eq!(failed, ["c_async", "c_inline"]);
    quiet(&dispatcher).await;
    assert_eq!(heard.take().len(), 2);
    assert!(tenants.sorted().is_empty());
    dispatcher.emit(Passed(0));
    quiet(&dispatcher).await;
    assert_eq!(tenants.sorted(), [("caused 0", None)]);
}

#[handler]
fn takes_both(_event: &Begun, tenant: Context<Tenant>, locale: Context<Locale>, tenants: &Tenants) {
    tenants.note(locale.0, Some(tenant.0));
    let tenant: Arc<Tenant> = tenant.into_arc();
    assert_eq!(*tenant, Tenant("north"));
}

#[test]
fn several_values_go_along_each_by_its_type() {
    let tenants = Arc::new(Tenants::default());
    let builder = Dispatcher::empty().handler(takes_both);
    let dispatcher = builder.provide_arc(tenants.clone()).build().expect("wired");
    let with = dispatcher.with(Locale("de")).with(Tenant("north"));
    assert_eq!(with.emit(Begun).done(), 1);
    assert_eq!(with.clone().emit(Begun).done(), 1);
    assert_eq!(tenants.sorted(), [("de", Some("north")); 2]);
}
