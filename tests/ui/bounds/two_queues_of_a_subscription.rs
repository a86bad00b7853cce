#![allow(unused)]

use event_core::Dispatcher;
use event_core::queue::Queue;

static MAIL: Queue = Queue::new("mail");
static ARCHIVE: Queue = Queue::new("archive");

fn subscribe(dispatcher: &Dispatcher) {
    let options = dispatcher.subscription_builder().queue(&MAIL);
    let options = options.queue(&ARCHIVE);
}

fn main() {}
