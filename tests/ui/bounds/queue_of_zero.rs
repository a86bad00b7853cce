#![allow(unused)]

use event_core::queue::Queue;

static MAIL: Queue = Queue::new("mail").capacity(0);

fn main() {}
