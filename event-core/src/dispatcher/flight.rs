//! One delivery that does not run inline: its call, under isolation, and how it lands.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::at_once::{Begin, Begun};
use super::cascade::{More, Progress, Record, Root};
use super::depth::{self, Refusal};
use super::emission::Emission;
use super::inner::Inner;
use super::replaying::Stand;
use super::shared::{Delivered, Item, One, Target};
use crate::emitter::{Given, Taken};
use crate::handler::asynchronous::{Concluded, Running};
use crate::handler::binder::NotRun;
use crate::observer::{Observed, UnderWay};
use crate::report::{Cause, Ended, Failure, RUNTIME_ENDED};
use crate::spans::Trace;
use crate::{isolate, log};

/// A call of an async handler that is under way.
pub(crate) struct Flight<'a> {
    running: Option<Running<'a>>,
    inner: &'a Inner,
    event: &'a dyn Delivered,
    needs_timer: bool,
    stand: Stand,
    left: Left,
    refused: Option<Refusal>,
    attempt: u32,
}

/// What a call leaves behind, however it ends.
#[derive(Default)]
pub(crate) struct Left {
    /// The emitters that the handler was given.
    given: Vec<Arc<Given>>,
    /// What its observers know of it.
    under_way: UnderWay,
}

impl Left {
    /// Of a call of which only observers know something.
    pub(crate) fn of(under_way: UnderWay) -> Self {
        Self {
            given: Vec::new(),
            under_way,
        }
    }

    /// Goes into the emission that ends the delivery.
    pub(crate) fn join(self, emission: &Emission<'_>) {
        emission.adopt(self.given);
        if self.under_way.is_known() {
            let _ = emission.set_under_way(self.under_way);
        }
    }
}

/// How a call ended.
pub(crate) enum Landing {
    Concluded(Concluded),
    NotRun(NotRun),
    Panicked(Box<dyn Any + Send>),
}

impl Landing {
    /// Whether the handler ran, and there is nothing to say of it.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Concluded(Concluded::Done))
    }
}

/// A call that ended, with what it left behind.
pub(crate) struct Landed {
    landing: Landing,
    left: Left,
    refused: Option<Refusal>,
    attempt: u32,
}

impl<'a> Flight<'a> {
    /// Makes the parameters of a call of an async handler, whose delivery is made for the first time.
    pub(crate) fn of(
        inner: &'a Arc<Inner>,
        event: &'a dyn Delivered,
        target: &Target,
    ) -> Result<Self, Landed> {
        Self::of_attempt(inner, event, target, 1)
    }

    fn of_attempt(
        inner: &'a Arc<Inner>,
        event: &'a dyn Delivered,
        target: &Target,
        attempt: u32,
    ) -> Result<Self, Landed> {
        if let Target::Subscription(subscription) = target
            && !subscription.is_alive()
        {
            return Err(Landed {
                landing: Landing::NotRun(NotRun::Cancelled),
                left: Left::default(),
                refused: None,
                attempt,
            });
        }
        let under_way = tell_started(inner, event, target);
        let record = Record::new();
        let who = One {
            inner,
            event,
            target,
            attempt,
        };
        // The making of parameters, and of a subscription's future, is the user's: its emits count.
        let stand = event.origin().stand();
        let (started, refused) = stand.enter(inner, || {
            let emission = Emission::new(inner, &who, event.origin(), &record);
            let start = || event.start(inner, target, &emission);
            catch_unwind(AssertUnwindSafe(|| match under_way {
                None => start(),
                Some(under_way) => emission.set_under_way(under_way).run(start),
            }))
        });
        let more = record.into_inner().map(|more| more.into_inner());
        let left = more.map_or_else(Left::default, |more: More| Left {
            given: more.given,
            under_way: more.progress.under_way,
        });
        let landing = match started {
            Ok(None) => unreachable!("only async handlers are put where they are polled"),
            Ok(Some(Ok(running))) => {
                return Ok(Self {
                    running: Some(running),
                    inner,
                    event,
                    needs_timer: event.needs_timer(inner, target),
                    stand,
                    left,
                    refused,
                    attempt,
                });
            }
            Ok(Some(Err(not_run))) => Landing::NotRun(not_run),
            Err(payload) => Landing::Panicked(payload),
        };
        Err(Landed {
            landing,
            left,
            refused,
            attempt,
        })
    }

