//! Another target of a package that renames the framework.

use facts::{Event, handler};
use renamed::{Renamed, Saved};

#[derive(Event)]
struct Tested;

#[handler]
fn in_an_integration_test(_: &Saved<u64>) -> Tested {
    Tested
}

#[test]
fn an_integration_test_finds_the_name_of_the_framework() {
    let dispatcher = renamed::builder().build().expect("a dispatcher");
    let report = dispatcher.emit(Renamed(3, "secret".to_owned()));
    assert_eq!(report.returned::<Saved<u64>>().count(), 1);
    assert_eq!(report.returned::<Tested>().count(), 1);
}
