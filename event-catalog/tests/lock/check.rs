//! What is said of each change.

use std::any::type_name;
use std::collections::BTreeSet;

use event_catalog::compat::{self, Direction};
use event_catalog::doctor::Severity;
use event_catalog::lock::{Check, CheckOptions, Directions, Rule};
use expect_test::expect_file;
use serde::de::DeserializeOwned;

use crate::events::{after, before, catalog};

fn check(options: CheckOptions) -> Check {
    catalog("after").check(&catalog("before").lock(), options)
}

fn named(check: &Check, severity: Severity) -> Vec<(String, String)> {
    let changes = check.changes().iter();
    let changes = changes.filter(|change| change.severity == severity);
    let changes = changes.map(|it| (it.rule.to_string(), it.event.to_string()));
    changes.collect()
}

#[test]
fn each_change_is_said_with_its_rule_its_place_and_data_that_shows_it() {
    let check = check(CheckOptions::default());
    expect_file!["snapshots/check.txt"].assert_eq(&check.to_string().replace('\\', "/"));
    assert!(!check.is_compatible() && !check.is_current());
}

#[test]
fn nothing_is_said_of_what_has_not_changed() {
    for side in ["before", "after"] {
        let catalog = catalog(side);
        let check = catalog.check(&catalog.lock(), CheckOptions::default());
        assert_eq!(check.changes(), []);
        assert!(check.is_compatible() && check.is_current());
    }
    let of_flag: Vec<_> = check(CheckOptions::default().strict())
        .changes()
        .iter()
        .filter(|change| change.event.name == "shop.flag_raised")
        .cloned()
        .collect();
    assert_eq!(of_flag, [], "comments and order are no change");
}

/// Checks with serde that the data of each break is written by one side and refused by the other.
fn judge<Old: DeserializeOwned, New: DeserializeOwned>(check: &Check, event: &str) -> usize {
    let of_event = check.errors().filter(|change| change.event.name == event);
    let mut count = 0;
    for change in of_event {
        let witness = change.witness.clone().expect("it is shown");
        let is_read = (
            serde_json::from_value::<Old>(witness.clone()).is_ok(),
            serde_json::from_value::<New>(witness.clone()).is_ok(),
        );
        let expected = match change.direction {
            Some(Direction::Backward) => (true, false),
            _ => (false, true),
        };
        assert_eq!(
            is_read,
            expected,
            "{} by {}: {witness}",
            change.rule,
            type_name::<New>()
        );
        count += 1;
    }
    count
}

#[test]
fn serde_agrees_about_the_data_of_each_break() {
    let check = check(CheckOptions::default());
    let orders = judge::<before::OrderPlaced, after::OrderPlaced>(&check, "shop.order_placed");
    assert_eq!(orders, 4);
    let payments = judge::<before::PaymentMade, after::PaymentMade>(&check, "shop.payment_made");
    assert_eq!(payments, 2);
}

#[test]
fn a_direction_that_is_not_checked_breaks_nothing() {
    let directions = |check: &Check| -> BTreeSet<_> {
        check
            .errors()
            .filter_map(|change| change.direction)
            .collect()
    };
    let of = |which| check(CheckOptions::default().with_directions(which));
    assert_eq!(
        directions(&of(Directions::Backward)),
        [Direction::Backward].into()
    );
    assert_eq!(
        directions(&of(Directions::Forward)),
        [Direction::Forward].into()
    );
    let both = check(CheckOptions::default());
    let count = |check: &Check| check.errors().count();
    assert_eq!(
        count(&both),
        count(&of(Directions::Backward)) + count(&of(Directions::Forward))
    );
    // The lock says which, unless something else is asked for.
    let mut lock = catalog("before").lock();
    lock.direction = Directions::Forward;
    let by_lock = catalog("after").check(&lock, CheckOptions::default());
    assert_eq!(by_lock, of(Directions::Forward));
    let asked = CheckOptions::default().with_directions(Directions::Both);
    assert_eq!(catalog("after").check(&lock, asked), both);
}

#[test]
fn what_cannot_be_told_is_a_warning_and_strictly_an_error() {
    let unanalysable = Rule::Data(compat::Rule::Unanalysable);
    let pair = |rule: Rule, event: &str| (rule.to_string(), event.to_owned());
    let expected = [
        pair(unanalysable, "shop.code_entered v1"),
        pair(unanalysable, "shop.code_entered v1"),
        pair(Rule::KeyChanged, "shop.door_opened v1"),
        pair(Rule::SchemaRemoved, "shop.page_printed v1"),
    ];
    let lenient = check(CheckOptions::default());
    assert_eq!(named(&lenient, Severity::Warning), expected);
    let strict = check(CheckOptions::default().strict());
    assert_eq!(named(&strict, Severity::Warning), []);
    let mut errors = named(&strict, Severity::Error);
    for one in named(&lenient, Severity::Error).iter().chain(&expected) {
        let at = errors.iter().position(|error| error == one);
        errors.remove(at.unwrap_or_else(|| panic!("{one:?} is an error, too")));
    }
    assert_eq!(errors, [pair(Rule::SchemaMissing, "shop.note_taken v1")]);
}

#[test]
fn an_event_that_lost_its_type_is_not_taken_for_another_by_the_name_of_a_field() {
    let check = check(CheckOptions::default());
    let renamed: Vec<_> = named(&check, Severity::Error)
        .into_iter()
        .filter(|(rule, _)| rule == "EVENT_RENAMED")
        .map(|(_, event)| event)
        .collect();
    // Of each the old name breaks new programs, or the new one old programs.
    assert_eq!(
        renamed,
        [
            "shop.customer_gone v1",
            "shop.customer_moved v1",
            "shop.customer_relocated v1"
        ]
    );
}

#[test]
fn two_events_that_are_read_from_one_name_are_an_error() {
    let mut catalog = catalog("after");
    let lock = catalog.lock();
    let bell = catalog
        .events
        .iter_mut()
        .find(|event| event.name == "shop.bell_rung");
    bell.expect("it is linked")
        .aliases
        .push("shop.door_opened".into());
    let check = catalog.check(&lock, CheckOptions::default());
    let errors = named(&check, Severity::Error);
    let expected = (
        "ACCEPTED_TWICE".to_owned(),
        "shop.door_opened v1".to_owned(),
    );
    assert!(errors.contains(&expected), "{check}");
}
