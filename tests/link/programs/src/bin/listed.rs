//! Names a module that lists some of its handlers, all of which register themselves, too.

use event_core::Dispatcher;

fn main() {
    roll_call::call(Dispatcher::builder().module(listed::MODULE));
}
