//! `cargo xtask bench`: runs the programs of the benchmark package and judges what they measured.

mod build_time;
pub(crate) mod figures;
mod instructions;
mod programs;
pub(crate) mod report;

use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::tools::Tool;
use crate::workspace::{Metadata, Result, output};
use figures::Figures;
use programs::Programs;

/// How many processes measure what can be measured only once in a process.
const PROCESSES: usize = 31;

/// Measures, and prints a table, the targets, and one line per figure.
pub(crate) fn emit(quick: bool) -> Result<()> {
    begin(7, if quick { "a minute" } else { "4 minutes" });
    let programs = Programs::build()?;
    let mut figures = Figures::default();

    // Seven sets of candidates are measured for that many seconds each.
    let patience = if quick { "1.5" } else { "15" };
    progress("timing emit");
    figures.read(&programs.run("emit", &[patience])?)?;
    progress("counting instructions");
    instructions::count(&programs.path("instructions"), &mut figures);
    progress("counting allocations");
    figures.read(&programs.run("allocations", &[])?)?;
    memory(&programs, &mut figures)?;
    progress("timing the start of 1000 handlers");
    startup(&programs, &mut figures)?;
    progress("timing the list of 1000 events and their handlers");
    let listing = programs.run("listing", &[])?;
    figures.add("listing.1000", listing.trim().parse()?, 0);
    progress("timing two threads");
    figures.read(&programs.run("scaling", &[patience])?)?;
    progress("timing the build of 1000 handlers");
    let rounds = if quick { 1 } else { 3 };
    if let Err(error) = build_time::measure_handlers(&programs.target, rounds, &mut figures) {
        eprintln!("{error}");
        figures.miss("build.1000", "unknown: the generated crates did not build");
    }

    report::emit::print(&figures);
    Ok(())
}

/// The same for async handlers.
pub(crate) fn asynchronous(quick: bool) -> Result<()> {
    begin(3, if quick { "a minute" } else { "3 minutes" });
    let programs = Programs::build()?;
    let mut figures = Figures::default();

    // Fourteen sets of candidates are measured for that many seconds each.
    let patience = if quick { "1" } else { "10" };
    progress("timing async emit");
    figures.read(&programs.run("emit_async", &[patience])?)?;
    progress("counting allocations");
    figures.read(&programs.run("allocations_async", &[])?)?;
    progress("counting instructions");
    instructions::count_async(&programs.path("instructions_async"), &mut figures);

    report::asynchronous::print(&figures);
    Ok(())
}

/// The same for queues.
pub(crate) fn queue(quick: bool) -> Result<()> {
    begin(4, if quick { "a minute" } else { "4 minutes" });
    let programs = Programs::build()?;
    let mut figures = Figures::default();

    // Thirteen sets of candidates are measured for that many seconds each.
    let patience = if quick { "1.5" } else { "12" };
    progress("timing queues");
    figures.read(&programs.run("queue", &[patience])?)?;
    progress("timing waits and attempts");
    figures.read(&programs.run("waiting", &[patience])?)?;
    progress("counting allocations");
    figures.read(&programs.run("allocations_queue", &[])?)?;
    figures.read(&programs.run("memory_queue", &[])?)?;
    progress("counting instructions");
    let program = programs.path("instructions_queue");
    instructions::count_deliveries(&program, &mut figures);

    report::queue::print(&figures);
    Ok(())
}

/// The same for subscriptions that come and go.
pub(crate) fn subscribe(quick: bool) -> Result<()> {
    let programs = Programs::build()?;
    let mut figures = Figures::default();

    // Three sets of candidates are measured for that many seconds each.
    let patience = if quick { "1.5" } else { "15" };
    progress("timing subscriptions");
    figures.read(&programs.run("subscribe", &[patience])?)?;
    progress("counting allocations");
    figures.read(&programs.run("allocations_subscribe", &[])?)?;
    progress("counting instructions");
    let program = programs.path("instructions_subscribe");
    instructions::count_subscriptions(&program, &mut figures);

    report::subscribe::print(&figures);
    Ok(())
}

/// The same for writing and reading envelopes.
pub(crate) fn wire(quick: bool) -> Result<()> {
    begin(3, if quick { "a minute" } else { "3 minutes" });
    let programs = Programs::build_with(&[
        "--features=wire",
        "--bin=wire",
        "--bin=allocations_wire",
        "--bin=instructions_wire",
    ])?;
    let mut figures = Figures::default();

    // Ten sets of candidates are measured for that many seconds each.
    let patience = if quick { "1" } else { "10" };
    progress("timing envelopes");
    figures.read(&programs.run("wire", &[patience])?)?;
    progress("counting allocations");
    figures.read(&programs.run("allocations_wire", &[])?)?;
    progress("counting instructions");
    instructions::count_wire(&programs.path("instructions_wire"), &mut figures);

    report::wire::print(&figures);
    Ok(())
}

/// The same for the catalogue.
pub(crate) fn catalog(quick: bool) -> Result<()> {
    begin(1, if quick { "15 seconds" } else { "a minute" });
    let programs = Programs::of("event-bench-catalog", &[])?;
    let mut figures = Figures::default();

    let rounds = if quick { "9" } else { "51" };
    progress("timing the catalogue of 1000 events and 5000 handlers");
    figures.read(&programs.run("event-bench-catalog", &[rounds])?)?;

    report::catalog::print(&figures);
    Ok(())
}

