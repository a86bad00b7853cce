//! What becomes of a delivery that is inserted.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::samples::{
    H, HOUR, claim, complete, delivery, insert, insert_one, keyed, lease, no_lease, rows,
};
use crate::store::{Due, Fence, Inserted, NewDelivery, Store};

pub(super) async fn what_is_inserted_is_what_is_claimed<S: Store>(store: S) {
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let before = SystemTime::now();
    let inserted = NewDelivery {
        version: u32::MAX,
        key: Some("42 'quoted' \"twice\" \u{1f980}".into()),
        body: Arc::from(&*bytes),
        ..delivery()
    };
    let seq = insert_one(&store, inserted.clone()).await;
    let claimed = claim(&store, lease()).await;
    let [claimed] = &*claimed else {
        panic!("one row was expected: {claimed:?}");
    };
    assert_eq!(claimed.fence, Fence { seq, token: 1 });
    assert_eq!(claimed.event_id, inserted.event_id);
    assert_eq!(claimed.handler, inserted.handler);
    assert_eq!(claimed.event, inserted.event);
    assert_eq!(claimed.version, inserted.version);
    assert_eq!(claimed.key.as_deref(), inserted.key.as_deref());
    assert_eq!(*claimed.body, *inserted.body);
    assert_eq!((claimed.attempts, claimed.crashes), (1, 0));
    let off = claimed.created_at.duration_since(before);
    let off = off.unwrap_or_else(|error| error.duration());
    assert!(off < HOUR, "created {off:?} away from now");
}

pub(super) async fn a_leased_row_is_claimed_by_nobody<S: Store>(store: S) {
    let lease = lease();
    let inserted = store.insert(Some(lease), vec![delivery()]).await;
    let inserted = inserted.expect("deliveries are inserted");
    let [Inserted::Leased(fence)] = inserted[..] else {
        panic!("a leased row was expected: {inserted:?}");
    };
    assert_eq!(fence.token, 1);
    let stored = rows(&store).await;
    assert_eq!(stored[0].owner, Some(lease.owner));
    assert_eq!((stored[0].attempts, stored[0].token), (1, 1));
    assert_eq!(claim(&store, no_lease()).await, []);
    complete(&store, fence).await;
    assert_eq!(rows(&store).await, []);
}

pub(super) async fn of_one_key_only_the_first_row_is_leased<S: Store>(store: S) {
    let deliveries = vec![keyed("1"), keyed("2"), keyed("1"), delivery(), delivery()];
    let inserted = store.insert(Some(lease()), deliveries).await;
    let inserted = inserted.expect("deliveries are inserted");
    let is_leased = |inserted: &[Inserted]| -> Vec<bool> {
        let leased = inserted.iter();
        leased
            .map(|one| matches!(one, Inserted::Leased(_)))
            .collect()
    };
    assert_eq!(is_leased(&inserted), [true, true, false, true, true]);
    let later = store
        .insert(Some(lease()), vec![keyed("2"), keyed("3")])
        .await;
    let later = later.expect("deliveries are inserted");
    assert_eq!(is_leased(&later), [false, true]);
    assert_eq!(claim(&store, no_lease()).await, []);
}

pub(super) async fn a_second_row_of_an_event_and_a_handler_is_ignored_and_said<S: Store>(store: S) {
    let first = delivery();
    let other = NewDelivery {
        handler: "mail.welcome".into(),
        ..first.clone()
    };
    let again = NewDelivery {
        body: Arc::from(&b"another"[..]),
        ..first.clone()
    };
    let inserted = insert(&store, vec![first, other, again.clone()]).await;
    assert!(
        matches!(
            inserted[..],
            [
                Inserted::Waiting(_),
                Inserted::Waiting(_),
                Inserted::Duplicate
            ]
        ),
        "{inserted:?}"
    );
    let mut transaction = store.begin().await.expect("a transaction begins");
    let inserted = store
        .insert_in(&mut transaction, Some(lease()), &[again, delivery()])
        .await
        .expect("deliveries are inserted");
    transaction.commit().await.expect("it commits");
    assert!(
        matches!(inserted[..], [Inserted::Duplicate, Inserted::Leased(_)]),
        "{inserted:?}"
    );
    let bodies: Vec<_> = rows(&store).await.into_iter().map(|row| row.body).collect();
    assert_eq!(bodies, [b"{}", b"{}", b"{}"]);
}

