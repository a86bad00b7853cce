//! `tokio::sync::broadcast` with a receiver for each handler, which the emitter asks one after the other.
//!
//! In a program each receiver is in a task of its own, and nobody knows when all have received; without
//! tasks it is the cheapest that a broadcast can be.

use std::hint::black_box;

use tokio::sync::broadcast::{self, Receiver, Sender};

use super::Awaited;
use crate::candidate::{Register, register};
use crate::work::{Order, count};

struct Channel {
    sender: Sender<Order>,
    handlers: Vec<Handler>,
}

struct Handler {
    receiver: Receiver<Order>,
    call: fn(&Order),
}

pub(super) fn candidate(handlers: usize) -> Awaited {
    let (sender, _) = broadcast::channel(16);
    let mut channel = Channel {
        sender,
        handlers: Vec::new(),
    };
    register(&mut channel, handlers);
    Awaited::new("broadcast", async move |id, total| {
        let event = black_box(Order { id, total });
        channel.sender.send(event).expect("there are receivers");
        for handler in &mut channel.handlers {
            let event = handler.receiver.recv().await.expect("it was just sent");
            (handler.call)(&event);
        }
    })
}

impl Register for Channel {
    fn add<const I: usize>(&mut self) {
        self.handlers.push(Handler {
            receiver: self.sender.subscribe(),
            call: |event| count::<I>(event.id, event.total),
        });
    }
}
