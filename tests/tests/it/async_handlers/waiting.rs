//! Handlers that wait inside of an `emit_async` that nobody observes as it begins.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use event_core::{Dispatcher, Event, handler};
use event_tests::{Heard, Journal, Watch, poll, quiet_panic};

/// How the middle one of three handlers ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ends {
    Done,
    Failed,
    Panicked,
    Returned,
}

#[derive(Event)]
struct Waited {
    ends: Ends,
    /// For how many turns each handler waits.
    turns: [usize; 3],
    #[event(redact)]
    _noted: Noted,
}

/// Notes its drop.
struct Noted {
    name: &'static str,
    journal: Arc<Journal>,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.journal.write(format!("{} is dropped", self.name));
    }
}

#[derive(Event)]
struct Next(&'static str);

#[handler]
fn follows(event: &Next, journal: &Arc<Journal>) {
    journal.write(format!("what {} returned", event.0));
}

/// Is pending so many times, and notes each poll.
async fn wait(name: &'static str, journal: &Arc<Journal>, mut turns: usize) {
    let _noted = Noted {
        name,
        journal: Arc::clone(journal),
    };
    poll_fn(|_| {
        journal.write(name);
        match turns.checked_sub(1) {
            None => Poll::Ready(()),
            Some(left) => {
                turns = left;
                Poll::Pending
            }
        }
    })
    .await;
}

fn returned(event: &Waited, name: &'static str) -> Option<Next> {
    (event.ends == Ends::Returned).then_some(Next(name))
}

#[handler(priority = 1)]
async fn before(event: &Waited, journal: &Arc<Journal>) -> Option<Next> {
    wait("before", journal, event.turns[0]).await;
    returned(event, "before")
}

#[handler(priority = 2)]
async fn ends(event: &Waited, journal: &Arc<Journal>) -> Result<Option<Next>, &'static str> {
    wait("ends", journal, event.turns[1]).await;
    match event.ends {
        Ends::Failed => Err("on purpose"),
        Ends::Panicked => quiet_panic(),
        Ends::Done | Ends::Returned => Ok(returned(event, "ends")),
    }
}

#[handler(priority = 9)]
async fn behind(event: &Waited, journal: &Arc<Journal>) -> Option<Next> {
    wait("behind", journal, event.turns[2]).await;
    returned(event, "behind")
}

struct Setup {
    dispatcher: Dispatcher,
    journal: Arc<Journal>,
    heard: Heard,
}

impl Setup {
    fn new() -> Self {
        let (journal, heard) = (Arc::new(Journal::default()), Heard::default());
        let dispatcher = Dispatcher::empty()
            .handler(before)
            .handler(ends)
            .handler(behind)
            .handler(follows)
            .provide(journal.clone())
            .on_failure(heard.hook())
            .build()
            .expect("wired");
        Self {
            dispatcher,
            journal,
            heard,
        }
    }

    fn event(&self, ends: Ends, turns: [usize; 3]) -> Waited {
        Waited {
            ends,
            turns,
            _noted: Noted {
                name: "the event",
                journal: Arc::clone(&self.journal),
            },
        }
    }
}

const POLLED: [&str; 3] = ["before", "ends", "behind"];

const ENDED: [&str; 5] = [
    "before",
    "before is dropped",
    "behind",
    "behind is dropped",
    "the event is dropped",
];

#[tokio::test]
async fn a_turn_in_which_a_handler_ends_polls_each_other_once_however_it_ends() {
    for (ends, failed, panicked) in [
        (Ends::Done, 0, 0),
        (Ends::Failed, 1, 0),
        (Ends::Panicked, 0, 1),
    ] {
        let setup = Setup::new();
        let event = setup.event(ends, [2, 1, 2]);
        let mut emission = Box::pin(setup.dispatcher.emit_async(event).into_future());
        assert!(poll(&mut emission).is_none());
        assert_eq!(setup.journal.take(), POLLED);
        assert!(poll(&mut emission).is_none());
        let turn = ["before", "ends", "ends is dropped", "behind"];
        assert_eq!(setup.journal.take(), turn, "{ends:?}");
        let report = poll(&mut emission).expect("all have ended");
        // A failed delivery keeps the event as long as its report.
        let fails = failed + panicked == 1;
        if fails {
            assert_eq!(setup.journal.take(), ENDED[..4], "{ends:?}");
        } else {
            assert_eq!(setup.journal.take(), ENDED, "{ends:?}");
        }
        let counts = (report.done(), report.failed(), report.panicked());
        assert_eq!(counts, (3 - failed - panicked, failed, panicked));
        drop(emission);
        assert!(setup.journal.take().is_empty() && setup.heard.take().is_empty());
        drop(report);
        assert_eq!(!setup.journal.take().is_empty(), fails, "{ends:?}");
    }
}

