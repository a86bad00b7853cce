//! What happens to the server's sockets, as facts.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use event_core::Event;

/// Which connection an event is about. None is ever given to another one, so an event that comes
/// late finds nobody instead of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(crate) usize);

/// Somebody connected.
#[derive(Event, Debug)]
pub struct Accepted {
    /// The new connection.
    pub connection: ConnectionId,
    /// Who it is with.
    pub peer: SocketAddr,
}

/// There is something to read from a connection, which may be its end.
///
/// A server that nobody reads in is no server: `build()` refuses to make its dispatcher.
#[derive(Event, Debug)]
#[event(handlers = 1..)]
pub struct Readable {
    /// Where to read.
    pub connection: ConnectionId,
    /// Nothing more comes after it: the peer has said its last, or the connection is broken.
    pub last: bool,
}

/// A connection that had no room for more has room again.
#[derive(Event, Debug)]
#[event(handlers = 1..)]
pub struct Writable {
    /// Where to write.
    pub connection: ConnectionId,
}

/// The peer sends and does not read, or too slowly: until it has read what waits for it, nothing
/// more is read from it.
#[derive(Event, Debug)]
pub struct Blocked {
    /// The connection with that peer.
    pub connection: ConnectionId,
    /// So many bytes wait for it.
    pub waiting: usize,
}

/// A connection has ended, and its socket is closed.
#[derive(Event, Debug)]
pub struct Closed {
    /// It is not used again.
    pub connection: ConnectionId,
    /// How it came about.
    pub why: Why,
    /// So many bytes were sent back to the peer.
    pub echoed: u64,
    /// So many bytes of the peer's were not sent back any more.
    pub lost: usize,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The peer has said all it had to say, and all of it was sent back.
    Finished,
    /// The connection broke, for example because the peer reset it.
    Broken(io::ErrorKind),
    /// The server stopped.
    Stopped,
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {}", self.0)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finished => write!(f, "finished"),
            Self::Broken(kind) => write!(f, "broken: {kind}"),
            Self::Stopped => write!(f, "the server stopped"),
        }
    }
}
