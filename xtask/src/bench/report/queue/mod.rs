//! What `bench queue` prints.

mod kinds;
mod targets;

use super::{heading, lines, row, targets, time_and_ratio};
use crate::bench::figures::Figures;

const CONSUMERS: [u32; 2] = [1, 2];
const HEADING: [&str; 2] = ["1 consumer", "2"];

/// The modes as they are called in the figures, and what they are.
const MODES: [(&str, &str); 3] = [
    ("queue", "Tasks on a runtime of two workers"),
    ("queue-ct", "Tasks on a current-thread runtime"),
    ("queue-threads", "Threads that block"),
];

/// The candidates as they are called in the figures, and what they are.
const CANDIDATES: [(&str, &str); 8] = [
    ("ours", "event-core queue"),
    ("by-hand", "queue by hand"),
    ("tokio-mpsc", "tokio mpsc"),
    ("async-channel", "async-channel"),
    ("flume", "flume"),
    ("kanal", "kanal"),
    ("crossbeam", "crossbeam-channel"),
    ("std", "std sync_channel"),
];

pub(crate) fn print(figures: &Figures) {
    println!(
        "\nNanoseconds of wall time per delivery (least of all rounds), and ours divided by \
         theirs (median of the rounds)"
    );
    for (group, what) in MODES {
        println!("\n{what}\n");
        heading(&HEADING);
        for (name, title) in CANDIDATES {
            row(
                title,
                &CONSUMERS.map(|consumers| {
                    time_and_ratio(figures, &format!("{group}.{consumers}.{name}"))
                }),
            );
        }
    }
    kinds::print(figures);
    targets(figures, &targets::TARGETS);
    println!("\nFor information: times the fastest channel, of which 1.3 would be excellent\n");
    for (group, what) in MODES {
        for consumers in CONSUMERS {
            fastest(figures, group, what, consumers);
        }
    }
    lines(figures);
}

/// The channel to which ours compares worst.
fn fastest(figures: &Figures, group: &str, what: &str, consumers: u32) {
    let channels = CANDIDATES.iter().filter(|(name, _)| *name != "by-hand");
    let ratios = channels.filter_map(|(name, title)| {
        let ratio = figures.get(&format!("ratio {group}.{consumers}.{name}"))?;
        Some((ratio, *title))
    });
    if let Some((ratio, title)) = ratios.max_by(|one, other| one.0.total_cmp(&other.0)) {
        println!("{ratio:>13}  times {title}, {consumers} consumer(s). {what}");
    }
}
