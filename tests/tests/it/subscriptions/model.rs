//! Random subscribing, cancelling and emitting, beside a model that is a plain list.

use std::sync::{Arc, Mutex};

use event_core::{Dispatcher, Event, dispatcher::Subscription, handler};
use event_tests::Journal;
use proptest::prelude::*;

event_core::module!();

#[derive(Event)]
struct Tick;

#[handler(priority = -1)]
fn a_early(_event: &Tick, journal: &Journal) {
    journal.write("early");
}

#[handler]
fn b_middle(_event: &Tick, journal: &Journal) {
    journal.write("middle");
}

/// Runs behind `b_middle` although its priority is lower.
#[handler(priority = -2, after = b_middle)]
fn c_behind(_event: &Tick, journal: &Journal) {
    journal.write("behind");
}

#[derive(Clone, Debug)]
enum Action {
    Subscribe {
        priority: i32,
        once: bool,
        fails: u8,
    },
    Cancel(usize),
    Emit,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => (-3..3_i32, any::<bool>(), 0..3_u8)
            .prop_map(|(priority, once, fails)| Action::Subscribe { priority, once, fails }),
        1 => (0..8_usize).prop_map(Action::Cancel),
        3 => Just(Action::Emit),
    ]
}

/// A subscription in the model: its number, and how it was made.
struct Modelled {
    number: usize,
    priority: i32,
    once: bool,
}

/// What one emit must write: before each handler the subscriptions of a lower priority.
fn expected(model: &mut Vec<Modelled>) -> Vec<String> {
    let mut lines = Vec::new();
    model.sort_by_key(|subscription| (subscription.priority, subscription.number));
    let mut waiting = model.iter().peekable();
    for (name, priority) in [("early", -1), ("middle", 0), ("behind", -2)] {
        while let Some(next) = waiting.next_if(|next| next.priority < priority) {
            lines.push(next.number.to_string());
        }
        lines.push(name.to_owned());
    }
    lines.extend(waiting.map(|next| next.number.to_string()));
    model.retain(|subscription| !subscription.once);
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn subscriptions_behave_like_a_sorted_list(actions in prop::collection::vec(action(), 1..40)) {
        let journal = Arc::new(Journal::default());
        let dispatcher = Dispatcher::builder()
            .only_modules([MODULE])
            .provide_arc(journal.clone())
            .build()
            .expect("wired");
        let mut model: Vec<Modelled> = Vec::new();
        let mut guards: Vec<(usize, Subscription)> = Vec::new();
        let failing: Arc<Mutex<Vec<usize>>> = Arc::default();
        for (number, action) in actions.into_iter().enumerate() {
            match action {
                Action::Subscribe { priority, once, fails } => {
                    let options = dispatcher.subscription_builder().priority(priority);
                    let options = if once { options.once() } else { options };
                    let journal = journal.clone();
                    if fails > 0 {
                        failing.lock().expect("not poisoned").push(number);
                    }
                    let guard = options.subscribe(move |_: &Tick| {
                        journal.write(number.to_string());
                        match fails {
                            1 => Err("on purpose"),
                            // `resume_unwind` does not run the panic hook: the log stays short.
                            2 => std::panic::resume_unwind(Box::new("on purpose")),
                            _ => Ok(()),
                        }
                    });
                    guards.push((number, guard));
                    model.push(Modelled { number, priority, once });
                }
                Action::Cancel(index) if index < guards.len() => {
                    let (number, guard) = guards.swap_remove(index);
                    drop(guard);
                    model.retain(|subscription| subscription.number != number);
                }
                Action::Cancel(_) => {}
                Action::Emit => {
                    let lines = expected(&mut model);
                    let report = dispatcher.emit(Tick);
                    let written = journal.take();
                    prop_assert_eq!(&written, &lines);
                    let failing = failing.lock().expect("not poisoned");
                    let failed = failing.iter().filter(|n| lines.contains(&n.to_string())).count();
                    prop_assert_eq!(report.failures().len(), failed);
                    prop_assert_eq!(report.done() + failed, lines.len());
                    prop_assert_eq!(report.deliveries(), lines.len());
                }
            }
        }
    }
}
