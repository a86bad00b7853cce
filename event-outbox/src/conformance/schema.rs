//! Migrations.

use super::samples::{delivery, insert_one, rows};
use crate::store::Store;

pub(super) async fn migrating_again_changes_nothing<S: Store>(store: S) {
    let seq = insert_one(&store, delivery()).await;
    store.migrate().await.expect("the tables are there");
    let seqs: Vec<_> = rows(&store).await.iter().map(|row| row.seq).collect();
    assert_eq!(seqs, [seq]);
}

pub(super) async fn migrations_are_numbered_from_one<S: Store>(store: S) {
    let migrations = store.migrations();
    assert!(!migrations.is_empty());
    for (migration, number) in migrations.iter().zip(1..) {
        assert_eq!(migration.version, number, "{}", migration.name);
        assert!(migration.oldest <= migration.version, "{}", migration.name);
        assert!(!migration.sql.is_empty(), "{}", migration.name);
    }
}
