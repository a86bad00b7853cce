//! What clients ask for, and what they hear.

mod web;

use event_core::Dispatcher;
use event_testing::{DispatcherExt as _, assert_caused, assert_nothing_emitted};
use hyper::{Request, StatusCode, header};
use web::{ADA, Server, answer};
use web_signup::{ProfileWritten, UserSignedUp, WelcomeSent};

#[tokio::test]
async fn a_sign_up_is_answered_when_it_is_committed_and_its_profile_and_its_mail_follow() {
    let server = Server::start().await;
    let rec = server.dispatcher.record();
    let mut client = server.client().await;
    let expected = answer(StatusCode::CREATED, "welcome, Ada: you are member 1\n");
    assert_eq!(client.post("/signup", ADA).await, expected);
    let front_page = answer(StatusCode::OK, "members: 1\nexample.org: 1\n");
    assert_eq!(client.get("/").await, front_page);

    server.welcomed(&rec, 1).await;
    assert_caused!(rec, UserSignedUp => ProfileWritten);
    assert_caused!(rec, ProfileWritten => WelcomeSent);
    let text = std::fs::read_to_string(server.desk.mail(1)).expect("a mail");
    let expected = "To: ada@example.org\nSubject: Welcome, Ada\n\nYou are member 1.\n";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn bad_input_is_answered_with_what_is_wrong_and_nothing_follows_from_it() {
    let server = Server::start().await;
    let rec = server.dispatcher.record();
    let mut client = server.client().await;
    let no_form = "send a form with the fields `name` and `email`: ";
    for (form, text) in [
        ("", "missing field `name`"),
        ("name=Ada", "missing field `email`"),
        ("name=+&email=ada%40example.org", "`name` is empty"),
        (
            "name=A%0d%0aBcc%3a+b%40c.d&email=ada%40example.org",
            "line breaks",
        ),
        ("name=Ada&email=", "`email` is ``, which is no address"),
        (
            "name=Ada&email=ada",
            "`email` is `ada`, which is no address",
        ),
        ("name=Ada&email=%40example.org", "which is no address"),
        (
            "name=Ada&email=a%40b.c%0aBcc%3A+d%40e.f",
            "which is no address",
        ),
        ("name=Ada&email=a%40b.c,d%40e.f", "which is no address"),
        ("name=Ada&email=%ff%40example.org", "which is no address"),
        ("%", "missing field `name`"),
    ] {
        let heard = client.post("/signup", form).await;
        assert_eq!(heard.status, StatusCode::BAD_REQUEST, "{form}: {heard:?}");
        assert!(heard.text.contains(text), "{form}: {heard:?}");
        let is_form = !text.starts_with("missing");
        assert_ne!(heard.text.starts_with(no_form), is_form, "{heard:?}");
        assert!(heard.text.ends_with('\n'), "{heard:?}");
    }
    let json = Request::post("/signup")
        .header(header::CONTENT_TYPE, "application/json")
        .body(r#"{"name":"Ada","email":"ada@example.org"}"#.to_owned());
    let heard = client.send(json.expect("well formed")).await;
    assert_eq!(heard.status, StatusCode::BAD_REQUEST);
    assert!(heard.text.starts_with(no_form), "{heard:?}");

    let huge = format!("name={}&email=ada%40example.org", "a".repeat(3 << 20));
    let heard = server.client().await.post("/signup", &huge).await;
    assert_eq!(heard.status, StatusCode::PAYLOAD_TOO_LARGE);

    assert_eq!(
        client.get("/signup").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        client.get("/").await,
        answer(StatusCode::OK, "members: 0\n")
    );
    assert_nothing_emitted!(rec);
}

#[tokio::test]
async fn an_address_signs_up_once() {
    let server = Server::start().await;
    let mut client = server.client().await;
    assert_eq!(
        client.post("/signup", ADA).await.status,
        StatusCode::CREATED
    );
    let heard = client
        .post("/signup", "name=Eve&email=ada%40example.org")
        .await;
    let taken = answer(
        StatusCode::CONFLICT,
        "`ada@example.org` is a member already\n",
    );
    assert_eq!(heard, taken);
    assert_eq!(client.get("/").await.text, "members: 1\nexample.org: 1\n");
    let addresses = server.members.addresses().await.expect("it is read");
    assert_eq!(addresses, ["ada@example.org"]);
}

#[tokio::test]
async fn a_failing_handler_leaves_the_sign_up_and_is_called_again_until_it_succeeds() {
    let server = Server::start().await;
    let rec = server.dispatcher.record();
    // A folder where the file shall be.
    std::fs::create_dir(server.desk.profile(1)).expect("a folder");
    let mut client = server.client().await;
    let expected = answer(StatusCode::CREATED, "welcome, Ada: you are member 1\n");
    assert_eq!(client.post("/signup", ADA).await, expected);
    let form = "name=Grace&email=grace%40example.org";
    assert_eq!(
        client.post("/signup", form).await.status,
        StatusCode::CREATED
    );
    server.welcomed(&rec, 2).await;
    assert!(!server.has_mail(1), "there is no profile to welcome to");

    std::fs::remove_dir(server.desk.profile(1)).expect("an empty folder");
    server.welcomed(&rec, 1).await;
    let outbox = server.members.outbox();
    assert!(outbox.counts().retried > 0, "{:?}", outbox.counts());
}

#[tokio::test]
async fn a_panicking_handler_leaves_the_sign_up_and_the_connection() {
    let server = Server::start().await;
    let rec = server.dispatcher.record();
    let _panicking = server.dispatcher.subscribe(panics);
    let mut client = server.client().await;
    let heard = client.post("/signup", ADA).await;
    assert_eq!(heard.status, StatusCode::CREATED);
    assert_eq!(client.get("/").await.status, StatusCode::OK);
    server.welcomed(&rec, 1).await;
}

fn panics(_: &UserSignedUp) {
    std::panic::resume_unwind(Box::new("on purpose"));
}

#[tokio::test]
async fn what_cannot_be_committed_follows_to_nothing_and_the_client_is_told_to_try_again() {
    let server = Server::start().await;
    let rec = server.dispatcher.record();
    let mut tx = server.members.outbox().begin().await.expect("it begins");
    let drop_table = sqlx::query("DROP TABLE member").execute(tx.connection());
    drop_table.await.expect("it is dropped");
    tx.commit().await.expect("it is committed");

    let heard = server.client().await.post("/signup", ADA).await;
    let text = "nobody can sign up now: try again later\n";
    assert_eq!(heard, answer(StatusCode::SERVICE_UNAVAILABLE, text));
    assert_nothing_emitted!(rec);
}

#[tokio::test]
async fn the_front_page_counts_the_members_of_earlier_runs() {
    let mut server = Server::start().await;
    let rec = server.dispatcher.record();
    let heard = server.client().await.post("/signup", ADA).await;
    assert_eq!(heard.status, StatusCode::CREATED);
    server.welcomed(&rec, 1).await;
    server.stop();
    assert!(server.ended().await.is_complete());
    let server = server.start_again(Dispatcher::builder()).await;
    let front_page = answer(StatusCode::OK, "members: 1\nexample.org: 1\n");
    assert_eq!(server.client().await.get("/").await, front_page);
}
