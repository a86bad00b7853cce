//! The events, and the handlers with what they write down.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_core::dispatcher::DispatcherBuilder;
use event_core::retry::Permanent;
use event_core::{Event, Meta, handler};
use event_outbox::failpoints::{Point, passed};
use event_outbox_servers::{EffectLog, Task};
use serde::{Deserialize, Serialize};

use crate::database::{Connection, Database};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "worker.order_placed", durable, key = customer)]
pub(crate) struct OrderPlaced {
    pub(crate) order_id: i64,
    pub(crate) customer: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "worker.order_booked", durable)]
pub(crate) struct OrderBooked {
    order_id: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "worker.order_announced", durable)]
struct OrderAnnounced {
    order_id: i64,
}

#[derive(Event)]
struct OrderShipped {
    order_id: i64,
}

/// Of what does not go well at once.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "worker.trial_begun", durable)]
pub(crate) struct TrialBegun {
    pub(crate) order_id: i64,
}

/// What handlers have of their worker.
pub(crate) struct Desk {
    pub(crate) log: Arc<EffectLog>,
    pub(crate) task: Task,
    pub(crate) fatal: Option<String>,
}

impl Desk {
    /// Writes down an effect, which is the last one if the handler is fatal.
    pub(crate) fn write(&self, effect: &str, order_id: i64) {
        self.log.write(effect, order_id);
        self.survive(effect);
    }

    fn survive(&self, handler: &str) {
        if self.fatal.as_deref() == Some(handler) {
            std::process::abort();
        }
    }
}

/// An effect outside of the database: at least once.
#[handler(durable, id = "worker.ship")]
async fn ship(event: &OrderPlaced, desk: &Desk) -> OrderShipped {
    desk.write("ship", event.order_id);
    OrderShipped {
        order_id: event.order_id,
    }
}

/// Called when the end of the delivery to `ship` is stored.
#[handler]
fn note(event: &OrderShipped, desk: &Desk) {
    desk.write("shipped", event.order_id);
}

/// On a thread of its own.
#[handler(durable, id = "worker.pack")]
fn pack(event: &OrderPlaced, desk: &Desk) {
    desk.write("pack", event.order_id);
}

/// An event that follows, without a transaction.
#[handler(durable, id = "worker.announce")]
async fn announce(event: &OrderPlaced, desk: &Desk) -> OrderAnnounced {
    desk.survive("announce");
    OrderAnnounced {
        order_id: event.order_id,
    }
}

#[handler(durable, id = "worker.hear")]
async fn hear(event: &OrderAnnounced, desk: &Desk) {
    desk.write("hear", event.order_id);
}

#[handler(durable, id = "worker.heal", retry(attempts = 9, backoff = "1ms..5ms"))]
async fn heal(event: &TrialBegun, meta: Meta, desk: &Desk) -> Result<(), String> {
    if meta.attempt() == 1 {
        return Err("not yet".to_owned());
    }
    desk.write("heal", event.order_id);
    Ok(())
}

#[handler(durable, id = "worker.refuse")]
async fn refuse(_event: &TrialBegun, desk: &Desk) -> Result<(), Permanent> {
    desk.survive("refuse");
    Err(Permanent::new("never"))
}

/// In a tour, runs until its lease was extended and, at the end of the tour, those behind it were given back.
#[handler(durable, id = "worker.linger", concurrency = 1)]
async fn linger(event: &TrialBegun, desk: &Desk) {
    let begun = Instant::now();
    let is_over = || match desk.task {
        Task::Tour => passed(Point::Extended) > 0 && passed(Point::GaveBack) > 0,
        Task::Linger => begun.elapsed() > Duration::from_secs(4),
        Task::Work | Task::Drain => true,
    };
    while !is_over() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    desk.write("linger", event.order_id);
}

/// The handlers that are the same for each store.
pub(crate) fn add_to(builder: DispatcherBuilder) -> DispatcherBuilder {
    builder
        .handler(ship)
        .handler(note)
        .handler(pack)
        .handler(announce)
        .handler(hear)
        .handler(heal)
        .handler(refuse)
        .handler(linger)
}

/// An effect in the database, and an event that follows: exactly once.
async fn book_in<S: Database>(
    event: &OrderPlaced,
    connection: &mut Connection<S>,
    desk: &Desk,
) -> Result<OrderBooked, sqlx::Error> {
    let order_id = event.order_id;
    S::execute(connection, "INSERT INTO book VALUES ($1)", order_id).await?;
    desk.survive("book");
    Ok(OrderBooked { order_id })
}

/// Effects in the database and outside of it.
async fn thank_in<S: Database>(
    event: &OrderBooked,
    connection: &mut Connection<S>,
    desk: &Desk,
) -> Result<(), sqlx::Error> {
    let order_id = event.order_id;
    S::execute(connection, "INSERT INTO thanked VALUES ($1)", order_id).await?;
    desk.write("thank", order_id);
    Ok(())
}

/// A handler names the transaction of one store.
macro_rules! handlers_of {
    ($store:ident, $Store:ident) => {
        pub(crate) mod $store {
            use event_core::handler;
            use event_outbox::$store::{Tx, $Store};

            use super::{Desk, OrderBooked, OrderPlaced, book_in, thank_in};

            #[handler(durable, id = "worker.book")]
            pub(crate) async fn book(
                event: &OrderPlaced,
                tx: &mut Tx,
                desk: &Desk,
            ) -> Result<OrderBooked, sqlx::Error> {
                book_in::<$Store>(event, tx.connection(), desk).await
            }

            #[handler(durable, id = "worker.thank")]
            pub(crate) async fn thank(
                event: &OrderBooked,
                tx: &mut Tx,
                desk: &Desk,
            ) -> Result<(), sqlx::Error> {
                thank_in::<$Store>(event, tx.connection(), desk).await
            }
        }
    };
}

handlers_of!(sqlite, Sqlite);
handlers_of!(postgres, Postgres);
