//! A server on a real socket, and a client that talks to it.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use event_core::flag::Flag;
use event_core::{Dispatcher, dispatcher::DispatcherBuilder};
use event_testing::Recorder;
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use web_signup::{App, Desk, End, Members, WelcomeSent, router, serve};

/// Longer than anything takes.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// What comes soon, unless something is broken: a test that waits for ever says nothing.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    timeout(LONG, future).await.expect("within a minute")
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) desk: Desk,
    pub(crate) members: Members,
    stop: Arc<Flag>,
    serving: JoinHandle<End>,
    folder: Arc<TempDir>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(Dispatcher::builder(), LONG, |router| router).await
    }

    /// One with another time to end in, and with more layers than it has.
    pub(crate) async fn start_with(
        builder: DispatcherBuilder,
        limit: Duration,
        more: impl FnOnce(Router) -> Router,
    ) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        Self::start_in(folder, builder, limit, more).await
    }

    async fn start_in(
        folder: Arc<TempDir>,
        builder: DispatcherBuilder,
        limit: Duration,
        more: impl FnOnce(Router) -> Router,
    ) -> Self {
        let desk = Desk::open(folder.path()).expect("two folders in it");
        let app = App::build(builder, desk.clone()).await.expect("wired");
        let (dispatcher, members) = (app.dispatcher.clone(), app.members.clone());
        let router = more(router(app.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let stop = Arc::new(Flag::new());
        let stopping = Arc::clone(&stop);
        let serving = tokio::spawn(async move {
            let stop = async move { stopping.wait().await };
            let end = serve(listener, app, router, stop, limit).await;
            end.expect("the socket works")
        });
        Self {
            address,
            dispatcher,
            desk,
            members,
            stop,
            serving,
            folder,
        }
    }

    /// Starts again, where this one has ended.
    pub(crate) async fn start_again(self, builder: DispatcherBuilder) -> Self {
        Self::start_in(self.folder, builder, LONG, |router| router).await
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.address).await
    }

    /// What Ctrl-C does.
    pub(crate) fn stop(&self) {
        self.stop.set();
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> End {
        soon(&mut self.serving).await.expect("no panic")
    }

    /// Waits until a member was welcomed.
    pub(crate) async fn welcomed(&self, rec: &Recorder, member: i64) {
        rec.wait_for(|sent: &WelcomeSent| sent.member == member)
            .limit(LONG)
            .await;
        assert!(self.has_profile(member) && self.has_mail(member));
    }

    pub(crate) fn has_profile(&self, member: i64) -> bool {
        self.desk.profile(member).is_file()
    }

    pub(crate) fn has_mail(&self, member: i64) -> bool {
        self.desk.mail(member).is_file()
    }
}

/// One connection.
pub(crate) struct Client {
    requests: SendRequest<String>,
    connection: JoinHandle<hyper::Result<()>>,
}

/// What the server answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = soon(TcpStream::connect(address)).await.expect("it listens");
        let (requests, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP/1");
        Self {
            requests,
            connection: tokio::spawn(connection),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = Request::get(path).header(header::HOST, "localhost");
        self.send(request.body(String::new()).expect("well formed"))
            .await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(form.to_owned()).expect("well formed"))
            .await
    }

    pub(crate) async fn send(&mut self, request: Request<String>) -> Answer {
        soon(self.requests.ready()).await.expect("it is connected");
        let response = soon(self.requests.send_request(request))
            .await
            .expect("an answer");
        let status = response.status();
        let body = soon(response.into_body().collect()).await.expect("a body");
        let text = String::from_utf8(body.to_bytes().into()).expect("UTF-8");
        Answer { status, text }
    }

    /// Sends a request and goes away as soon as `midway` is over, without its answer.
    pub(crate) async fn hang_up_after(mut self, path: &str, form: &str, midway: impl Future) {
        {
            let mut post = std::pin::pin!(self.post(path, form));
            tokio::select! {
                answer = &mut post => panic!("answered: {answer:?}"),
                _ = soon(midway) => {}
            }
        }
        self.connection.abort();
        assert!(self.connection.await.is_err(), "the socket is closed");
    }
}

pub(crate) fn answer(status: StatusCode, text: &str) -> Answer {
    let text = text.to_owned();
    Answer { status, text }
}

pub(crate) const ADA: &str = "name=Ada&email=ada%40example.org";
