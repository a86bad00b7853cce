//! Who may change a delivery, and until when.

use std::time::Duration;

use super::samples::{
    H, HOUR, claim, claimed_one, complete, delivery, insert, insert_one, lease, no_lease, rows,
};
use crate::store::{
    Bounds, Burial, Due, Fence, Filter, NewDelivery, Owner, Retry, Store, StoreErrorKind,
};

pub(super) async fn a_lapsed_lease_is_claimed_with_a_new_token<S: Store>(store: S) {
    let seq = insert_one(&store, delivery()).await;
    for round in 1_u32..=3 {
        let claimed = claim(&store, no_lease()).await;
        assert_eq!(claimed.len(), 1, "round {round}");
        let token = i64::from(round);
        assert_eq!(claimed[0].fence, Fence { seq, token });
        assert_eq!(
            (claimed[0].attempts, claimed[0].crashes),
            (round, round - 1)
        );
    }
    let inserted = store.insert(Some(no_lease()), vec![delivery()]).await;
    inserted.expect("deliveries are inserted");
    let claimed = claim(&store, lease()).await;
    assert_eq!(claimed.len(), 2);
    assert_eq!((claimed[1].fence.token, claimed[1].crashes), (2, 1));
}

pub(super) async fn an_old_token_changes_nothing<S: Store>(store: S) {
    insert(&store, vec![delivery(), delivery()]).await;
    let old = claim(&store, no_lease()).await;
    let new = claim(&store, lease()).await;
    let before = rows(&store).await;
    assert_eq!((old.len(), new.len(), before.len()), (2, 2, 2));
    let fence = old[0].fence;
    let fences = [fence, old[1].fence];
    let retry = Retry {
        fence,
        wait: Duration::ZERO,
        error: "late".to_owned(),
    };
    let burial = Burial {
        fence,
        reason: "late".into(),
        cause: "late".to_owned(),
    };
    let none: [Fence; 0] = [];
    let check = async |what: &str| {
        assert_eq!(rows(&store).await, before, "after {what}");
        let dead = store.dead(&Filter::default(), 0, 10).await;
        assert_eq!(dead.expect("dead letters are listed"), [], "after {what}");
    };
    assert_eq!(store.complete(&fences).await.expect("it is asked"), none);
    check("complete").await;
    assert_eq!(store.retry(&[retry]).await.expect("it is asked"), none);
    check("retry").await;
    assert_eq!(
        store
            .bury(std::slice::from_ref(&burial))
            .await
            .expect("it is asked"),
        none
    );
    check("bury").await;
    assert_eq!(store.release(&fences).await.expect("it is asked"), none);
    check("release").await;
    let extended = store.extend(&fences, HOUR * 2).await;
    assert_eq!(extended.expect("it is asked"), none);
    check("extend").await;
    let mut transaction = store.begin().await.expect("a transaction begins");
    let completed = store.complete_in(&mut transaction, fence).await;
    let buried = store.bury_in(&mut transaction, &burial).await;
    transaction.commit().await.expect("it commits");
    assert!(!completed.expect("it is asked"));
    assert!(!buried.expect("it is asked"));
    check("complete_in and bury_in").await;

    // Of a list with good and old ones, the good ones are done.
    let mixed = [
        old[0].fence,
        new[1].fence,
        Fence {
            seq: 1 << 40,
            token: 1,
        },
    ];
    let completed = store.complete(&mixed).await;
    assert_eq!(completed.expect("it is asked"), [new[1].fence]);
    assert_eq!(rows(&store).await, before[..1]);
}

pub(super) async fn a_row_is_completed_once<S: Store>(store: S) {
    let claimed = claimed_one(&store, delivery()).await;
    complete(&store, claimed.fence).await;
    let again = store.complete(&[claimed.fence]).await;
    assert_eq!(again.expect("it is asked"), []);
    assert_eq!(store.complete(&[]).await.expect("it is asked"), []);
    assert_eq!(rows(&store).await, []);
}

pub(super) async fn a_completion_in_a_transaction_ends_with_it<S: Store>(store: S) {
    let claimed = claimed_one(&store, delivery()).await;
    for commits in [false, true] {
        let mut transaction = store.begin().await.expect("a transaction begins");
        let completed = store.complete_in(&mut transaction, claimed.fence).await;
        assert!(completed.expect("it is asked"));
        let end = if commits {
            transaction.commit().await
        } else {
            transaction.rollback().await
        };
        end.expect("it ends");
        assert_eq!(rows(&store).await.is_empty(), commits);
    }
}

