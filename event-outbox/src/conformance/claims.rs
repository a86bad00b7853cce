//! Who gets which delivery.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::samples::{
    H, HOUR, claim, complete, delivery, insert, insert_one, keyed, lease, no_lease, seqs,
};
use crate::store::{Due, NewDelivery, Retry, Store};

pub(super) async fn only_named_handlers_are_claimed<S: Store>(store: S) {
    let other = NewDelivery {
        handler: "mail.welcome".into(),
        ..delivery()
    };
    let first = insert_one(&store, other).await;
    let second = insert_one(&store, delivery()).await;
    let none = store.claim(lease(), &[], 10).await;
    assert_eq!(none.expect("nothing is claimed"), []);
    let unknown = store.claim(lease(), &["nobody.knows"], 10).await;
    assert_eq!(unknown.expect("nothing is claimed"), []);
    assert_eq!(seqs(&claim(&store, no_lease()).await), [second]);
    let both = store
        .claim(lease(), &["mail.welcome", H, "no.rows"], 10)
        .await;
    assert_eq!(seqs(&both.expect("both are claimed")), [first, second]);
}

pub(super) async fn a_claim_takes_no_more_than_its_limit<S: Store>(store: S) {
    let handlers = ["a.a", "b.b", "c.c"];
    for handler in handlers.iter().cycle().take(9) {
        let one = NewDelivery {
            handler: (*handler).into(),
            ..delivery()
        };
        insert_one(&store, one).await;
    }
    let nothing = store.claim(lease(), &handlers, 0).await;
    assert_eq!(nothing.expect("nothing is claimed"), []);
    let mut taken = Vec::new();
    for expected in [4, 4, 1, 0] {
        let claimed = store.claim(lease(), &handlers, 4).await;
        let claimed = seqs(&claimed.expect("deliveries are claimed"));
        assert_eq!(claimed.len(), expected);
        assert!(claimed.is_sorted(), "{claimed:?}");
        taken.extend(claimed);
    }
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), 9);
}

pub(super) async fn rows_of_one_key_are_claimed_one_after_the_other<S: Store>(store: S) {
    let mut rows = Vec::new();
    for key in ["1", "1", "2", "1", "2"] {
        rows.push(insert_one(&store, keyed(key)).await);
    }
    let mut order = Vec::new();
    loop {
        let claimed = claim(&store, lease()).await;
        assert_eq!(claim(&store, lease()).await, [], "while these run");
        if claimed.is_empty() {
            break;
        }
        order.push(seqs(&claimed));
        for claimed in claimed {
            complete(&store, claimed.fence).await;
        }
    }
    assert_eq!(
        order,
        [
            vec![rows[0], rows[2]],
            vec![rows[1], rows[4]],
            vec![rows[3]]
        ]
    );
}

pub(super) async fn a_row_that_waits_for_a_retry_holds_its_key<S: Store>(store: S) {
    insert(&store, vec![keyed("1"), keyed("1"), keyed("2")]).await;
    let claimed = claim(&store, lease()).await;
    assert_eq!(claimed.len(), 2);
    let retry = |fence, wait| Retry {
        fence,
        wait,
        error: "no connection".to_owned(),
    };
    let fence = claimed[0].fence;
    let waiting = store.retry(&[retry(fence, HOUR)]).await;
    assert_eq!(waiting.expect("it is given back"), [fence]);
    assert_eq!(claim(&store, lease()).await, []);
    let again = store.retry(&[retry(fence, Duration::ZERO)]).await;
    assert_eq!(again.expect("it is given back"), [fence]);
    assert_eq!(seqs(&claim(&store, lease()).await), [fence.seq]);

    let late = NewDelivery {
        due: Due::After(HOUR),
        ..keyed("3")
    };
    insert(&store, vec![late, keyed("3")]).await;
    assert_eq!(
        claim(&store, lease()).await,
        [],
        "behind a row that is to be late"
    );
}

pub(super) async fn keys_of_two_handlers_are_two_keys<S: Store>(store: S) {
    let other = NewDelivery {
        handler: "mail.welcome".into(),
        ..keyed("1")
    };
    insert(&store, vec![keyed("1"), other.clone()]).await;
    let claimed = store.claim(lease(), &[H, "mail.welcome"], 10).await;
    assert_eq!(claimed.expect("both are claimed").len(), 2);
}

pub(super) async fn claims_at_the_same_time_share_no_row<S: Store>(store: S) {
    const ROWS: usize = 200;
    let mut deliveries = vec![delivery(); ROWS];
    for (delivery, number) in deliveries.iter_mut().zip(0..) {
        delivery.event_id = uuid::Uuid::now_v7();
        delivery.key = (number % 2 == 0).then(|| format!("{number}").into());
    }
    insert(&store, deliveries).await;
    let store = Arc::new(store);
    let workers = (0..8).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let lease = lease();
            let mut taken = Vec::new();
            loop {
                let claimed = store.claim(lease, &[H], 7).await;
                let claimed = claimed.expect("deliveries are claimed");
                let Some(first) = claimed.first() else {
                    // Another one may hold the rest for a moment, and not take it.
                    let due = store.next_due(&[H]).await.expect("it is asked");
                    if due == Some(Duration::ZERO) {
                        tokio::task::yield_now().await;
                        continue;
                    }
                    return taken;
                };
                assert_eq!(first.fence.token, 1);
                taken.extend(seqs(&claimed));
            }
        })
    });
    let workers: Vec<_> = workers.collect();
    let (mut all, mut count) = (HashSet::new(), 0);
    for worker in workers {
        let taken = worker.await.expect("the worker ends");
        count += taken.len();
        all.extend(taken);
    }
    assert_eq!((count, all.len()), (ROWS, ROWS));
}

pub(super) async fn a_row_is_not_starved_by_rows_of_unknown_handlers<S: Store>(store: S) {
    let strange = |_| NewDelivery {
        handler: "of.another_program".into(),
        ..delivery()
    };
    insert(&store, (0..500).map(strange).collect()).await;
    let mine = insert_one(&store, delivery()).await;
    let claimed = store.claim(lease(), &[H], 1).await;
    assert_eq!(seqs(&claimed.expect("it is claimed")), [mine]);
}
