//! Microseconds to build a dispatcher of a thousand linked handlers for fifty events, the first time in
//! this process. Half of the handlers take a dependency, so there is something to bind.
//!
//! It does not name the library, whose handlers would be linked and counted, too.

#[path = "../stamp.rs"]
#[macro_use]
mod stamp;

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use event_core::Dispatcher;
use rustix::time::{ClockId, clock_gettime};

/// What half of the handlers depend on.
struct Ledger(AtomicU64);

fn main() {
    let start = clock_gettime(ClockId::ThreadCPUTime);
    let ledger = Ledger(AtomicU64::new(0));
    let dispatcher = Dispatcher::builder().provide(ledger).build();
    let spent = Duration::try_from(clock_gettime(ClockId::ThreadCPUTime) - start);

    black_box(dispatcher).unwrap_or_else(|error| panic!("{error}"));
    let spent = spent.expect("time does not run backwards");
    println!("{:.1}", spent.as_secs_f64() * 1e6);
}

fn look<const I: usize>(id: u64) {
    black_box(id.wrapping_add(I as u64));
}

fn add<const I: usize>(id: u64, ledger: &Ledger) {
    ledger
        .0
        .fetch_add(id.wrapping_add(I as u64), Ordering::Relaxed);
}

macro_rules! events {
    ($($module:ident)*) => { $(
        mod $module {
            use super::{Ledger, add, look};

            #[derive(event_core::Event)]
            struct Placed {
                id: u64,
            }

            ten_handlers!(plain, 0, (event: &super::Placed), look(event.id));
            ten_handlers!(bound, 0, (event: &super::Placed, ledger: &super::Ledger), add(event.id, ledger));
        }
    )* };
}

events! {
    e00 e01 e02 e03 e04 e05 e06 e07 e08 e09
    e10 e11 e12 e13 e14 e15 e16 e17 e18 e19
    e20 e21 e22 e23 e24 e25 e26 e27 e28 e29
    e30 e31 e32 e33 e34 e35 e36 e37 e38 e39
    e40 e41 e42 e43 e44 e45 e46 e47 e48 e49
}
