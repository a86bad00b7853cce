//! What `bench catalog` prints.

use super::{Target, heading, lines, row, targets};
use crate::bench::figures::Figures;

/// The pairs as they are called in the figures, and what they are.
const PAIRS: [(&str, &str, &str); 4] = [
    ("check", "serde_json", "check, nothing changed"),
    (
        "check_changed",
        "serde_json",
        "check, every second event changed",
    ),
    ("list", "by_hand", "list"),
    ("track", "untracked", "track, 10,000 emits"),
];

const TARGETS: [Target; 4] = [
    (
        "ratio check.serde_json",
        5.0,
        "times parsing the lock with serde_json, nothing changed",
    ),
    (
        "ratio check_changed.serde_json",
        5.0,
        "times parsing the lock with serde_json, every second event changed",
    ),
    (
        "ratio list.by_hand",
        3.0,
        "times reading the registry and printing the same by hand",
    ),
    (
        "ratio track.untracked",
        1.5,
        "times the same 10,000 inline emits, untracked",
    ),
];

pub(crate) fn print(figures: &Figures) {
    println!(
        "\nMilliseconds for 1,000 events and 5,000 handlers (least), and ours divided by the other (median)\n"
    );
    heading(&["ours", "other", "ratio"]);
    for (name, other, title) in PAIRS {
        let cell = |name: String| {
            let value = figures.get(&name);
            value.map_or_else(String::new, |value| format!("{value:.2}"))
        };
        let ratio = format!("ratio {name}.{other}");
        let times = ["ours", other].map(|who| cell(format!("time {name}.{who}")));
        let [ours, theirs] = times;
        row(title, &[ours, theirs, cell(ratio)]);
    }
    targets(figures, &TARGETS);
    lines(figures);
}
