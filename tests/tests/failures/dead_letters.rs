//! What a dead letter has, and what a redelivery is.

use std::sync::{Arc, Mutex};

use event_core::{Dispatcher, Event, Meta, handler};
use event_tests::{codec, runtime};
use serde::{Deserialize, Serialize};

use super::{Case, Emitted, FULL, Heard, Paid, SECRET, Said, THREAD, failing, paid, quiet};

/// Has an inline handler, and is caused by one that a queue runs.
#[derive(Event, PartialEq, Serialize, Deserialize)]
#[event(name = "shop.shipped", wire)]
struct Shipped {
    order: u64,
    #[event(redact)]
    address: String,
}

#[handler(queue = THREAD)]
fn ship(event: &Paid) -> Shipped {
    Shipped {
        order: event.order,
        address: SECRET.to_owned(),
    }
}

#[handler]
fn label(_event: &Shipped) -> Result<(), &'static str> {
    Err("no paper")
}

#[test]
fn a_dead_letter_is_written_from_the_hook_and_is_the_same_event_again() {
    let cases: [Case; 6] = [
        ("thread", |it| it.handler(failing::thread)),
        ("task", |it| it.handler(failing::task_panics)),
        ("detached", |it| it.handler(failing::awaits)),
        ("timeout", |it| it.handler(failing::takes_too_long)),
        ("local", |it| it.handler(failing::lent)),
        // Whose event is nowhere but on a stack when it fails.
        ("caused", |it| it.handler(ship).handler(label)),
    ];
    for (case, choose) in cases {
        let runtime = runtime();
        let (heard, seen) = (Heard::default(), Emitted::default());
        let dispatcher = choose(Dispatcher::empty())
            .runtime(runtime.handle().clone())
            .on_failure(heard.hook())
            .observe(seen.clone())
            .build()
            .expect("a dispatcher");
        dispatcher.emit(paid(7));
        runtime.block_on(quiet(&dispatcher));
        let all = heard.take();
        let [said] = &all[..] else {
            panic!("{case}: {all:?}")
        };
        let letter = said.envelope.as_ref().expect("an envelope");
        assert!(letter.contains(SECRET), "{case}: {letter}");
        assert!(!said.debug.contains(SECRET), "{case}: {}", said.debug);
        let again = codec().decode(letter.as_bytes()).expect("an event");
        assert_eq!(*again.meta(), said.meta(), "{case}");
        let emitted = seen.0.lock().expect("emitted");
        assert!(emitted.contains(again.meta()), "{case}");
        if case == "caused" {
            let shipped = again.event().downcast_ref::<Shipped>();
            assert_eq!(
                shipped.map(|it| (it.order, &*it.address)),
                Some((7, SECRET))
            );
            assert_eq!(again.meta().causation(), Some(again.meta().correlation()));
        } else {
            assert_eq!(
                again.event().downcast_ref::<Paid>(),
                Some(&paid(7)),
                "{case}"
            );
            // As a codec writes the event itself, key and all.
            let written = codec().encode(&paid(7), &said.meta()).expect("an envelope");
            assert_eq!(*letter, written, "{case}");
        }
        // Sent again, it is that event.
        let once_more = choose(Dispatcher::empty())
            .runtime(runtime.handle().clone())
            .on_failure(heard.hook())
            .build()
            .expect("a dispatcher");
        let report = once_more.emit(&again);
        runtime.block_on(quiet(&once_more));
        let mut all = heard.take();
        all.extend(report.failures().iter().map(Said::by));
        assert_eq!(all.len(), 1, "{case}: {all:?}");
        assert_eq!(all[0].meta().id(), again.meta().id(), "{case}");
    }
}

#[handler(queue = FULL)]
async fn notes_its_attempt(
    _event: &Paid,
    meta: Meta,
    seen: &Mutex<Vec<u32>>,
) -> Result<(), &'static str> {
    seen.lock().expect("seen").push(meta.attempt());
    Err("no")
}

#[handler(concurrency = 1)]
async fn notes_alone(
    _event: &Paid,
    meta: Meta,
    seen: &Mutex<Vec<u32>>,
) -> Result<(), &'static str> {
    tokio::task::yield_now().await;
    seen.lock().expect("seen").push(meta.attempt());
    Err("no")
}

#[test]
fn a_redelivery_is_a_new_delivery_of_the_same_event() {
    let cases: [Case; 2] = [
        ("queue", |it| it.handler(notes_its_attempt)),
        ("concurrency", |it| it.handler(notes_alone)),
    ];
    for (case, choose) in cases {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let heard = Heard::default();
        let seen = Arc::new(Mutex::new(Vec::<u32>::new()));
        let dispatcher = choose(Dispatcher::empty())
            .provide_arc(Arc::clone(&seen))
            .runtime(runtime.handle().clone())
            .on_failure(heard.hook())
            .build()
            .expect("a dispatcher");
        let report = runtime.block_on(async {
            dispatcher.emit(paid(1));
            let report = dispatcher.emit(paid(2));
            let full = report.failures().first().expect("no room");
            assert!(full.is_full(), "{report}");
            // One that is given up is none.
            drop(full.redeliver());
            full.redeliver().await.expect("room");
            quiet(&dispatcher).await;
            report
        });
        assert_eq!(*seen.lock().expect("seen"), [1, 1], "{case}");
        let full = Said::by(&report.failures()[0]);
        let all = heard.take();
        let attempts: Vec<_> = all.iter().map(|said| said.meta().attempt()).collect();
        assert_eq!(attempts, [1, 1], "{case}");
        assert_eq!(full.meta().attempt(), 1, "{case}");
        assert_eq!(all[1].meta().id(), full.meta().id(), "{case}");
    }
}
