//! Programs that send to each other what they emit and receive.

mod any;
mod loops;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use event_core::wire::{Codec, EncodeError, Envelope};
use event_core::{AnyEvent, Dispatcher, Event, Meta, handler};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "forwarding.asked", wire)]
struct Asked(u32);

#[derive(Event, Serialize, Deserialize)]
#[event(name = "forwarding.answered", wire)]
struct Answered(u32);

/// What a program sends, and whether it also sends what came from outside.
struct Outbox {
    codec: Codec,
    forwards_all: bool,
    sent: Mutex<Vec<String>>,
    seen: Mutex<Vec<Meta>>,
}

#[handler]
#[allow(
    clippy::needless_pass_by_value,
    reason = "a handler takes its `Meta` by value"
)]
fn send(event: &dyn AnyEvent, outbox: &Outbox, meta: Meta) -> Result<(), EncodeError> {
    outbox.seen.lock().expect("seen").push(meta.clone());
    if outbox.forwards_all || !meta.is_remote() {
        let envelope = outbox.codec.encode(event, &meta)?;
        outbox.sent.lock().expect("sent").push(envelope);
    }
    Ok(())
}

#[handler]
fn answer(event: &Asked) -> Answered {
    Answered(event.0)
}

#[handler]
fn ask_again(event: &Answered) -> Asked {
    Asked(event.0)
}

struct Program {
    dispatcher: Dispatcher,
    outbox: Arc<Outbox>,
}

/// How a program behaves.
#[derive(Clone, Copy, Debug, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is independent of the others"
)]
struct Manner {
    forwards_all: bool,
    allows_echoes: bool,
    answers: bool,
    asks_again: bool,
    depth_limit: Option<u32>,
}

impl Program {
    fn new(source: &str, manner: Manner) -> Self {
        let mut codec = Codec::new(source).expect("a source");
        if manner.allows_echoes {
            codec = codec.allow_echoes();
        }
        let outbox = Arc::new(Outbox {
            codec,
            forwards_all: manner.forwards_all,
            sent: Mutex::default(),
            seen: Mutex::default(),
        });
        let mut builder = Dispatcher::builder().only(send);
        if manner.answers {
            builder = builder.only(answer);
        }
        if manner.asks_again {
            builder = builder.only(ask_again);
        }
        let dispatcher = builder
            .provide_arc(Arc::clone(&outbox))
            .depth_limit(manner.depth_limit.unwrap_or(256))
            .build()
            .expect("wired");
        Self { dispatcher, outbox }
    }

    fn take_sent(&self) -> Vec<String> {
        std::mem::take(&mut *self.outbox.sent.lock().expect("sent"))
    }

    fn decode(&self, envelope: &str) -> Envelope {
        let read = self.outbox.codec.decode(envelope.as_bytes());
        read.expect("it is read")
    }

    /// Delivers an envelope; returns what the failures say.
    fn receive(&self, envelope: &str) -> Vec<String> {
        let report = self.dispatcher.emit(self.decode(envelope));
        report.failures().iter().map(ToString::to_string).collect()
    }
}

/// What happened in a network until nothing was under way.
#[derive(Debug, Default)]
struct Traffic {
    deliveries: usize,
    failures: Vec<String>,
}

/// Carries what each program sends to those that its list names, until all is quiet.
fn run(programs: &[Program], links: &[Vec<usize>]) -> Traffic {
    let mut traffic = Traffic::default();
    let mut under_way = VecDeque::new();
    loop {
        for (from, program) in programs.iter().enumerate() {
            for envelope in program.take_sent() {
                under_way.extend(links[from].iter().map(|to| (*to, envelope.clone())));
            }
        }
        let Some((to, envelope)) = under_way.pop_front() else {
            return traffic;
        };
        traffic.deliveries += 1;
        assert!(traffic.deliveries < 100_000, "it does not end: {envelope}");
        traffic.failures.extend(programs[to].receive(&envelope));
    }
}
