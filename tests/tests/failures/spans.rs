//! In which span the line of a failure is.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use crate::lines::Lines;
use event_core::queue::Overflow;
use event_core::report::DeliveryStatus;
use event_core::{Dispatcher, dispatcher::DispatcherBuilder, handler};
use event_tests::runtime;
use tokio::runtime::Runtime;
use tracing::Level;

use super::{Emitted, FULL, Heard, LOCAL, Paid, SECRET, Said, WAYS, paid, quiet};

#[test]
fn each_failure_names_its_event_and_its_line_is_in_the_span_of_its_delivery() {
    for (way, choose, subscribe) in WAYS {
        for awaits in [false, true] {
            let (lines, _listening) = Lines::listen();
            let runtime = runtime();
            let (heard, seen) = (Heard::default(), Emitted::default());
            let dispatcher = choose(Dispatcher::empty())
                .runtime(runtime.handle().clone())
                .on_failure(heard.hook())
                .observe(seen.clone())
                .spans()
                .build()
                .expect("a dispatcher");
            subscribe(&dispatcher);
            let emitter = tracing::info_span!("emitter");
            let report = emitter.in_scope(|| {
                if awaits {
                    pollster::block_on(dispatcher.emit_async(paid(7)))
                } else {
                    dispatcher.emit(paid(7))
                }
            });
            runtime.block_on(quiet(&dispatcher));

            let mut all = heard.take();
            all.extend(report.failures().iter().map(Said::by));
            let [said] = &all[..] else {
                panic!("{way}: {all:?}")
            };
            let [emission] = &seen.0.lock().expect("emitted")[..] else {
                panic!("{way}: one emission")
            };
            assert_eq!(said.meta.as_ref(), Some(emission), "{way}");
            assert_eq!(emission.attempt(), 1);
            let payload = "Paid { order: 7, card: [redacted] }";
            assert_eq!(said.payload.as_deref(), Some(payload), "{way}");
            assert!(!said.debug.contains(SECRET), "{way}: {}", said.debug);
            assert!(said.debug.contains(payload), "{way}: {}", said.debug);

            let lines = lines.take_of(Level::ERROR);
            let [line] = &lines[..] else {
                panic!("{way}: {lines:?}")
            };
            assert_eq!(line.message(), said.text, "{way}");
            assert_eq!(line.field("event"), "shop.paid", "{way}");
            assert_eq!(line.field("event_id"), emission.id().to_string(), "{way}");
            let correlation = emission.correlation().to_string();
            assert_eq!(line.field("correlation_id"), correlation, "{way}");
            assert_eq!(line.field("attempt"), "1", "{way}");
            assert_eq!(line.field("payload"), payload, "{way}");
            assert!(!line.field("handler").is_empty(), "{way}");
            assert!(!format!("{line:?}").contains(SECRET), "{way}: {line:?}");
            let spans: Vec<_> = line.spans.iter().map(|span| &*span["name"]).collect();
            assert_eq!(spans, ["handle", "emit", "emitter"], "{way}");
            let of = &line.spans[0];
            assert_eq!(
                of["messaging.message.id"],
                emission.id().to_string(),
                "{way}"
            );
            assert_eq!(of["code.function.name"], line.field("handler"), "{way}");
        }
    }
}

#[test]
fn a_handlers_failure_is_not_written_in_the_span_of_the_emitter() {
    for (way, choose, subscribe) in WAYS {
        let (lines, _listening) = Lines::listen();
        let runtime = runtime();
        let dispatcher = choose(Dispatcher::empty())
            .runtime(runtime.handle().clone())
            .build()
            .expect("a dispatcher");
        subscribe(&dispatcher);
        let emitter = tracing::info_span!("emitter");
        emitter.in_scope(|| pollster::block_on(dispatcher.emit_async(paid(7))));
        emitter.in_scope(|| runtime.block_on(quiet(&dispatcher)));
        for line in lines.take_of(Level::ERROR) {
            let spans: Vec<_> = line.spans.iter().map(|span| &*span["name"]).collect();
            assert_eq!(spans, ["failure", "emitter"], "{way}");
        }
    }
}

