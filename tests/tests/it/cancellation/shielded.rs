//! A shielded emission goes on without whoever waits for it.

use std::sync::Arc;
use std::time::Duration;

use event_core::report::DeliveryStatus;
use event_core::{Dispatcher, Event, dispatcher::DispatcherBuilder, handler};
use event_tests::{Gate, Heard, Journal, Watch, idle, poll};

use super::{Followed, notes};

#[derive(Event)]
struct Long;

#[handler]
async fn takes_long(_event: &Long, gate: &Gate, journal: &Journal) -> Followed {
    gate.pass().await;
    journal.write("long");
    Followed
}

fn shielding(heard: &Heard) -> (DispatcherBuilder, Arc<Gate>, Arc<Journal>, Arc<Watch>) {
    let (gate, journal) = (Arc::new(Gate::default()), Arc::new(Journal::default()));
    let watch = Arc::new(Watch::default());
    let builder = Dispatcher::empty()
        .handler(takes_long)
        .handler(notes)
        .provide_arc(gate.clone())
        .provide_arc(journal.clone())
        .observe(watch.clone())
        .on_failure(heard.hook());
    (builder, gate, journal, watch)
}

#[tokio::test(start_paused = true)]
async fn a_shielded_emission_survives_its_drop() {
    let heard = Heard::default();
    let (builder, gate, journal, watch) = shielding(&heard);
    let dispatcher = builder.build().expect("wired");
    let mut shielded = Box::pin(dispatcher.emit_async(Long).spawned());
    assert!(poll(&mut shielded).is_none());
    drop(shielded);
    gate.arrived(1).await;
    gate.open_for_all();
    idle().await;
    assert_eq!(journal.take(), ["long", "followed"]);
    assert_eq!(watch.ended_of("takes_long"), [DeliveryStatus::Done]);
    assert!(heard.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_shielded_emission_begins_without_being_awaited_and_reports() {
    let heard = Heard::default();
    let (builder, gate, journal, _) = shielding(&heard);
    let dispatcher = builder.build().expect("wired");
    gate.open_for_all();
    let shielded = dispatcher.emit_async(Long).spawned();
    idle().await;
    assert_eq!(journal.take(), ["long", "followed"]);
    let report = shielded.await;
    assert_eq!((report.done(), report.events()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_a_shielded_emission_and_all_it_causes() {
    let heard = Heard::default();
    let (builder, gate, journal, watch) = shielding(&heard);
    let dispatcher = builder.build().expect("wired");
    drop(dispatcher.emit_async(Long).spawned());
    gate.arrived(1).await;
    let shutdown = dispatcher.shutdown(Duration::from_mins(1));
    let mut shutdown = Box::pin(shutdown);
    let first_look = tokio::select! {
        biased;
        ended = &mut shutdown => Some(ended),
        () = idle() => None,
    };
    assert!(first_look.is_none(), "it did not wait");
    gate.open_for_all();
    let shutdown = shutdown.await;
    assert!(shutdown.is_complete());
    assert_eq!(journal.take(), ["long", "followed"]);
    assert_eq!(watch.ended_of("takes_long"), [DeliveryStatus::Done]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_runs_out_of_time_ends_shielded_emissions_and_says_so() {
    let heard = Heard::default();
    let (builder, gate, _, watch) = shielding(&heard);
    let dispatcher = builder.build().expect("wired");
    let shielded = dispatcher.emit_async(Long).spawned();
    gate.arrived(1).await;
    let shutdown = dispatcher.shutdown(Duration::from_secs(1)).await;
    assert!(!shutdown.is_complete(), "{shutdown}");
    idle().await;
    assert_eq!(watch.ended_of("takes_long"), [DeliveryStatus::Cancelled]);
    assert_eq!(heard.take().len(), 1);
    assert!(!shielded.await.is_ok());
}

#[test]
fn a_shielded_emission_that_its_runtime_never_begins_is_heard_of() {
    let heard = Heard::default();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (builder, _gate, _, watch) = shielding(&heard);
    let builder = builder.runtime(runtime.handle().clone());
    let dispatcher = builder.build().expect("wired");
    drop(runtime);
    let shielded = dispatcher.emit_async(Long).spawned();
    let told = heard.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(!pollster::block_on(shielded).is_ok());
    assert_eq!(watch.totals(), (0, 0));
}
