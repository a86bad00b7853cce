//! What the program prints.

use std::process::Command;

use expect_test::expect;

#[test]
fn two_handlers_react_one_fails_alone_and_a_third_comes_and_goes() {
    let output = Command::new(env!("CARGO_BIN_EXE_doorbell"))
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    expect![[r"
        The bell rings at 15:00.
          chime: ding dong
          door log: someone rang at 15:00
          = 1 event: 2 done
        We go on holiday, and switch the camera on.
        The bell rings at 23:00.
          door log: someone rang at 23:00
          camera: recording at 23:00
          = 1 event: 2 done, 1 failed
          handler doorbell::chime failed on `doorbell::DoorbellRung`: quiet hours
        We are back, and switch it off.
        The bell rings at 9:00.
          chime: ding dong
          door log: someone rang at 9:00
          = 1 event: 2 done
    "]]
    .assert_eq(&without_places(&String::from_utf8_lossy(&output.stdout)));
}

/// Without the ` (src/main.rs:23)` behind a handler's name, which moves with every edit.
fn without_places(text: &str) -> String {
    let mut parts = text.split(" (");
    let mut cut = parts.next().unwrap_or_default().to_owned();
    cut.extend(parts.filter_map(|part| Some(part.split_once(')')?.1)));
    cut
}
