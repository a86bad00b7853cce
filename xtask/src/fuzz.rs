//! `cargo xtask fuzz`: random inputs for what reads envelopes, led by what they cover.
//!
//! libFuzzer comes as a crate, so the compiler and cargo are all that is needed, and a compiler of C++. What it
//! sees of a run, the compiler puts in when told by `RUSTFLAGS`; those are for the code that is fuzzed, and not
//! for build scripts and macros, hence the explicit target.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::tools::Tool;
use crate::workspace::{Metadata, Result, cargo, output};

/// Counters of edges and the values of comparisons, and everything that a debug build checks.
const RUSTFLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks \
     --cfg fuzzing";

/// Inputs are up to a quarter larger than the codec reads, take at most this many seconds and megabytes.
const LIMITS: [&str; 3] = ["-max_len=20480", "-timeout=5", "-rss_limit_mb=1024"];

/// Fuzzes for so many seconds, or only looks at one input.
pub(crate) fn run(seconds: u64, input: Option<&Path>) -> Result<()> {
    let compiler = Tool::new("c++", "g++");
    if !compiler.is_at_hand() {
        return Err(compiler.missing().into());
    }
    let folder = Metadata::read()?.target().join("fuzz");
    let program = build(&folder)?;
    if let Some(input) = input {
        let input =
            fs::canonicalize(input).map_err(|error| format!("{}: {error}", input.display()))?;
        let status = Command::new(program).args(LIMITS).arg(&input).status()?;
        if !status.success() {
            return Err(format!("{} breaks a promise", input.display()).into());
        }
        return Ok(());
    }
    let (corpus, findings) = (folder.join("corpus"), folder.join("findings"));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&findings)?;
    let status = cargo(["run", "--quiet", "-p", "event-fuzz", "--bin", "seeds", "--"])
        .arg(&folder)
        .status()?;
    if !status.success() {
        return Err("the seeds were not written".into());
    }

    let mut fuzzer = Command::new(&program)
        .arg(&corpus)
        .arg(folder.join("seeds"))
        .args(LIMITS)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-dict={}", folder.join("dictionary").display()))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .arg("-print_final_stats=1")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut said = Said::default();
    let lines = fuzzer.stderr.take().map(BufReader::new);
    for line in lines.into_iter().flat_map(|lines| lines.split(b'\n')) {
        said.hear(&String::from_utf8_lossy(&line?));
    }
    let status = fuzzer.wait()?;
    if status.success() {
        keep_what_covers(&program, &corpus, &folder.join("merged"))?;
    }
    said.print(&corpus);
    match said.finding {
        None if status.success() => Ok(()),
        None => Err(format!("the fuzzer failed ({status})").into()),
        Some(finding) => Err(format!(
            "an input breaks a promise: {finding}\n  look at it with: cargo xtask fuzz --input {finding}"
        )
        .into()),
    }
}

/// Builds the fuzzer, in a target directory of its own: everything in it is built another way.
fn build(folder: &Path) -> Result<PathBuf> {
    let about = output(Command::new("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or("rustc does not say for which machine it compiles")?;
    let target = folder.join("build");
    let options = ["--release", "-p", "event-fuzz", "--features", "libfuzzer"];
    let status = cargo(["build", "--bin", "fuzz_wire", "--target", host])
        .args(options)
        .env("RUSTFLAGS", RUSTFLAGS)
        .env("CARGO_TARGET_DIR", &target)
        .status()?;
    if !status.success() {
        return Err("the fuzzer does not compile".into());
    }
    Ok(target.join(host).join("release/fuzz_wire"))
}

/// Leaves in the corpus what covers all that it covers: a run adds many inputs that a later one replaces.
fn keep_what_covers(program: &Path, corpus: &Path, merged: &Path) -> Result<()> {
    if merged.exists() {
        fs::remove_dir_all(merged)?;
    }
    fs::create_dir_all(merged)?;
    let mut merge = Command::new(program);
    output(merge.arg("-merge=1").args(LIMITS).arg(merged).arg(corpus))?;
    fs::remove_dir_all(corpus)?;
    Ok(fs::rename(merged, corpus)?)
}

/// What libFuzzer said that matters at the end.
#[derive(Default)]
struct Said {
    coverage: String,
    seed: String,
    executions: String,
    per_second: String,
    peak: String,
    finding: Option<String>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        if let Some((_, seed)) = line.split_once("INFO: Seed: ") {
            seed.clone_into(&mut self.seed);
        }
        if let Some((_, finding)) = line.split_once("Test unit written to ") {
            self.finding = Some(finding.to_owned());
        }
        for (stat, value) in [
            ("stat::number_of_executed_units:", &mut self.executions),
            ("stat::average_exec_per_sec:", &mut self.per_second),
            ("stat::peak_rss_mb:", &mut self.peak),
        ] {
            if let Some((_, said)) = line.split_once(stat) {
                said.trim().clone_into(value);
            }
        }
        // `#32768 pulse  cov: 3410 ft: 12060 corp: 950/310Kb lim: 1021 exec/s: 8192 rss: 85Mb`
        let progress = line.strip_prefix('#').filter(|line| line.contains("cov: "));
        match progress.and_then(|line| line.split_once("cov: ")) {
            Some((_, coverage)) => {
                coverage.clone_into(&mut self.coverage);
                if line.contains("\tpulse ") || line.contains("INITED") {
                    eprintln!("{line}");
                }
            }
            // A panic, its trace, and the input; neither each new input nor words for a dictionary.
            None if !line.starts_with(['#', '\t', '"']) => eprintln!("{line}"),
            None => {}
        }
    }

    fn print(&self, corpus: &Path) {
        let after = |name: &str| {
            let (_, rest) = self.coverage.split_once(name)?;
            rest.split_whitespace().next()
        };
        let first = self.coverage.split_whitespace().next();
        let kept = fs::read_dir(corpus).map_or(0, Iterator::count);
        println!("\nexecutions     {}", self.executions);
        println!("per second     {}", self.per_second);
        println!("edges covered  {}", first.unwrap_or("unknown"));
        println!("features       {}", after("ft:").unwrap_or("unknown"));
        println!("corpus         {kept} inputs in {}", corpus.display());
        println!("peak memory    {} MB", self.peak);
        println!("seed           {}", self.seed);
        println!(
            "findings       {}",
            self.finding.as_deref().unwrap_or("none")
        );
    }
}
