//! How processes wake each other up: each that listens has a socket beside the locks, and the others send a byte to it.
//!
//! A thread reads the socket, so that a runtime without I/O does as well.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use tokio::sync::Notify;
use uuid::Uuid;

const EXTENSION: &str = "wake";

pub(super) struct Wake {
    folder: PathBuf,
    /// `None` within if there can be no socket: its path is too long, or the file system knows none.
    listener: OnceLock<Option<Listener>>,
}

/// A socket that is read until it is dropped.
struct Listener {
    path: PathBuf,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    news: Notify,
    is_over: AtomicBool,
}

impl Wake {
    /// Sockets in the folder of the locks.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            listener: OnceLock::new(),
        }
    }

    /// Listens from the first call on; returns whether others can wake this process.
    pub(super) fn listens(&self) -> bool {
        let listener = self.listener.get_or_init(|| {
            let listener = Listener::start(&self.folder).ok();
            // Removes what dead processes left, too.
            let _ = self.notify();
            listener
        });
        listener.is_some()
    }

    /// Returns when another process has woken this one up since the last call. Never ends if none can.
    pub(super) async fn heard(&self) {
        match self.listener.get() {
            Some(Some(listener)) => listener.heard.news.notified().await,
            _ => std::future::pending().await,
        }
    }

    /// Wakes the others up.
    ///
    /// # Errors
    ///
    /// The last one, if there are processes that cannot be told.
    pub(super) fn notify(&self) -> io::Result<()> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        let mut told = Ok(());
        let sender = sender()?;
        for entry in entries {
            let path = entry?.path();
            if path
                .extension()
                .is_none_or(|extension| extension != EXTENSION)
                || self.is_mine(&path)
            {
                continue;
            }
            if let Err(error) = tell(&sender, &path) {
                told = Err(error);
            }
        }
        told
    }

    fn is_mine(&self, path: &Path) -> bool {
        matches!(self.listener.get(), Some(Some(listener)) if listener.path == path)
    }
}

/// A socket that never waits for those to whom it sends.
fn sender() -> io::Result<UnixDatagram> {
    let sender = UnixDatagram::unbound()?;
    sender.set_nonblocking(true)?;
    Ok(sender)
}

fn tell(sender: &UnixDatagram, path: &Path) -> io::Result<()> {
    match sender.send_to(&[0], path) {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            // Its process is dead. If another one was faster, it is gone.
            ErrorKind::ConnectionRefused => {
                let _ = fs::remove_file(path);
                Ok(())
            }
            // It has not read what it was told before, or it ended.
            ErrorKind::WouldBlock | ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        },
    }
}

impl Listener {
    fn start(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        // Short, since the length of a socket's path is limited to about a hundred bytes.
        let (_, name) = Uuid::now_v7().as_u64_pair();
        let path = folder.join(format!("{name:016x}.{EXTENSION}"));
        // The socket gets the name that others look at when it can be reached, so that none takes it for a dead one. The
        // first name is as long, or nobody could use a path whose length is just within the limit.
        let new = path.with_extension("bind");
        let socket = UnixDatagram::bind(&new)?;
        let heard = Arc::new(Heard::default());
        let listener = Self {
            path,
            heard: Arc::clone(&heard),
        };
        fs::rename(&new, &listener.path)?;
        thread::Builder::new()
            .name("event-outbox-wake".to_owned())
            .spawn(move || read(&socket, &heard))?;
        Ok(listener)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.heard.is_over.store(true, Ordering::Release);
        // The thread sees that it is over.
        let _ = sender().and_then(|sender| sender.send_to(&[0], &self.path));
        let _ = fs::remove_file(&self.path);
    }
}

fn read(socket: &UnixDatagram, heard: &Heard) {
    let mut byte = [0];
    loop {
        let received = socket.recv(&mut byte);
        let is_over = heard.is_over.load(Ordering::Acquire)
            || received.is_err_and(|error| error.kind() != ErrorKind::Interrupted);
        if is_over {
            return;
        }
        heard.news.notify_one();
    }
}
