//! The service of the README: orders over HTTP, a database, and handlers behind them.
//!
//! ```text
//! cargo run -p order_service        on port 3000, with `orders.db` in the current folder
//! curl -d '"lamp"' -H 'content-type: application/json' http://127.0.0.1:3000/orders
//! ```
//!
//! `tests/tests/it/docs.rs` holds the README to this file.

use std::time::Duration;

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use event_core::{Dispatcher, Event, error::BoxError, handler, queue::Queue};
use sqlx::SqlitePool;

#[derive(Event)]
struct OrderPlaced {
    order_id: i64,
    item: String,
}

#[derive(Event)]
struct StockReserved {
    order_id: i64,
}

#[handler(timeout = "5s")] // async: the request awaits it; what it returns is the next event
async fn reserve(event: &OrderPlaced, db: &SqlitePool) -> Result<StockReserved, sqlx::Error> {
    sqlx::query("INSERT INTO reserved (order_id, item) VALUES (?, ?)")
        .bind(event.order_id)
        .bind(&event.item)
        .execute(db)
        .await?;
    Ok(StockReserved {
        order_id: event.order_id,
    })
}

static MAIL: Queue = Queue::new("mail").capacity(1000).consumers(2);

#[handler(queue = MAIL)] // queued: two tasks serve it, and the request does not wait for them
async fn send_receipt(event: &StockReserved) {
    println!("receipt for order {}", event.order_id);
}

type App = (SqlitePool, Dispatcher);

async fn place_order(
    State((db, dispatcher)): State<App>,
    Json(item): Json<String>,
) -> (StatusCode, String) {
    let order_id = match sqlx::query("INSERT INTO orders (item) VALUES (?)")
        .bind(&item)
        .execute(&db)
        .await
    {
        Ok(inserted) => inserted.last_insert_rowid(),
        Err(error) => return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    // The fact is true now. `spawned`: a client that disconnects cancels no handler.
    let report = dispatcher
        .emit_async(OrderPlaced { order_id, item })
        .spawned()
        .await;
    (
        if report.is_ok() {
            StatusCode::CREATED
        } else {
            StatusCode::ACCEPTED
        },
        format!("{report}\n"),
    )
}

async fn service(database: &str) -> Result<(Router, Dispatcher), BoxError> {
    let db = SqlitePool::connect(database).await?;
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, item TEXT NOT NULL);
                   CREATE TABLE IF NOT EXISTS reserved (order_id INTEGER PRIMARY KEY, item TEXT NOT NULL)")
        .execute(&db).await?;
    let dispatcher = Dispatcher::builder().provide(db.clone()).build()?; // `&SqlitePool` of the handlers
    Ok((
        Router::new()
            .route("/orders", post(place_order))
            .with_state((db, dispatcher.clone())),
        dispatcher,
    ))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let (router, dispatcher) = service("sqlite:orders.db?mode=rwc").await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, router)
        .with_graceful_shutdown(stop)
        .await?;
    println!("{}", dispatcher.shutdown(Duration::from_secs(10)).await); // drains the queue
    Ok(())
}

#[cfg(test)]
mod tests;
