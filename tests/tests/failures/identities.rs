//! Failures agree on the identities of events that nobody asked for.

use std::time::Duration;

use event_core::wire::EncodeError;
use event_core::{Dispatcher, Emitter, Event, Meta, dispatcher::DispatcherBuilder, handler};
use event_tests::{codec, quiet_panic, runtime};

use super::{Case, Emitted, Heard, LOCAL, Said, TASK, THREAD, quiet};

/// Which handlers an event of a chain has, and which events they cause.
#[derive(Event)]
struct First;

#[derive(Event)]
struct Second;

#[derive(Event)]
struct Third;

mod chain {
    use super::*;

    macro_rules! at {
        ($place:ident ($($key:tt)*) $($async:ident)?) => {
            pub(crate) mod $place {
                use super::*;

                #[handler($($key)*)]
                pub(crate) $($async)? fn first(_event: &First) -> (Second, Result<(), &'static str>) {
                    (Second, Err("no"))
                }

                #[handler($($key)*)]
                pub(crate) $($async)? fn second(_event: &Second, emitter: Emitter<Third>) -> Result<(), &'static str> {
                    emitter.emit_after(Third);
                    Err("no")
                }

                #[handler($($key)*)]
                pub(crate) $($async)? fn third(_event: &Third) -> Result<(), &'static str> {
                    Err("no")
                }

                #[handler($($key)*)]
                pub(crate) $($async)? fn third_panics(_event: &Third) {
                    quiet_panic();
                }
            }
        };
    }

    at!(inline());
    at!(asynchronous() async);
    at!(thread(queue = THREAD));
    at!(task(queue = TASK) async);
    at!(local(queue = LOCAL));
}

#[test]
fn where_nobody_asked_for_identities_failures_agree_on_them() {
    macro_rules! all {
        ($($place:ident)+) => {
            [$((stringify!($place), |it: DispatcherBuilder| {
                use chain::$place as at;
                it.handler(at::first).handler(at::second).handler(at::third).handler(at::third_panics)
            })),+]
        };
    }
    let places: [Case; 5] = all!(inline asynchronous thread task local);
    // A second place for the last event, so that its failures come from different ones.
    for (place, choose) in places {
        for awaits in [false, true] {
            let runtime = runtime();
            let heard = Heard::default();
            let builder = choose(Dispatcher::empty());
            let builder = match place {
                "thread" => builder.handler(chain::inline::third),
                _ => builder.handler(chain::thread::third),
            };
            let dispatcher = builder
                .runtime(runtime.handle().clone())
                .on_failure(heard.hook())
                .build()
                .expect("a dispatcher");
            let report = if awaits {
                pollster::block_on(dispatcher.emit_async(First))
            } else {
                dispatcher.emit(First)
            };
            runtime.block_on(async {
                for _ in 0..3 {
                    dispatcher
                        .queue(&THREAD)
                        .expect("a handler names it")
                        .join()
                        .await;
                    if place == "task" {
                        dispatcher
                            .queue(&TASK)
                            .expect("a handler names it")
                            .join()
                            .await;
                    }
                    if let Ok(local) = dispatcher.queue(&LOCAL) {
                        while local.pump(&mut 0) > 0 {}
                    }
                }
                quiet(&dispatcher).await;
            });
            let mut all: Vec<_> = report.failures().iter().map(Said::by).collect();
            all.extend(heard.take());
            let of = |name: &str| -> Vec<Meta> {
                let is_of = |said: &&Said| said.text.contains(&format!("::{name}`"));
                let of: Vec<_> = all.iter().filter(is_of).collect();
                of.iter().map(|said| said.meta()).collect()
            };
            let ([first], [second], third) =
                (&of("First")[..], &of("Second")[..], &of("Third")[..])
            else {
                panic!("{place}: {all:?}")
            };
            assert_eq!(third.len(), 3, "{place}: {all:?}");
            assert_eq!((first.correlation(), first.causation()), (first.id(), None));
            assert_eq!(second.correlation(), first.id(), "{place}");
            assert_eq!(second.causation(), Some(first.id()), "{place}");
            for it in third {
                assert_eq!(it, &third[0], "{place}");
                assert_eq!(it.correlation(), first.id(), "{place}");
                assert_eq!(it.causation(), Some(second.id()), "{place}");
            }
            let depths = [first.depth(), second.depth(), third[0].depth()];
            assert_eq!(depths, [0, 1, 2], "{place}");
        }
    }
}

#[derive(Event, Debug)]
struct Again(u32);

#[handler]
fn go_on(event: &Again) -> Again {
    Again(event.0 + 1)
}

#[test]
fn an_event_that_was_not_emitted_is_named_with_what_it_descends_from() {
    let seen = Emitted::default();
    let dispatcher = Dispatcher::empty()
        .handler(go_on)
        .depth_limit(3)
        .observe(seen.clone())
        .build()
        .expect("a dispatcher");
    let report = dispatcher.emit(Again(0));
    let [too_deep] = &report.failures() else {
        panic!("{report}")
    };
    let meta = too_deep.meta().expect("an identity");
    let emitted: Vec<_> = std::mem::take(&mut *seen.0.lock().expect("emitted"));
    assert_eq!(too_deep.payload(), Some("Again(4)"));
    assert_eq!((meta.depth(), meta.causation()), (4, Some(emitted[3].id())));
    assert_eq!(meta.correlation(), emitted[0].id());

    let _ = pollster::block_on(dispatcher.shutdown(Duration::from_mins(1)));
    let report = dispatcher.emit(Again(7));
    let [closed] = &report.failures() else {
        panic!("{report}")
    };
    assert_eq!(closed.payload(), Some("Again(7)"));
    assert!(closed.meta().is_some());
    let error = closed.envelope(&codec()).expect_err("it is not `wire`");
    assert!(matches!(error, EncodeError::NotWire { .. }), "{error}");
}
