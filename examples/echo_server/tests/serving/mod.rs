//! A server on a thread of its own.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use echo_server::events::{Blocked, Closed, Why};
use echo_server::{Connections, Counts, Errand, Server, Stopper, Tally, open_files};
use event_core::Dispatcher;

/// How long anything may take before a test gives it up. It is a failure, and no measure.
pub(crate) const LIMIT: Duration = Duration::from_mins(2);

/// Ends with the test, however that ends.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) connections: Arc<Connections>,
    tally: Arc<Tally>,
    stopper: Stopper,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Serving {
    pub(crate) fn start() -> Self {
        // Both ends of the thousand connections of one test, and those of the others.
        open_files::need(4096).unwrap_or_else(|error| panic!("{error}"));
        let server = Server::listen(([127, 0, 0, 1], 0).into()).expect("a free port");
        let tally = Arc::new(Tally::default());
        let dispatcher = Dispatcher::builder()
            .module(echo_server::MODULE)
            .provide_arc(server.connections())
            .provide_arc(Arc::clone(&tally))
            .build()
            .unwrap_or_else(|error| panic!("{error}"));
        let (address, connections) = (server.address(), server.connections());
        let (stopper, inside) = (server.stopper(), dispatcher.clone());
        Self {
            address: address.expect("it listens"),
            dispatcher,
            connections,
            tally,
            stopper,
            thread: Some(thread::spawn(move || server.serve(&inside))),
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.tally.counts()
    }

    /// How each connection ends from now on, and what was lost.
    pub(crate) fn closings(&self) -> Receiver<(Why, usize)> {
        let (sender, receiver) = channel();
        let closed = move |event: &Closed| {
            let _ = sender.send((event.why, event.lost));
        };
        self.dispatcher.subscribe(closed).detach();
        receiver
    }

    /// Hears of each time that a peer has to be waited for.
    pub(crate) fn blockings(&self) -> Receiver<usize> {
        let (sender, receiver) = channel();
        let blocked = move |event: &Blocked| {
            let _ = sender.send(event.waiting);
        };
        self.dispatcher.subscribe(blocked).detach();
        receiver
    }

    /// Stops it; answers what it has counted.
    pub(crate) fn stop(mut self) -> Counts {
        self.stopper.stop().expect("it can be woken");
        let thread = self.thread.take().expect("it is joined once");
        thread
            .join()
            .expect("the loop does not panic")
            .expect("the loop does not fail");
        self.counts()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = self.stopper.stop();
            let _ = thread.join();
        }
    }
}

/// What each client sends.
pub(crate) fn errand(each: u64, message: usize) -> Errand {
    Errand {
        each,
        message,
        limit: LIMIT,
    }
}
