//! What a closure takes behind the event: the identity, the emitter's values, and other parameters.

use std::convert::Infallible;
use std::future::ready;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use event_core::dispatcher::DispatcherHandle;
use event_core::param::{Delivery, Param, Resolver};
use event_core::queue::Queue;
use event_core::{Context, Dispatcher, Emitter, Event, Meta, handler};
use event_tests::idle;

static LINE: Queue = Queue::new("subscribed params");

#[derive(Event)]
struct Opened;

#[derive(Event)]
struct Noted(u8);

struct Tenant(&'static str);

/// What was seen, in order.
type Seen<T> = Arc<Mutex<Vec<T>>>;

fn taken<T>(seen: &Seen<T>) -> Vec<T> {
    std::mem::take(&mut *seen.lock().expect("not poisoned"))
}

fn push<T>(seen: &Seen<T>, value: T) {
    seen.lock().expect("not poisoned").push(value);
}

fn empty() -> Dispatcher {
    Dispatcher::empty().build().expect("nothing to wire")
}

#[handler(queue = LINE)]
async fn queued(_event: &Opened, seen: &Mutex<Vec<Meta>>, meta: Meta) {
    seen.lock().expect("not poisoned").push(meta);
}

fn note_meta(seen: &Seen<Meta>) -> impl Fn(&Opened, Meta) + Send + Sync + use<> {
    let seen = seen.clone();
    move |_, meta| push(&seen, meta)
}

fn note_meta_later(
    seen: &Seen<Meta>,
) -> impl Fn(Arc<Opened>, Meta) -> std::future::Ready<()> + use<> {
    let seen = seen.clone();
    move |_, meta| {
        push(&seen, meta);
        ready(())
    }
}

#[tokio::test(start_paused = true)]
async fn closures_that_ask_for_the_meta_see_the_one_that_handlers_see() {
    // With the handler the dispatcher makes the identity anyway, without it for the subscriptions.
    for (has_handler, has_inline) in [(false, false), (false, true), (true, true)] {
        for is_awaited in [false, true] {
            let seen: Seen<Meta> = Seen::default();
            let seconds = Arc::new(AtomicU64::new(1));
            let now = seconds.clone();
            let clock = move || {
                let seconds = now.load(Ordering::Relaxed);
                SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
            };
            let mut builder = Dispatcher::empty().clock(clock);
            if has_handler {
                builder = builder.handler(queued).provide_arc(seen.clone());
            }
            let dispatcher = builder.build().expect("wired");
            let with_meta = || dispatcher.subscription_builder().param::<Meta>();
            let _first = with_meta().subscribe_async(note_meta_later(&seen));
            let _second = with_meta().subscribe_async(note_meta_later(&seen));
            let _inline = has_inline.then(|| with_meta().subscribe(note_meta(&seen)));
            let report = if is_awaited {
                dispatcher.emit_async(Opened).await
            } else {
                dispatcher.emit(Opened)
            };
            // No task has started after `emit`, and the event was emitted before.
            seconds.store(2, Ordering::Relaxed);
            idle().await;
            assert!(report.is_ok(), "{report}");
            let all = taken(&seen);
            let expected = 2 + usize::from(has_inline) + usize::from(has_handler);
            assert_eq!(all.len(), expected);
            let emitted = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
            let first = (all[0].id(), emitted);
            let is_first = |meta: &Meta| (meta.id(), meta.time()) == first;
            assert!(all.iter().all(is_first), "{all:?}");
            assert_eq!(all[0].attempt(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_closure_takes_the_context_that_the_emitter_gave_and_fails_without_one() {
    let dispatcher = empty();
    let seen: Seen<&'static str> = Seen::default();
    let required = || dispatcher.subscription_builder().param::<Context<Tenant>>();
    let note = seen.clone();
    let _inline = required().subscribe(move |_: &Opened, tenant: Context<Tenant>| {
        push(&note, tenant.0);
    });
    let note = seen.clone();
    let _later = required().subscribe_async(move |_: Arc<Opened>, tenant: Context<Tenant>| {
        push(&note, tenant.0);
        ready(())
    });
    let note = seen.clone();
    let optional = dispatcher.subscription_builder();
    let _optional = optional.param::<Option<Context<Tenant>>>().subscribe(
        move |_: &Opened, tenant: Option<Context<Tenant>>| {
            push(&note, tenant.map_or("nobody", |tenant| tenant.0));
        },
    );
    let report = dispatcher.with(Tenant("north")).emit_async(Opened).await;
    assert_eq!((report.done(), taken(&seen)), (3, vec!["north"; 3]));
    let report = dispatcher.emit_async(Opened).await;
    assert_eq!((report.done(), report.failed()), (1, 2));
    assert_eq!(taken(&seen), ["nobody"]);
    let failure = report.failures()[0].to_string();
    assert!(failure.contains("without a"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn targets_come_before_the_event_and_parameters_behind_it_in_their_order() {
    let dispatcher = empty();
    let (one, two) = (Arc::new(1_u8), Arc::new(2_u16));
    let options = || {
        let options = dispatcher.subscription_builder().param::<Meta>();
        let options = options.weak(&one).param::<DispatcherHandle>().weak(&two);
        options.filter(|_: &Opened| true)
    };
    let inline = options().subscribe(
        |one: &u8, two: &u16, _: &Opened, meta: Meta, dispatcher: DispatcherHandle| {
            assert_eq!((*one, *two, meta.depth()), (1, 2, 0));
            assert!(dispatcher.get().is_ok());
        },
    );
    let later =
        options().subscribe_async(
            |one: Arc<u8>,
             two: Arc<u16>,
             _: Arc<Opened>,
             meta: Meta,
             dispatcher: DispatcherHandle| async move {
                assert_eq!((*one, *two, meta.depth()), (1, 2, 0));
                assert!(dispatcher.get().is_ok());
            },
        );
    let report = dispatcher.emit_async(Opened).await;
    assert_eq!(report.done(), 2, "{report}");
    drop(two);
    assert!(!inline.is_active() && !later.is_active());
}

#[tokio::test(start_paused = true)]
async fn a_closure_with_an_emitter_causes_events() {
    let dispatcher = empty();
    let with_emitter = || dispatcher.subscription_builder().param::<Emitter<Noted>>();
    let _inline = with_emitter().subscribe(|_: &Opened, emitter: Emitter<Noted>| {
        emitter.emit_after(Noted(1));
    });
    let _later =
        with_emitter().subscribe_async(|_: Arc<Opened>, emitter: Emitter<Noted>| async move {
            tokio::task::yield_now().await;
            emitter.emit_after(Noted(2));
        });
    let report = dispatcher.emit_async(Opened).await;
    let noted: Vec<_> = report
        .returned::<Noted>()
        .map(|(_, noted)| noted.0)
        .collect();
    assert_eq!(noted, [1, 2]);
}

struct Greeting(String);

impl Param for Greeting {
    type State = Arc<String>;
    type Rejection = Infallible;

    fn resolve(resolver: &mut Resolver<'_>) -> Option<Arc<String>> {
        resolver.required::<String>()
    }

    fn param(state: &Arc<String>, delivery: &Delivery<'_>) -> Result<Self, Infallible> {
        Ok(Self(format!("{state} {}", delivery.depth())))
    }
}

#[test]
fn a_parameter_of_ones_own_is_resolved_from_what_was_provided() {
    let builder = Dispatcher::empty().provide("hello".to_owned());
    let dispatcher = builder.build().expect("wired");
    let options = dispatcher.subscription_builder().param::<Greeting>();
    let _guard = options.subscribe(|_: &Opened, greeting: Greeting| {
        assert_eq!(greeting.0, "hello 0");
    });
    assert_eq!(dispatcher.emit(Opened).done(), 1);
}

#[test]
#[should_panic(expected = "Greeting` needs a value that was not provided to the dispatcher")]
fn a_parameter_whose_value_was_not_provided_panics_before_there_is_a_subscription() {
    let dispatcher = empty();
    let _ = dispatcher.subscription_builder().param::<Greeting>();
}
