//! What `bench async` prints.

use super::{Target, heading, lines, row, target, targets, time_and_ratio};
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

/// The groups of those that never wait, and what their handlers do.
const READY: [(&str, &str); 2] = [
    ("async", "that await nothing"),
    ("async-ready", "that await what is ready"),
];

/// Those that wait.
const PENDING: [u32; 4] = [1, 10, 100, 1000];
const PENDING_HEADING: [&str; 4] = ["1 handler", "10", "100", "1000"];

const PENDING_CANDIDATES: [(&str, &str); 3] = [
    ("ours", "event-core emit_async"),
    ("join_all", "join_all over boxed handlers"),
    ("unordered", "FuturesUnordered, the same"),
];

/// The groups of those, and how they are woken.
const GROUPS: [(&str, &str); 2] = [
    ("async-pending", "all at once"),
    ("async-woken", "one after the other, the last first"),
];

const TARGETS: [Target; 13] = [
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
    (
        "ratio async-ready.1.join_all",
        0.75,
        "times join_all, 1 handler that awaits what is ready",
    ),
    (
        "ratio async-ready.10.join_all",
        1.0,
        "times join_all, 10 handlers that await what is ready",
    ),
    (
        "ratio async-ready.100.join_all",
        0.5,
        "times join_all, 100 handlers that await what is ready",
    ),
    (
        "ratio async-pending.1.join_all",
        0.75,
        "times join_all, 1 that waits (async-pending)",
    ),
    (
        "ratio async-pending.10.join_all",
        0.95,
        "times join_all, 10 that wait (async-pending)",
    ),
    (
        "ratio async-pending.100.join_all",
        1.0,
        "times join_all, 100 that wait (async-pending)",
    ),
    (
        "ratio async-pending.1000.join_all",
        1.0,
        "times join_all, 1000 that wait (async-pending)",
    ),
    ("allocs async.1", 1.0, "allocations, 1 handler"),
    ("allocs async.10", 10.0, "allocations, 10 handlers"),
    ("allocs async.100", 100.0, "allocations, 100 handlers"),
];

pub(crate) fn print(figures: &Figures) {
    println!(
        "\nNanoseconds per emit to async handlers (least of all rounds), and ours divided by theirs (median of the \
         rounds)"
    );
    for (group, what) in READY {
        println!("\nTo async handlers {what}\n");
        heading(&HEADING);
        for (name, title) in CANDIDATES {
            let time = |handlers| time_and_ratio(figures, &format!("{group}.{handlers}.{name}"));
            row(title, &COUNTS.map(time));
        }
        println!("\nAllocations of these\n");
        heading(&HEADING);
        for (name, title) in CANDIDATES {
            let cells = COUNTS.map(|handlers| allocations(figures, group, handlers, name));
            row(title, &cells);
        }
        println!("\nInstructions of these\n");
        heading(&HEADING);
        for (name, title) in CANDIDATES {
            let cells = COUNTS.map(|handlers| instructions(figures, group, handlers, name));
            row(title, &cells);
        }
    }
    for (group, what) in GROUPS {
        println!("\nTo async handlers that wait once, and are woken {what}\n");
        heading(&PENDING_HEADING);
        for (name, title) in PENDING_CANDIDATES {
            let time = |handlers| time_and_ratio(figures, &format!("{group}.{handlers}.{name}"));
            row(title, &PENDING.map(time));
        }
        println!("\nAllocations of these\n");
        heading(&PENDING_HEADING);
        for (name, title) in PENDING_CANDIDATES {
            let cells = PENDING.map(|handlers| allocations(figures, group, handlers, name));
            row(title, &cells);
        }
        println!("\nInstructions of these\n");
        heading(&PENDING_HEADING);
        for (name, title) in PENDING_CANDIDATES {
            let cells = PENDING.map(|handlers| instructions(figures, group, handlers, name));
            row(title, &cells);
        }
    }
    targets(figures, &TARGETS);
    for (group, _) in GROUPS {
        for (peer, title) in &PENDING_CANDIDATES[1..] {
            if (group, *peer) == ("async-pending", "join_all") {
                // `TARGETS` has these.
                continue;
            }
            for handlers in PENDING {
                target(
                    figures.get(&format!("ratio {group}.{handlers}.{peer}")),
                    1.0,
                    &format!("times {title}, {handlers} that wait ({group})"),
                );
            }
        }
    }
    lines(figures);
}

fn allocations(figures: &Figures, group: &str, handlers: u32, name: &str) -> String {
    let count = figures.get(&match name {
        "ours" => format!("allocs {group}.{handlers}"),
        name => format!("allocs {group}.{handlers}.{name}"),
    });
    count.map_or_else(String::new, |count| format!("{count}"))
}

fn instructions(figures: &Figures, group: &str, handlers: u32, name: &str) -> String {
    let count = figures.get(&format!("instructions {group}.{handlers}.{name}"));
    count.map_or_else(String::new, |count| format!("{count}"))
}
