//! Names and versions that more than one type, or none, is decoded from. Apart, since no such program builds.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "`UPDATE_EXPECT` writes them"
)]

use event_core::error::{Problem, ProblemKind};
use event_core::wire::{Codec, CodecError};
use event_core::{Dispatcher, Event};
use expect_test::expect;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", wire)]
struct OrderPlaced;

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_made", alias = ["shop.order_placed", "shop.ordered"], wire)]
struct OrderMade;

/// The alias is also one of the versions before.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.sold", alias = "shop.ordered", version = 2, previous = SoldV1, wire)]
struct Sold;

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.sold", wire, superseded)]
struct SoldV1;

impl From<SoldV1> for Sold {
    fn from(SoldV1: SoldV1) -> Self {
        Self
    }
}

/// Both are made from one.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.other", alias = "shop.sold", version = 2, previous = SoldV1, wire)]
struct Other;

impl From<SoldV1> for Other {
    fn from(SoldV1: SoldV1) -> Self {
        Self
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.lost", version = 7, no_previous, wire, superseded)]
struct Lost;

/// Of another version, so that nothing is in doubt.
#[derive(Event, Serialize, Deserialize)]
#[event(
    name = "shop.later",
    alias = "shop.order_made",
    version = 5,
    no_previous,
    wire
)]
struct Later;

#[test]
fn a_build_names_every_name_that_two_types_or_none_is_decoded_from() {
    let error = Dispatcher::builder().build().expect_err("refused");
    let kinds: Vec<_> = error.problems().iter().map(Problem::kind).collect();
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| **kind == ProblemKind::NothingSupersedes)
            .count(),
        1
    );
    expect![[r#"
        the dispatcher cannot be built; 5 problems:

        two event types are decoded from `shop.order_placed` of version 1: `wire_problems::OrderPlaced` and `wire_problems::OrderMade`
          --> tests/tests/wire_problems.rs:16
          --> tests/tests/wire_problems.rs:20
          help: remove `shop.order_placed` from the `alias` of one of them

        two event types are decoded from `shop.ordered` of version 1: `wire_problems::OrderMade` and `wire_problems::Sold`
          --> tests/tests/wire_problems.rs:20
          --> tests/tests/wire_problems.rs:25
          help: remove `shop.ordered` from the `alias` of one of them

        two event types are decoded from `shop.sold` of version 1: `wire_problems::Sold` and `wire_problems::Other`
          --> tests/tests/wire_problems.rs:25
          --> tests/tests/wire_problems.rs:40
          help: both lead back to one type through `previous`: let one of them name another

        two event types are decoded from `shop.sold` of version 2: `wire_problems::Sold` and `wire_problems::Other`
          --> tests/tests/wire_problems.rs:25
          --> tests/tests/wire_problems.rs:40
          help: both lead back to one type through `previous`: let one of them name another

        `wire_problems::Lost` is superseded, and no event says `previous = Lost`: what was written as version 7 of `shop.lost` cannot be decoded
          --> tests/tests/wire_problems.rs:50
          help: say `version = 8, previous = Lost` on the type that replaces it, or remove `superseded`"#]].assert_eq(&error.to_string());
}

#[test]
fn a_codec_without_a_build_does_not_choose_one_of_two() {
    let error = Codec::new("/orders").expect_err("refused");
    assert!(matches!(error, CodecError::AcceptedTwice { .. }));
    assert_eq!(
        error.to_string(),
        "two event types accept `shop.order_placed` of version 1: `wire_problems::OrderPlaced` and \
         `wire_problems::OrderMade`",
    );
}
