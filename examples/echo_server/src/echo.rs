//! The protocol: everything that comes in goes back. The loop does not name it; the linker
//! collects its handlers.

use event_core::handler;

use crate::connections::Connections;
use crate::events::{Blocked, Closed, Readable, Writable};

/// Sends back what has come in.
#[handler]
pub fn echo(event: &Readable, connections: &Connections) -> (Option<Blocked>, Option<Closed>) {
    connections.turn(event.connection, |connection, buffer| {
        connection.echo(buffer, event.last)
    })
}

/// Sends what had to wait, and reads again when nothing waits any more.
#[handler]
pub fn go_on(event: &Writable, connections: &Connections) -> (Option<Blocked>, Option<Closed>) {
    connections.turn(event.connection, |connection, _| connection.flush())
}
