//! Audit: writes down every fact of the shop, one JSON line each, and knows none of them by type.

mod log;

use event_core::{AnyEvent, handler};

pub use log::{AuditError, AuditLog};

event_core::module!();

/// Writes one line: the event's name, its version and its data.
///
/// # Errors
///
/// [`AuditError`] if the line could not be written, or the event has no JSON.
#[handler(events = "shop.*")]
pub fn record(event: &dyn AnyEvent, log: &AuditLog) -> Result<(), AuditError> {
    log.write(event.name(), event.version(), &event.json()?)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use jiff::civil::date;
    use shop_events::{Cents, PurchaseMade};

    use super::{AuditError, AuditLog, record};

    /// A file that the test can look into, and that is full after some bytes.
    #[derive(Clone, Default)]
    struct Disk {
        bytes: Arc<Mutex<Vec<u8>>>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut written = self.bytes.lock().expect("no test panics in here");
            if written.len() + bytes.len() > self.room {
                return Err(io::ErrorKind::StorageFull.into());
            }
            written.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn purchase() -> PurchaseMade {
        let date = date(1997, 1, 1);
        PurchaseMade {
            customer_id: 4,
            date,
            cds: 2,
            amount: Cents::new(2933),
        }
    }

    #[test]
    fn an_event_is_one_line_of_name_version_and_data() {
        let disk = Disk {
            room: 1000,
            ..Disk::default()
        };
        let log = AuditLog::new(disk.clone());
        record(&purchase(), &log).expect("there is room");
        record(&purchase(), &log).expect("there is room");

        let line = concat!(
            r#"{"name":"shop.purchase_made","version":1,"#,
            r#""data":{"amount_cents":2933,"cds":2,"customer_id":4,"date":"1997-01-01"}}"#,
        );
        let bytes = disk.bytes.lock().expect("no test panics in here").clone();
        assert_eq!(
            String::from_utf8(bytes).expect("JSON"),
            format!("{line}\n{line}\n")
        );
    }

    #[test]
    fn a_full_disk_is_an_error_of_the_handler() {
        let log = AuditLog::new(Disk::default());
        let error = (0..1000).find_map(|_| record(&purchase(), &log).err());
        assert!(matches!(error, Some(AuditError::Write(_))), "{error:?}");
        log.flush().expect_err("the rest does not fit either");
    }
}
