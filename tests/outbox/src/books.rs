//! Holds what workers have done against what was committed.

use std::collections::{HashMap, HashSet};

use crate::{EffectLog, Place};

/// How many orders a worker has numbers for.
const ORDERS_OF_A_RUN: i64 = 1_000_000_000;

/// How many customers the orders of a worker are from.
const CUSTOMERS: i64 = 3;

/// The number of an order: which worker emits it, which of its emitters, and as which of its orders.
#[must_use]
pub const fn order_id(run: i64, number: i64, emitter: i64) -> i64 {
    run * ORDERS_OF_A_RUN + number * 10 + emitter
}

/// Who ordered. Each worker has customers of its own, which its emitters share.
#[must_use]
pub const fn customer(order_id: i64) -> i64 {
    order_id / ORDERS_OF_A_RUN * CUSTOMERS + number(order_id) % CUSTOMERS
}

const fn number(order_id: i64) -> i64 {
    order_id % ORDERS_OF_A_RUN / 10
}

/// What was committed and handled, which is as it must be.
#[derive(Debug)]
pub struct Books {
    /// How many orders were committed.
    pub committed: usize,
    /// How often an effect outside of the database happened again, since its process died before the end of the
    /// delivery was stored.
    pub twice: usize,
}

impl Books {
    /// Reads what there is when nobody works any more, and sees to it that it is right:
    ///
    /// * what was committed, or said to be, was handled; what was rolled back was not;
    /// * what handlers wrote in their transactions is there once;
    /// * no handler was called again after its process was told that the end of the delivery is stored;
    /// * of each customer, the orders of one emitter were shipped in the order of their commits;
    /// * what always fails is a dead letter, once.
    ///
    /// # Panics
    ///
    /// Panics if it is not.
    pub async fn check(place: &Place) -> Self {
        assert_no_call_after_the_end(&EffectLog::read(&place.log()));
        Self::check_but_for_late_calls(place).await
    }

    /// As [`check`](Self::check), but a handler may be called after the end of its delivery: by a process that others
    /// took for dead, which calls what it has, and is refused.
    ///
    /// # Panics
    ///
    /// Panics if it is not right.
    pub async fn check_but_for_late_calls(place: &Place) -> Self {
        let lines = EffectLog::read(&place.log());
        let effects = Effects::of(&lines);
        let orders = once(place, "orders").await;
        let told = effects.set("committed");
        let must: HashSet<i64> = orders.union(&told).copied().collect();
        // One that is emitted without a row of its own is committed or not, if its process dies meanwhile.
        let may: HashSet<i64> = must.union(&effects.set("emitting")).copied().collect();
        let handled = once(place, "book").await;
        assert_none_of("lost", must.difference(&handled));
        assert_none_of("handled though rolled back", handled.difference(&may));
        let thanked = once(place, "thanked").await;
        assert_eq!(thanked, handled, "`thanked` and `book`");
        for effect in ["ship", "pack", "hear", "thank"] {
            assert_eq!(effects.set(effect), handled, "`{effect}` and `book`");
        }
        let trials = once(place, "trials").await;
        for effect in ["heal", "linger"] {
            assert_eq!(effects.set(effect), trials, "`{effect}` and `trials`");
        }
        let dead = place.dead().await;
        let letters = dead
            .iter()
            .map(|letter| (&letter.handler, &letter.reason, letter.crashes));
        assert_eq!(
            dead.len(),
            trials.len(),
            "{:?}",
            letters.collect::<Vec<_>>()
        );
        let dead: HashSet<i64> = dead.iter().map(|letter| order_in(&letter.body)).collect();
        assert_eq!(dead, trials, "dead letters and `trials`");
        assert_order(&lines);
        Self {
            committed: must.len(),
            twice: effects.twice(),
        }
    }
}

/// Reads a table in which each number is once.
async fn once(place: &Place, table: &str) -> HashSet<i64> {
    let rows = place.rows(table).await;
    let distinct: HashSet<i64> = rows.iter().copied().collect();
    assert_eq!(rows.len(), distinct.len(), "rows twice in `{table}`");
    distinct
}

fn assert_none_of<'a>(what: &str, ids: impl Iterator<Item = &'a i64>) {
    let ids: Vec<_> = ids.collect();
    assert!(ids.is_empty(), "{} {what}: {ids:?}", ids.len());
}

fn order_in(body: &[u8]) -> i64 {
    let envelope: serde_json::Value = serde_json::from_slice(body).expect("an envelope");
    let order_id = envelope["data"]["order_id"].as_i64();
    order_id.expect("the number of an order")
}

/// The handler's end was stored when what it returned was emitted: `shipped` comes after `ship`, and no `ship` after it.
fn assert_no_call_after_the_end(lines: &[(String, i64)]) {
    let mut ended = HashSet::new();
    for (word, id) in lines {
        match &**word {
            "shipped" => {
                ended.insert(id);
            }
            "ship" => assert!(!ended.contains(id), "{id} is shipped after its end"),
            _ => {}
        }
    }
}

fn assert_order(lines: &[(String, i64)]) {
    let mut seen = HashSet::new();
    let mut last = HashMap::new();
    for (word, id) in lines {
        if word == "ship" && seen.insert(id) {
            let lane = (customer(*id), id % 10);
            let before = last.insert(lane, number(*id));
            assert!(
                before < Some(number(*id)),
                "{id} comes after a later one of its customer"
            );
        }
    }
}

/// How often each effect happened to each order.
struct Effects<'a>(HashMap<&'a str, HashMap<i64, usize>>);

impl<'a> Effects<'a> {
    fn of(lines: &'a [(String, i64)]) -> Self {
        let mut effects: HashMap<&str, HashMap<i64, usize>> = HashMap::new();
        for (word, id) in lines {
            *effects.entry(word).or_default().entry(*id).or_default() += 1;
        }
        Self(effects)
    }

    fn set(&self, effect: &str) -> HashSet<i64> {
        let of_effect = self.0.get(effect);
        of_effect.map_or_else(HashSet::new, |ids| ids.keys().copied().collect())
    }

    fn twice(&self) -> usize {
        let shipped = self.0.get("ship");
        shipped.map_or(0, |ids| ids.values().map(|times| times - 1).sum())
    }
}
