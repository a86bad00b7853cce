//! The loop: makes facts of what the system says, and knows nobody who reacts.

use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use event_core::{Dispatcher, Transient};
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::connections::Connections;
use crate::events::{Accepted, ConnectionId, Readable, Writable};

/// Connections are counted from 1, and never come that far.
const LISTENER: Token = Token(usize::MAX);
const STOP: Token = Token(usize::MAX - 1);

/// How soon to try again where the system had nothing left for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// A server that listens and does not serve yet.
#[derive(Debug)]
pub struct Server {
    poll: Poll,
    listener: TcpListener,
    connections: Arc<Connections>,
    stop: Arc<Waker>,
}

/// Stops a server, from any thread.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<Waker>);

impl Server {
    /// Listens on an address; with port 0 the system chooses one.
    ///
    /// # Errors
    ///
    /// The system's, for example that the port is taken.
    pub fn listen(address: SocketAddr) -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry();
        let mut listener = TcpListener::bind(address)?;
        registry.register(&mut listener, LISTENER, Interest::READABLE)?;
        let stop = Arc::new(Waker::new(registry, STOP)?);
        let connections = Arc::new(Connections::new(registry.try_clone()?));
        Ok(Self {
            poll,
            listener,
            connections,
            stop,
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

    /// What the handlers of its events depend on, for `provide_arc`.
    #[must_use]
    pub fn connections(&self) -> Arc<Connections> {
        Arc::clone(&self.connections)
    }

    /// What stops it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.stop))
    }

    /// Serves until it is stopped. Then it closes all connections, and each is a fact like any other.
    ///
    /// # Errors
    ///
    /// The system's, about the loop itself; what is wrong with one connection ends that connection.
    pub fn serve(mut self, dispatcher: &Dispatcher) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut all_accepted = true;
        let mut serving = true;
        while serving {
            let pause = (!all_accepted).then_some(PAUSE);
            match self.poll.poll(&mut events, pause) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let mut accept = !all_accepted;
            for event in &events {
                let connection = match event.token() {
                    LISTENER => {
                        accept = true;
                        continue;
                    }
                    STOP => {
                        serving = false;
                        continue;
                    }
                    Token(token) => ConnectionId(token),
                };
                if event.is_writable() || event.is_write_closed() {
                    tell(dispatcher, Writable { connection });
                }
                if event.is_readable() || event.is_read_closed() {
                    let last = event.is_read_closed() || event.is_error();
                    tell(dispatcher, Readable { connection, last });
                }
            }
            if accept && serving {
                all_accepted = self.accept(dispatcher, all_accepted);
            }
        }
        for closed in self.connections.close_all() {
            tell(dispatcher, closed);
        }
        Ok(())
    }

    /// Accepts all who wait; answers whether it could. Says so the first time it cannot.
    fn accept(&self, dispatcher: &Dispatcher, could: bool) -> bool {
        loop {
            let (stream, peer) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return true,
                    // Somebody changed their mind.
                    ErrorKind::Interrupted
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::ConnectionReset => continue,
                    _ => {
                        if could {
                            complain(format_args!("nobody more is accepted for now: {error}"));
                        }
                        return false;
                    }
                },
            };
            match self.connections.add(stream) {
                Ok(connection) => tell(dispatcher, Accepted { connection, peer }),
                Err(error) => complain(format_args!("{peer} was turned away: {error}")),
            }
        }
    }
}

impl Stopper {
    /// Stops the server; again and again does no harm.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn stop(&self) -> io::Result<()> {
        self.0.wake()
    }
}

/// Emits an event. A handler that fails reaches no other, and not the loop.
fn tell(dispatcher: &Dispatcher, event: impl Transient) {
    let report = dispatcher.emit(event);
    for failure in report.failures() {
        complain(format_args!("{failure}"));
    }
}

/// Writes to standard error; unlike `eprintln!`, does not panic if that is closed.
fn complain(text: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "echo_server: {text}");
}
