//! How the server ends.

mod web;

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
use web::{ADA, LONG, Server, answer, soon};
use web_signup::{MAIL, UserSignedUp};

/// Too short for anything that waits.
const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_request_under_way_is_answered_while_no_connection_is_accepted_any_more() {
    let mut server = Server::start().await;
    let (reached, open) = (Arc::new(Flag::new()), Arc::new(Flag::new()));
    let flags = (Arc::clone(&reached), Arc::clone(&open));
    let _held = server
        .dispatcher
        .subscribe_async(move |_: Arc<UserSignedUp>| {
            let (reached, open) = flags.clone();
            async move {
                reached.set();
                open.wait().await;
            }
        });
    let address = server.address;
    let mut client = server.client().await;
    let request = tokio::spawn(async move { client.post("/signup", ADA).await });
    soon(reached.wait()).await;
    server.stop();
    soon(refused(address)).await;
    assert!(!request.is_finished());

    open.set();
    let expected = answer(StatusCode::CREATED, "welcome, Ada: you are member 1\n");
    assert_eq!(soon(request).await.expect("no panic"), expected);
    let end = server.ended().await;
    assert!(end.is_complete(), "{end}");
    assert!(server.has_mail(1));
}

/// Returns when nobody listens there.
async fn refused(address: std::net::SocketAddr) {
    loop {
        match TcpStream::connect(address).await {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
            _ => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test]
async fn mails_that_wait_go_out_before_the_end_which_says_how_many_there_were() {
    let mut server = Server::start().await;
    server
        .dispatcher
        .queue(&MAIL)
        .expect("a handler names it")
        .pause();
    let mut client = server.client().await;
    for name in ["ada", "grace", "linus"] {
        let form = format!("name={name}&email={name}%40example.org");
        let heard = client.post("/signup", &form).await;
        assert_eq!(heard.status, StatusCode::CREATED);
    }
    assert!(!server.has_mail(1));
    server.stop();
    // The client is still connected, and asks for nothing.
    let end = server.ended().await;
    assert!((1..=3).all(|member| server.has_mail(member)));
    let [(handler, 3)] = end.drained() else {
        panic!("{end}");
    };
    assert_eq!(handler.name(), "web_signup::handlers::send_welcome");
    assert!(
        end.to_string()
            .starts_with("3 drained, 0 abandoned\n  drained 3: "),
        "{end}"
    );
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
    let tell = move |router: Router, _| {
        router.layer(from_fn(move |request: Request, next: Next| {
            told.set();
            next.run(request)
        }))
    };
    (
        Server::start_with(Dispatcher::builder(), limit, tell).await,
        begun,
    )
}

#[tokio::test]
async fn a_request_that_is_still_being_read_is_waited_for_and_all_that_follows_from_it() {
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
    assert!(server.has_profile(1) && server.has_mail(1));
}

#[tokio::test]
async fn a_client_that_stalls_is_not_waited_for_beyond_the_limit() {
    let (mut server, begun) = begun_server(SHORT).await;
    let stalled = Half::send(&server, &begun).await;
    server.stop();
    assert!(
        server.ended().await.is_complete(),
        "nothing follows from half a request"
    );
    drop(stalled);
}

#[tokio::test]
async fn a_handler_that_hangs_is_cut_short_at_the_limit_and_the_end_says_so() {
    let mut server = Server::start_with(Dispatcher::builder(), SHORT, |router, _| router).await;
    let reached = Arc::new(Flag::new());
    let told = Arc::clone(&reached);
    let _hanging = server
        .dispatcher
        .subscribe_async(move |_: Arc<UserSignedUp>| {
            told.set();
            std::future::pending::<()>()
        });
    let client = server.client().await;
    client.hang_up_after("/signup", ADA, reached.wait()).await;
    server.stop();
    let end = server.ended().await;
    assert!(!end.is_complete());
    assert_eq!(end.cancelled(), 1, "{end}");
    assert!(
        end.to_string().contains("1 spawned emission cancelled"),
        "{end}"
    );
}
