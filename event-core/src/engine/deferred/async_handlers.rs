//! Async handlers that run side by side inside of one future: those of `emit_async`.
//!
//! Each call is polled once as soon as it starts, and kept only if it is not ready then: where all are
//! ready at once, nothing is stored. What they cause joins the list in the order of the handlers and
//! subscriptions. Dropping the future cancels what has not ended; each is counted and observers are told.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::deferred::call::{AsyncCall, CallExtras, FinishedCall};
use crate::engine::deferred::capacity::CapacityWait;
use crate::engine::deferred::concurrent::ConcurrentFutures;
use crate::engine::deferred::first_polls::{Plain, RemainingHandlers};
use crate::engine::deferred::hand_over;
use crate::engine::deferred::settle;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::cascade_state::CascadeTail;
use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef};
use crate::engine::plan::concurrency::{ConcurrencyLimit, ConcurrencyPermit};
use crate::engine::plan::executor::{
    DeferredCall, DeferredSubscriptions, Executor, SubscriptionClaim,
};
use crate::engine::plan::subscriptions::{Step, Steps};
use crate::engine::state::DispatcherState;
use crate::panics;
use crate::report::status::{Ended, Skip};

/// Runs the async handlers of an event, and finds room for its deliveries that wait for it.
pub(crate) async fn run(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    subscribed: Option<DeferredSubscriptions>,
    root: &mut Cascade,
) {
    let rooms = CapacityWait::take(inner, root);
    let mut air = ConcurrentCalls::new(inner, event, root, 0);
    air.subscribed = subscribed;
    if hand_over::is_ordered(inner, event) {
        air.ended = Some(vec![false; event.seats(inner)]);
    }
    air.launch_all_and_wait(rooms).await;
}

/// Goes on with an emission whose handlers were run at once as far as they were done.
pub(crate) async fn go_on<'a>(
    inner: &'a Arc<DispatcherState>,
    event: &'a dyn ErasedDeferredEvent,
    root: &'a mut Cascade,
    rest: Box<RemainingHandlers<'a>>,
) {
    let RemainingHandlers {
        seat,
        begun,
        waiting,
    } = *rest;
    let first = seat + usize::from(begun.is_some());
    let mut air = ConcurrentCalls::new(inner, event, root, first);
    air.plain = waiting;
    if let Some(begun) = begun {
        let (target, order) = (HandlerRef::DeferredHandler(seat_at(seat)), seat);
        match AsyncCall::begun(inner, event, begun, 1) {
            Ok(flight) => {
                let flying = air.delivery(target, order, CallStage::Flies(flight), None);
                air.flying.keep(flying);
            }
            Err(landed) => air.land(&target, order, landed),
        }
    }
    air.launch_all_and_wait(None).await;
}

/// Skips the async handlers of an event.
pub(crate) fn skip_all(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    root: &mut Cascade,
    why: Skip,
) {
    for seat in hand_over::seats(inner, event) {
        settle::settle(
            root,
            inner,
            event,
            &HandlerRef::DeferredHandler(seat),
            |emission| {
                emission.skip(why);
            },
        );
    }
}

/// The index of a seat, as a [`HandlerRef`] has it.
fn seat_at(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// The async handlers and subscriptions of one event, while they run.
struct ConcurrentCalls<'a> {
    inner: &'a Arc<DispatcherState>,
    event: &'a dyn ErasedDeferredEvent,
    root: &'a mut Cascade,
    /// The first handler that has not started, until all have.
    first: Option<usize>,
    /// Not started yet.
    subscribed: Option<DeferredSubscriptions>,
    /// How many handlers and subscriptions have had their turn.
    taken: usize,
    /// Those that began at once, and wait.
    plain: ConcurrentFutures<Plain<'a>>,
    /// Whether the handler at each seat has ended, if some handler waits for another.
    ended: Option<Vec<bool>>,
    /// Those that wait for others to end, each with its place in the order.
    held: Vec<(u32, usize)>,
    /// A handler has ended since those were looked at.
    may_release: bool,
    flying: ConcurrentFutures<ActiveCall<'a>>,
    /// What handlers caused that landed, by their place in the order.
    caused: Vec<(usize, CascadeTail)>,
}

/// A delivery that has started and not ended.
struct ActiveCall<'a> {
    inner: &'a Arc<DispatcherState>,
    event: &'a dyn ErasedDeferredEvent,
    target: HandlerRef,
    order: usize,
    stage: CallStage<'a>,
    permit: Option<ConcurrencyPermit>,
}

