//! What other processes are told of. A socket in the folder of the locks stands for one.

use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_core::{Dispatcher, handler};
use event_outbox::Settings;
use event_outbox::sqlite::{Outbox, Sqlite};
use tempfile::TempDir;
use tokio::sync::{Semaphore, mpsc};

use super::fixture::*;

/// Waits for a permit.
#[handler(durable, id = "test.wait")]
async fn wait(event: &OrderPlaced, journal: &Journal, gate: &Semaphore) {
    journal.write(format!("begun {}", event.order_id));
    gate.acquire().await.unwrap().forget();
}

/// An outbox, and the socket of another process.
async fn with_another_process(settings: Settings) -> (TempDir, Outbox, UnixDatagram) {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("app.db")).await.unwrap();
    let outbox = Outbox::open_on(store, settings).await.unwrap();
    let socket = UnixDatagram::bind(folder.path().join("app.db-outbox/other.wake")).unwrap();
    socket.set_nonblocking(true).unwrap();
    (folder, outbox, socket)
}

fn is_told(socket: &UnixDatagram) -> bool {
    socket.recv(&mut [0]).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_deliveries_that_another_process_can_make_are_few_calls() {
    let (folder, outbox, socket) = with_another_process(quick().backlog(0)).await;
    let builder = Dispatcher::empty().provide(Semaphore::new(0)).handler(wait);
    let (_dispatcher, _) = build(builder, &outbox);
    // The engine says that it is there.
    until("it is told", async || is_told(&socket)).await;
    let (call, mut calls) = mpsc::unbounded_channel();
    socket.set_nonblocking(false).unwrap();
    let reading = std::thread::spawn(move || {
        let mut byte = [0];
        while socket.recv(&mut byte).is_ok() && byte == [0] {
            call.send(()).unwrap();
        }
    });
    let begun = Instant::now();
    for order_id in 0..200 {
        outbox.emit(OrderPlaced { order_id }).await.unwrap();
    }
    let told = tokio::time::timeout(Duration::from_secs(20), calls.recv()).await;
    told.expect("it is told within 20 s");
    let path = folder.path().join("app.db-outbox/other.wake");
    UnixDatagram::unbound()
        .unwrap()
        .send_to(&[1], path)
        .unwrap();
    reading.join().unwrap();
    let told = 1 + calls.len();
    let most = 2 + begun.elapsed().as_millis() / 5;
    assert!(
        told as u128 <= most,
        "{told} calls for 200 events, of {most} at most"
    );
}

#[tokio::test]
async fn what_is_given_back_at_the_end_is_told_of() {
    let (_folder, outbox, socket) = with_another_process(quick().concurrency(1)).await;
    let gate = Arc::new(Semaphore::new(0));
    let builder = Dispatcher::empty().provide_arc(Arc::clone(&gate));
    let (_dispatcher, journal) = build(builder.handler(wait), &outbox);
    for order_id in 0..2 {
        outbox.emit(OrderPlaced { order_id }).await.unwrap();
    }
    until("one runs", async || journal.count("begun 0") == 1).await;
    while is_told(&socket) {}
    let ending = tokio::spawn(async move { outbox.shutdown(Duration::from_secs(20)).await });
    until("it is told of the other one", async || is_told(&socket)).await;
    gate.add_permits(1);
    assert!(ending.await.unwrap());
    assert_eq!(journal.lines(), ["begun 0"]);
}