pub(super) async fn a_retry_waits_and_keeps_its_error<S: Store>(store: S) {
    insert(&store, vec![delivery(), delivery()]).await;
    let claimed = claim(&store, lease()).await;
    let retries: Vec<_> = claimed
        .iter()
        .zip([Duration::ZERO, HOUR])
        .map(|(claimed, wait)| Retry {
            fence: claimed.fence,
            wait,
            error: format!("\"no\" 'connection' \u{1f980} after {wait:?}\n"),
        })
        .collect();
    let mut given_back = store.retry(&retries).await.expect("they are given back");
    given_back.sort_unstable();
    assert_eq!(given_back, [claimed[0].fence, claimed[1].fence]);
    for (row, retry) in rows(&store).await.iter().zip(&retries) {
        assert_eq!(row.last_error.as_ref(), Some(&retry.error));
        assert_eq!((row.owner, row.attempts, row.crashes), (None, 1, 0));
    }
    let again = claim(&store, lease()).await;
    assert_eq!(again.len(), 1);
    let token = claimed[0].fence.token + 1;
    assert_eq!(
        again[0].fence,
        Fence {
            token,
            ..claimed[0].fence
        }
    );
    assert_eq!((again[0].attempts, again[0].crashes), (2, 0));
}

pub(super) async fn what_is_released_is_as_before_the_claim<S: Store>(store: S) {
    let claimed = claimed_one(&store, delivery()).await;
    let fence = claimed.fence;
    let released = store.release(&[fence]).await;
    assert_eq!(released.expect("it is released"), [fence]);
    let again = store.release(&[fence]).await;
    assert_eq!(again.expect("it is asked"), [], "only what is leased");
    let extended = store.extend(&[fence], HOUR).await;
    assert_eq!(extended.expect("it is asked"), [], "only what is leased");
    let row = &rows(&store).await[0];
    assert_eq!((row.attempts, row.crashes, row.owner), (0, 0, None));
    let again = claim(&store, lease()).await;
    assert_eq!((again[0].attempts, again[0].crashes), (1, 0));
    assert_eq!(again[0].fence.token, fence.token + 1);
}

pub(super) async fn a_lease_is_extended_by_whom_it_belongs_to<S: Store>(store: S) {
    insert(&store, vec![delivery(), delivery()]).await;
    let claimed = claim(&store, no_lease()).await;
    let extended = store.extend(&[claimed[0].fence], HOUR).await;
    assert_eq!(extended.expect("it is extended"), [claimed[0].fence]);
    let lapsed = claim(&store, lease()).await;
    assert_eq!(lapsed.len(), 1, "what is not named lapses");
    assert_eq!(lapsed[0].fence.seq, claimed[1].fence.seq);
    let due = store.next_due(&[H]).await.expect("it is asked");
    let due = due.expect("there are rows");
    assert!(due > HOUR / 2 && due <= HOUR, "{due:?}");
}

pub(super) async fn clamping_brings_back_what_is_too_far_ahead<S: Store>(store: S) {
    // As if the clock had been set back by a day.
    const DAY: Duration = Duration::from_hours(24);
    let bounds = Bounds {
        lease: HOUR,
        wait: HOUR * 2,
    };
    let late = NewDelivery {
        due: Due::After(DAY),
        ..delivery()
    };
    insert(&store, vec![delivery(), delivery(), delivery(), late]).await;
    let claimed = claim(
        &store,
        crate::store::Lease {
            length: DAY,
            ..lease()
        },
    )
    .await;
    assert_eq!(claimed.len(), 3);
    let given_back = store
        .retry(&[Retry {
            fence: claimed[0].fence,
            wait: DAY,
            error: String::new(),
        }])
        .await;
    given_back.expect("it is given back");
    let extended = store.extend(&[claimed[2].fence], HOUR / 2).await;
    extended.expect("it is extended");
    assert_eq!(store.clamp(bounds).await.expect("it is asked"), 2);
    assert_eq!(store.clamp(bounds).await.expect("it is asked"), 0);
    let due: Vec<_> = rows(&store)
        .await
        .iter()
        .map(|row| {
            let ahead = row.due_at.duration_since(row.created_at);
            ahead.expect("it is due later").as_secs() / 1000
        })
        .collect();
    assert_eq!(due, [7, 3, 1, 86], "in thousands of seconds");
    let mut transaction = store.begin().await.expect("a transaction begins");
    for claimed in &claimed[1..] {
        let completed = store.complete_in(&mut transaction, claimed.fence).await;
        assert!(completed.expect("it is asked"), "the tokens are as before");
    }
    transaction.commit().await.expect("it commits");
}

pub(super) async fn only_a_registered_owner_recovers<S: Store>(store: S) {
    let owner = Owner::new();
    let error = store.recover(owner).await.expect_err("nobody knows it");
    assert_eq!(error.kind(), StoreErrorKind::Unregistered);
    store.register(owner).await.expect("it is registered");
    let other = Owner::new();
    store.register(other).await.expect("it is registered");
    insert(&store, vec![delivery()]).await;
    let lease = crate::store::Lease {
        owner: other,
        length: HOUR,
    };
    assert_eq!(claim(&store, lease).await.len(), 1);
    let recovered = store.recover(owner).await.expect("it recovers");
    assert_eq!(
        (recovered.owners, recovered.rows),
        (0, 0),
        "the other lives"
    );
    store.unregister(owner).await.expect("it ends");
    store.unregister(other).await.expect("it ends");
    let error = store.recover(owner).await.expect_err("nobody knows it");
    assert_eq!(error.kind(), StoreErrorKind::Unregistered);
}
