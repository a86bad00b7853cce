#![allow(unused)]

use event_core::Dispatcher;

fn main() {
    let name = "count_sales".to_owned();
    let _ = Dispatcher::builder().without(name);
}
