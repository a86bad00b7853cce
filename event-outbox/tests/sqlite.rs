//! The store in SQLite keeps the rules of all stores, in a file and in memory.

use std::time::Duration;

use event_outbox::conformance;
use event_outbox::store::{Due, Filter, Inserted, Lease, NewDelivery, Owner, Sqlite, Store as _};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_keeps_the_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let number = std::sync::atomic::AtomicU32::new(0);
    let report = conformance::run(async || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let file = folder.path().join(format!("{number}.db"));
        let store = Sqlite::open(file).await.expect("it opens");
        store.migrate().await.expect("the tables are made");
        store
    });
    report.await.assert_passed();
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_rules() {
    let report = conformance::run(async || {
        let store = Sqlite::in_memory().await.expect("it opens");
        store.migrate().await.expect("the tables are made");
        store
    });
    report.await.assert_passed();
}

#[tokio::test]
async fn the_model_and_the_store_do_the_same() {
    for seed in 0..16 {
        let store = Sqlite::in_memory().await.expect("it opens");
        store.migrate().await.expect("the tables are made");
        conformance::model(&store, seed, 200).await;
    }
}

fn row(event_id: Uuid, body: &str, key: Option<&str>, due: Due) -> NewDelivery {
    NewDelivery {
        event_id,
        handler: "mail.welcome".into(),
        event: "shop.order_placed".into(),
        version: 1,
        key: key.map(Into::into),
        body: body.as_bytes().into(),
        due,
    }
}

/// What waits while another transaction has the connection is written as one statement, or, with keys, one after the
/// other.
#[tokio::test]
async fn inserts_that_are_written_together_have_an_outcome_each() {
    for key in [None, Some("k")] {
        let store = Sqlite::in_memory().await.expect("it opens");
        store.migrate().await.expect("the tables are made");
        let transaction = store.begin().await.expect("it begins");
        let twice = Uuid::now_v7();
        let lease = Some(Lease {
            owner: Owner::new(),
            length: Duration::from_mins(1),
        });
        let inserts = [
            (lease, vec![row(twice, "first", None, Due::Now)]),
            (None, vec![row(Uuid::now_v7(), "", None, Due::Now)]),
            (lease, vec![row(twice, "second", None, Due::Now)]),
            (
                lease,
                vec![
                    row(Uuid::now_v7(), "of two", None, Due::Now),
                    row(
                        Uuid::now_v7(),
                        "keyed",
                        key,
                        Due::After(Duration::from_mins(9)),
                    ),
                ],
            ),
        ];
        let tasks = inserts.map(|(lease, rows)| {
            let store = store.clone();
            tokio::spawn(async move { store.insert(lease, rows).await.expect("it is stored") })
        });
        // Each has asked by now, and waits for the transaction.
        tokio::task::yield_now().await;
        transaction.commit().await.expect("it commits");
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.expect("it ends"));
        }
        assert!(
            matches!(
                outcomes.iter().map(Vec::as_slice).collect::<Vec<_>>()[..],
                [
                    [Inserted::Leased(_)],
                    [Inserted::Waiting(_)],
                    [Inserted::Duplicate],
                    [Inserted::Leased(_), Inserted::Waiting(_)],
                ]
            ),
            "{outcomes:?}"
        );
        let stored = store.list(&Filter::default(), 0, 10).await;
        let stored = stored.expect("they are listed");
        let bodies: Vec<_> = stored.iter().map(|row| &*row.body).collect();
        assert_eq!(bodies, [&b"first"[..], b"", b"of two", b"keyed"]);
        let seqs = stored.iter().map(|row| row.seq);
        let outcome_seqs = outcomes.iter().flatten().filter_map(|one| match one {
            Inserted::Leased(fence) => Some(fence.seq),
            Inserted::Waiting(seq) => Some(*seq),
            Inserted::Duplicate => None,
        });
        assert!(seqs.eq(outcome_seqs));
        assert_eq!(stored[0].event_id, twice);
        assert!(stored[0].owner.is_some() && stored[1].owner.is_none());
    }
}
