//! `signals2`: a signal without slots.

use signals2::{Connect1 as _, Connection, Emit1 as _, Signal};

use super::Source;
use crate::work::{Order, count};

/// A signal.
#[allow(missing_debug_implementations, reason = "a signal has none")]
pub struct Signals2(Signal<(Order,)>);

impl Source for Signals2 {
    const NAME: &'static str = "signals2";

    type Guard = Connection;

    fn new() -> Self {
        Self(Signal::new())
    }

    fn subscribe(&self) -> Connection {
        self.0.connect(|event| count::<0>(event.id, event.total))
    }

    fn cancel(connection: Connection) {
        connection.disconnect();
    }

    fn emit(&self, id: u64) {
        self.0.emit(Order { id, total: 1 });
    }
}
