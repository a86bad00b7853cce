//! Connections that fall silent, and too few of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::dispatcher::DispatcherBuilder;
use event_core::{Dispatcher, Event, handler};
use event_outbox::Settings;
use event_outbox::postgres::Outbox;
use event_outbox::store::{Postgres, Store as _};
use event_outbox_servers::{Proxy, Server, Version, open};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "connections.bell_rung", durable)]
struct BellRung {
    times: i64,
}

#[derive(Default)]
struct Heard(Mutex<Vec<i64>>);

#[handler(durable, id = "connections.hear")]
async fn hear(event: &BellRung, heard: &Heard) {
    heard
        .0
        .lock()
        .expect("no handler panics with it")
        .push(event.times);
}

fn handlers() -> DispatcherBuilder {
    Dispatcher::empty().handler(hear)
}

async fn outbox(store: Postgres, poll: Duration) -> Outbox {
    let settings = Settings::new().poll(poll);
    let opened = Outbox::open_on(store, settings).await;
    opened.expect("the outbox opens")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_listener_that_fell_silent_does_not_hear_is_found_by_asking() {
    let server = Server::shared(Version::Newest);
    let options = server.database().await;
    let proxy = Proxy::start(options.get_port()).await;
    let poll = Duration::from_millis(200);
    let deaf = outbox(open(options.clone().port(proxy.port())).await, poll).await;
    let heard = Arc::new(Heard::default());
    let builder = handlers().provide_arc(Arc::clone(&heard));
    let _listens = builder.outbox(&deaf).build().expect("it is built");
    // One that stores events and makes no deliveries any more.
    let other = outbox(open(options).await, poll).await;
    let builder = handlers().provide(Heard::default());
    let _emits = builder.outbox(&other).build().expect("it is built");
    assert!(other.shutdown(Duration::from_secs(20)).await);
    proxy.deafen_listeners();
    for times in 1..=3 {
        other.emit(BellRung { times }).await.expect("it is emitted");
        let begun = Instant::now();
        while heard.0.lock().expect("no handler panics").len() < usize::try_from(times).unwrap_or(0)
        {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "it is found in half a minute"
            );
            sleep(Duration::from_millis(5)).await;
        }
    }
    assert_eq!(*heard.0.lock().expect("no handler panics"), [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_all_connections_taken_waits_for_one() {
    let server = Server::shared(Version::Newest);
    let builder = Postgres::builder(server.database().await).max_connections(1);
    let store = builder.open().await.expect("it connects");
    store.migrate().await.expect("the tables are made");
    let taken = store.begin().await.expect("it begins");
    let mut asking = tokio::spawn({
        let store = store.clone();
        async move { store.next_due(&["connections.hear"]).await }
    });
    let waits = timeout(Duration::from_millis(100), &mut asking).await;
    assert!(waits.is_err(), "there is no other connection");
    taken.rollback().await.expect("it ends");
    let answer = timeout(Duration::from_mins(1), asking).await;
    let answer = answer.expect("it is asked").expect("it ends");
    assert_eq!(answer.expect("it answers"), None);
}
