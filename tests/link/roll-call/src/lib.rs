//! The event that every handler of this workspace answers, and how a program shows who did.

use event_core::{Event, dispatcher::DispatcherBuilder};

/// Who is linked?
#[derive(Event)]
#[event(name = "link.roll_called", handlers = 1..)]
pub struct RollCalled;

/// What a handler answers; the report then says who it was.
#[derive(Event)]
pub struct Present;

/// The handlers that ran, one on a line and sorted; or else why the dispatcher is not built.
#[must_use]
pub fn answers(builder: DispatcherBuilder) -> String {
    match builder.build() {
        Ok(dispatcher) => {
            let report = dispatcher.emit(RollCalled);
            let mut names: Vec<_> = report
                .returned::<Present>()
                .map(|(handler, _)| handler.name())
                .collect();
            names.sort_unstable();
            names.join("\n")
        }
        Err(error) => error.to_string(),
    }
}

/// Prints [`answers`].
pub fn call(builder: DispatcherBuilder) {
    println!("{}", answers(builder));
}
