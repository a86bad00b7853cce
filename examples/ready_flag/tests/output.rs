//! What the program prints.

use std::process::Command;

use expect_test::expect;

#[test]
fn many_wait_and_go_on_the_flag_is_used_again_and_one_waits_no_longer() {
    let output = Command::new(env!("CARGO_BIN_EXE_ready_flag"))
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    expect![[r"
        Workers [1, 2, 3] wait.
        The cache has 0 entries.
          still waiting: true
        The cache has 40 entries.
          worker 1 works
          worker 2 works
          worker 3 works
          the thread works
        The cache is emptied.
        Workers [4, 5, 6] wait.
          the visitor goes away
        The cache has 41 entries.
          worker 4 works
          worker 5 works
          worker 6 works
          the visitor is served
        The flag is set and cleared at once.
          who waited went on; set: false
    "]]
    .assert_eq(&String::from_utf8_lossy(&output.stdout));
}
