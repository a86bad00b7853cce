//! What `bench async` prints.

use super::{Target, heading, lines, row, targets, time_and_ratio};
use crate::bench::figures::Figures;

const COUNTS: [u32; 3] = [1, 10, 100];
const HEADING: [&str; 3] = ["1 handler", "10", "100"];

/// The candidates as they are called in the figures, and what they are.
const CANDIDATES: [(&str, &str); 4] = [
    ("ours", "event-core emit_async"),
    ("join_all", "join_all over boxed handlers"),
    ("broadcast", "tokio broadcast, no tasks"),
    ("spawn", "tokio::spawn for each handler"),
];

const TARGETS: [Target; 6] = [
    ("ratio async.1.join_all", 0.7, "times join_all, 1 handler"),
    (
        "ratio async.10.join_all",
        0.7,
        "times join_all, 10 handlers",
    ),
    (
        "ratio async.100.join_all",
        0.7,
        "times join_all, 100 handlers",
    ),
    ("allocs async.1", 1.0, "allocations, 1 handler"),
    ("allocs async.10", 10.0, "allocations, 10 handlers"),
    ("allocs async.100", 100.0, "allocations, 100 handlers"),
];

pub(crate) fn print(figures: &Figures) {
    println!(
        "\nNanoseconds per emit to async handlers that are ready at once (least of all rounds), and ours \
         divided by theirs (median of the rounds)\n"
    );
    heading(&HEADING);
    for (name, title) in CANDIDATES {
        row(
            title,
            &COUNTS.map(|handlers| time_and_ratio(figures, &format!("async.{handlers}.{name}"))),
        );
    }
    println!("\nAllocations per emit\n");
    heading(&HEADING);
    for (name, title) in CANDIDATES {
        let cells = COUNTS.map(|handlers| {
            let count = figures.get(&match name {
                "ours" => format!("allocs async.{handlers}"),
                name => format!("allocs async.{handlers}.{name}"),
            });
            count.map_or_else(String::new, |count| format!("{count}"))
        });
        row(title, &cells);
    }
    targets(figures, &TARGETS);
    lines(figures);
}
