//! Prints the figures: a table, the targets, and one line each for a program to read.

pub(crate) mod asynchronous;
pub(crate) mod build;
pub(crate) mod catalog;
pub(crate) mod echo;
pub(crate) mod emit;
pub(crate) mod outbox;
pub(crate) mod queue;
pub(crate) mod subscribe;
pub(crate) mod wire;

use std::fmt::Write as _;

use super::figures::Figures;

/// A figure, the most it may be, and what the number is.
type Target = (&'static str, f64, &'static str);

pub(crate) fn heading<const N: usize>(titles: &[&str; N]) {
    row("", &titles.map(String::from));
}

/// A row of a table, unless it is empty.
pub(crate) fn row(title: &str, cells: &[String]) {
    if cells.iter().all(String::is_empty) {
        return;
    }
    let mut line = format!("{title:<34}");
    for cell in cells {
        let _ = write!(line, "{cell:>16}");
    }
    println!("{}", line.trim_end());
}

/// The cell of a candidate.
fn time_and_ratio(figures: &Figures, name: &str) -> String {
    let time = figures.get(&format!("time {name}"));
    let ratio = figures.get(&format!("ratio {name}"));
    match (time, ratio) {
        (Some(time), Some(ratio)) => format!("{time:.1} ({ratio:.2})"),
        (Some(time), None) => format!("{time:.1}       "),
        (None, _) => String::new(),
    }
}

fn targets(figures: &Figures, targets: &[Target]) {
    println!("\nTargets\n");
    for (name, limit, what) in targets {
        target(figures.get(name), *limit, what);
    }
}

fn target(value: Option<f64>, limit: f64, what: &str) {
    judge(
        value,
        |value| value <= limit,
        &format!("at most {limit:>5}"),
        what,
    );
}

/// A target of which more is better.
fn target_of_more(value: Option<f64>, limit: f64, what: &str) {
    judge(
        value,
        |value| value >= limit,
        &format!("at least {limit:>4}"),
        what,
    );
}

fn judge(value: Option<f64>, holds: impl Fn(f64) -> bool, limit: &str, what: &str) {
    match value {
        Some(value) => {
            let verdict = if holds(value) { "PASS" } else { "MISS" };
            println!("{verdict}  {value:>7}  ({limit})  {what}");
        }
        None => println!("?              ({limit})  {what}"),
    }
}

pub(crate) fn lines(figures: &Figures) {
    println!("\nFor a program to read\n");
    print!("{}", figures.lines());
}
