//! A hotel's lobby: priorities, handlers of one call, weak ones, methods, and patterns of names.
//!
//! ```text
//! cargo run -p greeter
//! ```
//!
//! What to look at:
//!
//! * The door, the greeter and the books are in `src/lib.rs`. They are linked, ordered by `priority`,
//!   and named nowhere here. A method is a handler, and a catch-all takes a pattern of names.
//! * The welcome is a closure of one call. It runs for the first guest, as nobody else holds it: a
//!   subscription owns its closure.
//! * The clerk is subscribed weakly, and the subscription ends with the clerk.
//! * `five_defects.md` sets the classic `EventBusPro` of Python side by side with this: five mistakes
//!   which that class makes possible, and what makes each impossible here. Its samples are compiled and
//!   run, or fail to compile as they should.

use std::sync::Arc;

use event_core::Dispatcher;
use greeter::{Greeter, GuestArrived, GuestLeft, LobbyOpened};

struct Clerk {
    name: &'static str,
}

impl Clerk {
    fn wave(&self, event: &GuestArrived) {
        println!("  {} waves at {}.", self.name, event.name);
    }
}

fn main() -> Result<(), event_core::error::BuildError> {
    let greeting = "Hello";
    let dispatcher = Dispatcher::builder()
        .provide(Greeter { greeting })
        .build()?;
    let arrive = |name| {
        println!("{name} arrives.");
        dispatcher.emit(GuestArrived { name });
    };

    println!("The lobby opens.");
    dispatcher.emit(LobbyOpened);

    let welcome = |event: &GuestArrived| println!("  Welcome, {}, first guest!", event.name);
    let _welcome = dispatcher.subscription_builder().once().subscribe(welcome);
    let clerk = Arc::new(Clerk { name: "Linus" });
    let _waving = dispatcher
        .subscription_builder()
        .weak(&clerk)
        .subscribe(Clerk::wave);
    arrive("Ada");
    arrive("Grace");

    println!("Linus goes home.");
    drop(clerk);
    arrive("Edsger");

    println!("Ada leaves.");
    dispatcher.emit(GuestLeft { name: "Ada" });
    Ok(())
}
