//! The program as a user runs it. Ctrl-C is SIGINT.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How long a read may take before a test gives it up.
const LIMIT: Duration = Duration::from_mins(2);

/// The program while it runs; killed if the test ends before it does.
struct Running {
    child: Child,
    address: SocketAddr,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

impl Running {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_echo_server"))
            .arg("127.0.0.1:0")
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("a pipe");
        let mut stdout = BufReader::new(stdout).lines();
        let stderr = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let line = stdout.next().expect("a first line").expect("UTF-8");
        let address = line.strip_prefix("listening on ").expect(&line);
        Self {
            child,
            address: address.parse().expect("an address"),
            stdout,
            stderr,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a socket");
        stream
    }

    /// Ctrl-C; answers what it still prints, if it ends as it should.
    fn interrupt(mut self) -> Vec<String> {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it still runs");
        let printed = self
            .stdout
            .by_ref()
            .map(|line| line.expect("UTF-8"))
            .collect();
        let status = self.child.wait().expect("it ends");
        let said: Vec<_> = self.stderr.by_ref().map_while(Result::ok).collect();
        assert!(status.success(), "{status}: {said:?}");
        printed
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn echo(mut stream: &TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).expect("it is connected");
    let mut came = vec![0; text.len()];
    stream.read_exact(&mut came).expect("it comes back");
    assert_eq!(came, text.as_bytes());
}

#[test]
fn an_interrupt_ends_it_and_it_says_what_it_did() {
    let running = Running::start(&[]);
    let (stays, mut leaves) = (running.connect(), running.connect());
    echo(&stays, "hello");
    echo(&leaves, "goodbye");
    leaves
        .shutdown(std::net::Shutdown::Write)
        .expect("it is connected");
    assert_eq!(leaves.read(&mut [0]).expect("an orderly end"), 0);

    let peer = stays.local_addr().expect("a socket");
    let printed = running.interrupt();
    assert_eq!(printed[0], format!("connection 1: {peer}"));
    assert_eq!(
        printed[2..],
        [
            "connection 2: finished, 7 bytes echoed",
            "connection 1: the server stopped, 5 bytes echoed",
            "2 accepted, at most 2 at once",
            "1 finished, 0 broken, 1 stopped",
            "12 bytes echoed, 0 lost, 0 times a peer was waited for",
        ]
    );
}

#[test]
fn a_quiet_server_says_nothing_but_its_counts() {
    let running = Running::start(&["--quiet"]);
    echo(&running.connect(), "hello");
    let printed = running.interrupt();
    assert_eq!(printed.len(), 3, "{printed:?}");
    assert_eq!(printed[0], "1 accepted, at most 1 at once");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it listens").to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_echo_server"))
        .arg(&address)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    let words = format!("echo_server: cannot listen on {address}: ");
    assert!(said.starts_with(&words), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_file_left_the_others_are_served_and_who_waits_is_served_later() {
    use rustix::process::{Resource, Rlimit, getrlimit, prlimit};

    let mut running = Running::start(&[]);
    let first = running.connect();
    echo(&first, "there is room");
    // Input, output, errors, and what the loop needs leave room for a few.
    let pid = Pid::from_child(&running.child);
    let limit = |limit| prlimit(Some(pid), Resource::Nofile, limit).expect("its own child");
    let before = getrlimit(Resource::Nofile);
    limit(Rlimit {
        current: Some(20),
        ..before
    });
    let others: Vec<_> = (0..20).map(|_| running.connect()).collect();
    let said = running.stderr.next().expect("it says so").expect("UTF-8");
    let words = "echo_server: nobody more is accepted for now: ";
    assert!(said.starts_with(words), "{said}");
    echo(&first, "who is in is served");

    // Nothing happens on any connection any more, and still it finds that there is room again.
    until_asleep(&running.child);
    limit(Rlimit {
        current: before.maximum,
        ..before
    });
    echo(&others[19], "there is room again");
}

/// Waits until a program waits itself.
#[cfg(target_os = "linux")]
fn until_asleep(child: &Child) {
    let path = format!("/proc/{}/stat", child.id());
    let since = std::time::Instant::now();
    while !std::fs::read_to_string(&path)
        .expect("it runs")
        .contains(") S ")
    {
        let waited = since.elapsed();
        assert!(waited < Duration::from_secs(30), "it does not wait: {path}");
        std::thread::yield_now();
    }
}
