//! Events and handlers inside function bodies, two of one name.

#![deny(warnings)]

use event_core::queue::LocalQueue;
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

        #[handler(after = later)]
        async fn later(&self, _: &Rang) {}
    }

    #[handler]
    async fn later(_: &Rang, bell: &Bell) {
        let _ = bell;
    }

    static UI: LocalQueue<u8> = LocalQueue::new("ui");

    #[handler(queue = UI)]
    fn shown(_: &Rang, count: &mut u8) {
        *count += 1;
    }

    let builder = Dispatcher::builder().only(shown).provide(Bell);
    let dispatcher = builder.build().unwrap();
    let _ = dispatcher.emit(Rang);
    let mut count = 0;
    assert_eq!(dispatcher.queue(&UI).expect("a handler names it").pump(&mut count), 1);
    assert_eq!(count, 1);

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

    #[handler]
    async fn later(_: &Rang) {}

    static UI: LocalQueue<u8> = LocalQueue::new("ui of two");

    #[handler(queue = UI)]
    fn shown(_: &Rang, _: &mut u8) {}

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
