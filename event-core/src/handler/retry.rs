//! Which errors of a handler are tried again: `when` of a handler's `retry`.
//!
//! A plain function is called by a closure that the macro generates, which calls [`retry_when`] with the
//! outcome. An `async fn` is bound as it is, so its binder keeps the condition until the function is bound.

#![allow(
    missing_docs,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::Any;

use crate::engine::emission::delivery::Delivery;

/// What a handler returns whose errors of type `E` are judged by `when`: a `Result`. `E` is a parameter of the
/// trait, since rustc reports an outcome without errors twice where `E` is an associated type.
#[diagnostic::on_unimplemented(
    message = "`when` judges the error of a `Result`, and the handler returns `{Self}`",
    label = "judges an error, and the handler returns none",
    note = "let the handler return a `Result<_, _>`, or remove `when`: a timeout and a panic are tried again \
            without it, too"
)]
pub trait Fallible<E> {
    fn error(&self) -> Option<&E>;
}

impl<T, E> Fallible<E> for Result<T, E> {
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }
}

/// Whether an outcome has no error, or one after which the handler is called again.
pub fn is_retried<E, R: Fallible<E>>(outcome: &R, when: fn(&E) -> bool) -> bool {
    outcome.error().is_none_or(when)
}

/// Lets a delivery end at once if its outcome has an error that is not tried again.
pub fn retry_when<E, R: Fallible<E>>(delivery: &Delivery<'_>, outcome: &R, when: fn(&E) -> bool) {
    if !is_retried(outcome, when) {
        delivery.refuse_retry();
    }
}

/// Whether an outcome is tried again.
pub(crate) type When<R> = fn(&R) -> bool;

/// The condition of the `async fn` that is bound next: a [`When<R>`], whose `R` the binder does not know.
#[derive(Default)]
pub(crate) struct RetryCondition(Option<Box<dyn Any>>);

impl RetryCondition {
    pub(crate) fn set<R: 'static>(&mut self, when: When<R>) {
        self.0 = Some(Box::new(when));
    }

    /// Takes the condition of a function that returns an `R`.
    pub(crate) fn take<R: 'static>(&mut self) -> Option<When<R>> {
        let when = self.0.take()?.downcast::<When<R>>();
        match when {
            Ok(when) => Some(*when),
            Err(_) => unreachable!("`when` judges what its handler returns"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plan::bound::HandlerResult;
    use crate::handler::bind_async::Conclusion;
    use crate::handler::outcome::CatchAllOutcome;

    type Outcome = Result<(), String>;

    fn is_temporary(error: &String) -> bool {
        error == "busy"
    }

    fn failed(error: &str) -> Outcome {
        Err(error.to_owned())
    }

    #[test]
    fn an_error_is_judged_and_a_success_is_not() {
        assert!(is_retried(&failed("busy"), is_temporary));
        assert!(!is_retried(&failed("card expired"), is_temporary));
        assert!(is_retried(&Outcome::Ok(()), |_| unreachable!("no error")));
    }

    #[test]
    fn only_an_error_that_is_refused_makes_a_result_permanent() {
        let is_permanent = |outcome: Outcome, when: Option<When<Outcome>>| {
            let conclusion = Conclusion::new(Outcome::conclude_catch_all, when);
            match HandlerResult::of(outcome, &conclusion) {
                HandlerResult::Done => None,
                HandlerResult::Effects(effects) => Some(effects.is_permanent),
            }
        };
        let when: When<Outcome> = |outcome| is_retried(outcome, is_temporary);
        assert_eq!(is_permanent(failed("card expired"), Some(when)), Some(true));
        assert_eq!(is_permanent(failed("busy"), Some(when)), Some(false));
        assert_eq!(is_permanent(failed("card expired"), None), Some(false));
        assert_eq!(is_permanent(Ok(()), Some(when)), None);
    }

    #[test]
    fn a_condition_is_for_the_function_that_is_bound_next_alone() {
        let mut condition = RetryCondition::default();
        condition.set::<Outcome>(|outcome| is_retried(outcome, is_temporary));
        let when = condition.take::<Outcome>().expect("a condition");
        assert!(!when(&failed("card expired")));
        assert!(condition.take::<Outcome>().is_none());
    }
}
