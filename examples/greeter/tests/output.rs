//! What the program prints.

use std::process::Command;

use expect_test::expect;

#[test]
fn handlers_run_by_priority_the_welcome_once_and_the_clerk_until_he_goes_home() {
    let output = Command::new(env!("CARGO_BIN_EXE_greeter"))
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    expect![[r#"
        The lobby opens.
          journal: lobby.opened
        Ada arrives.
          The door opens.
          Welcome, Ada, first guest!
          Linus waves at Ada.
          Hello, Ada!
          guest book: GuestArrived { name: "Ada" }
          journal: lobby.guest.arrived
        Grace arrives.
          The door opens.
          Linus waves at Grace.
          Hello, Grace!
          guest book: GuestArrived { name: "Grace" }
          journal: lobby.guest.arrived
        Linus goes home.
        Edsger arrives.
          The door opens.
          Hello, Edsger!
          guest book: GuestArrived { name: "Edsger" }
          journal: lobby.guest.arrived
        Ada leaves.
          guest book: GuestLeft { name: "Ada" }
          journal: lobby.guest.left
    "#]]
    .assert_eq(&String::from_utf8_lossy(&output.stdout));
}
