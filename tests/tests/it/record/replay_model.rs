//! Random programs run, and are replayed from their journal: what their handlers have seen is the same.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::queue::{Overflow, Queue};
use event_core::wire::journal::JournalWriter;
use event_core::{
    Dispatcher, Emitter, Event,
    dispatcher::{DispatcherBuilder, DispatcherHandle},
    handler,
};
use event_tests::{codec, read};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// What all events of a program carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Step {
    /// Which way it came: its causes, as digits.
    path: u64,
    /// How many causes more there may be behind it.
    fuel: u8,
}

macro_rules! events {
    ($($event:ident $name:literal)+) => {$(
        #[derive(Event, Serialize, Deserialize)]
        #[event(name = $name, wire)]
        struct $event(Step);
    )+};
}

events!(A "model.a" B "model.b" C "model.c");

/// No journal can have it.
#[derive(Event)]
#[event(name = "model.unwritten")]
struct Unwritten(Step);

/// One event that a handler causes.
#[derive(Clone, Copy, Debug)]
struct Act {
    way: Way,
    /// 0 to 3: `A`, `B`, `C`, `Unwritten`.
    event: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Returns,
    Emits,
    /// `dispatcher.emit` inside of the handler.
    Nests,
}

/// What the handlers of each event cause, by event and handler.
#[derive(Clone, Debug)]
struct Program([[Vec<Act>; HANDLERS]; 4]);

const HANDLERS: usize = 4;

/// What handlers have seen: the event, the handler, and the step.
#[derive(Debug, Default)]
struct State(Mutex<Vec<(usize, usize, Step)>>);

impl State {
    fn see(&self, event: usize, handler: usize, step: Step) {
        let mut state = self.0.lock().expect("no panic");
        state.push((event, handler, step));
    }

    fn in_order(&self) -> Vec<(usize, usize, Step)> {
        self.0.lock().expect("no panic").clone()
    }

    /// Without the order, which is not that of the journal where handlers run side by side.
    fn sorted(&self) -> Vec<(usize, usize, Step)> {
        let mut seen = self.in_order();
        seen.sort_unstable();
        seen
    }
}

type Returns = (Vec<A>, Vec<B>, Vec<C>, Vec<Unwritten>);

/// Does what the program says of a handler; all handlers are this function.
fn act(
    (event, handler): (usize, usize),
    step: Step,
    emitter: &Emitter<(A, B, C, Unwritten)>,
    (program, state, handle): (&Program, &State, &DispatcherHandle),
) -> Returns {
    state.see(event, handler, step);
    let mut returns = Returns::default();
    let Some(fuel) = step.fuel.checked_sub(1) else {
        return returns;
    };
    for (act, at) in program.0[event][handler].iter().zip(1..) {
        let path = step.path * 100 + handler as u64 * 10 + at;
        let step = Step { path, fuel };
        macro_rules! cause {
            ($event:ident, $index:tt) => {
                match act.way {
                    Way::Returns => returns.$index.push($event(step)),
                    Way::Emits => emitter.emit_after($event(step)),
                    Way::Nests => drop(handle.emit($event(step)).expect("it lives")),
                }
            };
        }
        match act.event {
            0 => cause!(A, 0),
            1 => cause!(B, 1),
            2 => cause!(C, 2),
            _ => cause!(Unwritten, 3),
        }
    }
    returns
}

static QUEUE: Queue = Queue::new("model")
    .capacity(100_000)
    .overflow(Overflow::Reject);

macro_rules! handlers {
    ($($event:ident $number:literal: $first:ident $second:ident $third:ident $fourth:ident)+) => {$(
        #[handler]
        fn $first(
            event: &$event,
            emitter: Emitter<(A, B, C, Unwritten)>,
            program: &Program,
            state: &State,
            handle: &DispatcherHandle,
        ) -> Returns {
            act(($number, 0), event.0, &emitter, (program, state, handle))
        }

        #[handler(after = $first)]
        fn $second(
            event: &$event,
            emitter: Emitter<(A, B, C, Unwritten)>,
            program: &Program,
            state: &State,
            handle: &DispatcherHandle,
        ) -> Returns {
            act(($number, 1), event.0, &emitter, (program, state, handle))
        }

        #[handler]
        async fn $third(
            event: &$event,
            emitter: Emitter<(A, B, C, Unwritten)>,
            program: &Program,
            state: &State,
            handle: &DispatcherHandle,
        ) -> Returns {
            if event.0.path % 2 == 0 {
                tokio::task::yield_now().await;
            }
            act(($number, 2), event.0, &emitter, (program, state, handle))
        }

        #[handler(queue = QUEUE)]
        fn $fourth(
            event: &$event,
            emitter: Emitter<(A, B, C, Unwritten)>,
            program: &Program,
            state: &State,
            handle: &DispatcherHandle,
        ) -> Returns {
            act(($number, 3), event.0, &emitter, (program, state, handle))
        }
    )+

    /// With handlers that run inline, or with all of them.
    fn dispatcher(has_all: bool) -> DispatcherBuilder {
        let builder = Dispatcher::empty();
        $(let builder = builder.handler($first).handler($second);)+
        if !has_all {
            return builder;
        }
        $(let builder = builder.handler($third).handler($fourth);)+
        builder
    }};
}

