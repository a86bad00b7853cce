#![allow(unused)]

event_core::module!(handlers = ["count_sales"]);

fn main() {}
