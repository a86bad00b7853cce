//! The tables of the kinds of work that a queue is given.

use crate::bench::figures::Figures;
use crate::bench::report::{heading, row, time_and_ratio};

/// The sets as they are called in the figures, and what they are.
const SETS: [(&str, &str); 8] = [
    ("queue-ct.1", "counts"),
    ("queue-ready.1", "awaits what is ready"),
    ("queue-waits.1", "waits once"),
    ("queue-key.1", "64 keys, 1 consumer"),
    ("queue-key.2", "64 keys, 2 consumers"),
    ("queue-types.1", "two types in turns"),
    ("queue-producers.1", "two producers"),
    ("queue-large.1", "512 bytes"),
];

/// The second one keeps no order by key if there are two consumers, and the third one does.
const CANDIDATES: [&str; 3] = ["ours", "by-hand", "by-hand-sharded"];
const HEADING: [&str; 3] = ["event-core", "by hand", "sharded"];

pub(super) fn print(figures: &Figures) {
    println!(
        "\nKinds of work, 1 consumer where no other number is named, current-thread runtime\n"
    );
    table(|set, name| time_and_ratio(figures, &format!("{set}.{name}")));
    println!("\nInstructions per delivery\n");
    table(|set, name| count(figures, &format!("instructions {set}.{name}")));
    println!("\nAllocations per delivery\n");
    table(|set, name| match name {
        "ours" => count(figures, &format!("allocs {set}")),
        name => count(figures, &format!("allocs {set}.{name}")),
    });
}

fn table(cell: impl Fn(&str, &str) -> String) {
    heading(&HEADING);
    for (set, title) in SETS {
        row(title, &CANDIDATES.map(|name| cell(set, name)));
    }
}

fn count(figures: &Figures, name: &str) -> String {
    let count = figures.get(name);
    count.map_or_else(String::new, |count| format!("{count}"))
}