#[tokio::test]
async fn an_emission_that_is_dropped_while_handlers_wait_cancels_each_of_them_once() {
    for ends in [Ends::Done, Ends::Failed, Ends::Panicked, Ends::Returned] {
        for (polls, waiting) in [(1, 3), (2, 2), (3, 1)] {
            let setup = Setup::new();
            let event = setup.event(ends, [2, 1, 3]);
            let mut emission = Box::pin(setup.dispatcher.emit_async(event).into_future());
            for _ in 0..polls {
                assert!(poll(&mut emission).is_none());
            }
            setup.journal.take();
            drop(emission);
            let dropped: &[&str] = match waiting {
                3 => &["before", "ends", "behind", "the event"],
                2 => &["before", "behind", "the event"],
                _ => &["behind", "the event"],
            };
            let dropped: Vec<_> = dropped
                .iter()
                .map(|name| format!("{name} is dropped"))
                .collect();
            assert_eq!(setup.journal.take(), dropped, "{ends:?}");
            let returned = if ends == Ends::Returned { polls - 1 } else { 0 };
            let heard = setup.heard.take();
            let [heard] = &*heard else {
                panic!("{heard:?}");
            };
            let deliveries = if waiting == 1 {
                "delivery"
            } else {
                "deliveries"
            };
            let events = if returned == 1 { "event" } else { "events" };
            let expected = format!(
                "was dropped: {waiting} {deliveries} cancelled, {returned} caused {events} not emitted"
            );
            assert!(heard.contains(&expected), "{ends:?}: {heard}");
        }
    }
}

#[tokio::test]
async fn what_waiting_handlers_return_is_emitted_in_the_order_of_handlers() {
    let setup = Setup::new();
    let event = setup.event(Ends::Returned, [3, 2, 1]);
    let mut emission = Box::pin(setup.dispatcher.emit_async(event).into_future());
    for _ in 0..3 {
        assert!(poll(&mut emission).is_none());
    }
    setup.journal.take();
    let report = poll(&mut emission).expect("all have ended");
    assert_eq!((report.done(), report.events()), (6, 4));
    let told = [
        "before",
        "before is dropped",
        "the event is dropped",
        "what before returned",
        "what ends returned",
        "what behind returned",
    ];
    assert_eq!(setup.journal.take(), told);
}

#[tokio::test]
async fn an_observer_that_comes_while_handlers_wait_is_told_of_the_next_emission_only() {
    for is_dropped in [false, true] {
        let (setup, watch) = (Setup::new(), Arc::new(Watch::default()));
        let event = setup.event(Ends::Failed, [1, 1, 1]);
        let mut emission = Box::pin(setup.dispatcher.emit_async(event).into_future());
        assert!(poll(&mut emission).is_none());
        let _watching = setup.dispatcher.observe(watch.clone());
        if !is_dropped {
            let report = poll(&mut emission).expect("all have ended");
            assert_eq!((report.done(), report.failed()), (2, 1));
        }
        drop(emission);
        assert_eq!(watch.totals(), (0, 0), "dropped: {is_dropped}");
        let event = setup.event(Ends::Failed, [1, 1, 1]);
        let mut emission = Box::pin(setup.dispatcher.emit_async(event).into_future());
        assert!(poll(&mut emission).is_none() && poll(&mut emission).is_some());
        assert_eq!(watch.totals(), (3, 3), "dropped: {is_dropped}");
    }
}