/// Measures the outbox on both stores.
pub(crate) fn outbox(quick: bool) -> Result<()> {
    begin(8, if quick { "a minute" } else { "10 minutes" });
    let programs = Programs::of("event-bench-outbox", &[])?;
    let mut figures = Figures::default();
    let scratch = Metadata::read()?.target().join("bench-outbox");
    std::fs::create_dir_all(&scratch)?;
    let mut run = |store: &str, arguments: &[&str]| -> Result<()> {
        let mut command = Command::new(programs.path(&format!("outbox_{store}")));
        let printed = output(command.args(arguments).env("OUTBOX_BENCH_DIR", &scratch))?;
        // `ratio sqlite.drain.ours/drain.raw 0.61`
        let named = printed
            .lines()
            .map(|line| line.replacen(' ', &format!(" {store}."), 1));
        figures.read(&named.collect::<Vec<_>>().join("\n"))
    };

    let (rounds, rows, kills) = if quick {
        ("1", "4000", "3")
    } else {
        ("5", "20000", "20")
    };
    progress("timing SQLite");
    run("sqlite", &[rounds, rows])?;
    progress("timing other processes on SQLite");
    run("sqlite", &["others", kills])?;
    progress("draining a large backlog on SQLite");
    let backlog = if quick { "100000" } else { "1000000" };
    let file = scratch.join("backlog.db");
    let path = file
        .to_str()
        .ok_or("the target directory has a name that is no text")?;
    let _ = std::fs::remove_file(&file);
    run("sqlite", &["fill", path, backlog])?;
    run("sqlite", &["drain", path, backlog])?;
    std::fs::remove_dir_all(&scratch)?;
    std::fs::create_dir_all(&scratch)?;
    progress("timing PostgreSQL and its peers");
    run("postgres", &[rounds, rows])?;
    progress("timing other processes on PostgreSQL");
    run("postgres", &["others", kills])?;
    progress("counting the questions of an idle outbox");
    run("postgres", &["idle", if quick { "10" } else { "60" }])?;
    progress("timing claims beside retries of the future");
    run("postgres", &["retries", backlog])?;

    report::outbox::print(&figures);
    Ok(())
}

/// Measures what handlers and events add to a build.
pub(crate) fn build(quick: bool) -> Result<()> {
    begin(2, if quick { "15 seconds" } else { "a minute" });
    let target = Metadata::read()?.target();
    let mut figures = Figures::default();

    let rounds = if quick { 1 } else { 5 };
    progress("timing the build of 1000 handlers");
    build_time::measure_handlers(&target, rounds, &mut figures)?;
    progress("timing the build of 100 events");
    build_time::measure_events(&target, rounds, &mut figures)?;

    report::build::print(&figures);
    Ok(())
}

/// Measures echo servers on real sockets: ours, a bare loop, and one in Python.
pub(crate) fn echo(quick: bool) -> Result<()> {
    begin(1, if quick { "20 seconds" } else { "a minute" });
    let python = Tool::new("python3", "python3");
    let is_python = python.is_at_hand();
    let programs = Programs::of("echo_server", &["--bin=throughput"])?;
    let mut figures = Figures::default();

    let patience = if quick { "5" } else { "30" };
    progress("timing echo servers");
    figures.read(&programs.run("throughput", &["--seconds", patience])?)?;
    if !is_python {
        figures.miss(
            "ratio echo.python",
            &format!("unknown: {}", python.missing()),
        );
    }

    report::echo::print(&figures);
    Ok(())
}

/// Which step of how many runs.
static STEPS: Mutex<(usize, usize)> = Mutex::new((0, 0));

/// Says how many steps follow, and about how long they take once everything is compiled.
fn begin(steps: usize, takes: &str) {
    eprintln!("{steps} steps: about {takes} after compiling");
    *STEPS.lock().unwrap_or_else(PoisonError::into_inner) = (0, steps);
}

pub(crate) fn progress(doing: &str) {
    let mut steps = STEPS.lock().unwrap_or_else(PoisonError::into_inner);
    steps.0 += 1;
    match *steps {
        (step, all) if step <= all => eprintln!("[{step}/{all}] {doing} ..."),
        _ => eprintln!("{doing} ..."),
    }
}

/// `startup.1000`: the first build in a process, hence the median over many processes.
fn startup(programs: &Programs, figures: &mut Figures) -> Result<()> {
    let times = (0..PROCESSES).map(|_| Ok(programs.run("startup", &[])?.trim().parse()?));
    let times: Vec<f64> = times.collect::<Result<_>>()?;
    figures.add("startup.1000", median(times), 0);
    Ok(())
}

/// `memory.handler` and `allocs.handler`: what a hundred handlers keep more than one, per handler.
fn memory(programs: &Programs, figures: &mut Figures) -> Result<()> {
    let one = Figures::of(&programs.run("memory", &["ONE"])?)?;
    let all = Figures::of(&programs.run("memory", &["ALL"])?)?;
    for (kept, name) in [
        ("bytes", "memory.handler"),
        ("allocations", "allocs.handler"),
    ] {
        if let (Some(one), Some(all)) = (one.get(kept), all.get(kept)) {
            figures.add(name, (all - one) / 99.0, 2);
        }
    }
    Ok(())
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
