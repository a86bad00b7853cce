//! What `bench emit` prints.

use super::{Target, heading, lines, row, target, targets, time_and_ratio};
use crate::bench::figures::Figures;

const COUNTS: [u32; 4] = [0, 1, 10, 100];
const HEADING: [&str; 4] = ["0 handlers", "1", "10", "100"];

/// The candidates as they are called in the figures, and what they are.
const CANDIDATES: [(&str, &str); 10] = [
    ("ours", "event-core"),
    ("subscribed", "  and one runtime subscription"),
    ("slice", "loop over &[fn(&E)]"),
    ("boxed", "loop over boxed fallible closures"),
    ("bevy", "bevy_ecs World::trigger"),
    ("signals2", "signals2"),
    ("event-bus", "event-bus"),
    ("mediator", "mediator"),
    ("jaeb", "jaeb (sync handlers)"),
    ("mod-events", "mod-events"),
];

const PEERS: [&str; 6] = [
    "bevy",
    "signals2",
    "event-bus",
    "mediator",
    "jaeb",
    "mod-events",
];

const TARGETS: [Target; 20] = [
    (
        "ratio emit.1.boxed",
        1.2,
        "times a loop with the same promise, 1 handler",
    ),
    (
        "ratio emit.10.boxed",
        0.7,
        "times a loop with the same promise, 10 handlers",
    ),
    (
        "ratio emit.100.boxed",
        0.6,
        "times a loop with the same promise, 100 handlers",
    ),
    ("ratio emit.0.slice", 2.5, "times a bare loop, 0 handlers"),
    ("ratio emit.1.slice", 2.5, "times a bare loop, 1 handler"),
    ("ratio emit.10.slice", 1.7, "times a bare loop, 10 handlers"),
    (
        "ratio emit.100.slice",
        1.5,
        "times a bare loop, 100 handlers",
    ),
    ("instructions emit.1", 109.0, "instructions, 1 handler"),
    ("instructions emit.10", 296.0, "instructions, 10 handlers"),
    (
        "ratio emit-subscribed.1.plain",
        1.5,
        "times without the subscription, 1 handler",
    ),
    (
        "ratio emit-subscribed.10.plain",
        1.5,
        "times without the subscription, 10 handlers",
    ),
    ("allocs emit.0", 0.0, "allocations, 0 handlers"),
    ("allocs emit.1", 0.0, "allocations, 1 handler"),
    ("allocs emit.10", 0.0, "allocations, 10 handlers"),
    ("allocs emit.100", 0.0, "allocations, 100 handlers"),
    ("memory.handler", 64.0, "bytes kept per handler"),
    ("allocs.handler", 1.0, "allocations kept per handler"),
    ("startup.1000", 300.0, "µs until 1000 handlers are ready"),
    (
        "listing.1000",
        1_000.0,
        "µs to ask 1000 events for their handlers",
    ),
    (
        "scaling.2",
        1.1,
        "times alone, beside a thread that emits on the same dispatcher",
    ),
];

pub(crate) fn print(figures: &Figures) {
    println!(
        "\nNanoseconds per emit (least of all rounds), and ours divided by theirs (median of the rounds)\n"
    );
    table(figures, "emit");
    println!("\nThe same with handlers that branch on random data\n");
    table(figures, "emit-branching");
    println!("\nInstructions per emit\n");
    instructions(figures);
    targets(figures, &TARGETS);
    closest_peer(figures);
    lines(figures);
}

fn table(figures: &Figures, group: &str) {
    heading(&HEADING);
    for (name, title) in CANDIDATES {
        let cells =
            COUNTS.map(|handlers| time_and_ratio(figures, &format!("{group}.{handlers}.{name}")));
        row(title, &cells);
    }
}

fn instructions(figures: &Figures) {
    heading(&HEADING);
    for (name, title) in [
        ("emit", "event-core"),
        ("emit-subscribed", "  and one runtime subscription"),
        ("emit-slice", "loop over &[fn(&E)]"),
        ("emit-boxed", "loop over boxed fallible closures"),
    ] {
        let cells = COUNTS.map(|handlers| {
            let count = figures.get(&format!("instructions {name}.{handlers}"));
            count.map_or_else(String::new, |count| format!("{count}"))
        });
        row(title, &cells);
    }
}

fn closest_peer(figures: &Figures) {
    let pairs = PEERS
        .iter()
        .flat_map(|peer| COUNTS.map(|handlers| (peer, handlers)));
    let ratios = pairs.filter_map(|(peer, handlers)| {
        let ratio = figures.get(&format!("ratio emit.{handlers}.{peer}"))?;
        Some((
            ratio,
            format!("times {peer}, the closest other crate, {handlers} handlers"),
        ))
    });
    match ratios.max_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((ratio, what)) => target(Some(ratio), 1.0, &what),
        None => target(None, 1.0, "times the closest other crate"),
    }
}
