//! What the rounds took, as lines for a program to read.

use crate::candidate::Candidate;

/// Nanoseconds per message, round by round.
type Rounds = fn(&Candidate) -> &[f64];

/// Prints the figures of all; the first candidate is ours.
pub(crate) fn print(candidates: &[Candidate]) {
    let groups: [(&str, Rounds); 2] = [
        ("echo", |candidate| &candidate.wall),
        ("echo-cpu", |candidate| &candidate.cpu),
    ];
    for (group, rounds) in groups {
        if candidates
            .iter()
            .all(|candidate| !rounds(candidate).is_empty())
        {
            print_group(group, candidates, rounds);
        }
    }
}

fn print_group(group: &str, candidates: &[Candidate], rounds: Rounds) {
    for candidate in candidates {
        let least = rounds(candidate)
            .iter()
            .copied()
            .fold(f64::INFINITY, f64::min);
        let middle = median(rounds(candidate).iter().copied());
        println!("time {group}.{} {least:.1} {middle:.1}", candidate.name);
    }
    let (ours, theirs) = candidates.split_first().expect("ours is measured");
    for theirs in theirs {
        // Less time is more throughput.
        let ratios = rounds(theirs).iter().zip(rounds(ours));
        let ratio = median(ratios.map(|(theirs, ours)| theirs / ours));
        println!("ratio {group}.{} {ratio:.2}", theirs.name);
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
