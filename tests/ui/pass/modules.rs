//! The good twins of `unknown_module_key`, `module_lists_a_string`, `module_lists_no_handler` and
//! `opt_in_with_a_value`.

use event_core::Dispatcher;

mod events {
    #[derive(event_core::Event)]
    pub struct OrderPlaced;
}

mod sales {
    use crate::events::OrderPlaced;

    event_core::module!();

    #[event_core::handler]
    fn count(_event: &OrderPlaced) {}
}

mod mail {
    use crate::events::OrderPlaced;

    event_core::module!(
        handlers = [confirm, Mailer::remind, inner::r#async,],
        crate = ::event_core
    );

    pub struct Mailer;

    #[event_core::handler]
    fn confirm(_event: &OrderPlaced) {}

    #[event_core::handlers]
    impl Mailer {
        #[handler]
        pub fn remind(&self, _event: &OrderPlaced) {}
    }

    pub mod inner {
        #[event_core::handler]
        pub fn r#async(_event: &crate::events::OrderPlaced) {}
    }
}

mod look {
    event_core::module!(opt_in);

    #[event_core::handler]
    fn look(_event: &crate::events::OrderPlaced) {}
}

fn main() {
    let dispatcher = Dispatcher::builder()
        .module(sales::MODULE)
        .module(mail::MODULE)
        .provide(mail::Mailer)
        .build()
        .unwrap();
    assert_eq!(dispatcher.emit(events::OrderPlaced).done(), 4);
    let looking = Dispatcher::empty().module(look::MODULE).build().unwrap();
    assert_eq!(looking.emit(events::OrderPlaced).done(), 1);
}
