//! Assertions about handlers and how their deliveries ended.

use std::any::type_name;
use std::fmt::Write as _;

use event_core::Dispatcher;
use event_core::event::Handled;
use event_core::handler::HandlerInfo;
use event_core::report::DeliveryStatus;

use crate::event_list::EventList;
use crate::pattern::StatusPattern;
use crate::recorder::Recorder;
use crate::recorder::recorded::RecordedDelivery;
use crate::shown;

impl Recorder {
    /// Returns the first delivery to a handler that ended with this status: the method behind
    /// [`assert_handled!`](crate::assert_handled).
    ///
    /// # Panics
    ///
    /// There is none.
    #[track_caller]
    pub fn expect_handled<F: Copy + 'static>(
        &self,
        handler: F,
        status: DeliveryStatus,
    ) -> RecordedDelivery {
        self.find_handled(handler, &status.to_string(), |other| other == status)
    }

    #[doc(hidden)]
    #[track_caller]
    pub fn expect_handled_as<F: Copy + 'static>(
        &self,
        handler: F,
        status: &StatusPattern,
    ) -> RecordedDelivery {
        self.find_handled(handler, &status.text, status.matches)
    }

    #[track_caller]
    fn find_handled<F: Copy + 'static>(
        &self,
        handler: F,
        text: &str,
        accepts: impl Fn(DeliveryStatus) -> bool,
    ) -> RecordedDelivery {
        let of_handler: Vec<_> = self
            .deliveries()
            .into_iter()
            .filter(|delivery| delivery.handler().is(handler))
            .collect();
        let accepted = |delivery: &&RecordedDelivery| delivery.status().is_some_and(&accepts);
        if let Some(found) = of_handler.iter().find(accepted) {
            return found.clone();
        }
        let name = type_name::<F>();
        let list = EventList::new(self);
        assert!(
            of_handler.is_empty(),
            "no delivery to `{name}` ended as `{text}`\n{list}"
        );
        let events = self.events_of(|other| other.is(handler));
        let events: Vec<_> = events
            .iter()
            .map(|event| format!("`{}`", shown::type_name(event)))
            .collect();
        let why = if events.is_empty() {
            format!("the dispatcher has no handler `{name}`")
        } else {
            format!(
                "`{name}`, which handles {}, was not called",
                events.join(", ")
            )
        };
        panic!("{why}\n{list}");
    }
}

/// Asserts that a dispatcher has a handler for `E`.
///
/// # Panics
///
/// It has not.
#[track_caller]
pub fn expect_handles<E: Handled, F: Copy + 'static>(dispatcher: &Dispatcher, handler: F) {
    let mut handlers = dispatcher.handlers_of::<E>();
    if handlers.any(|other| other.is(handler)) {
        return;
    }
    let (name, event) = (type_name::<F>(), shown::type_name(E::INFO));
    let mut text = format!("`{name}` does not handle `{event}` in this dispatcher");
    let events: Vec<_> = dispatcher
        .events()
        .filter(|view| view.handlers().any(|other| other.is(handler)))
        .map(|view| format!("`{}`", shown::type_name(view.info())))
        .collect();
    let of_handler = if events.is_empty() {
        "it has no such handler: `.without(…)`, `.only(…)` or a module leaves it out, or its crate is not linked"
            .to_owned()
    } else {
        format!("it handles {}", events.join(", "))
    };
    let _ = write!(text, ": {of_handler}");
    let handlers: Vec<HandlerInfo> = dispatcher.handlers_of::<E>().collect();
    if handlers.is_empty() {
        let _ = write!(text, "\n`{event}` has no handler here");
    } else {
        let _ = write!(text, "\nhandlers of `{event}`:");
    }
    for handler in handlers {
        let _ = write!(text, "\n  {handler}, {}", handler.delivery());
    }
    panic!("{text}");
}
