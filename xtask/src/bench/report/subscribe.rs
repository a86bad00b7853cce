//! What `bench subscribe` prints.

use super::{Target, heading, lines, row, targets, time_and_ratio};
use crate::bench::figures::Figures;

const THREADS: [u32; 2] = [1, 10];
const HEADING: [&str; 2] = ["1 thread", "10"];

/// The candidates as they are called in the figures, and what they are.
const CANDIDATES: [(&str, &str); 4] = [
    ("ours", "event-core subscribe"),
    ("ours-weak", "  with `weak`"),
    ("ours-async", "  subscribe_async"),
    ("signals2", "signals2"),
];

const TARGETS: [Target; 6] = [
    ("ms subscribe.1", 20.0, "ms to subscribe 10,000, 1 thread"),
    (
        "ms subscribe.10",
        20.0,
        "ms to subscribe 10,000, 10 threads",
    ),
    ("ms cancel.1", 20.0, "ms to cancel 10,000, 1 thread"),
    ("ms cancel.10", 20.0, "ms to cancel 10,000, 10 threads"),
    (
        "ratio subscribe.1.signals2",
        1.0,
        "times signals2, to subscribe",
    ),
    ("ratio cancel.1.signals2", 1.0, "times signals2, to cancel"),
];

pub(crate) fn print(figures: &Figures) {
    println!(
        "\nNanoseconds of wall time for each of 10,000 subscriptions of one event (least of all rounds), and \
         ours divided by theirs (median of the rounds)"
    );
    for (group, what) in [
        ("subscribe", "Subscribing"),
        ("cancel", "Cancelling, after an emission"),
    ] {
        println!("\n{what}\n");
        heading(&HEADING);
        for (name, title) in CANDIDATES {
            row(
                title,
                &THREADS
                    .map(|threads| time_and_ratio(figures, &format!("{group}.{threads}.{name}"))),
            );
        }
    }
    println!("\nFor each of 10,000: allocations, and instructions of both together\n");
    heading(&["subscribing", "cancelling", "instructions"]);
    for (name, title) in CANDIDATES {
        let count = |figure: String| {
            let count = figures.get(&figure);
            count.map_or_else(String::new, |count| format!("{count}"))
        };
        let cells = [
            count(format!("allocs subscribe.{name}")),
            count(format!("allocs cancel.{name}")),
            count(format!("instructions subscribe.{name}")),
        ];
        row(title, &cells);
    }
    println!("\nNanoseconds per delivery of an observed emission, and divided by those to few\n");
    heading(&["10,000", "100"]);
    let cells =
        ["ours", "few"].map(|name| time_and_ratio(figures, &format!("observed.10000.{name}")));
    row("event-core emit", &cells);
    targets(figures, &TARGETS);
    lines(figures);
}
