//! How the server ends.

mod web;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use event_core::Dispatcher;
use event_core::flag::Flag;
use hyper::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use web::{ADA, LONG, Server, soon};
use web_signup::{ProfileWritten, UserSignedUp, send_welcome, write_profile};

/// Too short for anything that waits.
const SHORT: Duration = Duration::from_millis(50);

/// Returns when nobody listens there.
async fn refused(address: std::net::SocketAddr) {
    loop {
        match TcpStream::connect(address).await {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
            _ => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_handler_that_runs_is_waited_for_at_the_end() {
    let (reached, open) = (Arc::new(Flag::new()), Arc::new(Flag::new()));
    let (told, opened) = (Arc::clone(&reached), Arc::clone(&open));
    let builder = Dispatcher::builder().replace(send_welcome, move |_: &ProfileWritten| {
        told.set();
        opened.wait_blocking();
    });
    let mut server = Server::start_with(builder, LONG, |router| router).await;
    let heard = server.client().await.post("/signup", ADA).await;
    assert_eq!(heard.status, StatusCode::CREATED);
    soon(reached.wait()).await;
    server.stop();
    soon(refused(server.address)).await;
    open.set();
    let end = server.ended().await;
    assert!(end.is_complete(), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_at_the_end_or_outlasts_its_limit_is_done_by_the_next_start() {
    let (reached, open) = (Arc::new(Flag::new()), Arc::new(Flag::new()));
    let (told, opened) = (Arc::clone(&reached), Arc::clone(&open));
    let builder = Dispatcher::builder().replace(write_profile, move |event: &UserSignedUp| {
        if event.name == "linus" {
            told.set();
            opened.wait_blocking();
        }
        Err::<(), _>(std::io::Error::from(ErrorKind::StorageFull))
    });
    let mut server = Server::start_with(builder, SHORT, |router| router).await;
    let mut client = server.client().await;
    for name in ["ada", "grace", "linus"] {
        let form = format!("name={name}&email={name}%40example.org");
        let heard = client.post("/signup", &form).await;
        assert_eq!(heard.status, StatusCode::CREATED);
    }
    soon(reached.wait()).await;
    server.stop();
    // The client is still connected, and asks for nothing.
    let end = server.ended().await;
    assert!(!end.are_deliveries_ended, "{end:?}");
    open.set();

    let (sent, mut mails) = tokio::sync::mpsc::unbounded_channel();
    let builder = Dispatcher::builder().replace(send_welcome, move |event: &ProfileWritten| {
        sent.send(event.member)
    });
    let server = server.start_again(builder).await;
    let mut welcomed = BTreeSet::new();
    while welcomed.len() < 3 {
        welcomed.extend(soon(mails.recv()).await);
    }
    assert!((1..=3).all(|member| server.has_profile(member)));
    drop(client);
}

/// A request of which a part has come, and is being read.
struct Half(TcpStream);

const REST: &str = "&email=ada%40example.org";

impl Half {
    async fn send(server: &Server, begun: &Flag) -> Self {
        let mut stream = TcpStream::connect(server.address)
            .await
            .expect("it listens");
        let length = "name=Ada".len() + REST.len();
        let half = format!(
            "POST /signup HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\nname=Ada"
        );
        stream.write_all(half.as_bytes()).await.expect("sent");
        soon(begun.wait()).await;
        Self(stream)
    }

    /// Sends the rest; answers all that comes back.
    async fn finish(mut self) -> String {
        self.0.write_all(REST.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        soon(self.0.read_to_string(&mut answer))
            .await
            .expect("UTF-8");
        answer
    }
}

/// A server that tells when it has begun with a request.
async fn begun_server(limit: Duration) -> (Server, Arc<Flag>) {
    let begun = Arc::new(Flag::new());
    let told = Arc::clone(&begun);
    let tell = move |router: Router| {
        router.layer(from_fn(move |request: Request, next: Next| {
            told.set();
            next.run(request)
        }))
    };
    let server = Server::start_with(Dispatcher::builder(), limit, tell).await;
    (server, begun)
}

#[tokio::test]
async fn a_request_that_is_still_being_read_is_waited_for() {
    let (mut server, begun) = begun_server(LONG).await;
    let half = Half::send(&server, &begun).await;
    server.stop();
    soon(refused(server.address)).await;
    let answer = half.finish().await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(
        answer.ends_with("\r\n\r\nwelcome, Ada: you are member 1\n"),
        "{answer}"
    );
    assert!(server.ended().await.is_complete());
    let addresses = server.members.addresses().await.expect("it is read");
    assert_eq!(addresses, ["ada@example.org"]);
}

#[tokio::test]
async fn a_client_that_stalls_is_not_waited_for_beyond_half_of_the_limit() {
    let (mut server, begun) = begun_server(Duration::from_secs(4)).await;
    let stalled = Half::send(&server, &begun).await;
    server.stop();
    assert!(
        server.ended().await.is_complete(),
        "nothing follows from half a request"
    );
    drop(stalled);
}
