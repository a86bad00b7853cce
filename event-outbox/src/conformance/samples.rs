//! Deliveries and leases, as the rules need them.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::store::{
    Claimed, Due, Fence, Filter, Inserted, Lease, NewDelivery, Owner, Store, Stored,
};

/// Longer than any rule takes.
pub(super) const HOUR: Duration = Duration::from_hours(1);

pub(super) const H: &str = "sales.count";

pub(super) fn delivery() -> NewDelivery {
    NewDelivery {
        event_id: Uuid::now_v7(),
        handler: H.into(),
        event: "shop.order_placed".into(),
        version: 1,
        key: None,
        body: Arc::from(&b"{}"[..]),
        due: Due::Now,
    }
}

pub(super) fn keyed(key: &str) -> NewDelivery {
    NewDelivery {
        key: Some(key.into()),
        ..delivery()
    }
}

/// A lease that lasts as long as the rule.
pub(super) fn lease() -> Lease {
    Lease {
        owner: Owner::new(),
        length: HOUR,
    }
}

/// A lease that has lapsed when it is taken.
pub(super) fn no_lease() -> Lease {
    Lease {
        owner: Owner::new(),
        length: Duration::ZERO,
    }
}

pub(super) async fn insert<S: Store>(store: &S, deliveries: Vec<NewDelivery>) -> Vec<Inserted> {
    let inserted = store.insert(None, deliveries).await;
    inserted.expect("deliveries are inserted")
}

/// The number of one row that waits.
pub(super) async fn insert_one<S: Store>(store: &S, delivery: NewDelivery) -> i64 {
    match insert(store, vec![delivery]).await[..] {
        [Inserted::Waiting(seq)] => seq,
        ref other => panic!("a row that waits was expected, and it is {other:?}"),
    }
}

pub(super) async fn claim<S: Store>(store: &S, lease: Lease) -> Vec<Claimed> {
    let claimed = store.claim(lease, &[H], 100).await;
    claimed.expect("deliveries are claimed")
}

/// A row, claimed for long.
pub(super) async fn claimed_one<S: Store>(store: &S, delivery: NewDelivery) -> Claimed {
    insert_one(store, delivery).await;
    let mut claimed = claim(store, lease()).await;
    assert_eq!(claimed.len(), 1, "the one row is claimed: {claimed:?}");
    claimed.remove(0)
}

pub(super) fn seqs(claimed: &[Claimed]) -> Vec<i64> {
    claimed.iter().map(|claimed| claimed.fence.seq).collect()
}

pub(super) async fn rows<S: Store>(store: &S) -> Vec<Stored> {
    let rows = store.list(&Filter::default(), 0, 10_000).await;
    rows.expect("deliveries are listed")
}

pub(super) async fn complete<S: Store>(store: &S, fence: Fence) {
    let completed = store.complete(&[fence]).await;
    let completed = completed.expect("deliveries are completed");
    assert_eq!(completed, [fence], "the token is good");
}
