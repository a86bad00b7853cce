//! What `bench build` prints.

use super::{Target, lines, targets};
use crate::bench::figures::Figures;

const TARGETS: [Target; 2] = [
    (
        "build.1000",
        1.5,
        "seconds that 1000 handlers add to a debug build",
    ),
    (
        "build.event",
        40.0,
        "milliseconds that an event adds which is emitted",
    ),
];

pub(crate) fn print(figures: &Figures) {
    targets(figures, &TARGETS);
    lines(figures);
}
