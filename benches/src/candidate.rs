//! One way to call N handlers, and how N handlers are given to it.

use std::fmt;

use crate::work::scramble;

/// The counts of handlers that are measured.
pub const COUNTS: [usize; 4] = [0, 1, 10, 100];

/// One way to emit an event to N handlers.
pub struct Candidate {
    /// The name in the figures, such as `slice`.
    pub name: &'static str,
    emit: Box<dyn FnMut(u64, u64)>,
    ids: Ids,
}

/// Where the ids of the events come from.
enum Ids {
    Counted,
    Random(u64),
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Candidate {
    /// A candidate whose event `emit(id, total)` builds and sends; the ids count up.
    pub fn new(name: &'static str, emit: impl FnMut(u64, u64) + 'static) -> Self {
        Self {
            name,
            emit: Box::new(emit),
            ids: Ids::Counted,
        }
    }

    /// The same with pseudo-random ids, for handlers that branch on them.
    pub fn random(name: &'static str, emit: impl FnMut(u64, u64) + 'static) -> Self {
        Self {
            name,
            emit: Box::new(emit),
            ids: Ids::Random(0x9e37_79b9_7f4a_7c15),
        }
    }

    /// Emits `times` events.
    ///
    /// Each is a call of a function that emits once, as in a program, so every candidate pays for that call
    /// and none can share work between two emits.
    pub fn emit(&mut self, times: u64) {
        match &mut self.ids {
            Ids::Counted => {
                for id in 0..times {
                    (self.emit)(id, 1);
                }
            }
            Ids::Random(id) => {
                for _ in 0..times {
                    *id = scramble(*id);
                    (self.emit)(*id, 1);
                }
            }
        }
    }
}

/// Something that handlers are added to.
///
/// `I` numbers the handler. Being a const parameter it makes each handler a function of its own, as in a
/// real program.
pub trait Register {
    /// Adds handler number `I`.
    fn add<const I: usize>(&mut self);
}

/// Adds `handlers` distinct handlers, a number out of [`COUNTS`].
///
/// # Panics
///
/// Panics for any other number.
pub fn register(target: &mut impl Register, handlers: usize) {
    macro_rules! add {
        ($($index:expr),*) => { { $(target.add::<{ $index }>();)* } };
    }
    macro_rules! add_tens {
        ($($ten:literal),*) => { {
            $(add!(
                $ten, $ten + 1, $ten + 2, $ten + 3, $ten + 4,
                $ten + 5, $ten + 6, $ten + 7, $ten + 8, $ten + 9
            );)*
        } };
    }
    match handlers {
        0 => {}
        1 => add!(0),
        10 => add_tens!(0),
        100 => add_tens!(0, 10, 20, 30, 40, 50, 60, 70, 80, 90),
        other => panic!("no {other} handlers; expected one of {COUNTS:?}"),
    }
}
