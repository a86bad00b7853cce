//! Prints the figures: a table, the targets, and one line each for a program to read.

use super::figures::Figures;

const COUNTS: [u32; 4] = [0, 1, 10, 100];

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

/// A figure, the most it may be, and what that says.
const TARGETS: [(&str, f64, &str); 19] = [
    (
        "ratio emit.1.boxed",
        1.2,
        "of a loop that promises the same, 1 handler",
    ),
    (
        "ratio emit.10.boxed",
        0.7,
        "of a loop that promises the same, 10 handlers",
    ),
    (
        "ratio emit.100.boxed",
        0.6,
        "of a loop that promises the same, 100 handlers",
    ),
    ("ratio emit.0.slice", 2.5, "of a bare loop, nobody listens"),
    ("ratio emit.1.slice", 2.5, "of a bare loop, 1 handler"),
    ("ratio emit.10.slice", 1.7, "of a bare loop, 10 handlers"),
    ("ratio emit.100.slice", 1.5, "of a bare loop, 100 handlers"),
    (
        "instructions emit.1",
        109.0,
        "instructions, 1 handler (the sketch)",
    ),
    (
        "instructions emit.10",
        296.0,
        "instructions, 10 handlers (the sketch)",
    ),
    (
        "ratio emit-subscribed.1.plain",
        1.5,
        "of the same emit without the subscription, 1 handler",
    ),
    (
        "ratio emit-subscribed.10.plain",
        1.5,
        "of the same emit without the subscription, 10 handlers",
    ),
    ("allocs emit.0", 0.0, "allocations, nobody listens"),
    ("allocs emit.1", 0.0, "allocations, 1 handler"),
    ("allocs emit.10", 0.0, "allocations, 10 handlers"),
    ("allocs emit.100", 0.0, "allocations, 100 handlers"),
    ("memory.handler", 64.0, "bytes kept per handler"),
    ("allocs.handler", 1.0, "allocations kept per handler"),
    ("startup.1000", 300.0, "µs until 1000 handlers are ready"),
    (
        SLOWEST,
        1.0,
        "of the fastest other crate, at the worst count of handlers",
    ),
];

/// Not measured but drawn from the ratios to all peers.
const SLOWEST: &str = "ratio emit.*.peers";

pub(crate) fn print(figures: &Figures) {
    println!(
        "\nNanoseconds per emit (least of all rounds), and ours divided by theirs (median of the rounds)\n"
    );
    table(figures, "emit");
    println!("\nThe same with handlers that branch on random data\n");
    table(figures, "emit-branching");
    println!("\nInstructions per emit\n");
    instructions(figures);
    println!("\nTargets\n");
    targets(figures);
    println!("\nFor a program to read\n");
    print!("{}", figures.lines());
}

fn table(figures: &Figures, group: &str) {
    heading();
    for (name, title) in CANDIDATES {
        let cells = COUNTS.map(|handlers| {
            let time = figures.get(&format!("time {group}.{handlers}.{name}"));
            let ratio = figures.get(&format!("ratio {group}.{handlers}.{name}"));
            match (time, ratio) {
                (Some(time), Some(ratio)) => format!("{time:.1} ({ratio:.2})"),
                (Some(time), None) => format!("{time:.1}       "),
                (None, _) => String::new(),
            }
        });
        row(title, &cells);
    }
}

fn instructions(figures: &Figures) {
    heading();
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

fn heading() {
    row("", &["0 handlers", "1", "10", "100"].map(String::from));
}

fn row(title: &str, cells: &[String; 4]) {
    if cells.iter().all(String::is_empty) {
        return;
    }
    let [none, one, ten, hundred] = cells;
    let line = format!("{title:<34}{none:>16}{one:>16}{ten:>16}{hundred:>16}");
    println!("{}", line.trim_end());
}

fn targets(figures: &Figures) {
    for (name, limit, what) in TARGETS {
        let value = if name == SLOWEST {
            worst_peer_ratio(figures)
        } else {
            figures.get(name)
        };
        let Some(value) = value else {
            println!("?     {what}");
            continue;
        };
        let verdict = if value <= limit { "PASS" } else { "MISS" };
        println!("{verdict}  {value:>7}  (at most {limit:>5})  {what}");
    }
}

fn worst_peer_ratio(figures: &Figures) -> Option<f64> {
    let pairs = PEERS
        .iter()
        .flat_map(|peer| COUNTS.map(|handlers| (peer, handlers)));
    let ratios =
        pairs.map(|(peer, handlers)| figures.get(&format!("ratio emit.{handlers}.{peer}")));
    ratios
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .reduce(f64::max)
}
