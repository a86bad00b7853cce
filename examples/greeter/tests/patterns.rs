//! Names, namespaces, and what their patterns match.

use std::sync::Mutex;

use event_core::{AnyEvent, Dispatcher, Event, handler};
use greeter::{GuestArrived, GuestLeft, LobbyOpened};

/// A namesake in another namespace.
#[derive(Event)]
#[event(name = "garage.guest.arrived")]
struct CarArrived;

/// Without a name, no pattern matches it.
#[derive(Event)]
struct LightSwitched;

#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Seen {
    fn note(&self, pattern: &str, event: &dyn AnyEvent) {
        let mut seen = self.0.lock().expect("no panic");
        seen.push(format!("{pattern:<14} {}", event.name()));
    }
}

#[handler(events = "lobby.*")]
fn one_segment(event: &dyn AnyEvent, seen: &Seen) {
    seen.note("lobby.*", event);
}

#[handler(events = "lobby.guest.*")]
fn below_guest(event: &dyn AnyEvent, seen: &Seen) {
    seen.note("lobby.guest.*", event);
}

#[handler(events = "lobby.**")]
fn all_of_the_lobby(event: &dyn AnyEvent, seen: &Seen) {
    seen.note("lobby.**", event);
}

#[handler(events = "*.guest.arrived")]
fn every_arrival(event: &dyn AnyEvent, seen: &Seen) {
    seen.note("*.guest.arrived", event);
}

#[test]
fn a_star_is_one_segment_and_two_stars_are_the_rest() {
    let seen = std::sync::Arc::new(Seen::default());
    let dispatcher = Dispatcher::empty()
        .handler(one_segment)
        .handler(below_guest)
        .handler(all_of_the_lobby)
        .handler(every_arrival)
        .provide_arc(seen.clone())
        .build()
        .expect("wired");
    dispatcher.emit(LobbyOpened);
    dispatcher.emit(GuestArrived { name: "Ada" });
    dispatcher.emit(GuestLeft { name: "Ada" });
    dispatcher.emit(CarArrived);
    dispatcher.emit(LightSwitched);
    assert_eq!(
        *seen.0.lock().expect("no panic"),
        [
            "lobby.**       lobby.opened",
            "lobby.*        lobby.opened",
            "lobby.**       lobby.guest.arrived",
            "lobby.guest.*  lobby.guest.arrived",
            "*.guest.arrived lobby.guest.arrived",
            "lobby.**       lobby.guest.left",
            "lobby.guest.*  lobby.guest.left",
            "*.guest.arrived garage.guest.arrived",
        ]
    );
}
