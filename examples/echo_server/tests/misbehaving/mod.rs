//! Peers that do not behave.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use echo_server::BUFFER;
use rustix::net::sockopt::{set_socket_linger, set_socket_recv_buffer_size};
use rustix::net::{AddressFamily, SocketType, socket};

/// How long anything may take before a test gives it up. It is a failure, and no measure.
pub(crate) const LIMIT: Duration = Duration::from_mins(2);

/// More than the buffers of both systems hold.
pub(crate) const MUCH: usize = 64 * 1024 * 1024;

/// A peer that sends [`MUCH`] from a thread of its own, and does not read.
pub(crate) struct Stalled {
    pub(crate) stream: TcpStream,
    pub(crate) sender: JoinHandle<()>,
    sent: Arc<AtomicUsize>,
}

impl Stalled {
    pub(crate) fn connect(server: SocketAddr) -> Self {
        let stream = narrow(server);
        let sent = Arc::new(AtomicUsize::new(0));
        let (mut sending, counting) = (stream.try_clone().expect("a socket"), Arc::clone(&sent));
        let sender = thread::spawn(move || {
            for chunk in sequence(MUCH).chunks(BUFFER) {
                if sending.write_all(chunk).is_err() {
                    return; // it was reset
                }
                counting.fetch_add(chunk.len(), Ordering::SeqCst);
            }
        });
        Self {
            stream,
            sender,
            sent,
        }
    }

    /// How much of it the server and both systems have taken.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

pub(crate) fn connect(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).expect("it listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a socket");
    stream
}

/// A connection that takes little at once, so that what is sent to it is cut anywhere.
fn narrow(server: SocketAddr) -> TcpStream {
    let connect = || {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        set_socket_recv_buffer_size(&socket, 8 * 1024)?;
        rustix::net::connect(&socket, &server)?;
        io::Result::Ok(TcpStream::from(socket))
    };
    let stream = connect().expect("it listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a socket");
    stream
}

/// Bytes that are not the same after any power of two.
pub(crate) fn sequence(length: usize) -> Vec<u8> {
    (0..251).cycle().take(length).collect()
}

/// Closes a connection by a reset, not in the orderly way.
pub(crate) fn reset(stream: TcpStream) {
    set_socket_linger(&stream, Some(Duration::ZERO)).expect("a socket");
    drop(stream);
}