handlers! {
    A 0: a_first a_second a_third a_fourth
    B 1: b_first b_second b_third b_fourth
    C 2: c_first c_second c_third c_fourth
    Unwritten 3: u_first u_second u_third u_fourth
}

fn open(builder: DispatcherBuilder, program: &Program) -> (Dispatcher, Arc<State>) {
    let (state, handle) = (Arc::new(State::default()), builder.handle());
    let builder = builder.provide(program.clone()).provide(handle);
    let dispatcher = builder.provide_arc(Arc::clone(&state)).build();
    (dispatcher.expect("wired"), state)
}

fn program(ways: &'static [Way], events: usize, most: usize) -> impl Strategy<Value = Program> {
    let act = (proptest::sample::select(ways), 0..events);
    let act = act.prop_map(|(way, event)| Act { way, event });
    let acts = || vec(act.clone(), 0..=most);
    let handlers = || [acts(), acts(), acts(), acts()];
    [handlers(), handlers(), handlers(), handlers()].prop_map(Program)
}

fn roots() -> impl Strategy<Value = Vec<usize>> {
    vec(0..3_usize, 1..6)
}

/// The step of one root.
fn root(number: usize) -> Step {
    Step {
        path: number as u64,
        fuel: 2,
    }
}

macro_rules! emit {
    ($dispatcher:ident.$emit:ident($event:expr, $number:expr) $($then:tt)*) => {
        match $event {
            0 => $dispatcher.$emit(A(root($number)))$($then)*,
            1 => $dispatcher.$emit(B(root($number)))$($then)*,
            _ => $dispatcher.$emit(C(root($number)))$($then)*,
        }
    };
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// The journal has all, and one thread has one order.
    #[test]
    fn inline_handlers_of_events_in_the_record_see_the_same_in_the_same_order(
        program in program(&[Way::Returns, Way::Emits], 3, 3),
        roots in roots(),
    ) {
        let run = |each: &dyn Fn(&Dispatcher)| {
            let recorder = JournalWriter::new(codec(), Vec::new());
            let builder = dispatcher(false).observe(recorder.clone());
            let (dispatcher, state) = open(builder, &program);
            each(&dispatcher);
            prop_assert!(recorder.finish().is_complete());
            let record = recorder.into_inner().expect("nobody took it");
            let record = String::from_utf8(record).expect("JSON");
            Ok((record, state.in_order(), dispatcher.counts().discarded))
        };
        let (record, seen, _) = run(&|dispatcher| {
            for (number, event) in (1..).zip(&roots) {
                emit!(dispatcher.emit(event, number));
            }
        })?;
        let (again, seen_again, discarded) = run(&|dispatcher| {
            for event in read(&record) {
                assert!(dispatcher.replaying().emit(&event).is_ok());
            }
        })?;
        prop_assert_eq!(seen, seen_again);
        prop_assert_eq!(&record, &again);
        let caused = record.lines().count() - roots.len();
        prop_assert_eq!(discarded, caused as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    /// On every rung, with events that are not in the journal, and emits inside of emits.
    #[test]
    fn every_handler_sees_the_same_wherever_it_runs_and_whatever_is_not_in_the_record(
        program in program(&[Way::Returns, Way::Emits, Way::Nests], 4, 2),
        roots in roots(),
        waits in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let long = Duration::from_mins(1);
        let run = |each: &dyn Fn(&Dispatcher)| {
            let recorder = JournalWriter::new(codec(), Vec::new());
            let builder = dispatcher(true)
                .observe(recorder.clone())
                .on_failure(|failure| panic!("{failure}"))
                .runtime(runtime.handle().clone());
            let (dispatcher, state) = open(builder, &program);
            each(&dispatcher);
            prop_assert!(runtime.block_on(dispatcher.shutdown(long)).is_complete());
            let recorded = recorder.finish();
            prop_assert!(recorded.is_complete(), "{}", recorded);
            let record = recorder.into_inner().expect("nobody took it");
            Ok((String::from_utf8(record).expect("JSON"), state.sorted(), dispatcher.counts().discarded))
        };
        let (record, seen, _) = run(&|dispatcher| {
            for (number, event) in (1..).zip(&roots) {
                let report = if waits {
                    runtime.block_on(async { emit!(dispatcher.emit_async(event, number).await) })
                } else {
                    emit!(dispatcher.emit_blocking(event, number)).expect("a plain thread")
                };
                assert!(report.is_ok(), "{report}");
            }
        })?;
        let (again, seen_again, discarded) = run(&|dispatcher| {
            for event in read(&record) {
                let report = if waits {
                    runtime.block_on(dispatcher.replaying().emit_async(&event))
                } else {
                    dispatcher.replaying().emit_blocking(&event).expect("a plain thread")
                };
                assert!(report.is_ok(), "{report}");
            }
        })?;
        prop_assert_eq!(seen, seen_again);
        prop_assert_eq!(&record, &again);
        let caused = record.lines().count() - roots.len();
        prop_assert_eq!(discarded, caused as u64);
    }
}
