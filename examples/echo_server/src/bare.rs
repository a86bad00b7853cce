//! The same server without events: the loop calls the protocol itself. It is what the other one is
//! measured by, and written as one would write it, so it has no lock and counts nothing.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Registry, Token};

use crate::connection::{BUFFER, Connection, Turn};

const LISTENER: Token = Token(0);

/// A bare loop that listens and does not serve yet.
#[derive(Debug)]
pub struct Bare {
    poll: Poll,
    listener: TcpListener,
    connections: HashMap<Token, Connection>,
    next: usize,
    buffer: Box<[u8]>,
}

impl Bare {
    /// Listens on an address.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn listen(address: SocketAddr) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(address)?;
        poll.registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            connections: HashMap::new(),
            next: LISTENER.0 + 1,
            buffer: vec![0; BUFFER].into_boxed_slice(),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves as long as the process lives.
    ///
    /// # Errors
    ///
    /// The system's, about the loop itself.
    pub fn serve(mut self) -> io::Result<Infallible> {
        let mut events = Events::with_capacity(1024);
        loop {
            self.poll.poll(&mut events, None)?;
            let registry = self.poll.registry();
            for event in &events {
                let token = event.token();
                if token == LISTENER {
                    while let Some(connection) = accept(&self.listener, registry, self.next)? {
                        self.connections.insert(Token(self.next), connection);
                        self.next += 1;
                    }
                    continue;
                }
                if (event.is_writable() || event.is_write_closed())
                    && let Some(connection) = self.connections.get_mut(&token)
                {
                    let turn = connection.flush();
                    if is_over(&turn, connection, registry, token) {
                        self.connections.remove(&token);
                    }
                }
                if (event.is_readable() || event.is_read_closed())
                    && let Some(connection) = self.connections.get_mut(&token)
                {
                    let last = event.is_read_closed() || event.is_error();
                    let turn = connection.echo(&mut self.buffer, last);
                    if is_over(&turn, connection, registry, token) {
                        self.connections.remove(&token);
                    }
                }
            }
        }
    }
}

fn accept(
    listener: &TcpListener,
    registry: &Registry,
    token: usize,
) -> io::Result<Option<Connection>> {
    match listener.accept() {
        Ok((mut stream, _)) => {
            stream.set_nodelay(true)?;
            registry.register(&mut stream, Token(token), Interest::READABLE)?;
            Ok(Some(Connection::new(stream)))
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_over(
    turn: &io::Result<Turn>,
    connection: &mut Connection,
    registry: &Registry,
    token: Token,
) -> bool {
    match turn {
        Ok(Turn::Idle) => false,
        Ok(Turn::Again | Turn::Blocked) => connection.wait(registry, token).is_err(),
        Ok(Turn::Finished) | Err(_) => true,
    }
}