    /// Ends the call where it stands.
    pub(crate) fn cut_short(mut self) -> Left {
        self.end_call();
        std::mem::take(&mut self.left)
    }

    /// Drops what runs, inside of its span.
    fn end_call(&mut self) {
        if let Some(running) = self.running.take() {
            let trace = &self.left.under_way.trace;
            let drop_it = || isolate::run(|| trace.run(|| drop(running)));
            if let (Err(panic), _) = self.stand.enter(self.inner, drop_it) {
                log::drop_panicked(&panic);
            }
        }
    }

    /// Goes on with a call that has begun.
    pub(crate) fn begun(
        inner: &'a Inner,
        event: &'a dyn Delivered,
        begun: Begun<'a>,
        attempt: u32,
    ) -> Result<Self, Landed> {
        let Begun { call, given } = begun;
        let left = Left {
            given,
            under_way: UnderWay::default(),
        };
        match call {
            Begin::Pends(running) => Ok(Self {
                running: Some(running),
                inner,
                event,
                needs_timer: false,
                stand: event.origin().stand(),
                left,
                refused: None,
                attempt,
            }),
            Begin::Landed(landing) => Err(Landed {
                landing,
                left,
                refused: None,
                attempt,
            }),
        }
    }

    /// Goes on with the call.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Landed> {
        let Some(running) = &mut self.running else {
            unreachable!("a call that has landed is not polled")
        };
        let trace = &self.left.under_way.trace;
        let mut poll = || {
            let poll = || running.as_mut().poll(context);
            catch_unwind(AssertUnwindSafe(|| trace.run(poll)))
        };
        let (polled, refused) = self.stand.enter(self.inner, || match &self.inner.runtime {
            // Timers are made inside of a runtime; the poll may come from elsewhere.
            Some(runtime) if self.needs_timer => runtime.inside(poll),
            _ => poll(),
        });
        self.refused = self.refused.or(refused);
        let landing = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(concluded)) => Landing::Concluded(concluded),
            // A timer of a runtime that has ended panics, and does not say whose it was.
            Err(payload) if self.needs_timer && self.inner.has_runtime_ended() => {
                let panic = isolate::message(payload);
                let panic = panic.trim_end_matches('.');
                Landing::Panicked(Box::new(format!("{panic}: {RUNTIME_ENDED}")))
            }
            Err(payload) => Landing::Panicked(payload),
        };
        // What it held, the user's `Drop` may panic on.
        isolate::discard(self.running.take());
        Poll::Ready(Landed {
            landing,
            left: std::mem::take(&mut self.left),
            refused: self.refused,
            attempt: self.attempt,
        })
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.end_call();
        let origin = self.event.origin();
        for given in std::mem::take(&mut self.left.given) {
            let Taken { events, trace } = given.close();
            for event in events {
                if given.discards(event.info()) {
                    self.inner.count_discarded();
                    isolate::discard(event);
                    continue;
                }
                let failure = Failure::new(event.info(), Some(given.handler), Cause::Lost);
                let caused = origin.caused(Progress::default().parent(origin), trace.clone());
                let snapshot = self.inner.snapshot(event.as_any_event(), &caused);
                let failure = failure.of(snapshot, caused.stand());
                log::failure(self.inner, &failure, &Trace::NONE, &caused.within);
                self.inner.tell(&failure);
                depth::enter_deeper(caused.depth, || isolate::discard(event));
            }
        }
    }
}

impl Landed {
    /// Of a call that left nothing else behind.
    pub(crate) fn plain(landing: Landing, refused: Option<Refusal>) -> Self {
        Self {
            landing,
            left: Left::default(),
            refused,
            attempt: 1,
        }
    }

    /// Whether there is nothing to say but that the delivery is done.
    pub(crate) fn is_plain(&self) -> bool {
        self.landing.is_done() && self.left.given.is_empty() && self.refused.is_none()
    }

