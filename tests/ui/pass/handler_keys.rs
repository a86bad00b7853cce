//! The good twins of the keys of `#[handler]`: values of every accepted form.

use event_core::{Dispatcher, Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct Log(std::sync::Mutex<Vec<&'static str>>);

impl Log {
    fn add(&self, name: &'static str) {
        self.0.lock().unwrap().push(name);
    }
}

mod rules {
    pub fn is_large(event: &super::OrderPlaced) -> bool {
        event.order_id > 100
    }

    pub fn is_above<const LIMIT: u64, T>(event: &super::OrderPlaced) -> bool {
        event.order_id > LIMIT
    }
}

#[handler()]
fn second(_event: &OrderPlaced, log: &Log) {
    log.add("second");
}

#[handler(priority = -10,)]
fn first(_event: &OrderPlaced, log: &Log) {
    log.add("first");
}

#[handler(after = [second, self::fourth], priority = -99)]
fn fifth(_event: &OrderPlaced, log: &Log) {
    log.add("fifth");
}

#[handler(after = second, before = fifth, filter = rules::is_above::<5, Vec<(u8, u8)>>)]
fn fourth(_event: &OrderPlaced, log: &Log) {
    log.add("fourth");
}

#[handler(filter = rules::is_large)]
fn never(_event: &OrderPlaced, log: &Log) {
    log.add("never");
}

#[handler(crate = event_core)]
fn elsewhere(_event: &OrderPlaced) {}

fn main() {
    let log = std::sync::Arc::new(Log(Default::default()));
    let dispatcher = Dispatcher::builder()
        .provide_arc(log.clone())
        .build()
        .unwrap();
    let report = dispatcher.emit(OrderPlaced { order_id: 7 });
    assert_eq!(report.skipped(), 1);
    assert_eq!(
        *log.0.lock().unwrap(),
        ["first", "second", "fourth", "fifth"]
    );
}
