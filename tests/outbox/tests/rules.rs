//! The store in PostgreSQL keeps the rules of all stores, on each version.

use event_outbox::conformance;
use event_outbox::store::Store as _;
use event_outbox_servers::{Server, Version, open};
use sqlx::{AssertSqlSafe, ConnectOptions as _, raw_sql};

async fn keeps_the_rules(version: Version) {
    let server = Server::shared(version);
    let options = server.database().await;
    let mut connection = options.connect().await.expect("it connects");
    let number = std::sync::atomic::AtomicU32::new(0);
    let connection = &tokio::sync::Mutex::new(&mut connection);
    let fresh = async || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let schema = format!("rule_{number}");
        raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {schema}")))
            .execute(&mut **connection.lock().await)
            .await
            .expect("a schema is made");
        let store = open(options.clone().options([("search_path", schema)])).await;
        store.migrate().await.expect("the tables are made");
        store
    };
    conformance::run(fresh).await.assert_passed();
    for seed in 0..4 {
        let store = fresh().await;
        conformance::model(&store, seed, 200).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn debians_postgresql_keeps_the_rules() {
    keeps_the_rules(Version::Debian).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_postgresql_keeps_the_rules() {
    keeps_the_rules(Version::Newest).await;
}
