//! The rules that every [`Store`] keeps, for the tests of a store.
//!
//! Each rule is a function that is given a fresh store, migrated and without rows, and panics if the store does not
//! keep it. No rule waits for time to pass: a lease that is to have lapsed was taken for no time at all.
//!
//! # Examples
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use event_outbox::conformance;
//! use event_outbox::store::{Sqlite, Store as _};
//!
//! let report = conformance::run(async || {
//!     let store = Sqlite::in_memory().await.expect("SQLite starts");
//!     store.migrate().await.expect("the tables are made");
//!     store
//! })
//! .await;
//! report.assert_passed();
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```

mod claims;
mod inserts;
mod leases;
mod letters;
mod model;
mod samples;
mod schema;
mod views;

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use crate::store::Store;

pub use model::model;

/// How long a rule may take.
const DEADLINE: Duration = Duration::from_mins(1);

/// Which rules a store keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "it says which rules failed"]
pub struct Report {
    /// The rules that the store keeps.
    pub passed: Vec<&'static str>,
    /// Those that it does not, and what was found.
    pub failed: Vec<(&'static str, String)>,
}

impl Report {
    /// Panics with every rule that the store does not keep.
    ///
    /// # Panics
    ///
    /// If there is one.
    pub fn assert_passed(&self) {
        assert!(self.failed.is_empty(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.passed.len() + self.failed.len();
        write!(f, "the store keeps {} of {all} rules", self.passed.len())?;
        for (rule, found) in &self.failed {
            write!(f, "\n{rule}: {found}")?;
        }
        Ok(())
    }
}

type Run<S> = fn(S) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Names each rule once, for the list.
macro_rules! rules {
    ($($module:ident: $($rule:ident),+;)+) => {
        fn rules<S: Store>() -> Vec<(&'static str, Run<S>)> {
            vec![$($((stringify!($rule), |store| Box::pin($module::$rule(store)))),+),+]
        }
    };
}

rules! {
    schema: migrating_again_changes_nothing, migrations_are_numbered_from_one;
    inserts: what_is_inserted_is_what_is_claimed,
        a_leased_row_is_claimed_by_nobody,
        of_one_key_only_the_first_row_is_leased,
        a_second_row_of_an_event_and_a_handler_is_ignored_and_said,
        a_delayed_row_is_neither_leased_nor_claimed,
        a_time_that_has_passed_is_due_at_once,
        what_is_rolled_back_was_never_there,
        what_a_savepoint_takes_back_was_never_there,
        a_number_is_never_used_twice,
        many_rows_are_inserted_in_their_order;
    claims: only_named_handlers_are_claimed,
        a_claim_takes_no_more_than_its_limit,
        rows_of_one_key_are_claimed_one_after_the_other,
        a_row_that_waits_for_a_retry_holds_its_key,
        keys_of_two_handlers_are_two_keys,
        claims_at_the_same_time_share_no_row,
        a_row_is_not_starved_by_rows_of_unknown_handlers;
    leases: a_lapsed_lease_is_claimed_with_a_new_token,
        an_old_token_changes_nothing,
        a_row_is_completed_once,
        a_completion_in_a_transaction_ends_with_it,
        a_retry_waits_and_keeps_its_error,
        what_is_released_is_as_before_the_claim,
        a_lease_is_extended_by_whom_it_belongs_to,
        clamping_brings_back_what_is_too_far_ahead,
        only_a_registered_owner_recovers;
    letters: a_dead_letter_has_everything,
        a_burial_in_a_transaction_ends_with_it,
        a_redelivered_event_keeps_its_id,
        a_dead_letter_whose_event_is_delivered_stays,
        dead_letters_are_paged,
        dead_letters_are_purged_by_age;
    views: the_next_due_row_is_one_that_can_be_claimed,
        a_cancelled_event_is_gone_unless_it_runs,
        every_row_is_counted_once,
        health_tells_what_waits_what_died_and_what_nobody_takes,
        deliveries_are_listed_by_page_and_filter;
    model: short_model;
}

/// Runs every rule with a store of its own.
///
/// # Panics
///
/// If a fresh store cannot be made.
pub async fn run<S: Store>(fresh: impl AsyncFn() -> S) -> Report {
    let mut report = Report::default();
    for (name, rule) in rules::<S>() {
        let store = fresh().await;
        // In a task of its own, whose panic is a result.
        let run = tokio::spawn(tokio::time::timeout(DEADLINE, rule(store)));
        match run.await {
            Ok(Ok(())) => report.passed.push(name),
            Ok(Err(_)) => {
                let found = format!("it took longer than {} seconds", DEADLINE.as_secs());
                report.failed.push((name, found));
            }
            Err(error) => report.failed.push((name, panic_text(error))),
        }
    }
    report
}

fn panic_text(error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else {
        return "it was cancelled".to_owned();
    };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => match panic.downcast::<&'static str>() {
            Ok(text) => (*text).to_owned(),
            Err(_) => "it panicked with something that is no text".to_owned(),
        },
    }
}
