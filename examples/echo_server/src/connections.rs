//! The open connections: what handlers of readiness need.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::connection::{BUFFER, Connection, Turn};
use crate::events::{Blocked, Closed, ConnectionId, Why};

/// The open connections of a server.
///
/// Handlers share what they depend on, so it is behind a lock. All of them run on the loop's thread,
/// and nobody waits for it.
#[derive(Debug)]
pub struct Connections {
    registry: Registry,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    connections: HashMap<ConnectionId, Connection>,
    /// How many there have been.
    count: usize,
    /// Where bytes are on their way through; what has to stay is copied.
    buffer: Box<[u8]>,
}

impl Connections {
    pub(crate) fn new(registry: Registry) -> Self {
        let open = Open {
            connections: HashMap::new(),
            count: 0,
            buffer: vec![0; BUFFER].into_boxed_slice(),
        };
        Self {
            registry,
            open: Mutex::new(open),
        }
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.open().connections.len()
    }

    /// The most bytes that wait for any peer; never more than [`BUFFER`].
    #[must_use]
    pub fn most_waiting(&self) -> usize {
        let open = self.open();
        let waiting = open.connections.values().map(Connection::waiting);
        waiting.max().unwrap_or(0)
    }

    pub(crate) fn add(&self, mut stream: TcpStream) -> io::Result<ConnectionId> {
        stream.set_nodelay(true)?;
        let mut open = self.open();
        let id = ConnectionId(open.count + 1);
        self.registry
            .register(&mut stream, Token(id.0), Interest::READABLE)?;
        open.count += 1;
        open.connections.insert(id, Connection::new(stream));
        Ok(id)
    }

    /// Gives a connection its turn, which it may end by closing. What comes of it are facts for others.
    pub(crate) fn turn(
        &self,
        id: ConnectionId,
        turn: impl FnOnce(&mut Connection, &mut [u8]) -> io::Result<Turn>,
    ) -> (Option<Blocked>, Option<Closed>) {
        let mut open = self.open();
        let Open {
            connections,
            buffer,
            ..
        } = &mut *open;
        let Some(connection) = connections.get_mut(&id) else {
            return (None, None); // closed by an event of the same moment
        };
        let ended = turn(connection, buffer).and_then(|turn| {
            if matches!(turn, Turn::Again | Turn::Blocked) {
                connection.wait(&self.registry, Token(id.0))?;
            }
            Ok(turn)
        });
        let why = match ended {
            Ok(Turn::Idle | Turn::Again) => return (None, None),
            Ok(Turn::Blocked) => {
                let waiting = connection.waiting();
                let connection = id;
                return (
                    Some(Blocked {
                        connection,
                        waiting,
                    }),
                    None,
                );
            }
            Ok(Turn::Finished) => Why::Finished,
            Err(error) => Why::Broken(error.kind()),
        };
        let closed = connections.remove(&id);
        (
            None,
            closed.map(|connection| self.close(id, connection, why)),
        )
    }

    /// Closes all; what waits is sent as far as there is room.
    pub(crate) fn close_all(&self) -> Vec<Closed> {
        let connections = std::mem::take(&mut self.open().connections);
        let close = |(id, mut connection): (_, Connection)| {
            let why = match connection.flush() {
                Ok(_) => Why::Stopped,
                Err(error) => Why::Broken(error.kind()),
            };
            self.close(id, connection, why)
        };
        connections.into_iter().map(close).collect()
    }

    fn close(&self, connection: ConnectionId, mut closing: Connection, why: Why) -> Closed {
        // Closing the socket, right after, would do; a system that refuses leaves nothing to be done.
        let _ = self.registry.deregister(closing.source());
        Closed {
            connection,
            why,
            echoed: closing.echoed(),
            lost: closing.waiting(),
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
