//! One connection: what came in, and what of it still has to go out.

use std::io::{self, ErrorKind, Read, Write};

use mio::event::Source;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// The most that is read at once, and so the most that waits for a peer that does not read.
pub const BUFFER: usize = 64 * 1024;

/// Whether a read that does not fill the buffer has taken all there was, so that the next one, which
/// would only say so, can be spared. Linux tells of whatever comes later; elsewhere the loop would not
/// hear of it before a read has found nothing.
const SHORT_READS_TELL: bool = cfg!(target_os = "linux");

/// A connection either reads or, while something waits to be sent, writes. That is the backpressure:
/// a peer that does not read is not read from, the system's buffers fill, and the peer has to wait.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was read and had no room to be sent.
    waiting: Vec<u8>,
    echoed: u64,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// There is nothing left to do until the system says so.
    Idle,
    /// There may be something left to read, and others wait for their turns.
    Again,
    /// Something waits to be sent.
    Blocked,
    /// The peer has said its last, and got it back.
    Finished,
}

impl Connection {
    pub(crate) const fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            waiting: Vec::new(),
            echoed: 0,
        }
    }

    pub(crate) fn source(&mut self) -> &mut impl Source {
        &mut self.stream
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) const fn echoed(&self) -> u64 {
        self.echoed
    }

    /// Reads once, by way of `buffer`, and sends that back. One read is a turn: a peer that sends
    /// without pause does not keep the loop to itself. Whether what came is the `last` has been told
    /// already, and is not told again.
    pub(crate) fn echo(&mut self, buffer: &mut [u8], last: bool) -> io::Result<Turn> {
        if !self.waiting.is_empty() {
            return Ok(Turn::Idle); // first things first
        }
        let read = match self.stream.read(buffer) {
            Ok(0) => return Ok(Turn::Finished),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Turn::Idle),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Turn::Again),
            Err(error) => return Err(error),
        };
        let came = &buffer[..read];
        let sent = send(&mut self.stream, came)?;
        self.echoed += sent as u64;
        if sent < read {
            self.waiting.extend_from_slice(&came[sent..]);
            return Ok(Turn::Blocked);
        }
        let is_all = SHORT_READS_TELL && read < buffer.len() && !last;
        Ok(if is_all { Turn::Idle } else { Turn::Again })
    }

    /// Sends what waits, as far as there is room.
    pub(crate) fn flush(&mut self) -> io::Result<Turn> {
        if self.waiting.is_empty() {
            return Ok(Turn::Idle);
        }
        let sent = send(&mut self.stream, &self.waiting)?;
        self.echoed += sent as u64;
        if sent < self.waiting.len() {
            self.waiting.drain(..sent);
            return Ok(Turn::Idle);
        }
        self.waiting = Vec::new(); // who waited once may never do so again
        Ok(Turn::Again)
    }

    /// Tells the system what the connection waits for. It answers at once if that is there already.
    pub(crate) fn wait(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = if self.waiting.is_empty() {
            Interest::READABLE
        } else {
            Interest::WRITABLE
        };
        registry.reregister(&mut self.stream, token, interest)
    }
}

/// Sends as much as there is room for; answers how much that was.
fn send(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(more) => sent += more,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use std::net::{self, TcpListener};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn what_is_sent_bit_by_bit_keeps_its_order() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut peer = net::TcpStream::connect(listener.local_addr()?)?;
        peer.set_nonblocking(true)?;
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;
        let mut connection = Connection::new(TcpStream::from_std(stream));
        // More than the system takes at once.
        let all: Vec<u8> = (0..251).cycle().take(64 * 1024 * 1024).collect();
        connection.waiting.clone_from(&all);

        let (mut came, mut some, mut bits) = (Vec::new(), vec![0; 1024 * 1024], 0);
        let deadline = Instant::now() + Duration::from_mins(1);
        while came.len() < all.len() {
            assert!(Instant::now() < deadline, "{} bytes came", came.len());
            let before = connection.waiting();
            let turn = connection.flush()?;
            bits += usize::from(connection.waiting() < before);
            assert!(turn == Turn::Idle || connection.waiting() == 0);
            match peer.read(&mut some) {
                Ok(read) => came.extend_from_slice(&some[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
                Err(error) => return Err(error),
            }
        }
        assert!(bits > 1, "it was sent at once");
        assert!(came == all, "other bytes came than were sent");
        assert_eq!(connection.echoed(), all.len() as u64);
        Ok(())
    }
}
