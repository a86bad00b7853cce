#![allow(unused)]

use event_core::{Event, handler};

struct User;

#[derive(Event)]
struct PostSave<T> {
    saved: T,
}

#[handler]
fn index(event: &PostSave<User>) {}

fn main() {}
