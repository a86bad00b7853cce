//! The good twins of `self_outside_handlers`, `self_by_value`, `handlers_on_trait_impl` and their
//! kind: what a `#[handlers]` block may hold.

use std::sync::atomic::{AtomicU32, Ordering};

use event_core::{Dispatcher, Event, handlers};

#[derive(Event)]
struct UserSignedUp {
    name: String,
}

#[derive(Default)]
struct Mailer {
    sent: AtomicU32,
}

struct Sms<T>(T);

#[handlers]
impl Mailer {
    /// Associated items that are no handlers stay as they are.
    pub const LIMIT: usize = { 3 };

    #[handler]
    fn welcome(&self, event: &UserSignedUp) {
        self.send(&event.name);
    }

    /// A doc comment, an attribute and a key.
    #[inline]
    #[handler(after = Self::welcome)]
    pub(crate) fn remind(self: &Self, event: &UserSignedUp) {
        self.send(&event.name);
    }

    #[handler(after = [Self::welcome, Mailer::remind])]
    fn log(_event: &UserSignedUp) {}

    #[event_core::handler]
    fn itself(_event: &UserSignedUp, this: &Self) -> Option<UserSignedUp>
    where
        Self: Sized,
    {
        let _ = this;
        None
    }

    #[cfg(any())]
    #[handler]
    fn never(&self, _event: &NoSuchEvent) {}

    fn send(&self, _name: &str) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }
}

#[handlers]
impl Sms<u8> {
    #[handler]
    fn welcome(&self, _event: &UserSignedUp) {
        assert_eq!(self.0, 7);
    }
}

#[cfg(any())]
#[handlers]
impl NoSuchType {
    #[handler]
    fn welcome(&self, _event: &UserSignedUp) {}
}

#[handlers]
#[cfg(any())]
impl NoSuchType {
    #[handler]
    fn welcome(&self, _event: &UserSignedUp) {}
}

fn main() {
    assert_eq!(Mailer::LIMIT, 3);
    let dispatcher = Dispatcher::builder()
        .without(Mailer::itself)
        .provide(Mailer::default())
        .provide(Sms(7_u8))
        .build()
        .unwrap();
    let report = dispatcher.emit(UserSignedUp {
        name: "Ada".to_owned(),
    });
    assert_eq!(report.done(), 4);
}
