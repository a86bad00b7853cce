//! The lobby of a hotel: its facts, and those who react whenever they are linked.
//!
//! `src/main.rs` tells the story; [`five_defects`] shows what cannot go wrong here.

use event_core::{AnyEvent, Event, handler, handlers};

#[doc = include_str!("../five_defects.md")]
pub mod five_defects {}

/// The doors are unlocked.
#[derive(Debug, Event)]
#[event(name = "lobby.opened")]
pub struct LobbyOpened;

/// A guest came in.
#[derive(Debug, Event)]
#[event(name = "lobby.guest.arrived")]
pub struct GuestArrived {
    /// As written in the guest book.
    pub name: &'static str,
}

/// A guest went out.
#[derive(Debug, Event)]
#[event(name = "lobby.guest.left")]
pub struct GuestLeft {
    /// As written in the guest book.
    pub name: &'static str,
}

/// Says hello; the lobby has one.
#[derive(Debug)]
pub struct Greeter {
    /// The first word of what it says.
    pub greeting: &'static str,
}

#[handlers]
impl Greeter {
    /// A method is a handler like any other: `self` is a dependency.
    #[handler(priority = 10)]
    pub fn hello(&self, event: &GuestArrived) {
        println!("  {}, {}!", self.greeting, event.name);
    }
}

/// Lower priorities run first.
#[handler(priority = -10)]
pub fn open_the_door(_event: &GuestArrived) {
    println!("  The door opens.");
}

/// One segment behind `lobby.guest.`: whatever guests do.
#[handler(events = "lobby.guest.*", priority = 20)]
pub fn guest_book(event: &dyn AnyEvent) {
    println!("  guest book: {event:?}");
}

/// All of the lobby, whatever the number of segments.
#[handler(events = "lobby.**", priority = 30)]
pub fn journal(event: &dyn AnyEvent) {
    println!("  journal: {}", event.name());
}