enum CallStage<'a> {
    /// It waits until fewer calls of the handler run.
    Waits(Pin<Box<dyn Future<Output = ConcurrencyPermit> + Send + 'a>>),
    Flies(AsyncCall<'a>),
}

impl<'a> ConcurrentCalls<'a> {
    /// Of the handlers from one on.
    fn new(
        inner: &'a Arc<DispatcherState>,
        event: &'a dyn ErasedDeferredEvent,
        root: &'a mut Cascade,
        first: usize,
    ) -> Self {
        Self {
            inner,
            event,
            root,
            first: Some(first),
            subscribed: None,
            taken: first,
            plain: ConcurrentFutures::default(),
            ended: None,
            held: Vec::new(),
            may_release: false,
            flying: ConcurrentFutures::default(),
            caused: Vec::new(),
        }
    }

    async fn launch_all_and_wait(&mut self, rooms: Option<CapacityWait<'_>>) {
        let mut is_first = true;
        let mut rest = |air: &mut Self, context: &mut Context<'_>| {
            if std::mem::take(&mut is_first) {
                air.launch_all(context);
            } else {
                air.poll_flying(context);
            }
            air.launch_held(context);
            if air.plain.is_empty() && air.flying.is_empty() && air.held.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        };
        match rooms {
            None => poll_fn(|context| rest(self, context)).await,
            Some(mut rooms) => {
                {
                    let mut found = false;
                    let mut landed = false;
                    let mut find = pin!(rooms.find());
                    poll_fn(|context| {
                        found = found || find.as_mut().poll(context).is_ready();
                        landed = landed || rest(self, context).is_ready();
                        if found && landed {
                            Poll::Ready(())
                        } else {
                            Poll::Pending
                        }
                    })
                    .await;
                }
                rooms.settle(self.root);
            }
        }
        self.put_back_caused();
    }

    /// Lets what handlers caused join the list, in the order of the handlers.
    fn put_back_caused(&mut self) {
        self.caused.sort_by_key(|(order, _)| *order);
        for (_, caused) in std::mem::take(&mut self.caused) {
            self.root.put_back(caused);
        }
    }

    /// Starts each handler that waits for none, and each subscription.
    fn launch_all(&mut self, context: &mut Context<'_>) {
        let Some(first) = self.first.take() else {
            return;
        };
        // Let go when all have started, with what cancelled subscriptions captured.
        let subscribed = self.subscribed.take();
        for step in Steps::new(first, self.event.seats(self.inner), subscribed.as_deref()) {
            let order = self.taken;
            self.taken += 1;
            match step {
                Step::Handler(seat) => self.launch_or_hold(seat_at(seat), order, context),
                Step::Subscription(subscription) => {
                    let DeferredCall::Async { limit, .. } = subscription.call() else {
                        continue;
                    };
                    if let Some(reserved) = SubscriptionClaim::new(subscription) {
                        self.launch(HandlerRef::Subscription(reserved), order, limit, context);
                    }
                }
            }
        }
    }

    fn launch_or_hold(&mut self, seat: u32, order: usize, context: &mut Context<'_>) {
        let Executor::Task(place) = self.event.place(self.inner, seat) else {
            return;
        };
        if self.admits(seat) {
            self.launch_unless_held(seat, order, &place.limit, context);
        } else {
            self.has_ended(&HandlerRef::DeferredHandler(seat));
        }
    }

    /// Asks the filter of a handler; its emits are inside of this emission.
    fn admits(&mut self, seat: u32) -> bool {
        let stand = self.event.origin().stand();
        let (admits, refused) = stand.enter(self.inner.id(), || {
            hand_over::admits(self.inner, self.event, seat, self.root)
        });
        self.root.pass_on(refused);
        admits
    }

    /// Whether every handler has ended that the one at `seat` waits for.
    fn may_start(&self, seat: u32) -> bool {
        match (&self.ended, self.event.place(self.inner, seat)) {
            (Some(ended), Executor::Task(place)) => place.after.iter().all(|before| ended[*before]),
            _ => true,
        }
    }

    /// Starts those that wait for nobody any more.
    fn launch_held(&mut self, context: &mut Context<'_>) {
        while std::mem::take(&mut self.may_release) {
            for (seat, order) in std::mem::take(&mut self.held) {
                if let Executor::Task(place) = self.event.place(self.inner, seat) {
                    self.launch_unless_held(seat, order, &place.limit, context);
                }
            }
        }
    }

    fn launch_unless_held(
        &mut self,
        seat: u32,
        order: usize,
        limit: &Arc<ConcurrencyLimit>,
        context: &mut Context<'_>,
    ) {
        if self.may_start(seat) {
            self.launch(HandlerRef::DeferredHandler(seat), order, limit, context);
        } else {
            self.held.push((seat, order));
        }
    }

    /// Starts a call, once its handler has few enough others, and polls it.
    fn launch(
        &mut self,
        target: HandlerRef,
        order: usize,
        limit: &Arc<ConcurrencyLimit>,
        context: &mut Context<'_>,
    ) {
        let permit = limit.is_named().then(|| limit.try_acquire());
        if let Some(None) = permit {
            let limit = Arc::clone(limit);
            let stage = CallStage::Waits(Box::pin(async move { limit.acquire().await }));
            self.poll_first(self.delivery(target, order, stage, None), context);
            return;
        }
        match AsyncCall::of(self.inner, self.event, &target) {
            Ok(flight) => {
                let stage = CallStage::Flies(flight);
                self.poll_first(
                    self.delivery(target, order, stage, permit.flatten()),
                    context,
                );
            }
            Err(landed) => self.land(&target, order, landed),
        }
    }

    fn delivery(
        &self,
        target: HandlerRef,
        order: usize,
        stage: CallStage<'a>,
        permit: Option<ConcurrencyPermit>,
    ) -> ActiveCall<'a> {
        ActiveCall {
            inner: self.inner,
            event: self.event,
            target,
            order,
            stage,
            permit,
        }
    }

    fn poll_first(&mut self, flying: ActiveCall<'a>, context: &mut Context<'_>) {
        if let Some((flying, landed)) = self.flying.start(flying, context) {
            self.land(&flying.target, flying.order, landed);
        }
    }

    fn poll_flying(&mut self, context: &mut Context<'_>) {
        self.plain.begin_turn(context);
        while let Some((plain, (landing, refused))) = self.plain.next_ready(context) {
            let seat = plain.seat;
            // What it held, the user's `Drop` may panic on.
            panics::drop_caught(plain.running);
            if refused.is_none() && landing.is_done() && !self.inner.is_observed() {
                self.root.done += 1;
                continue;
            }
            let landed = FinishedCall::plain(landing, refused);
            self.land(&HandlerRef::DeferredHandler(seat_at(seat)), seat, landed);
        }
        self.flying.begin_turn(context);
        while let Some((flying, landed)) = self.flying.next_ready(context) {
            self.land(&flying.target, flying.order, landed);
        }
    }

    fn land(&mut self, target: &HandlerRef, order: usize, landed: FinishedCall) {
        self.has_ended(target);
        if landed.is_plain() && !self.inner.is_observed() {
            self.root.done += 1;
            return;
        }
        let before = self.root.mark();
        landed.settle(self.root, self.inner, self.event, target);
        let caused = self.root.take_behind(before);
        if !caused.is_empty() {
            self.caused.push((order, caused));
        }
    }

    fn has_ended(&mut self, target: &HandlerRef) {
        if let (HandlerRef::DeferredHandler(seat), Some(ended)) = (target, &mut self.ended) {
            ended[*seat as usize] = true;
            self.may_release = true;
        }
    }

    /// Ends a delivery that nobody goes on with.
    fn cancel(&mut self, target: &HandlerRef, left: CallExtras) {
        settle::settle(self.root, self.inner, self.event, target, |emission| {
            left.join(emission);
            emission.ended(Ended::Cancelled);
        });
    }
}

