//! What `bench wire` prints.

use super::{Target, heading, lines, row, targets, time_and_ratio};
use crate::bench::figures::Figures;

const SIZES: [&str; 5] = ["small", "medium", "large", "text", "unicode"];

const DIRECTIONS: [(&str, &str); 2] = [("encode", "written"), ("decode", "read")];

/// The candidates as they are called in the figures, and what they are.
const CANDIDATES: [(&str, &str); 3] = [
    ("ours", "event-core Codec"),
    ("serde_json", "serde_json, a plain envelope"),
    ("payload", "serde_json, the payload alone"),
];

const TARGETS: [Target; 2] = [
    (
        "ratio wire.encode.serde_json",
        1.5,
        "times serde_json with a plain envelope, written, worst size",
    ),
    (
        "ratio wire.decode.serde_json",
        2.0,
        "times serde_json with a plain envelope, read, worst size",
    ),
];

pub(crate) fn print(figures: &Figures) {
    let bytes = |size: &str| figures.get(&format!("bytes wire.{size}"));
    println!("\nBytes of an envelope\n");
    heading(&SIZES);
    let sizes = SIZES.map(|size| bytes(size).map_or_else(String::new, |it| format!("{it}")));
    row("both, the same", &sizes);
    for (direction, done) in DIRECTIONS {
        let table = |kind: &str, what: &str| {
            println!("\n{kind} per envelope {done}{what}\n");
            heading(&SIZES);
        };
        table(
            "Nanoseconds",
            " (least of all rounds), and ours divided by theirs (median of the rounds)",
        );
        for (name, title) in CANDIDATES {
            let cell = |size| time_and_ratio(figures, &format!("wire.{direction}.{size}.{name}"));
            row(title, &SIZES.map(cell));
        }
        row(
            "event-core Codec, MB/s",
            &SIZES.map(|size| {
                let time = figures.get(&format!("time wire.{direction}.{size}.ours"));
                let throughput = bytes(size)
                    .zip(time)
                    .map(|(bytes, time)| 1e3 * bytes / time);
                throughput.map_or_else(String::new, |it| format!("{it:.0}       "))
            }),
        );
        for kind in ["allocs", "instructions"] {
            table(
                match kind {
                    "allocs" => "Allocations",
                    _ => "Instructions",
                },
                "",
            );
            for (name, title) in CANDIDATES {
                let cells = SIZES.map(|size| {
                    let count = figures.get(&format!("{kind} wire.{direction}.{size}.{name}"));
                    count.map_or_else(String::new, |count| format!("{count}"))
                });
                row(title, &cells);
            }
        }
    }
    targets(figures, &TARGETS);
    lines(figures);
}
