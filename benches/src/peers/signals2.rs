//! `signals2`: a signal with one slot per handler; each slot gets a clone of the event.

use std::hint::black_box;

use signals2::{Connect1, Emit1, Signal};

use crate::candidate::{Candidate, Register, register};
use crate::work::{Order, count};

pub(super) fn candidate(handlers: usize) -> Candidate {
    let mut signal: Signal<(Order,)> = Signal::new();
    register(&mut signal, handlers);
    Candidate::new("signals2", move |id, total| {
        signal.emit(black_box(Order { id, total }));
    })
}

impl Register for Signal<(Order,)> {
    fn add<const I: usize>(&mut self) {
        self.connect(|event| count::<I>(event.id, event.total));
    }
}