    /// Takes the outcome into a root; answers how the delivery ended.
    pub(crate) fn settle(
        self,
        root: &mut Root,
        inner: &Arc<Inner>,
        event: &dyn Delivered,
        target: &Target,
    ) -> Ended {
        root.pass_on(self.refused);
        if let Landing::NotRun(NotRun::Cancelled) = self.landing {
            return root.settle_cancelled(inner, event, target, self.left);
        }
        root.settle_attempt(inner, event, target, self.attempt, |emission| {
            self.left.join(emission);
            let event = event.as_any_event();
            match self.landing {
                Landing::Concluded(Concluded::Done) => {}
                Landing::Concluded(Concluded::More(collected)) => {
                    emission.conclude(event, *collected);
                }
                Landing::NotRun(why) => emission.not_run(event, why),
                Landing::Panicked(payload) => emission.panicked(event, payload),
            }
        })
    }
}

/// A call inside of a task. Dropped midway, it leaves to the root what its observers know of it.
struct InTask<'r, 'a> {
    flight: Flight<'a>,
    root: &'r mut Root,
}

impl Drop for InTask<'_, '_> {
    fn drop(&mut self) {
        let under_way = &self.flight.left.under_way;
        if under_way.is_known() {
            self.root.more().progress.under_way = under_way.clone();
        }
    }
}

/// Tells observers that a handler is about to be called.
fn tell_started(inner: &Inner, event: &dyn Delivered, target: &Target) -> Option<UnderWay> {
    let observed = Observed::later(inner, event)?;
    Some(observed.delivery_started(event.handler(inner, target)))
}

/// Runs a delivery of an async handler; answers how it ended.
pub(crate) async fn fly(inner: &Arc<Inner>, item: &Item, root: &mut Root) -> Ended {
    let (event, target) = (&*item.event, &item.target);
    let mut was_polled = false;
    let flight = match *target {
        Target::Seat(seat)
            if item.attempt == 1 && !inner.is_observed() && event.runs_at_once(inner, seat) =>
        {
            let (begun, refused) = poll_fn(|context| {
                let run = || event.run_at_once(inner, seat, context);
                Poll::Ready(event.origin().stand().enter(inner, run))
            })
            .await;
            root.pass_on(refused);
            match begun {
                None => {
                    root.done += 1;
                    return Ended::Done;
                }
                Some(begun) => {
                    was_polled = true;
                    Flight::begun(inner, event, begun, item.attempt)
                }
            }
        }
        _ => Flight::of_attempt(inner, event, target, item.attempt),
    };
    let landed = match flight {
        Ok(flight) => {
            let mut call = InTask {
                flight,
                root: &mut *root,
            };
            let poll = |context: &mut Context<'_>| {
                // With this very waker: polled again in the same turn, what yields would not.
                if std::mem::take(&mut was_polled) {
                    return Poll::Pending;
                }
                call.flight.poll(context)
            };
            poll_fn(poll).await
        }
        Err(landed) => landed,
    };
    landed.settle(root, inner, event, target)
}

/// Runs a delivery on this thread, whatever its handler; answers how it ended.
pub(crate) fn run(
    inner: &Arc<Inner>,
    item: &Item,
    lent: Option<&mut dyn Any>,
    root: &mut Root,
) -> Ended {
    let event = &*item.event;
    if event.is_async(inner, &item.target) {
        let flight = Flight::of_attempt(inner, event, &item.target, item.attempt);
        let landed = match (flight, &inner.runtime) {
            (Ok(mut flight), Some(runtime)) => {
                runtime.block_on(poll_fn(|context| flight.poll(context)))
            }
            (Ok(_), None) => unreachable!("a build refuses async handlers without a runtime"),
            (Err(landed), _) => landed,
        };
        landed.settle(root, inner, event, &item.target)
    } else {
        let (ended, refused) = event.origin().stand().enter(inner, || {
            let under_way = tell_started(inner, event, &item.target);
            root.settle_attempt(inner, event, &item.target, item.attempt, |emission| {
                let Target::Seat(seat) = item.target else {
                    return;
                };
                let call = || event.call(seat, emission, lent);
                let call = AssertUnwindSafe(|| match under_way {
                    None => call(),
                    Some(under_way) => emission.set_under_way(under_way).run(call),
                });
                if let Err(payload) = catch_unwind(call) {
                    emission.panicked(event.as_any_event(), payload);
                }
            })
        });
        root.pass_on(refused);
        ended
    }
}
