//! Clients: many connections that one thread drives, and that compare every byte that comes back.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream as Blocking};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::pattern::{BLOCK, Pattern};

/// Connections to one server, all open at the same time.
#[derive(Debug)]
pub struct Load {
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
    pattern: Pattern,
    buffer: Box<[u8]>,
}

/// What every client sends and waits for.
#[derive(Clone, Copy, Debug)]
pub struct Errand {
    /// Bytes that each client sends, and gets back.
    pub each: u64,
    /// How many of them are under way at most: a client sends a message, waits until it is back, and
    /// sends the next one.
    pub message: usize,
    /// How long all of it may take.
    pub limit: Duration,
}

/// Why not everything came back as it was sent.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A byte was lost, repeated, or changed.
    #[error("client {client} got other bytes than it sent, at or after byte {position}")]
    Wrong {
        /// Counted from 0.
        client: usize,
        /// Where in what it had sent.
        position: u64,
    },
    /// The server closed a connection too early.
    #[error("client {client} was disconnected after byte {position}")]
    DeliveryStatus {
        /// Counted from 0.
        client: usize,
        /// How much had come back.
        position: u64,
    },
    /// A connection broke.
    #[error("client {client}: {source}")]
    Broken {
        /// Counted from 0.
        client: usize,
        /// What the system said.
        source: io::Error,
    },
    /// It took too long.
    #[error("{missing} of {wanted} bytes were not back after {limit:?}")]
    Slow {
        /// Bytes that did not come back.
        missing: u64,
        /// All bytes that were to come.
        wanted: u64,
        /// How long it was to take.
        limit: Duration,
    },
    /// The clients' loop could not wait.
    #[error("the clients cannot wait for their sockets: {0}")]
    Poll(io::Error),
}

#[derive(Debug)]
struct Client {
    stream: TcpStream,
    sent: u64,
    received: u64,
    /// What it was to send in all errands so far.
    wanted: u64,
}

impl Load {
    /// Connects so many clients.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn connect(server: SocketAddr, clients: usize) -> io::Result<Self> {
        let poll = Poll::new()?;
        let connect = |index| {
            let stream = Blocking::connect(server)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let both = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(index), both)?;
            Ok(Client {
                stream,
                sent: 0,
                received: 0,
                wanted: 0,
            })
        };
        let clients = (0..clients).map(connect).collect::<io::Result<_>>()?;
        Ok(Self {
            poll,
            events: Events::with_capacity(1024),
            clients,
            pattern: Pattern::new(),
            buffer: vec![0; BLOCK].into_boxed_slice(),
        })
    }

    /// Lets every client send and receive, side by side; answers how long it took until all was back.
    ///
    /// # Errors
    ///
    /// At the first client that does not get back what it sent, or if it takes too long.
    pub fn run(&mut self, errand: Errand) -> Result<Duration, LoadError> {
        let start = Instant::now();
        let wanted = errand.each * self.clients.len() as u64;
        let mut missing = wanted;
        for client in &mut self.clients {
            client.wanted += errand.each;
        }
        for index in 0..self.clients.len() {
            self.turn(index, errand)?;
        }
        while missing > 0 {
            let slow = || LoadError::Slow {
                missing,
                wanted,
                limit: errand.limit,
            };
            let left = errand.limit.checked_sub(start.elapsed()).ok_or_else(slow)?;
            match self.poll.poll(&mut self.events, Some(left)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled.map_err(LoadError::Poll)?,
            }
            let ready: Vec<_> = self.events.iter().map(|event| event.token().0).collect();
            for index in ready {
                missing -= self.turn(index, errand)?;
            }
        }
        Ok(start.elapsed())
    }

    /// Says that nothing more comes, and waits until the server has closed every connection.
    ///
    /// # Errors
    ///
    /// If more comes back than was sent, or the server does not close.
    pub fn finish(self, limit: Duration) -> Result<(), LoadError> {
        let start = Instant::now();
        for (index, client) in self.clients.into_iter().enumerate() {
            let left = limit.saturating_sub(start.elapsed());
            client.finish(index, left)?;
        }
        Ok(())
    }

    /// Lets one client do what it can; answers how many bytes came back.
    fn turn(&mut self, index: usize, errand: Errand) -> Result<u64, LoadError> {
        let client = &mut self.clients[index];
        let before = client.received;
        let turn = client.turn(index, errand.message, &self.pattern, &mut self.buffer);
        turn.map(|()| self.clients[index].received - before)
    }
}

impl Client {
    /// Receives and sends until nothing is left to do, or the system has to be waited for. What comes
    /// after the last read is news, so the system tells of it.
    fn turn(
        &mut self,
        index: usize,
        message: usize,
        pattern: &Pattern,
        buffer: &mut [u8],
    ) -> Result<(), LoadError> {
        while self.receive(index, pattern, buffer)? {}
        while self.send(index, message, pattern)? {}
        Ok(())
    }

    /// Sends what is left of a message, or the next one if the last one is back; answers whether
    /// there was anything to send and room for it.
    fn send(&mut self, index: usize, message: usize, pattern: &Pattern) -> Result<bool, LoadError> {
        let message = message as u64;
        // The message that the first byte which is not back belongs to.
        let end = (self.received / message * message + message).min(self.wanted);
        if self.sent >= end {
            return Ok(false);
        }
        let left = usize::try_from(end - self.sent).unwrap_or(usize::MAX);
        let bytes = pattern.block(index, self.sent);
        let bytes = &bytes[..left.min(bytes.len())];
        let sent = transferred(self.stream.write(bytes));
        match sent.map_err(|source| broken(index, source))? {
            Some(sent) => {
                self.sent += sent as u64;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Receives what is under way; answers whether something was there.
    fn receive(
        &mut self,
        index: usize,
        pattern: &Pattern,
        buffer: &mut [u8],
    ) -> Result<bool, LoadError> {
        let left = usize::try_from(self.sent - self.received).unwrap_or(usize::MAX);
        if left == 0 {
            return Ok(false);
        }
        let room = left.min(buffer.len());
        let received = transferred(self.stream.read(&mut buffer[..room]));
        let position = self.received;
        match received.map_err(|source| broken(index, source))? {
            Some(0) => Err(LoadError::DeliveryStatus {
                client: index,
                position,
            }),
            Some(received) => {
                let expected = &pattern.block(index, position)[..received];
                self.received += received as u64;
                if buffer[..received] != *expected {
                    return Err(LoadError::Wrong {
                        client: index,
                        position,
                    });
                }
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn finish(self, index: usize, limit: Duration) -> Result<(), LoadError> {
        let end = || {
            let mut stream = Blocking::from(self.stream);
            stream.set_nonblocking(false)?;
            // A limit of nothing would be none.
            stream.set_read_timeout(Some(limit.max(Duration::from_millis(1))))?;
            stream.shutdown(std::net::Shutdown::Write)?;
            stream.read(&mut [0])
        };
        match end().map_err(|source| broken(index, source))? {
            0 => Ok(()),
            _ => Err(LoadError::Wrong {
                client: index,
                position: self.received,
            }),
        }
    }
}

/// How much was sent or received; nothing if the socket was not ready.
fn transferred(outcome: io::Result<usize>) -> io::Result<Option<usize>> {
    match outcome {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        // Nothing was done, so it is done again.
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(None),
        Err(error) => Err(error),
    }
}

fn broken(client: usize, source: io::Error) -> LoadError {
    LoadError::Broken { client, source }
}
