//! What the program prints.

use std::process::Command;

use expect_test::expect;

#[test]
fn two_handlers_meet_and_the_failures_of_three_are_told_by_name() {
    let output = Command::new(env!("CARGO_BIN_EXE_async_signup"))
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    expect![[r"
        Ada signs up, and we wait for the handlers.
          welcome: a letter to Ada
          audit: Ada signed up
        = 1 event: 2 done, 1 failed, 1 panicked, 1 timed out
          handler async_signup::handlers::add_to_newsletter failed on `accounts.user_signed_up`: no address of Ada
          handler async_signup::handlers::rate panicked on `accounts.user_signed_up`: the rating is not a number
          handler async_signup::handlers::ask_partner timed out on `accounts.user_signed_up` after 50ms
        Grace signs up, and we do not wait.
        = 1 event: 0 done, 5 handed over
        We close, and wait at most ten seconds.
          heard: handler async_signup::handlers::add_to_newsletter failed on `accounts.user_signed_up`: no address of Grace
          heard: handler async_signup::handlers::rate panicked on `accounts.user_signed_up`: the rating is not a number
          welcome: a letter to Grace
          audit: Grace signed up
          heard: handler async_signup::handlers::ask_partner timed out on `accounts.user_signed_up` after 50ms
        = all has ended: true
    "]].assert_eq(&without_places(&String::from_utf8_lossy(&output.stdout)));
}

/// Without the ` (src/handlers.rs:23)` behind a handler's name, which moves with every edit.
fn without_places(text: &str) -> String {
    let mut parts = text.split(" (");
    let mut cut = parts.next().unwrap_or_default().to_owned();
    cut.extend(parts.filter_map(|part| Some(part.split_once(')')?.1)));
    cut
}
