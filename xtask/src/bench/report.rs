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

/// A figure, the most it may be, and what the number is.
const TARGETS: [(&str, f64, &str); 18] = [
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
        target(figures.get(name), limit, what);
    }
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

fn target(value: Option<f64>, limit: f64, what: &str) {
    match value {
        Some(value) => {
            let verdict = if value <= limit { "PASS" } else { "MISS" };
            println!("{verdict}  {value:>7}  (at most {limit:>5})  {what}");
        }
        None => println!("?              (at most {limit:>5})  {what}"),
    }
}
