//! Instructions per emit or envelope, counted by valgrind's callgrind. Unlike times they repeat exactly.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::figures::Figures;
use crate::tools::Tool;

/// Emits in the shorter of two runs. The difference of the runs leaves out what happens before and after.
const EMITS: u32 = 20_000;

/// Emits to handlers that wait in the shorter of two runs.
const PENDING_EMITS: u32 = 200;

/// Emits to async handlers that never wait in the shorter of two runs.
const ASYNC_EMITS: u32 = 2_000;

/// Deliveries through a queue in the shorter of two runs: five times as many as may wait.
const DELIVERIES: u32 = 5_120;

/// Subscriptions in the shorter of two runs.
const SUBSCRIPTIONS: u32 = 10_000;

/// Envelopes in the shorter of two runs.
const ENVELOPES: u32 = 50;

/// The prefix of the figures, the candidate, and its counts of handlers.
const COUNTED: [(&str, &str, &[u32]); 4] = [
    ("emit", "ours", &[0, 1, 10, 100]),
    ("emit-subscribed", "subscribed", &[1, 10]),
    ("emit-slice", "slice", &[0, 1, 10, 100]),
    ("emit-boxed", "boxed", &[0, 1, 10, 100]),
];

/// The sets of ours and the queue by hand whose deliveries are counted.
const QUEUES: [&str; 7] = [
    "queue-ct.1",
    "queue-ready.1",
    "queue-waits.1",
    "queue-key.1",
    "queue-key.2",
    "queue-types.1",
    "queue-large.1",
];

/// Adds `instructions emit.10` and its like.
pub(crate) fn count(program: &Path, figures: &mut Figures) {
    for (prefix, candidate, counts) in COUNTED {
        for handlers in counts {
            let name = format!("instructions {prefix}.{handlers}");
            add(
                program,
                &[candidate, &handlers.to_string()],
                EMITS,
                &name,
                figures,
            );
        }
    }
}

/// Adds `instructions async-pending.10.ours` and its like, each of one emit.
pub(crate) fn count_async(program: &Path, figures: &mut Figures) {
    for group in ["async", "async-ready"] {
        for handlers in [1, 10] {
            for candidate in ["ours", "join_all"] {
                let what = format!("{group}.{handlers}.{candidate}");
                let name = format!("instructions {what}");
                add(program, &[&what], ASYNC_EMITS, &name, figures);
            }
        }
    }
    for group in ["async-pending", "async-woken"] {
        for handlers in [1, 10, 100] {
            for candidate in ["ours", "join_all", "unordered"] {
                let what = format!("{group}.{handlers}.{candidate}");
                let name = format!("instructions {what}");
                add(program, &[&what], PENDING_EMITS, &name, figures);
            }
        }
    }
}

/// Adds `instructions queue-key.2.ours` and its like, each of one delivery.
pub(crate) fn count_deliveries(program: &Path, figures: &mut Figures) {
    let all = QUEUES
        .iter()
        .flat_map(|set| [(*set, "ours"), (*set, "by-hand")]);
    for (set, candidate) in all.chain([("queue-key.2", "by-hand-sharded")]) {
        let what = format!("{set}.{candidate}");
        let name = format!("instructions {what}");
        add(program, &[&what], DELIVERIES, &name, figures);
    }
}

/// Adds `instructions subscribe.ours` and its like, of one subscription and its cancellation among ten
/// thousand more than as many others. Not of the peer, which takes minutes under valgrind.
pub(crate) fn count_subscriptions(program: &Path, figures: &mut Figures) {
    for candidate in ["ours", "ours-async"] {
        let name = format!("instructions subscribe.{candidate}");
        add(program, &[candidate], SUBSCRIPTIONS, &name, figures);
    }
}

/// Adds `instructions wire.encode.small.ours` and its like, each of one envelope.
pub(crate) fn count_wire(program: &Path, figures: &mut Figures) {
    for direction in ["encode", "decode"] {
        for size in ["small", "medium", "large", "text", "unicode"] {
            for candidate in ["ours", "serde_json"] {
                let what = format!("{direction}.{size}.{candidate}");
                let name = format!("instructions wire.{what}");
                add(program, &[&what], ENVELOPES, &name, figures);
            }
        }
    }
}

/// Adds what `program` does for one of what it does `times` times.
fn add(program: &Path, arguments: &[&str], times: u32, name: &str, figures: &mut Figures) {
    let valgrind = Tool::new("valgrind", "valgrind");
    if !valgrind.is_at_hand() {
        figures.miss(name, &format!("unknown: {}", valgrind.missing()));
        return;
    }
    let start = |times| callgrind(program, arguments, times);
    // Both at once: they are counted, not timed.
    let runs = (start(times), start(2 * times));
    match (runs.0.and_then(collected), runs.1.and_then(collected)) {
        (Some(once), Some(twice)) => {
            figures.add(name, ((twice - once) / f64::from(times)).round(), 0);
        }
        _ => figures.miss(name, "unknown: callgrind failed"),
    }
}

fn callgrind(program: &Path, arguments: &[&str], times: u32) -> Option<Child> {
    Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(arguments)
        .arg(times.to_string())
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
