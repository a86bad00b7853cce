//! What a hundred handlers of one event keep on the heap: `memory ONE` prints the live bytes and the live
//! allocations of a fresh process with a dispatcher of a single handler, `memory ALL` of the same process
//! with all hundred. The difference is what 99 handlers cost.
//!
//! Each handler takes a dependency, without which there would be nothing to store per handler.
//! It does not name the library, whose handlers would be linked and counted, too.

#[path = "../stamp.rs"]
#[macro_use]
mod stamp;

use std::alloc::System;
use std::env;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use event_core::{Dispatcher, Event};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    let all = match env::args().nth(1).as_deref() {
        Some("ONE") => false,
        Some("ALL") => true,
        _ => {
            eprintln!("usage: memory ONE|ALL");
            return ExitCode::from(2);
        }
    };
    let region = Region::new(HEAP);
    let builder = Dispatcher::builder().provide(Ledger(AtomicU64::new(0)));
    let builder = if all {
        builder
    } else {
        builder.only(hundred_0::h0)
    };
    let dispatcher = builder.build().unwrap_or_else(|error| panic!("{error}"));
    let change = region.change();
    println!(
        "bytes {}",
        change.bytes_allocated - change.bytes_deallocated
    );
    println!("allocations {}", change.allocations - change.deallocations);
    drop(dispatcher);
    ExitCode::SUCCESS
}

/// The only event.
#[derive(Event)]
struct Placed {
    id: u64,
}

/// What every handler depends on.
struct Ledger(AtomicU64);

fn add<const I: usize>(id: u64, ledger: &Ledger) {
    ledger
        .0
        .fetch_add(id.wrapping_add(I as u64), Ordering::Relaxed);
}

ten_handlers!(hundred_0, 0, (event: &super::Placed, ledger: &super::Ledger), add(event.id, ledger));
ten_handlers!(hundred_1, 10, (event: &super::Placed, ledger: &super::Ledger), add(event.id, ledger));
ten_handlers!(hundred_2, 20, (event: &super::Placed, ledger: &super::Ledger), add(event.id, ledger));
ten_handlers!(hundred_3, 30, (event: &super::Placed, ledger: &super::Ledger), add(event.id, ledger));
ten_handlers!(hundred_4, 40, (event: &super::Placed, ledger: &super::Ledger), add(event.id, ledger));
ten_handlers!(hundred_5, 50, (event: &super::Placed, ledger: &super::Ledger), add(event.id, ledger));
ten_handlers!(hundred_6, 60, (event: &super::Placed, ledger: &super::Ledger), add(event.id, ledger));
ten_handlers!(hundred_7, 70, (event: &super::Placed, ledger: &super::Ledger), add(event.id, ledger));
ten_handlers!(hundred_8, 80, (event: &super::Placed, ledger: &super::Ledger), add(event.id, ledger));
ten_handlers!(hundred_9, 90, (event: &super::Placed, ledger: &super::Ledger), add(event.id, ledger));
