//! Names, namespaces, and what their patterns match.

use event_core::{AnyEvent, Dispatcher, Event, handler};
use event_testing::DispatcherExt as _;
use expect_test::expect;
use greeter::{GuestArrived, GuestLeft, LobbyOpened};

/// A namesake in another namespace.
#[derive(Event)]
#[event(name = "garage.guest.arrived")]
struct CarArrived;

/// Without a name, no pattern matches it.
#[derive(Event)]
struct LightSwitched;

#[handler(events = "lobby.*")]
fn one_segment(_event: &dyn AnyEvent) {}

#[handler(events = "lobby.guest.*")]
fn below_guest(_event: &dyn AnyEvent) {}

#[handler(events = "lobby.**")]
fn all_of_the_lobby(_event: &dyn AnyEvent) {}

#[handler(events = "*.guest.arrived")]
fn every_arrival(_event: &dyn AnyEvent) {}

#[test]
fn a_star_is_one_segment_and_two_stars_are_the_rest() {
    let dispatcher = Dispatcher::empty()
        .handler(one_segment)
        .handler(below_guest)
        .handler(all_of_the_lobby)
        .handler(every_arrival)
        .build()
        .expect("wired");
    let rec = dispatcher.record();
    dispatcher.emit(LobbyOpened);
    dispatcher.emit(GuestArrived { name: "Ada" });
    dispatcher.emit(GuestLeft { name: "Ada" });
    dispatcher.emit(CarArrived);
    dispatcher.emit(LightSwitched);
    expect![[r#"
        LobbyOpened
        ├─ all_of_the_lobby: done
        └─ one_segment: done
        GuestArrived { name: "Ada" }
        ├─ all_of_the_lobby: done
        ├─ below_guest: done
        └─ every_arrival: done
        GuestLeft { name: "Ada" }
        ├─ all_of_the_lobby: done
        └─ below_guest: done
        CarArrived
        └─ every_arrival: done
        LightSwitched
    "#]]
    .assert_eq(&rec.timeline().to_string());
}
