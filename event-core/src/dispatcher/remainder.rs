//! What is left of an `emit_async` once its event has been handed to its inline handlers and to queues.
//!
//! All that comes first is done by plain functions, and what is left is one future that does not depend
//! on the event's type: in a build that is not optimized the frame of a `poll` has room for whatever is
//! moved in it, and emits inside of each other have their `poll`s on the stack all at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::at_once;
use super::cascade::{Root, Turn};
use super::depth::Refusal;
use super::emit;
use super::inner::Inner;
use super::rooms;
use super::seat::LateSubscribed;
use super::shared::{Delivered, Shared};
use super::structured::{self, Structured};
use crate::event::{Event, EventInfo};
use crate::isolate::Isolated;
use crate::observer::{Observed, Observers};
use crate::report::{Cause, Ended, Failure, Report};
use crate::spans::Trace;

/// A root whose own event has been handed to its inline handlers and to queues.
pub(super) enum Continuation {
    Ended(Report),
    Pending(Remainder),
}

/// What is left of a root: async handlers of its own event, and what was caused.
pub(super) struct Remainder {
    root: Root,
    event: &'static EventInfo,
    first: Option<Step>,
}

/// An event whose async handlers are run next.
struct Step {
    event: Option<Isolated<Arc<dyn Delivered>>>,
    /// The subscriptions as they were when the emission began.
    subscribed: Option<LateSubscribed>,
    of: Of,
}

/// Whose event it is.
enum Of {
    /// The root's own.
    Root {
        /// Whoever is told that the emission ended, unless they were told.
        observers: Option<Observers>,
    },
    /// Held until its async handlers have ended: what a recorded event's `Drop` does is the root's, too.
    Turn(Isolated<Turn>),
}

impl Continuation {
    /// A root whose own event has had its turn.
    pub(super) fn new(
        inner: &Inner,
        mut root: Root,
        event: &'static EventInfo,
        panic: Option<Failure>,
        refused: Option<Refusal>,
    ) -> Self {
        root.end_first(inner, panic, refused);
        if root.record.get().is_none() {
            return Self::Ended(root.into_report());
        }
        Self::Pending(Remainder {
            root,
            event,
            first: None,
        })
    }

    /// A root whose own event may have async handlers that have not begun.
    pub(super) fn handed_over(
        inner: &Inner,
        mut root: Root,
        event: Arc<dyn Delivered>,
        refused: Option<Refusal>,
    ) -> Self {
        if let Some(structured) = root.take_structured() {
            let subscribed = structured.subscribed;
            return Self::pending(root, event, subscribed, None, refused);
        }
        root.pass_on(refused);
        let (info, stand) = (event.info(), event.origin().stand());
        let (panic, refused) = stand.enter(inner, || emit::discard_as(info, event));
        Self::new(inner, root, info, panic, refused)
    }

    /// A root whose own event has async handlers that have not begun.
    pub(super) fn pending(
        mut root: Root,
        event: Arc<dyn Delivered>,
        subscribed: Option<LateSubscribed>,
        observers: Option<Observers>,
        refused: Option<Refusal>,
    ) -> Self {
        root.pass_on(refused);
        Self::Pending(Remainder {
            root,
            event: event.info(),
            first: Some(Step {
                event: Some(Isolated::new(event)),
                subscribed,
                of: Of::Root { observers },
            }),
        })
    }
}

impl Remainder {
    /// Goes on to the root's end. In a box, which is made here: where a future is made it has room on
    /// the stack, and whoever awaits it stays there.
    pub(super) fn go_on(
        self,
        inner: &Arc<Inner>,
    ) -> Pin<Box<dyn Future<Output = Report> + Send + '_>> {
        Box::pin(self.run(inner))
    }

    async fn run(mut self, inner: &Arc<Inner>) -> Report {
        let mut unfinished = Unfinished::new(inner, &mut self.root, self.event);
        let mut next = self.first.take();
        loop {
            if next.is_none() {
                rooms::find_room(inner, unfinished.root).await;
                next = unfinished.next();
            }
            let Some(mut step) = next.take() else {
                break;
            };
            if let Some(event) = &step.event {
                let subscribed = step.subscribed.take();
                structured::run(inner, &***event, subscribed, unfinished.root).await;
            }
            unfinished.end(step);
        }
        unfinished.is_finished = true;
        drop(unfinished);
        self.root.into_report()
    }
}

/// Goes on with a root whose async handlers were not simply done at once. In a box, like the rest.
pub(super) fn go_on_at_once<'a, E: Event>(
    inner: &'a Arc<Inner>,
    root: &'a mut Root,
    shared: &'a Shared<E>,
    rest: Option<Box<at_once::Rest<'a>>>,
) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
    Box::pin(async move {
        let mut unfinished = Unfinished::new(inner, root, E::INFO);
        unfinished.root.end_emission(inner, shared.origin());
        if let Some(rest) = rest {
            structured::go_on(inner, shared, unfinished.root, rest).await;
        }
        unfinished.is_finished = true;
    })
}

/// A root that is dropped before its end tells how much of it was lost.
struct Unfinished<'a> {
    inner: &'a Arc<Inner>,
    root: &'a mut Root,
    event: &'static EventInfo,
    is_finished: bool,
}

impl<'a> Unfinished<'a> {
    fn new(inner: &'a Arc<Inner>, root: &'a mut Root, event: &'static EventInfo) -> Self {
        Self {
            inner,
            root,
            event,
            is_finished: false,
        }
    }

    /// Hands the next event that was caused to its inline handlers and to queues.
    fn next(&mut self) -> Option<Step> {
        let turn = self.root.take_turn(self.inner)?;
        let of = Of::Turn(Isolated::new(turn));
        Some(match self.root.take_structured() {
            Some(Structured { event, subscribed }) => Step {
                event: Some(Isolated::new(event)),
                subscribed,
                of,
            },
            None => Step {
                event: None,
                subscribed: None,
                of,
            },
        })
    }

    /// The async handlers of an event have ended: lets go of it.
    fn end(&mut self, step: Step) {
        let Step { event, of, .. } = step;
        match of {
            Of::Turn(turn) => {
                drop(event);
                self.root.end_turn(self.inner, turn.into_inner());
            }
            Of::Root { observers } => {
                let Some(event) = event else {
                    return;
                };
                if let Some(observers) = observers
                    && let Some(observed) = Observed::again(self.inner, &**event, observers)
                {
                    observed.emission_ended();
                }
                let (info, stand) = (event.info(), event.origin().stand());
                let discard = || emit::discard_as(info, event.into_inner());
                let (panic, refused) = stand.enter(self.inner, discard);
                self.root.end_first(self.inner, panic, refused);
            }
        }
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        let cancelled = self.root.count(Ended::Cancelled) + self.root.lost_rooms();
        let not_emitted = self.root.waiting();
        let cause = Cause::Cancelled {
            cancelled,
            not_emitted,
        };
        let failure = Failure::new(self.event, None, cause);
        crate::log::failure(self.inner, &failure, &Trace::NONE, &Trace::NONE);
        self.inner.tell(&failure);
        self.root.discard_events();
    }
}
