//! What `bench echo` prints.

use super::{Target, heading, lines, row, target_of_more, time_and_ratio};
use crate::bench::figures::Figures;

const GROUPS: [&str; 2] = ["echo", "echo-cpu"];
const HEADING: [&str; 2] = ["by the clock", "processor time"];

/// The candidates as they are called in the figures, and what they are.
const CANDIDATES: [(&str, &str); 3] = [
    ("ours", "event-core, typed events on mio"),
    ("bare", "the same mio loop without events"),
    ("python", "Python selectors"),
];

/// By the clock the clients' time is in it, too, so there Python is shown and not judged.
const TARGETS: [Target; 3] = [
    ("ratio echo.bare", 0.9, "of the bare loop's throughput"),
    (
        "ratio echo-cpu.bare",
        0.9,
        "the same for each second of a processor",
    ),
    (
        "ratio echo-cpu.python",
        1.0,
        "of Python's for each second of a processor",
    ),
];

pub(crate) fn print(figures: &Figures) {
    println!(
        "\nNanoseconds per message echoed (least of all rounds), and our throughput divided by theirs (median \
         of the rounds; more than 1 is faster than they are)\n"
    );
    heading(&HEADING);
    for (name, title) in CANDIDATES {
        let cells = GROUPS.map(|group| time_and_ratio(figures, &format!("{group}.{name}")));
        row(title, &cells);
    }
    println!("\nTargets\n");
    for (name, limit, what) in TARGETS {
        target_of_more(figures.get(name), limit, what);
    }
    lines(figures);
}