#[handler(queue = FULL)]
async fn waits_in_full(_event: &Paid) {}

#[handler(concurrency = 1)]
async fn runs_alone(_event: &Paid) {
    pending::<()>().await;
}

#[handler(queue = LOCAL)]
fn is_never_pumped(_event: &Paid) {}

#[test]
fn a_delivery_that_never_ran_names_its_event_and_its_line_is_in_no_span_of_the_emitter() {
    type Never = (
        &'static str,
        fn(DispatcherBuilder) -> DispatcherBuilder,
        fn(&Dispatcher, &Runtime) -> Vec<Said>,
        DeliveryStatus,
    );
    let reports = |dispatcher: &Dispatcher, _: &Runtime| -> Vec<Said> {
        dispatcher.emit(paid(1));
        let report = dispatcher.emit(paid(7));
        report.failures().iter().map(Said::by).collect()
    };
    let cases: [Never; 5] = [
        (
            "a full queue",
            |it| it.handler(waits_in_full),
            |dispatcher, _| {
                dispatcher.queue(&FULL).expect("a handler names it").pause();
                dispatcher.emit(paid(1));
                let report = dispatcher.emit(paid(7));
                report.failures().iter().map(Said::by).collect()
            },
            DeliveryStatus::Rejected,
        ),
        (
            "concurrency",
            |it| it.handler(runs_alone),
            reports,
            DeliveryStatus::Rejected,
        ),
        (
            "a full stream",
            |it| it,
            |dispatcher, _| {
                let _stream = dispatcher.stream::<Paid>(1, Overflow::Reject);
                dispatcher.emit(paid(1));
                let report = dispatcher.emit(paid(7));
                report.failures().iter().map(Said::by).collect()
            },
            DeliveryStatus::Rejected,
        ),
        (
            "no runtime",
            |it| it,
            |dispatcher, _| {
                let run = |_: Arc<Paid>| async {};
                let _subscription = dispatcher.subscribe_async(run);
                let report = dispatcher.emit(paid(7));
                report.failures().iter().map(Said::by).collect()
            },
            DeliveryStatus::Abandoned,
        ),
        (
            "abandoned",
            |it| it.handler(is_never_pumped),
            |dispatcher, runtime| {
                dispatcher.emit(paid(7));
                let shutdown = runtime.block_on(dispatcher.shutdown(Duration::ZERO));
                assert_eq!(shutdown.abandoned_count(), 1);
                Vec::new()
            },
            DeliveryStatus::Abandoned,
        ),
    ];
    for (case, choose, run, ended) in cases {
        let (lines, _listening) = Lines::listen();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let heard = Heard::default();
        let builder = choose(Dispatcher::empty()).on_failure(heard.hook()).spans();
        let builder = if case == "no runtime" {
            builder
        } else {
            builder.runtime(runtime.handle().clone())
        };
        let dispatcher = builder.build().expect("a dispatcher");
        let emitter = tracing::info_span!("emitter");
        let mut all = emitter.in_scope(|| run(&dispatcher, &runtime));
        let lines = lines.take_of(Level::ERROR);
        all.extend(heard.take());
        let [said] = &all[..] else {
            panic!("{case}: {all:?}")
        };
        assert_eq!(said.ended, Some(ended), "{case}");
        let payload = "Paid { order: 7, card: [redacted] }";
        assert_eq!(said.payload.as_deref(), Some(payload), "{case}");
        let id = said.meta().id().to_string();
        let [line] = &lines[..] else {
            panic!("{case}: {lines:?}")
        };
        assert_eq!(line.field("event_id"), id, "{case}");
        let spans: Vec<_> = line.spans.iter().map(|span| &*span["name"]).collect();
        assert_eq!(spans, ["failure", "emit", "emitter"], "{case}");
        assert_eq!(line.spans[1]["messaging.message.id"], id, "{case}");
    }
}
