//! The smallest program we show anyone: one fact, two reactions, and a third that comes and goes.
//!
//! ```text
//! cargo run -p doorbell
//! ```
//!
//! What to look at:
//!
//! * The button names nobody. `chime` and `log_visit` react because of the type of their first
//!   parameter, and `log_visit` names the function that it comes after.
//! * At 23:00 the chime fails. The door log does not care, and the report says who failed, where and
//!   why.
//! * The camera is added while the program runs, and is gone when its guard is dropped.
//!
//! The same in Python is a dictionary from names to lists of callables, with `on`, `off` and `emit`.
//! There a misspelt name is an event that nobody handles, a misspelt argument shows when a handler is
//! called, `off` of something that was never `on` does nothing, and a failure is printed and forgotten.
//! Here the first two do not compile, the third cannot be written, and the fourth is returned.

use event_core::{Dispatcher, Event, handler};

#[derive(Event)]
struct DoorbellRung {
    hour: u8,
}

#[handler]
fn chime(event: &DoorbellRung) -> Result<(), String> {
    if (8..22).contains(&event.hour) {
        println!("  chime: ding dong");
        Ok(())
    } else {
        Err("quiet hours".to_owned())
    }
}

#[handler(after = chime)] // after it has ended, failed or not
fn log_visit(event: &DoorbellRung) {
    println!("  door log: someone rang at {}:00", event.hour);
}

fn ring(dispatcher: &Dispatcher, hour: u8) {
    println!("The bell rings at {hour}:00.");
    let report = dispatcher.emit(DoorbellRung { hour });
    println!("  = {report}");
}

fn main() -> Result<(), event_core::error::BuildError> {
    let dispatcher = Dispatcher::builder().build()?; // every handler that is linked
    ring(&dispatcher, 15);

    println!("We go on holiday, and switch the camera on.");
    let camera = dispatcher.subscribe(|event: &DoorbellRung| {
        println!("  camera: recording at {}:00", event.hour);
    });
    ring(&dispatcher, 23);

    println!("We are back, and switch it off.");
    drop(camera);
    ring(&dispatcher, 9);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_a_function_and_is_tested_as_one() {
        assert_eq!(chime(&DoorbellRung { hour: 8 }), Ok(()));
        let error = chime(&DoorbellRung { hour: 22 });
        assert_eq!(error, Err("quiet hours".to_owned()));
    }

    #[test]
    fn a_failing_handler_is_named_in_the_report_and_stops_no_other() {
        let dispatcher = Dispatcher::builder().build().expect("wired");
        let report = dispatcher.emit(DoorbellRung { hour: 23 });
        assert_eq!((report.done(), report.failed()), (1, 1));
        let failure = &report.failures()[0];
        let handler = failure.handler().map(|handler| handler.name());
        assert_eq!(handler, Some("doorbell::chime"));
    }

    #[test]
    fn a_handler_that_was_added_runs_until_its_guard_is_dropped() {
        let dispatcher = Dispatcher::empty().build().expect("nothing to wire");
        let ring = || dispatcher.emit(DoorbellRung { hour: 12 }).done();
        assert_eq!(ring(), 0);
        let camera = dispatcher.subscribe(|_: &DoorbellRung| {});
        assert_eq!(ring(), 1);
        drop(camera);
        assert_eq!(ring(), 0);
    }
}
