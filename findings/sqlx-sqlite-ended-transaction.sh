#!/usr/bin/env bash
# sqlx 0.9.0 with SQLite: a transaction that SQLite has rolled back by itself is counted as open for ever.
#
# Expected: after `INSERT OR ROLLBACK` fails, and the `Transaction` is dropped or rolled back, the pool's connection is
#   as before.
# Seen: SQLite has ended the transaction with the statement, so that sqlx's `ROLLBACK` fails, and sqlx goes on counting
#   the transaction as open. From then on each `begin_with("BEGIN IMMEDIATE")` of that connection fails. A trigger with
#   `RAISE(ROLLBACK, …)` does the same.
# Here: the store replaces a connection that is counted as open when nobody uses it.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "ended"
version = "0.0.0"
edition = "2024"

[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["runtime-tokio", "sqlite"] }
tokio = { version = "1", features = ["macros", "rt"] }

[workspace]
TOML
cat > "$folder/src/main.rs" <<'RUST'
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Connection as _, raw_sql};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), sqlx::Error> {
    println!("sqlx 0.9.0");
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    raw_sql("CREATE TABLE orders (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (1)").execute(&pool).await?;
    let mut transaction = pool.begin().await?;
    let error = raw_sql("INSERT OR ROLLBACK INTO orders VALUES (1)").execute(&mut *transaction).await;
    println!("  the insert: {}", error.expect_err("the order is there"));
    if let Err(error) = transaction.rollback().await {
        println!("  the rollback: {error}");
    }
    println!("  in a transaction: {}", pool.acquire().await?.is_in_transaction());
    match pool.begin_with("BEGIN IMMEDIATE").await {
        Ok(_) => println!("  the next begin_with: works"),
        Err(error) => println!("  the next begin_with: {error}"),
    }
    Ok(())
}
RUST
cd "$folder"
cargo run --quiet | tee seen
grep --quiet "in a transaction: true" seen
grep --quiet "the next begin_with: attempted to call begin_with at non-zero transaction depth" seen
