//! Instructions per emit, counted by valgrind's callgrind. Unlike times they repeat exactly.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::figures::Figures;
use crate::tools::Tool;

/// Emits in the shorter of two runs. The difference of the runs leaves out what happens before and after.
const EMITS: u32 = 20_000;

/// The prefix of the figures, the candidate, and its counts of handlers.
const COUNTED: [(&str, &str, &[u32]); 4] = [
    ("emit", "ours", &[0, 1, 10, 100]),
    ("emit-subscribed", "subscribed", &[1, 10]),
    ("emit-slice", "slice", &[0, 1, 10, 100]),
    ("emit-boxed", "boxed", &[0, 1, 10, 100]),
];

/// Adds `instructions emit.10` and its like.
pub(crate) fn count(program: &Path, figures: &mut Figures) {
    let valgrind = Tool::new("valgrind", "valgrind");
    let present = valgrind.is_at_hand();
    for (prefix, candidate, counts) in COUNTED {
        for handlers in counts {
            let name = format!("instructions {prefix}.{handlers}");
            if !present {
                figures.miss(&name, &format!("unknown: {}", valgrind.missing()));
                continue;
            }
            let start = |emits| callgrind(program, candidate, *handlers, emits);
            // Both at once: they are counted, not timed.
            let runs = (start(EMITS), start(2 * EMITS));
            match (runs.0.and_then(collected), runs.1.and_then(collected)) {
                (Some(once), Some(twice)) => {
                    figures.add(&name, ((twice - once) / f64::from(EMITS)).round(), 0);
                }
                _ => figures.miss(&name, "unknown: callgrind failed"),
            }
        }
    }
}

fn callgrind(program: &Path, candidate: &str, handlers: u32, emits: u32) -> Option<Child> {
    Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([candidate, &handlers.to_string(), &emits.to_string()])
        .stderr(Stdio::piped())
        .spawn()
        .ok()
}

/// The instructions of one run, from callgrind's line `==1== Collected : 12345`.
fn collected(run: Child) -> Option<f64> {
    let output = run
        .wait_with_output()
        .ok()
        .filter(|output| output.status.success())?;
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines()
        .find_map(|line| line.split_once("Collected :"))?
        .1
        .trim()
        .parse()
        .ok()
}
