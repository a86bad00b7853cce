//! Deliveries that are given up.

use std::time::Duration;

use super::samples::{HOUR, claim, claimed_one, delivery, insert, keyed, lease, no_lease, rows};
use crate::store::{Burial, DeadLetter, Fence, Filter, Inserted, NewDelivery, Redelivered, Store};

fn burial(fence: Fence) -> Burial {
    Burial {
        fence,
        reason: "no attempts left".into(),
        cause: "\"the card\" was 'refused' \u{1f980}".to_owned(),
    }
}

async fn letters<S: Store>(store: &S) -> Vec<DeadLetter> {
    let letters = store.dead(&Filter::default(), 0, 1000).await;
    letters.expect("dead letters are listed")
}

/// Dead letters of so many new events.
async fn bury_some<S: Store>(store: &S, count: usize) -> Vec<NewDelivery> {
    let deliveries: Vec<_> = (0..count).map(|_| delivery()).collect();
    insert(store, deliveries.clone()).await;
    let claimed = claim(store, lease()).await;
    let burials: Vec<_> = claimed.iter().map(|one| burial(one.fence)).collect();
    let buried = store.bury(&burials).await.expect("they are buried");
    assert_eq!(buried.len(), count);
    deliveries
}

pub(super) async fn a_dead_letter_has_everything<S: Store>(store: S) {
    let inserted = NewDelivery {
        version: 7,
        body: [0, 159, 146, 150].into(),
        ..keyed("42")
    };
    insert(&store, vec![inserted.clone(), keyed("42")]).await;
    claim(&store, no_lease()).await;
    let claimed = claim(&store, lease()).await;
    assert_eq!(claimed.len(), 1);
    let fence = claimed[0].fence;
    let twice = [burial(fence), burial(fence)];
    assert_eq!(store.bury(&twice).await.expect("it is buried"), [fence]);
    let letters = letters(&store).await;
    let [letter] = &*letters else {
        panic!("one was expected: {letters:?}");
    };
    assert_eq!(letter.event_id, inserted.event_id);
    assert_eq!(letter.handler, inserted.handler);
    assert_eq!(letter.event, inserted.event);
    assert_eq!(letter.version, inserted.version);
    assert_eq!(letter.key.as_deref(), inserted.key.as_deref());
    assert_eq!(*letter.body, *inserted.body);
    assert_eq!((letter.attempts, letter.crashes), (2, 1));
    assert_eq!(letter.reason, burial(fence).reason);
    assert_eq!(letter.cause, burial(fence).cause);
    assert_eq!(letter.created_at, claimed[0].created_at);
    assert!(letter.died_at >= letter.created_at);
    let next = claim(&store, lease()).await;
    assert_eq!(next.len(), 1, "the key is free");
}

pub(super) async fn a_burial_in_a_transaction_ends_with_it<S: Store>(store: S) {
    let claimed = claimed_one(&store, delivery()).await;
    for commits in [false, true] {
        let mut transaction = store.begin().await.expect("a transaction begins");
        let buried = store
            .bury_in(&mut transaction, &burial(claimed.fence))
            .await;
        assert!(buried.expect("it is asked"));
        let end = if commits {
            transaction.commit().await
        } else {
            transaction.rollback().await
        };
        end.expect("it ends");
        assert_eq!(rows(&store).await.is_empty(), commits);
        assert_eq!(letters(&store).await.is_empty(), !commits);
    }
}

pub(super) async fn a_redelivered_event_keeps_its_id<S: Store>(store: S) {
    let buried = bury_some(&store, 1).await;
    let all = store.redeliver(&Filter::default(), 0, 10).await;
    let all = all.expect("it is delivered again");
    assert_eq!((all.delivered, all.duplicates), (1, 0));
    assert_eq!(letters(&store).await, []);
    let claimed = claim(&store, lease()).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].event_id, buried[0].event_id);
    assert_eq!((claimed[0].attempts, claimed[0].crashes), (1, 0));
    assert_eq!(claimed[0].body, b"{}");
}

pub(super) async fn a_dead_letter_whose_event_is_delivered_stays<S: Store>(store: S) {
    let buried = bury_some(&store, 3).await;
    let inserted = insert(&store, vec![buried[1].clone()]).await;
    assert!(
        matches!(inserted[..], [Inserted::Waiting(_)]),
        "{inserted:?}"
    );
    let (mut after, mut delivered, mut duplicates) = (0, 0, 0);
    loop {
        let part = store.redeliver(&Filter::default(), after, 1).await;
        let part = part.expect("it is delivered again");
        let Some(last) = part.last else {
            assert_eq!(part, Redelivered::default());
            break;
        };
        (delivered, duplicates) = (delivered + part.delivered, duplicates + part.duplicates);
        after = last;
    }
    assert_eq!((delivered, duplicates), (2, 1));
    let letters = letters(&store).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].event_id, buried[1].event_id);
    assert_eq!(rows(&store).await.len(), 3);
}

pub(super) async fn dead_letters_are_paged<S: Store>(store: S) {
    let buried = bury_some(&store, 5).await;
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = store.dead(&Filter::default(), after, 2).await;
        let page = page.expect("dead letters are listed");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2);
        after = last.seq;
        seen.extend(page.iter().map(|letter| letter.event_id));
    }
    let expected: Vec<_> = buried.iter().map(|one| one.event_id).collect();
    assert_eq!(seen, expected);
    let filter = Filter {
        event_id: Some(buried[3].event_id),
        ..Filter::default()
    };
    let one = store.dead(&filter, 0, 10).await;
    assert_eq!(one.expect("dead letters are listed").len(), 1);
    let filter = Filter {
        handler: Some("another.handler".to_owned()),
        ..Filter::default()
    };
    let none = store.redeliver(&filter, 0, 10).await;
    assert_eq!(none.expect("it is asked"), Redelivered::default());
}

pub(super) async fn dead_letters_are_purged_by_age<S: Store>(store: S) {
    bury_some(&store, 5).await;
    let older_than = |age| Filter {
        older_than: Some(age),
        ..Filter::default()
    };
    let young = store.purge(&older_than(HOUR), 10).await;
    assert_eq!(young.expect("it is asked"), 0, "they died just now");
    assert_eq!(letters(&store).await.len(), 5);
    let age = older_than(Duration::ZERO);
    let mut purged = Vec::new();
    loop {
        let part = store.purge(&age, 2).await.expect("they are deleted");
        purged.push(part);
        if part == 0 {
            break;
        }
    }
    assert_eq!(purged, [2, 2, 1, 0]);
    assert_eq!(letters(&store).await, []);
}
