//! What `cargo run -p web_signup` does.

// Signals are sent with what Linux has.
#![cfg(target_os = "linux")]

mod web;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use hyper::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use web::{Client, soon};

/// The program while it runs; killed if the test ends before it does.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(address: &str, folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_web_signup"))
            .arg(address)
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("a pipe");
        let lines = BufReader::new(stdout).lines();
        Self { child, lines }
    }

    async fn line(&mut self) -> String {
        let line = soon(self.lines.next_line()).await.expect("UTF-8");
        line.expect("a line more")
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().expect("it runs");
        let id = Pid::from_raw(i32::try_from(id).expect("small")).expect("not 0");
        kill_process(id, signal).expect("it runs");
    }

    /// Waits for its end; answers what else it said on both ways.
    async fn end(mut self) -> (ExitStatus, String, String) {
        let mut rest = Vec::new();
        while let Some(line) = soon(self.lines.next_line()).await.expect("UTF-8") {
            rest.push(line);
        }
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().expect("a pipe");
        soon(pipe.read_to_string(&mut stderr)).await.expect("UTF-8");
        let status = soon(self.child.wait()).await.expect("it ends");
        (status, rest.join("\n"), stderr)
    }
}

/// What `curl` would send for the line that the program prints.
struct Pasted {
    address: SocketAddr,
    path: String,
    form: String,
}

fn paste(line: &str) -> Pasted {
    let words: Vec<_> = line.split(' ').collect();
    let ["curl", "-d", name, "-d", email, url] = words[..] else {
        panic!("{line}");
    };
    let (host, path) = url
        .strip_prefix("http://")
        .and_then(|url| url.split_once('/'))
        .expect(url);
    Pasted {
        address: host.parse().expect("an address"),
        path: format!("/{path}"),
        form: format!("{name}&{email}"),
    }
}

async fn ends_in_an_orderly_way_by(signal: Signal) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut program = Program::start("127.0.0.1:0", folder.path());
    let first = program.line().await;
    let Pasted {
        address,
        path,
        form,
    } = paste(&program.line().await);
    let folder_name = folder.path().display();
    let expected =
        format!("listening on http://{address}, members, profiles and mail in {folder_name}");
    assert_eq!(first, expected);

    // A folder where the second profile shall be.
    std::fs::create_dir(folder.path().join("profiles/2.txt")).expect("a folder");
    let mut client = Client::connect(address).await;
    let heard = client.post(&path, &form).await;
    assert_eq!(heard.status, StatusCode::CREATED);
    let heard = client
        .post(&path, "name=Grace&email=grace@example.org")
        .await;
    assert_eq!(heard.status, StatusCode::CREATED);
    program.signal(signal);
    assert_eq!(program.line().await, "stopping: what is under way has 10s");
    let (status, stdout, stderr) = program.end().await;
    assert!(status.success(), "{status}: {stderr}");
    assert!(stdout.starts_with("stopped: "), "{stdout}");
    // The second profile, and what else had no time to begin.
    assert!(stdout.ends_with(" wait for the next start"), "{stdout}");
    assert!(!stdout.contains(" 0 deliveries"), "{stdout}");
    assert!(stderr.is_empty(), "{stderr}");
}

#[tokio::test]
async fn a_program_that_is_killed_has_welcomed_each_member_once_it_was_started_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mail = |member| folder.path().join(format!("mail/{member}.eml"));
    // A folder where each profile shall be: nothing can follow.
    let profile = |member| folder.path().join(format!("profiles/{member}.txt"));
    std::fs::create_dir(folder.path().join("profiles")).expect("a folder");
    for member in 1..=5 {
        std::fs::create_dir(profile(member)).expect("a folder");
    }
    let mut program = Program::start("127.0.0.1:0", folder.path());
    program.line().await;
    let Pasted { address, path, .. } = paste(&program.line().await);
    let mut client = Client::connect(address).await;
    for name in ["ada", "grace", "linus", "edsger", "barbara"] {
        let form = format!("name={name}&email={name}@example.org");
        let heard = client.post(&path, &form).await;
        assert_eq!(heard.status, StatusCode::CREATED);
    }
    program.signal(Signal::KILL);
    let (status, ..) = program.end().await;
    assert!(!status.success());

    for member in 1..=5 {
        assert!(!mail(member).is_file());
        std::fs::remove_dir(profile(member)).expect("an empty folder");
    }
    let mut program = Program::start("127.0.0.1:0", folder.path());
    let first = program.line().await;
    let address = paste(&program.line().await).address;
    let mut client = Client::connect(address).await;
    assert_eq!(
        client.get("/").await.text,
        "members: 5\nexample.org: 5\n",
        "{first}"
    );
    soon(async {
        while !(1..=5).all(|member| mail(member).is_file()) {
            // Each request is a while in which it can write.
            client.get("/").await;
        }
    })
    .await;
    program.signal(Signal::TERM);
    let (status, stdout, stderr) = program.end().await;
    assert!(status.success(), "{stderr}");
    assert!(stdout.contains("; 0 deliveries wait"), "{stdout}");
}

#[tokio::test]
async fn it_prints_a_line_to_paste_and_ends_in_an_orderly_way_when_it_is_terminated() {
    ends_in_an_orderly_way_by(Signal::TERM).await;
}

#[tokio::test]
async fn it_ends_in_an_orderly_way_by_ctrl_c() {
    ends_in_an_orderly_way_by(Signal::INT).await;
}

#[tokio::test]
async fn an_address_in_use_is_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let (status, stdout, stderr) = Program::start(&address, folder.path()).end().await;
    assert!(!status.success());
    assert!(stdout.is_empty(), "{stdout}");
    assert!(
        stderr.contains(&format!("cannot listen on {address}: ")),
        "{stderr}"
    );
    assert!(stderr.contains("give it another address"), "{stderr}");
}
