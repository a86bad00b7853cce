//! The servers that ours is measured by make the same promises, or nothing would be measured.

mod misbehaving;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use echo_server::{Errand, Load, open_files};
use misbehaving::{LIMIT, MUCH, Stalled, connect, reset, sequence};

/// A server as a process of its own; killed when the test ends.
struct Rival(Child);

impl Rival {
    fn start(program: &str, args: &[&str]) -> (Self, SocketAddr) {
        let child = Command::new(program)
            .args(args)
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.unwrap_or_else(|error| {
            panic!(
                "cannot run {program}, install it (for example: apt-get install {program}): {error}"
            )
        });
        let stdout = child.stdout.take().expect("a pipe");
        let rival = Self(child);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("UTF-8");
        let address = line.trim().strip_prefix("listening on ").expect(&line);
        (rival, address.parse().expect("an address"))
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn keeps_its_promises(server: SocketAddr) {
    open_files::need(512).unwrap_or_else(|error| panic!("{error}"));
    let mut load = Load::connect(server, 50).expect("they connect");
    let mut run = || {
        let errand = Errand {
            each: 100_000,
            message: 10_000,
            limit: LIMIT,
        };
        load.run(errand).unwrap_or_else(|error| panic!("{error}"));
    };
    let mut stalled = Stalled::connect(server);
    run();
    for _ in 0..20 {
        let mut stream = connect(server);
        stream.write_all(&[1; 10_000]).expect("it is connected");
        reset(stream);
    }
    run();
    assert!(
        stalled.sent() < MUCH,
        "all was read from a peer that does not read"
    );
    let mut came = vec![0; MUCH];
    stalled
        .stream
        .read_exact(&mut came)
        .expect("all of it comes");
    assert!(came == sequence(MUCH), "other bytes came than were sent");
    stalled.sender.join().expect("it has sent all");
    load.finish(LIMIT).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_bare_loop_loses_nothing_and_no_peer_harms_another() {
    let (_server, address) = Rival::start(env!("CARGO_BIN_EXE_throughput"), &["--serve=bare"]);
    keeps_its_promises(address);
}

#[test]
fn the_server_in_python_loses_nothing_and_no_peer_harms_another() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/selectors_echo.py");
    let (_server, address) = Rival::start("python3", &[script, "127.0.0.1", "0"]);
    keeps_its_promises(address);
}
