//! Does not name the crate that it stands beside.

use event_core::Dispatcher;

#[test]
fn an_integration_test_that_does_not_name_the_crate_has_no_handlers() {
    let error = roll_call::answers(Dispatcher::builder());
    assert!(
        error.contains("event `link.roll_called` has 0 handlers"),
        "{error}"
    );
}
