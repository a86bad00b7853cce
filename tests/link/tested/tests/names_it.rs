//! Names the crate that it stands beside.

use event_core::Dispatcher;
use tested as _;

#[test]
fn an_integration_test_that_names_the_crate_has_its_handlers() {
    assert_eq!(
        roll_call::answers(Dispatcher::builder()),
        "tested::in_the_library"
    );
}
