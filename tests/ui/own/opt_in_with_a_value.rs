#![allow(unused)]

event_core::module!(opt_in = true);

fn main() {}
