//! Events and handlers inside function bodies, two of one name.

#![deny(warnings)]

use event_core::{Dispatcher, Event, handler, handlers};

fn one() -> usize {
    #[derive(Event)]
    struct Rang;

    #[handler]
    fn ring(_: &Rang) {}

    struct Bell;

    #[handlers]
    impl Bell {
        #[handler(after = ring)]
        fn ring(&self, _: &Rang) {}
    }

    let builder = Dispatcher::builder()
        .only(ring)
        .only(Bell::ring)
        .provide(Bell);
    builder.build().unwrap().emit(Rang).done()
}

fn two() -> usize {
    #[derive(Event)]
    struct Rang;

    #[handler]
    fn ring(_: &Rang) {}

    Dispatcher::builder()
        .only(ring)
        .build()
        .unwrap()
        .emit(Rang)
        .done()
}

fn main() {
    assert_eq!((one(), two()), (2, 1));
}
