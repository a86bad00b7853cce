//! Clients that go away before they are answered.

mod web;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::routing::post;
use event_core::flag::Flag;
use event_core::{Dispatcher, dispatcher::Subscription};
use web::{ADA, LONG, Server, soon};
use web_signup::{MAIL, ProfileWritten, UserSignedUp};

/// Holds each sign-up until the gate is open: one handler more, among the async ones.
struct Gate {
    reached: Arc<Flag>,
    open: Arc<Flag>,
    passed: Arc<Flag>,
    _handler: Subscription,
}

impl Gate {
    fn before(dispatcher: &Dispatcher) -> Self {
        let flags = <[Arc<Flag>; 3]>::default();
        let [reached, open, passed] = flags.clone();
        let handler = dispatcher.subscribe_async(move |_: Arc<UserSignedUp>| {
            let [reached, open, passed] = flags.clone();
            async move {
                reached.set();
                open.wait().await;
                passed.set();
            }
        });
        Self {
            reached,
            open,
            passed,
            _handler: handler,
        }
    }
}

/// Sets its flag when it is dropped.
struct Dropped(Arc<Flag>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.set();
    }
}

/// Tells when axum lets go of a request, answered or not.
fn watched(router: Router, gone: &Arc<Flag>) -> Router {
    let gone = Arc::clone(gone);
    router.layer(from_fn(move |request: Request, next: Next| {
        let dropped = Dropped(Arc::clone(&gone));
        async move {
            let _dropped = dropped;
            next.run(request).await
        }
    }))
}

#[tokio::test]
async fn what_follows_a_sign_up_runs_to_its_end_when_the_client_hangs_up() {
    let gone = Arc::new(Flag::new());
    let watch = |router, _| watched(router, &gone);
    let server = Server::start_with(Dispatcher::builder(), LONG, watch).await;
    let gate = Gate::before(&server.dispatcher);
    let written = Arc::new(Flag::new());
    let told = Arc::clone(&written);
    let _telling = server
        .dispatcher
        .subscribe(move |_: &ProfileWritten| told.set());

    let client = server.client().await;
    client
        .hang_up_after("/signup", ADA, gate.reached.wait())
        .await;
    soon(gone.wait()).await;
    assert!(
        !gate.passed.is_set() && !written.is_set(),
        "the request ended midway"
    );

    gate.open.set();
    soon(written.wait()).await;
    assert!(gate.passed.is_set());
    server
        .dispatcher
        .queue(&MAIL)
        .expect("a handler names it")
        .join()
        .await;
    assert!(server.has_mail(1));
}

#[tokio::test]
async fn the_end_of_the_server_waits_for_what_a_client_left_behind() {
    let gone = Arc::new(Flag::new());
    let watch = |router, _| watched(router, &gone);
    let mut server = Server::start_with(Dispatcher::builder(), LONG, watch).await;
    let gate = Gate::before(&server.dispatcher);
    let client = server.client().await;
    client
        .hang_up_after("/signup", ADA, gate.reached.wait())
        .await;
    soon(gone.wait()).await;

    server.stop();
    let dispatcher = server.dispatcher.clone();
    let (end, ()) = tokio::join!(server.ended(), async {
        // From here on it drains.
        soon(async {
            while !dispatcher.emit(Probe).closed() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        gate.open.set();
    });
    assert!(end.is_complete(), "{end}");
    assert!(server.has_mail(1));
}

#[derive(event_core::Event)]
struct Probe;

/// The route of `web.rs` without `.spawned()`.
async fn unshielded(State(dispatcher): State<Dispatcher>) {
    let event = UserSignedUp {
        member: 1,
        name: "Ada".to_owned(),
        email: "ada@example.org".to_owned(),
    };
    dispatcher.emit_async(event).await;
}

#[tokio::test]
async fn without_the_shield_it_ends_halfway_and_what_was_lost_is_told() {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let lost = Arc::new(Flag::new());
    let (hook, cut) = (Arc::clone(&told), Arc::clone(&lost));
    let builder = Dispatcher::builder().on_failure(move |failure| {
        hook.lock().expect("not poisoned").push(failure.to_string());
        cut.set();
    });
    let add = |router: Router, dispatcher| {
        let route = Router::new().route("/unshielded", post(unshielded));
        router.merge(route.with_state(dispatcher))
    };
    let mut server = Server::start_with(builder, LONG, add).await;
    let gate = Gate::before(&server.dispatcher);
    let client = server.client().await;
    client
        .hang_up_after("/unshielded", ADA, gate.reached.wait())
        .await;
    soon(lost.wait()).await;

    gate.open.set();
    server.stop();
    assert!(
        server.ended().await.is_complete(),
        "nothing is left to wait for"
    );
    assert!(!gate.passed.is_set());
    assert!(!server.has_mail(1), "nobody was told of the profile");
    let told = told.lock().expect("not poisoned").clone();
    assert_eq!(told.len(), 1, "{told:?}");
    let start = "the `emit_async` of `signup.user_signed_up` was dropped: ";
    assert!(told[0].starts_with(start), "{told:?}");
}
