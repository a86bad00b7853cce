//! Models of the interleavings of claims and cancels for the model checker loom.

use loom::sync::Arc;
use loom::thread;

use crate::engine::plan::subscription::state::State;

#[test]
fn of_two_emissions_one_calls_what_is_called_once() {
    loom::model(|| {
        let state = Arc::new(State::new(true));
        let other = thread::spawn({
            let state = Arc::clone(&state);
            move || state.claim(false)
        });
        let mine = state.claim(false);
        let other = other.join().expect("no panic");
        assert_eq!(u8::from(mine) + u8::from(other), 1);
        assert!(state.is_over());
    });
}

#[test]
fn nobody_calls_what_is_called_once_after_it_was_cancelled() {
    loom::model(|| {
        let state = Arc::new(State::new(true));
        let other = thread::spawn({
            let state = Arc::clone(&state);
            move || {
                state.cancel();
                state.claim(false)
            }
        });
        let mine = state.claim(false);
        assert!(!other.join().expect("no panic"));
        assert!(state.is_over(), "claimed ({mine}) or cancelled");
    });
}

#[test]
fn what_was_cancelled_stays_so() {
    loom::model(|| {
        let state = Arc::new(State::new(false));
        let other = thread::spawn({
            let state = Arc::clone(&state);
            move || state.cancel()
        });
        let before = state.is_active();
        let claimed = state.claim(false);
        assert!(before || !claimed, "it does not come back");
        other.join().expect("no panic");
        assert!(state.is_over() && !state.claim(false));
    });
}

#[test]
fn of_two_deliveries_that_start_later_one_calls_what_is_called_once() {
    loom::model(|| {
        let state = Arc::new(State::new(true));
        let deliver = |state: &State| state.reserve() && state.claim_reserved();
        let other = thread::spawn({
            let state = Arc::clone(&state);
            move || deliver(&state)
        });
        let mine = deliver(&state);
        let other = other.join().expect("no panic");
        assert_eq!(u8::from(mine) + u8::from(other), 1);
        assert!(state.is_over());
    });
}

#[test]
fn a_call_that_one_delivery_gives_back_is_made_once_by_another() {
    loom::model(|| {
        let state = Arc::new(State::new(true));
        let abandoned = thread::spawn({
            let state = Arc::clone(&state);
            move || {
                if state.reserve() {
                    state.release();
                }
            }
        });
        let inline = thread::spawn({
            let state = Arc::clone(&state);
            move || state.claim(false)
        });
        let mine = state.reserve() && state.claim_reserved();
        abandoned.join().expect("no panic");
        let inline = inline.join().expect("no panic");
        // A claim during the reservation failed; the call is then left for the next claim.
        let next = state.claim(false);
        assert_eq!(u8::from(mine) + u8::from(inline) + u8::from(next), 1);
        assert!(state.is_over());
    });
}

#[test]
fn a_delivery_that_gives_its_call_back_does_not_undo_a_cancel() {
    loom::model(|| {
        let state = Arc::new(State::new(true));
        let cancelling = thread::spawn({
            let state = Arc::clone(&state);
            move || state.cancel()
        });
        if state.reserve() {
            state.release();
        }
        cancelling.join().expect("no panic");
        assert!(state.is_over());
        assert!(!state.claim(false) && !state.reserve() && !state.claim_reserved());
    });
}

#[test]
fn what_was_cancelled_before_its_call_began_is_not_called() {
    loom::model(|| {
        for once in [false, true] {
            let state = Arc::new(State::new(once));
            assert!(state.reserve());
            let cancelling = thread::spawn({
                let state = Arc::clone(&state);
                move || {
                    state.cancel();
                    // No call begins from here on.
                    assert!(!state.claim_reserved());
                }
            });
            let _began_before = state.claim_reserved();
            cancelling.join().expect("no panic");
            assert!(state.is_over());
        }
    });
}

#[test]
fn of_two_emissions_that_are_the_last_one_makes_the_call() {
    loom::model(|| {
        let state = Arc::new(State::conditional());
        let other = thread::spawn({
            let state = Arc::clone(&state);
            move || state.claim(true)
        });
        let mine = state.claim(true);
        let other = other.join().expect("no panic");
        assert_eq!(u8::from(mine) + u8::from(other), 1);
        assert!(state.is_over() && !state.claim(false));
    });
}

#[test]
fn one_event_ends_a_subscription_and_deliveries_before_it_are_made() {
    loom::model(|| {
        let state = Arc::new(State::new(false));
        assert!(state.reserve());
        let ending = thread::spawn({
            let state = Arc::clone(&state);
            move || state.reserve() && state.end()
        });
        let mine = state.reserve() && state.end();
        let other = ending.join().expect("no panic");
        assert_eq!(u8::from(mine) + u8::from(other), 1);
        assert!(state.claim_reserved() && !state.reserve());
    });
}

#[test]
fn a_cancel_outlasts_the_end_by_an_event() {
    loom::model(|| {
        let state = Arc::new(State::new(false));
        let cancelling = thread::spawn({
            let state = Arc::clone(&state);
            move || state.cancel()
        });
        state.end();
        cancelling.join().expect("no panic");
        assert!(state.is_cancelled() && !state.claim_reserved());
    });
}

#[test]
fn of_two_deliveries_one_makes_all_attempts_of_what_is_called_once() {
    loom::model(|| {
        let state = Arc::new(State::new(true));
        let attempts = |state: &State| {
            let is_reserved = state.reserve();
            let attempts = u8::from(is_reserved && state.claim_attempt());
            // The delivery has failed, and is dropped after its second attempt.
            let attempts = attempts + u8::from(is_reserved && state.claim_attempt());
            if is_reserved {
                state.release();
            }
            attempts
        };
        let other = thread::spawn({
            let state = Arc::clone(&state);
            move || attempts(&state)
        });
        let mine = attempts(&state);
        let other = other.join().expect("no panic");
        assert_eq!([mine.min(other), mine.max(other)], [0, 2]);
        assert!(state.is_over() && !state.reserve());
    });
}

#[test]
fn no_attempt_begins_after_a_cancel() {
    loom::model(|| {
        for once in [false, true] {
            let state = Arc::new(State::new(once));
            assert!(state.reserve() && state.claim_attempt());
            let cancelling = thread::spawn({
                let state = Arc::clone(&state);
                move || {
                    state.cancel();
                    assert!(!state.claim_attempt());
                }
            });
            let _began_before = state.claim_attempt();
            cancelling.join().expect("no panic");
            assert!(state.is_cancelled());
        }
    });
}
