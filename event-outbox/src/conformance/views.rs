//! What people and tools see.

use std::time::Duration;

use super::samples::{
    H, HOUR, claim, complete, delivery, insert, insert_one, keyed, lease, no_lease, rows,
};
use crate::store::{
    Burial, Cancelled, Due, Filter, HandlerStatus, Health, NewDelivery, Retry, Store,
};

fn late(delivery: NewDelivery, after: Duration) -> NewDelivery {
    NewDelivery {
        due: Due::After(after),
        ..delivery
    }
}

pub(super) async fn the_next_due_row_is_one_that_can_be_claimed<S: Store>(store: S) {
    let next = async || store.next_due(&[H, "no.rows"]).await.expect("it is asked");
    let is_about = |due: Option<Duration>, expected: Duration| {
        let due = due.expect("there are rows");
        assert!(
            due <= expected && due.abs_diff(expected) < Duration::from_mins(1),
            "{due:?}, not {expected:?}"
        );
    };
    assert_eq!(next().await, None);
    let other = NewDelivery {
        handler: "another.handler".into(),
        ..delivery()
    };
    insert(&store, vec![other]).await;
    assert_eq!(next().await, None, "of another handler");
    assert_eq!(store.next_due(&[]).await.expect("it is asked"), None);
    insert(
        &store,
        vec![late(delivery(), HOUR * 3), late(delivery(), HOUR * 2)],
    )
    .await;
    is_about(next().await, HOUR * 2);
    insert(&store, vec![keyed("1"), keyed("1")]).await;
    assert_eq!(next().await, Some(Duration::ZERO));
    let claimed = claim(&store, lease()).await;
    assert_eq!(claimed.len(), 1);
    is_about(next().await, HOUR); // The lease's end, and not the row behind it.
    complete(&store, claimed[0].fence).await;
    assert_eq!(next().await, Some(Duration::ZERO));
}

pub(super) async fn a_cancelled_event_is_gone_unless_it_runs<S: Store>(store: S) {
    let first = late(delivery(), HOUR);
    let handler = |handler: &'static str, due| NewDelivery {
        handler: handler.into(),
        due,
        ..first.clone()
    };
    let deliveries = vec![
        first.clone(),
        handler("runs.now", Due::Now),
        handler("waits.now", Due::Now),
        delivery(),
    ];
    insert(&store, deliveries).await;
    let running = store.claim(lease(), &["runs.now"], 1).await;
    let fence = running.expect("it is claimed")[0].fence;
    let lapsed = store.claim(no_lease(), &["waits.now"], 1).await;
    assert_eq!(lapsed.expect("it is claimed").len(), 1);
    let cancelled = store.cancel(first.event_id).await;
    let expected = Cancelled {
        deleted: 2,
        running: 1,
    };
    assert_eq!(cancelled.expect("it is cancelled"), expected);
    assert_eq!(rows(&store).await.len(), 2);
    complete(&store, fence).await;
    let again = store.cancel(first.event_id).await;
    assert_eq!(again.expect("it is asked"), Cancelled::default());
}

pub(super) async fn every_row_is_counted_once<S: Store>(store: S) {
    let strange = NewDelivery {
        handler: "of.another_program".into(),
        ..delivery()
    };
    insert(
        &store,
        vec![
            delivery(),
            delivery(),
            delivery(),
            late(delivery(), HOUR),
            strange,
        ],
    )
    .await;
    let claimed = claim(&store, lease()).await;
    assert_eq!(claimed.len(), 3);
    let retry = Retry {
        fence: claimed[0].fence,
        wait: HOUR,
        error: String::new(),
    };
    store.retry(&[retry]).await.expect("it is given back");
    let burial = Burial {
        fence: claimed[1].fence,
        reason: "no attempts left".into(),
        cause: String::new(),
    };
    store.bury(&[burial]).await.expect("it is buried");
    insert_one(&store, delivery()).await;
    let status = store.status(&[H, "no.rows"]).await;
    let mut status = status.expect("they are counted");
    for handler in &mut status {
        assert_eq!(handler.oldest.is_some(), handler.waiting > 0, "{handler:?}");
        let oldest = handler.oldest.take().unwrap_or_default();
        assert!(oldest < Duration::from_mins(1), "{oldest:?}");
    }
    let named = |handler: &str, is_known| HandlerStatus {
        handler: handler.to_owned(),
        is_known,
        ..HandlerStatus::default()
    };
    let expected = [
        named("no.rows", true),
        HandlerStatus {
            waiting: 1,
            ..named("of.another_program", false)
        },
        HandlerStatus {
            waiting: 1,
            running: 1,
            delayed: 2,
            dead: 1,
            ..named(H, true)
        },
    ];
    assert_eq!(status, expected);
}

pub(super) async fn health_tells_what_waits_what_died_and_what_nobody_takes<S: Store>(store: S) {
    let health = async |handlers: &[&str]| store.health(handlers).await.expect("it is asked");
    assert_eq!(health(&[H]).await, Health::default());
    let strange = |handler: &'static str| NewDelivery {
        handler: handler.into(),
        ..delivery()
    };
    insert(
        &store,
        vec![
            late(delivery(), HOUR),
            strange("a.before"),
            strange("z.after"),
        ],
    )
    .await;
    insert(&store, vec![strange("z.after")]).await;
    let waiting = health(&[H]).await;
    assert_eq!(waiting.oldest, None, "nothing of a known handler is due");
    assert_eq!((waiting.dead, waiting.orphaned), (0, 3));
    insert(&store, vec![delivery()]).await;
    let due = health(&["no.rows", H]).await;
    assert!(
        due.oldest.is_some_and(|age| age < Duration::from_mins(1)),
        "{due:?}"
    );
    let claimed = claim(&store, lease()).await;
    assert_eq!(health(&[H]).await.oldest, None, "it is worked on");
    let burial = Burial {
        fence: claimed[0].fence,
        reason: "no attempts left".into(),
        cause: String::new(),
    };
    store.bury(&[burial]).await.expect("it is buried");
    let expected = Health {
        oldest: None,
        dead: 1,
        orphaned: 3,
    };
    assert_eq!(health(&[H]).await, expected);
    let nobody = health(&[]).await;
    assert_eq!((nobody.oldest, nobody.orphaned), (None, 4));
}

pub(super) async fn deliveries_are_listed_by_page_and_filter<S: Store>(store: S) {
    let other = |delivery| NewDelivery {
        handler: "another.handler".into(),
        event: "shop.order_sent".into(),
        ..delivery
    };
    insert(
        &store,
        vec![delivery(), other(delivery()), delivery(), other(delivery())],
    )
    .await;
    let all = rows(&store).await;
    assert_eq!(all.len(), 4);
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = store.list(&Filter::default(), after, 3).await;
        let page = page.expect("deliveries are listed");
        let Some(last) = page.last() else { break };
        after = last.seq;
        seen.extend(page);
    }
    assert_eq!(seen, all);
    let filters = [
        Filter {
            handler: Some("another.handler".to_owned()),
            ..Filter::default()
        },
        Filter {
            event: Some("shop.order_sent".to_owned()),
            older_than: Some(Duration::ZERO),
            ..Filter::default()
        },
    ];
    for filter in filters {
        let listed = store.list(&filter, 0, 10).await;
        let listed = listed.expect("deliveries are listed");
        assert_eq!(listed, [all[1].clone(), all[3].clone()], "{filter:?}");
    }
    let none = Filter {
        older_than: Some(HOUR),
        ..Filter::default()
    };
    let young = store.list(&none, 0, 10).await;
    assert_eq!(young.expect("deliveries are listed"), []);
}
