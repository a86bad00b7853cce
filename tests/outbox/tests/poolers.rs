//! A pooler between the outbox and PostgreSQL.

use event_outbox::store::{Owner, Postgres, Store as _, StoreErrorKind};
use event_outbox_servers::{Pooler, Server, Version, open};

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_gives_sessions_to_transactions_is_refused() {
    let server = Server::shared(Version::Debian);
    let database = server.database().await;
    let pooler = Pooler::start(&database, "transaction").await;
    let options = pooler.options(&database);
    let unprepared = options.clone().statement_cache_capacity(0);
    for options in [options, unprepared] {
        let opened = Postgres::builder(options).poll_only().open().await;
        let error = opened.expect_err("a lock guards nothing there");
        assert_eq!(error.kind(), StoreErrorKind::Misuse, "{error}");
        assert!(error.to_string().contains("`pool_mode"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_pooler_that_keeps_sessions_a_living_owner_is_not_taken_for_dead() {
    let server = Server::shared(Version::Debian);
    let database = server.database().await;
    let pooler = Pooler::start(&database, "session").await;
    let (one, other) = (
        open(pooler.options(&database)).await,
        open(pooler.options(&database)).await,
    );
    one.migrate().await.expect("the tables are made");
    let (lives, asks) = (Owner::new(), Owner::new());
    one.register(lives).await.expect("it is registered");
    other.register(asks).await.expect("it is registered");
    let recovered = other.recover(asks).await.expect("it looks");
    assert_eq!(recovered.owners, 0);
    one.close().await;
    let recovered = other.recover(asks).await.expect("it looks");
    assert_eq!(recovered.owners, 1, "the pooler ends what a session had");
}
