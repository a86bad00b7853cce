//! The store in SQLite keeps the rules of all stores, in a file and in memory.

use event_outbox::conformance;
use event_outbox::store::{Sqlite, Store as _};

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
