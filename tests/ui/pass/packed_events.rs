//! Events whose fields cannot be borrowed.

#![deny(warnings)]

use event_core::{AnyEvent, Dispatcher, Event, handler};

#[derive(Event)]
#[event(key = sequence)]
#[repr(C, packed)]
struct FrameReceived {
    kind: u8,
    sequence: u64,
    #[event(redact)]
    payload: String,
}

#[derive(Event, Debug, Clone, Copy)]
#[repr(packed(2))]
struct Moved(u8, u32);

#[derive(Event)]
#[repr(packed)]
struct Sampled<T: Copy>(T);

#[handler]
fn count(event: &FrameReceived) -> Moved {
    Moved(event.kind, 7)
}

fn main() {
    let frame = |sequence| FrameReceived {
        kind: 1,
        sequence,
        payload: "secret".to_owned(),
    };
    let shown = format!("{:?}", &frame(2) as &dyn AnyEvent);
    assert_eq!(
        shown,
        "FrameReceived { kind: 1, sequence: 2, payload: [redacted] }"
    );
    assert_eq!(format!("{:?}", &Moved(1, 2) as &dyn AnyEvent), "Moved(1, 2)");
    assert_eq!(format!("{:?}", &Sampled(1.5) as &dyn AnyEvent), "Sampled(1.5)");
    assert_eq!(frame(2).lane(), frame(2).lane());
    assert_ne!(frame(2).lane(), frame(3).lane());
    let dispatcher = Dispatcher::builder().build().unwrap();
    assert_eq!(dispatcher.emit(frame(2)).events(), 2);
}
