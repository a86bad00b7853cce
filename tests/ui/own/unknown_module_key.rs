#![allow(unused)]

event_core::module!(handler = [count_sales]);

fn main() {}