impl Future for ActiveCall<'_> {
    type Output = FinishedCall;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<FinishedCall> {
        let this = &mut *self;
        loop {
            match &mut this.stage {
                CallStage::Flies(flight) => return flight.poll(context),
                CallStage::Waits(permit) => match permit.as_mut().poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(permit) => this.permit = Some(permit),
                },
            }
            match AsyncCall::of(this.inner, this.event, &this.target) {
                Ok(flight) => this.stage = CallStage::Flies(flight),
                Err(landed) => return Poll::Ready(landed),
            }
        }
    }
}

impl Drop for ConcurrentCalls<'_> {
    /// Whatever has not ended is cancelled. What was caused stays in the root, which says that it was not
    /// emitted.
    fn drop(&mut self) {
        self.put_back_caused();
        for plain in self.plain.take_pending() {
            let target = HandlerRef::DeferredHandler(seat_at(plain.seat));
            plain.discard();
            self.cancel(&target, CallExtras::default());
        }
        for flying in self.flying.take_pending() {
            let left = match flying.stage {
                CallStage::Flies(flight) => flight.cancel(),
                CallStage::Waits(_) => CallExtras::default(),
            };
            self.cancel(&flying.target, left);
        }
        for (seat, _) in std::mem::take(&mut self.held) {
            self.cancel(&HandlerRef::DeferredHandler(seat), CallExtras::default());
        }
        if let Some(first) = self.first {
            for seat in hand_over::seats(self.inner, self.event).skip(first) {
                if let Executor::Task(_) = self.event.place(self.inner, seat) {
                    self.cancel(&HandlerRef::DeferredHandler(seat), CallExtras::default());
                }
            }
        }
    }
}
