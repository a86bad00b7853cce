//! The clients themselves, with servers that do not echo.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use echo_server::{Errand, Load, LoadError};

/// A server that reads a message of 100 bytes from one client and does with it what it likes.
fn server(answer: impl FnOnce([u8; 100], TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut message = [0; 100];
        stream.read_exact(&mut message).expect("a message");
        answer(message, stream);
    });
    address
}

fn run(server: SocketAddr, limit: Duration) -> (Load, Result<Duration, LoadError>) {
    let mut load = Load::connect(server, 1).expect("it listens");
    let outcome = load.run(Errand {
        each: 100,
        message: 100,
        limit,
    });
    (load, outcome)
}

const LIMIT: Duration = Duration::from_mins(2);

#[test]
fn a_byte_that_was_changed_is_found() {
    let server = server(|mut message, mut stream| {
        message[70] ^= 1;
        stream.write_all(&message).expect("it is connected");
    });
    let (_, outcome) = run(server, LIMIT);
    assert!(
        matches!(outcome, Err(LoadError::Wrong { client: 0, .. })),
        "{outcome:?}"
    );
}

#[test]
fn a_byte_that_was_left_out_is_found() {
    let server = server(|message, mut stream| {
        stream.write_all(&message[1..]).expect("it is connected");
    });
    let (_, outcome) = run(server, LIMIT);
    assert!(
        matches!(outcome, Err(LoadError::Wrong { position: 0, .. })),
        "{outcome:?}"
    );
}

#[test]
fn a_byte_too_many_is_found() {
    let server = server(|message, mut stream| {
        stream.write_all(&message).expect("it is connected");
        stream.write_all(&message[..1]).expect("it is connected");
        // The client has all it wants, and says its last before it looks for more.
        stream.read_to_end(&mut Vec::new()).expect("it ends");
    });
    let (load, outcome) = run(server, LIMIT);
    let ended = outcome.and_then(|_| load.finish(LIMIT));
    assert!(
        matches!(ended, Err(LoadError::Wrong { client: 0, .. })),
        "{ended:?}"
    );
}

#[test]
fn an_end_too_early_is_found() {
    let server = server(|message, mut stream| {
        stream.write_all(&message[..40]).expect("it is connected");
    });
    let (_, outcome) = run(server, LIMIT);
    assert!(
        matches!(outcome, Err(LoadError::DeliveryStatus { position: 40, .. })),
        "{outcome:?}"
    );
}

#[test]
fn who_does_not_answer_is_given_up() {
    let server = server(|_, mut stream| {
        stream.read_to_end(&mut Vec::new()).expect("it ends");
    });
    let (_, outcome) = run(server, Duration::from_millis(50));
    let missing = matches!(
        outcome,
        Err(LoadError::Slow {
            missing: 100,
            wanted: 100,
            ..
        })
    );
    assert!(missing, "{outcome:?}");
}
