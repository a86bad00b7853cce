#![allow(unused)]

use event_core::handler;

#[handler]
trait Notify {
    fn notify(&self);
}

fn main() {}
