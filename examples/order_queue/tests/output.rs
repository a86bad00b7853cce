//! What the program prints.

use std::process::Command;

use expect_test::expect;

#[test]
fn the_emitter_waits_nothing_is_lost_and_each_policy_has_its_counts() {
    let output = Command::new(env!("CARGO_BIN_EXE_order_queue"))
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    expect![[r"
        5000 orders, and the emitter waits for room.
          packed 5000, lost 0
          had to wait for room: true
          at most 100 waited, 2 were packed at once
          closed, with nothing left: true
        5000 orders, and each 50th jams the packing machine.
          packed 5000, failed 0
          jams that another attempt healed: 100
        5000 orders while the packers pause, and nobody waits.
          policy      packed  dropped  rejected  which were packed
          Reject         100        0      4900  1 to 100
          DropOldest     100     4900         0  4901 to 5000
          DropNewest     100     4900         0  1 to 100
    "]]
    .assert_eq(&String::from_utf8_lossy(&output.stdout));
}
