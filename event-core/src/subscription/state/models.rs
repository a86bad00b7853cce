//! The interleavings of claims and cancels, by the model checker loom.

use loom::sync::Arc;
use loom::thread;

use super::State;

#[test]
fn of_two_emissions_one_calls_what_is_called_once() {
    loom::model(|| {
        let state = Arc::new(State::new(true));
        let other = thread::spawn({
            let state = Arc::clone(&state);
            move || state.claim()
        });
        let mine = state.claim();
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
                state.claim()
            }
        });
        let mine = state.claim();
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
        let claimed = state.claim();
        assert!(before || !claimed, "it does not come back");
        other.join().expect("no panic");
        assert!(state.is_over() && !state.claim());
    });
}