pub(super) async fn a_delayed_row_is_neither_leased_nor_claimed<S: Store>(store: S) {
    let after = NewDelivery {
        due: Due::After(HOUR),
        ..delivery()
    };
    let at = NewDelivery {
        due: Due::At(SystemTime::now() + HOUR),
        ..delivery()
    };
    let inserted = store.insert(Some(lease()), vec![after, at]).await;
    let inserted = inserted.expect("deliveries are inserted");
    assert!(
        matches!(inserted[..], [Inserted::Waiting(_), Inserted::Waiting(_)]),
        "{inserted:?}"
    );
    assert_eq!(claim(&store, no_lease()).await, []);
    for row in rows(&store).await {
        let ahead = row.due_at.duration_since(row.created_at);
        let ahead = ahead.expect("it is due later");
        assert!(ahead.abs_diff(HOUR) < Duration::from_mins(1), "{ahead:?}");
    }
}

pub(super) async fn a_time_that_has_passed_is_due_at_once<S: Store>(store: S) {
    let late = NewDelivery {
        due: Due::At(SystemTime::now() - HOUR),
        ..delivery()
    };
    let ancient = NewDelivery {
        due: Due::At(SystemTime::UNIX_EPOCH - HOUR),
        ..delivery()
    };
    insert(&store, vec![late, ancient]).await;
    let rows = rows(&store).await;
    assert_eq!(claim(&store, lease()).await.len(), 2);
    for row in rows {
        // Or it would be served before all that waits already.
        assert_eq!(row.due_at, row.created_at);
    }
}

pub(super) async fn what_is_rolled_back_was_never_there<S: Store>(store: S) {
    for is_dropped in [false, true] {
        let mut transaction = store.begin().await.expect("a transaction begins");
        store
            .insert_in(&mut transaction, Some(lease()), &[keyed("1")])
            .await
            .expect("deliveries are inserted");
        if is_dropped {
            drop(transaction);
        } else {
            transaction.rollback().await.expect("it rolls back");
        }
    }
    assert_eq!(rows(&store).await, []);
    let inserted = store.insert(Some(lease()), vec![keyed("1")]).await;
    let inserted = inserted.expect("deliveries are inserted");
    assert!(
        matches!(inserted[..], [Inserted::Leased(_)]),
        "{inserted:?}"
    );
}

pub(super) async fn what_a_savepoint_takes_back_was_never_there<S: Store>(store: S) {
    let (kept, taken_back) = (delivery(), delivery());
    let mut transaction = store.begin().await.expect("a transaction begins");
    store
        .insert_in(&mut transaction, None, std::slice::from_ref(&kept))
        .await
        .expect("deliveries are inserted");
    let connection: &mut <S::Database as sqlx::Database>::Connection = &mut transaction;
    let mut savepoint = sqlx::Connection::begin(connection)
        .await
        .expect("a savepoint begins");
    store
        .insert_in(&mut savepoint, None, &[taken_back])
        .await
        .expect("deliveries are inserted");
    savepoint.rollback().await.expect("it rolls back");
    transaction.commit().await.expect("it commits");
    let ids: Vec<_> = rows(&store).await.iter().map(|row| row.event_id).collect();
    assert_eq!(ids, [kept.event_id]);
}

pub(super) async fn a_number_is_never_used_twice<S: Store>(store: S) {
    let mut last = 0;
    for _ in 0..3 {
        let seq = insert_one(&store, delivery()).await;
        assert!(seq > last, "{seq} after {last}");
        last = seq;
        let claimed = claim(&store, lease()).await;
        complete(&store, claimed[0].fence).await;
    }
}

pub(super) async fn many_rows_are_inserted_in_their_order<S: Store>(store: S) {
    let deliveries: Vec<_> = (0..1000)
        .map(|number| NewDelivery {
            key: (number % 3 == 0).then(|| format!("{}", number % 7).into()),
            ..delivery()
        })
        .collect();
    let ids: Vec<_> = deliveries.iter().map(|one| one.event_id).collect();
    let inserted = insert(&store, deliveries).await;
    let numbers = inserted.iter().map(|one| match one {
        Inserted::Waiting(seq) => *seq,
        other => panic!("a row that waits was expected: {other:?}"),
    });
    let numbers: Vec<_> = numbers.collect();
    assert!(numbers.is_sorted());
    let rows = rows(&store).await;
    let stored: Vec<_> = rows.iter().map(|row| (row.seq, row.event_id)).collect();
    let expected: Vec<_> = numbers.into_iter().zip(ids).collect();
    assert_eq!(stored, expected);
    assert_eq!(rows[0].handler, H);
}
