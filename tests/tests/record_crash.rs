//! What a journal has after its program was killed.
//! Apart from other tests, since it starts its own program, to kill it.

use std::collections::HashSet;
use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;

use event_core::wire::journal::{JournalError, JournalReader, JournalWriter};
use event_core::{Dispatcher, Event};
use event_tests::codec;
use serde::{Deserialize, Serialize};

/// A request: the number of who asked, and of what was asked.
#[derive(Event, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[event(name = "crash.asked", wire)]
struct Asked {
    run: u32,
    by: u32,
    number: u32,
}

/// Which record this process writes, if it is the one to be killed.
const RECORD: &str = "EVENT_TESTS_RECORD";

/// A journal that is removed when its test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("{test}-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn record(&self) -> PathBuf {
        self.0.join("events.ndjson")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// This program again, in which the test of this name answers requests until it is killed.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    fn start(test: &str, record: &Path) -> Self {
        let mut child = Command::new(env::current_exe().expect("this program"))
            .args([test, "--exact", "--nocapture"])
            .env(RECORD, record)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, stdout }
    }

    /// The next request that was answered; `None` once the program has ended.
    fn answered(&mut self) -> Option<Asked> {
        let mut line = String::new();
        loop {
            line.clear();
            // What was killed in the middle of a line has no end of it.
            if self.stdout.read_line(&mut line).expect("UTF-8") == 0 || !line.ends_with('\n') {
                return None;
            }
            if let Some(answer) = line.strip_prefix("answered ") {
                return Some(serde_json::from_str(answer).expect("a request"));
            }
        }
    }

    /// SIGKILL, where there are signals; then what had been answered.
    fn kill(mut self) -> Vec<Asked> {
        self.child.kill().expect("it still runs");
        let answered = std::iter::from_fn(|| self.answered()).collect();
        let status = self.child.wait().expect("it has ended");
        assert!(!status.success());
        answered
    }
}

/// Answers requests of two clients until this process is killed.
fn answer(recorder: JournalWriter<File>, run: u32) {
    let dispatcher = Dispatcher::empty().observe(recorder).build();
    let dispatcher = dispatcher.expect("wired");
    thread::scope(|scope| {
        for by in 0..2 {
            let dispatcher = &dispatcher;
            scope.spawn(move || {
                for number in 0..100_000 {
                    let asked = Asked { run, by, number };
                    assert!(dispatcher.emit(asked).is_ok());
                    let answer = serde_json::to_string(&asked).expect("JSON");
                    println!("answered {answer}");
                }
            });
        }
    });
}

/// The requests in a journal, and how many lines of it are cut off.
fn recorded(record: &Path) -> (HashSet<Asked>, usize) {
    let file = BufReader::new(File::open(record).expect("the journal"));
    let mut cut_off = 0;
    let events = JournalReader::new(codec(), file).filter_map(|event| match event {
        Ok(event) => Some(*event.event().downcast_ref().expect("a request")),
        Err(JournalError::CutOff { .. }) => {
            cut_off += 1;
            None
        }
        Err(error) => panic!("{error}"),
    });
    (events.collect(), cut_off)
}

/// Lets the test of this name be killed after some answers; what it had answered.
fn killed(test: &str, record: &Path) -> Vec<Asked> {
    let mut running = Running::start(test, record);
    let mut answered: Vec<_> = (0..50).map_while(|_| running.answered()).collect();
    assert_eq!(answered.len(), 50);
    answered.extend(running.kill());
    answered
}

#[test]
fn what_was_answered_before_a_kill_is_in_the_record() {
    const NAME: &str = "what_was_answered_before_a_kill_is_in_the_record";
    if let Some(record) = env::var_os(RECORD) {
        let file = File::create(record).expect("a file");
        return answer(JournalWriter::new(codec(), file), 0);
    }
    let folder = Folder::new(NAME);
    let answered = killed(NAME, &folder.record());
    let (recorded, cut_off) = recorded(&folder.record());
    let lost = answered.iter().filter(|it| !recorded.contains(it)).count();
    assert_eq!(lost, 0, "of {}", answered.len());
    assert!(cut_off <= 1);
}

#[test]
fn each_run_appends_to_what_was_left_by_the_one_that_was_killed_before() {
    const NAME: &str = "each_run_appends_to_what_was_left_by_the_one_that_was_killed_before";
    const RUNS: u32 = 3;
    if let Some(record) = env::var_os(RECORD) {
        let (earlier, _) = recorded(Path::new(&record));
        let run = earlier.iter().map(|it| it.run + 1).max().unwrap_or(0);
        let file = File::options().read(true).append(true).open(record);
        let recorder = JournalWriter::builder(codec()).append(file.expect("a file"));
        return answer(recorder.expect("it can be read"), run);
    }
    let folder = Folder::new(NAME);
    let record = folder.record();
    fs::write(&record, "").expect("a file");
    let mut answered = HashSet::new();
    for run in 0..RUNS {
        answered.extend(killed(NAME, &record));
        // As if the power had failed in the middle of an event.
        let half = format!("{{\"specversion\":\"1.0\",\"id\":\"{run}");
        let mut file = File::options().append(true).open(&record).expect("a file");
        file.write_all(half.as_bytes()).expect("it is written");
    }
    let (recorded, cut_off) = recorded(&record);
    let runs: HashSet<_> = answered.iter().map(|it| it.run).collect();
    assert_eq!(runs, (0..RUNS).collect());
    let lost = answered.iter().filter(|it| !recorded.contains(it)).count();
    assert_eq!(lost, 0, "of {}", answered.len());
    assert_eq!(cut_off, RUNS as usize);
}
