//! Microseconds to ask a dispatcher for a thousand events, by name, and for the handlers of each, in the
//! order in which they run. Each event has one handler, and every tenth a subscription, too.
//!
//! A hundred events are linked, and asked for ten times: a thousand take minutes to compile.
//!
//! It does not name the library, whose handlers would be linked and counted, too.

use std::hint::black_box;
use std::time::Duration;

use event_core::{Dispatcher, Event, handler};
use rustix::time::{ClockId, clock_gettime};

/// How often the dispatcher is asked; the median of the times is printed.
const ROUNDS: usize = 101;

fn main() {
    let dispatcher = Dispatcher::builder().build();
    let dispatcher = dispatcher.unwrap_or_else(|error| panic!("{error}"));
    let subscriptions = subscribe(&dispatcher);
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| ask(&dispatcher)).collect();
    times.sort_unstable();
    println!("{:.1}", times[ROUNDS / 2].as_secs_f64() * 1e6);
    drop(subscriptions);
}

/// How often each event is asked for in a round.
const TIMES: usize = 10;

fn ask(dispatcher: &Dispatcher) -> Duration {
    let start = clock_gettime(ClockId::ThreadCPUTime);
    let (mut events, mut handlers) = (0, 0);
    for event in (0..TIMES).flat_map(|_| dispatcher.events()) {
        black_box(event.name());
        events += 1;
        for handler in event.handlers() {
            black_box((
                handler.name(),
                handler.line(),
                handler.priority(),
                handler.queue(),
            ));
            handlers += 1;
        }
    }
    let spent = Duration::try_from(clock_gettime(ClockId::ThreadCPUTime) - start);
    assert_eq!((events, handlers), (1_000, 1_100));
    spent.expect("time does not run backwards")
}

macro_rules! ten_events {
    ($($event:ident $handler:ident),*) => { $(
        #[derive(super::Event)]
        pub(super) struct $event(pub(super) u64);

        #[super::handler]
        fn $handler(event: &$event) {
            std::hint::black_box(event.0);
        }
    )* };
}

macro_rules! events {
    ($($module:ident)*) => {
        $( mod $module {
            ten_events! { E0 h0, E1 h1, E2 h2, E3 h3, E4 h4, E5 h5, E6 h6, E7 h7, E8 h8, E9 h9 }
        } )*

        fn subscribe(dispatcher: &Dispatcher) -> Vec<event_core::dispatcher::Subscription> {
            vec![$( dispatcher.subscribe(|event: &$module::E0| { black_box(event.0); }) ),*]
        }
    };
}

events! { m0 m1 m2 m3 m4 m5 m6 m7 m8 m9 }
