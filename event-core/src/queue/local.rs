//! A queue that a single thread pumps, and whose handlers borrow a value of that thread.

use std::fmt;
use std::marker::PhantomData;

use crate::queue::{AnyQueue, Declared, LendsMut, Overflow};

/// The declaration of a queue whose handlers run where the owner of an `S` pumps it: the main loop of a
/// window, or any single thread that owns its state.
///
/// Its handlers may take `&mut S` behind the event. `S` need be neither `Send` nor `Sync`; it never
/// leaves its thread. [`pump`](crate::queue::LocalQueueHandle::pump) runs the deliveries that were queued
/// when it was called; [`on_wake`](crate::queue::LocalQueueHandle::on_wake) sets how to wake the loop. By
/// default the queue has a capacity of 1024 deliveries, and [rejects](Overflow::Reject) more: it cannot
/// let the emitter [wait](Overflow::Wait), which may be the thread that pumps.
///
/// # Examples
///
/// ```standalone_crate
/// use std::rc::Rc;
/// use event_core::queue::LocalQueue;
/// use event_core::{Dispatcher, Event, handler};
///
/// struct Window { title: Rc<str> }
///
/// static UI: LocalQueue<Window> = LocalQueue::new("ui");
///
/// #[derive(Event)]
/// struct FileOpened { name: &'static str }
///
/// #[handler(queue = UI)]
/// fn show_name(event: &FileOpened, window: &mut Window) {
///     window.title = event.name.into();
/// }
///
/// let dispatcher = Dispatcher::builder().build()?;
/// let mut window = Window { title: "".into() };
///
/// dispatcher.emit(FileOpened { name: "notes.txt" }); // from any thread
/// assert_eq!(&*window.title, "");
/// assert_eq!(dispatcher.queue(&UI)?.pump(&mut window), 1);
/// assert_eq!(&*window.title, "notes.txt");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LocalQueue<S> {
    declared: Declared,
    lends: PhantomData<fn(&mut S)>,
}

impl<S: 'static> LocalQueue<S> {
    /// Declares a queue. The name is for people and logs, and unique in a program.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str) -> Self {
        Self {
            declared: Declared::new(name, Overflow::Reject, true),
            lends: PhantomData,
        }
    }

    /// Sets how many deliveries may wait; the default is 1024.
    ///
    /// # Panics
    ///
    /// If it is 0; in a `static` that is an error of the compiler.
    #[must_use]
    #[track_caller]
    pub const fn capacity(mut self, deliveries: usize) -> Self {
        self.declared.settings = self.declared.settings.capacity(deliveries);
        self
    }

    /// Sets what happens to a delivery that finds the queue full; the default is [`Overflow::Reject`].
    ///
    /// # Panics
    ///
    /// If it is [`Overflow::Wait`]; in a `static` that is an error of the compiler.
    #[must_use]
    #[track_caller]
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        assert!(
            !matches!(overflow, Overflow::Wait),
            "a `LocalQueue` cannot let emitters wait, since one may be the thread that pumps it: \
             write `.overflow(Overflow::Reject)`, `DropOldest` or `DropNewest`"
        );
        self.declared.settings = self.declared.settings.overflow(overflow);
        self
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.declared.name
    }
}

impl<S: 'static> AnyQueue for LocalQueue<S> {
    fn declared(&'static self) -> &'static Declared {
        &self.declared
    }
}

impl<S: 'static> LendsMut<S> for LocalQueue<S> {}

impl<S> fmt::Debug for LocalQueue<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalQueue")
            .field("declared", &self.declared)
            .finish()
    }
}
