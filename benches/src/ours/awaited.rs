//! `emit_async` of events with async handlers. To be called inside of a runtime.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};

use event_core::dispatcher::Module;
use event_core::{Dispatcher, Report, Transient};

use crate::awaited::Awaited;

macro_rules! emits {
    ($dispatcher:ident, $($event:ident)::+) => {
        Awaited::new("ours", async move |id, total| {
            emit_async(&$dispatcher, $($event)::+ { id, total }).await;
        })
    };
}

/// `emit_async` of an event with `handlers` async handlers that await nothing.
///
/// # Panics
///
/// Panics for other numbers than 1, 10 and 100.
#[must_use]
pub fn awaited(handlers: usize) -> Awaited {
    let dispatcher = dispatcher(super::asynchronous::MODULE);
    match handlers {
        1 => emits!(dispatcher, super::asynchronous::E1),
        10 => emits!(dispatcher, super::asynchronous::E10),
        100 => emits!(dispatcher, super::asynchronous::E100),
        other => panic!("no event with {other} async handlers"),
    }
}

/// `emit_async` of an event with `handlers` async handlers that await what is ready.
///
/// # Panics
///
/// Panics for other numbers than 1, 10 and 100.
#[must_use]
pub fn ready(handlers: usize) -> Awaited {
    let dispatcher = dispatcher(super::ready::MODULE);
    match handlers {
        1 => emits!(dispatcher, super::ready::E1),
        10 => emits!(dispatcher, super::ready::E10),
        100 => emits!(dispatcher, super::ready::E100),
        other => panic!("no event with {other} handlers that await what is ready"),
    }
}

/// `emit_async` of an event with `handlers` async handlers that wait, which `drive` wakes.
///
/// # Panics
///
/// Panics for other numbers than 1, 10, 100 and 1000.
#[must_use]
pub fn pending(
    handlers: usize,
    drive: impl AsyncFn(Pin<&mut (dyn Future<Output = Report> + Send)>) -> Report + 'static,
) -> Awaited {
    let dispatcher = dispatcher(super::pending::MODULE);
    macro_rules! drives {
        ($event:ident) => {
            Awaited::new("ours", async move |id, total| {
                let emission = black_box(&dispatcher)
                    .emit_async(black_box(super::pending::$event { id, total }));
                let report = drive(pin!(emission)).await;
                assert!(report.is_ok(), "{report:?}");
            })
        };
    }
    match handlers {
        1 => drives!(E1),
        10 => drives!(E10),
        100 => drives!(E100),
        1000 => drives!(E1000),
        other => panic!("no event with {other} handlers that wait"),
    }
}

/// A dispatcher with the handlers of one module.
fn dispatcher(module: Module) -> Dispatcher {
    Dispatcher::builder()
        .only_modules([module])
        .build()
        .unwrap_or_else(|error| panic!("{error}"))
}

#[inline]
async fn emit_async(dispatcher: &Dispatcher, event: impl Transient) {
    let report = black_box(dispatcher).emit_async(black_box(event)).await;
    assert!(report.is_ok(), "{report:?}");
}
