//! Peers that do not behave, and those beside them who do.

mod misbehaving;
mod serving;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use echo_server::events::{Readable, Why};
use echo_server::{BUFFER, Load};
use misbehaving::{MUCH, Stalled, connect, reset, sequence};
use serving::{LIMIT, Serving, errand};

fn run(load: &mut Load) {
    load.run(errand(100_000, 10_000))
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_peer_that_does_not_read_is_not_read_from_and_the_others_go_on() {
    let serving = Serving::start();
    let blockings = serving.blockings();
    let mut load = Load::connect(serving.address, 100).expect("they connect");
    let mut stalled = Stalled::connect(serving.address);
    let waiting = blockings.recv_timeout(LIMIT).expect("it blocks");
    assert!((1..=BUFFER).contains(&waiting), "{waiting} bytes wait");

    run(&mut load);
    run(&mut load);
    assert!(serving.connections.most_waiting() <= BUFFER);
    assert!(stalled.sent() < MUCH, "all was read from it");

    // It reads after all, and nothing is missing.
    let mut came = vec![0; MUCH];
    stalled
        .stream
        .read_exact(&mut came)
        .expect("all of it comes");
    assert!(came == sequence(MUCH), "other bytes came than were sent");
    stalled.sender.join().expect("it has sent all");
    drop(stalled.stream);
    load.finish(LIMIT).unwrap_or_else(|error| panic!("{error}"));
    let counts = serving.stop();
    assert_eq!((counts.broken, counts.lost), (0, 0), "{counts}");
}

#[test]
fn peers_that_reset_their_connections_harm_no_other() {
    let serving = Serving::start();
    let closings = serving.closings();
    let mut load = Load::connect(serving.address, 100).expect("they connect");
    run(&mut load);
    for _ in 0..50 {
        let mut stream = connect(serving.address);
        stream.write_all(&[1; 10_000]).expect("it is connected");
        reset(stream);
    }
    run(&mut load);
    for _ in 0..50 {
        let (why, _) = closings.recv_timeout(LIMIT).expect("it closes");
        let broken = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].map(Why::Broken);
        assert!(broken.contains(&why), "{why}");
    }
    run(&mut load);
    load.finish(LIMIT).unwrap_or_else(|error| panic!("{error}"));
    let counts = serving.stop();
    let ended = (counts.finished, counts.broken, counts.stopped);
    assert_eq!((counts.accepted, ended), (150, (100, 50, 0)), "{counts}");
}

#[test]
fn a_peer_that_resets_while_bytes_wait_for_it_is_closed_and_what_is_lost_is_counted() {
    let serving = Serving::start();
    let (blockings, closings) = (serving.blockings(), serving.closings());
    let stalled = Stalled::connect(serving.address);
    blockings.recv_timeout(LIMIT).expect("it blocks");
    let mut load = Load::connect(serving.address, 10).expect("they connect");
    run(&mut load);
    // It ends the sender, whose handle would keep the connection open.
    stalled.stream.shutdown(Shutdown::Both).expect("a socket");
    stalled.sender.join().expect("it cannot send any more");
    reset(stalled.stream);
    let (why, lost) = closings.recv_timeout(LIMIT).expect("it closes");
    assert!(matches!(why, Why::Broken(_)), "{why}");
    assert!((1..=BUFFER).contains(&lost), "{lost} bytes lost");
    run(&mut load);
    let counts = serving.stop();
    assert_eq!((counts.broken, counts.lost), (1, lost as u64), "{counts}");
}

#[test]
fn a_peer_that_says_its_last_gets_all_of_it_back_before_the_end() {
    let serving = Serving::start();
    for bytes in [0, 1, 5, BUFFER, BUFFER + 1, 3 * BUFFER].repeat(20) {
        let mut stream = connect(serving.address);
        stream.write_all(&sequence(bytes)).expect("it is connected");
        stream.shutdown(Shutdown::Write).expect("it is connected");
        let mut came = Vec::new();
        stream.read_to_end(&mut came).expect("it ends");
        assert!(came == sequence(bytes), "{} of {bytes} bytes", came.len());
    }
    let counts = serving.stop();
    assert_eq!((counts.accepted, counts.finished), (120, 120), "{counts}");
}

#[test]
fn a_handler_that_fails_reaches_neither_the_connection_nor_the_loop() {
    let serving = Serving::start();
    let failing = |_: &Readable| Err::<(), _>("this handler always fails");
    serving.dispatcher.subscribe(failing).detach();
    let mut load = Load::connect(serving.address, 2).expect("they connect");
    load.run(errand(1000, 1000))
        .unwrap_or_else(|error| panic!("{error}"));
    load.finish(LIMIT).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(serving.stop().finished, 2);
}

#[test]
fn a_server_that_is_stopped_ends_every_connection_and_says_so() {
    let serving = Serving::start();
    let address = serving.address;
    let closings = serving.closings();
    let mut streams: Vec<_> = (0..10).map(|_| connect(serving.address)).collect();
    for stream in &mut streams {
        stream.write_all(b"hello").expect("it is connected");
        stream.read_exact(&mut [0; 5]).expect("it comes back");
    }
    assert_eq!(serving.connections.count(), 10);
    let counts = serving.stop();
    let ended = (counts.finished, counts.broken, counts.stopped);
    assert_eq!((ended, counts.echoed, counts.lost), ((0, 0, 10), 50, 0));
    let told: Vec<_> = closings.try_iter().collect();
    assert_eq!(told, [(Why::Stopped, 0); 10]);
    for mut stream in streams {
        assert_eq!(stream.read(&mut [0]).expect("an orderly end"), 0);
    }
    let refused = TcpStream::connect(address).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}
