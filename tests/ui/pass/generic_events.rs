//! The good twins of `generic_event_with_name` and `generic_event_of_a_type_without_debug`.

use std::fmt::Debug;

use event_core::{Dispatcher, Event, Transient, handler};

#[derive(Debug)]
struct User;

#[derive(Event)]
struct PostSave<T> {
    saved: T,
}

#[derive(Event)]
#[event(key = 1, stoppable)]
struct Sample<T: Copy = u8, const N: usize = 2>([T; N], u64)
where
    T: Default;

#[handler]
fn index(event: &PostSave<User>) {
    let User = event.saved;
}

#[handler]
fn count(event: &PostSave<u64>) -> Option<PostSave<String>> {
    (event.saved > 3).then(|| PostSave {
        saved: "many".to_owned(),
    })
}

#[handler]
fn record(event: &Sample) {
    assert_eq!(event.0.len(), 2);
}

fn emit<T: Debug + Send + Sync + 'static>(dispatcher: &Dispatcher, saved: T) -> usize
where
    PostSave<T>: Transient,
{
    dispatcher.emit(PostSave { saved }).done()
}

fn main() {
    let dispatcher = Dispatcher::builder().build().unwrap();
    assert_eq!(emit(&dispatcher, User), 1);
    assert_eq!(emit(&dispatcher, 4_u64), 1);
    assert_eq!(emit(&dispatcher, "nobody"), 0);
    assert_eq!(dispatcher.emit(Sample([1_u8, 2], 3)).done(), 1);
}
