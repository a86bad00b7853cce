//! The smallest program we show anyone: one fact, two reactions, one of them failing.
//!
//! Run it with `cargo run -p doorbell`. The chime fails at night, and the door log does not
//! care: a failure of one handler reaches no other.

use event_core::{Dispatcher, Event, handler};

#[derive(Event)]
struct DoorbellRung {
    hour: u8,
}

#[handler]
fn chime(event: &DoorbellRung) -> Result<(), String> {
    if (8..22).contains(&event.hour) {
        println!("ding dong");
        Ok(())
    } else {
        Err("quiet hours".to_owned())
    }
}

#[handler(after = chime)]
fn log_visit(event: &DoorbellRung) {
    println!("door log: someone rang at {}:00", event.hour);
}

fn main() -> Result<(), event_core::error::BuildError> {
    let dispatcher = Dispatcher::builder().build()?;
    for hour in [15, 23] {
        let report = dispatcher.emit(DoorbellRung { hour });
        for failure in report.failures() {
            println!("failed: {failure}");
        }
    }
    Ok(())
}
