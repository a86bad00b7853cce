//! A proxy that cuts a connection between the `COMMIT` of a client and the server's answer, or lets a listener hear
//! nothing more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Passes on what comes, until it is told to cut.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    faults: Arc<Faults>,
}

#[derive(Debug, Default)]
struct Faults {
    cuts: AtomicBool,
    deafens: AtomicBool,
}

impl Proxy {
    /// A proxy in front of a server on this machine.
    ///
    /// # Panics
    ///
    /// Panics if no port is free.
    pub async fn start(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        let faults = Arc::new(Faults::default());
        let shared = Arc::clone(&faults);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, server, Arc::clone(&shared)));
            }
        });
        Self { port, faults }
    }

    /// Where clients connect.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Lets the next `COMMIT` through and its answer not, once.
    pub fn cut_at_the_next_commit(&self) {
        self.faults.cuts.store(true, Ordering::SeqCst);
    }

    /// Lets connections that listen stay open, and nothing of the server's come through them any more.
    pub fn deafen_listeners(&self) {
        self.faults.deafens.store(true, Ordering::SeqCst);
    }
}

async fn pass_on(mut client: TcpStream, server: u16, faults: Arc<Faults>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await else {
        return;
    };
    let (mut to_server, mut to_client) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut listens = false;
    loop {
        tokio::select! {
            read = client.read(&mut to_server) => {
                let Ok(length @ 1..) = read else { return };
                let part = &to_server[..length];
                if server.write_all(part).await.is_err() {
                    return;
                }
                listens |= part.windows(6).any(|word| word == b"LISTEN");
                let commits = part.windows(6).any(|word| word == b"COMMIT");
                if commits && faults.cuts.swap(false, Ordering::SeqCst) {
                    // The server's answer says that it is done. The client never gets it.
                    let _ = server.read(&mut to_client).await;
                    return;
                }
            }
            read = server.read(&mut to_client) => {
                let Ok(length @ 1..) = read else { return };
                if listens && faults.deafens.load(Ordering::SeqCst) {
                    continue;
                }
                if client.write_all(&to_client[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
