//! Async handlers that run side by side inside of one future: those of `emit_async`.
//!
//! Each call is polled once as soon as it starts, and kept only if it is not ready then: where all are
//! ready at once, nothing is stored. What they cause joins the list in the order of the handlers and
//! subscriptions. Dropping the future cancels what has not ended; each is counted and observers are told.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::at_once::{Plain, Rest};
use super::cascade::{Behind, Root};
use super::concurrent::Concurrent;
use super::flight::{Flight, Landed, Left};
use super::inner::Inner;
use super::later;
use super::limit::{Limit, Permit};
use super::rooms::Rooms;
use super::seat::{LateCall, LateSubscribed, Place, Reserved};
use super::shared::{Delivered, Target};
use super::subscriptions::{Step, Steps};
use crate::isolate;
use crate::report::{Ended, Skip};

/// An event whose async handlers its root runs itself.
pub(crate) struct Structured {
    pub(crate) event: Arc<dyn Delivered>,
    /// The subscriptions as they were when the emission began.
    pub(crate) subscribed: Option<LateSubscribed>,
}

/// Runs the async handlers of an event, and finds room for its deliveries that wait for it.
pub(crate) async fn run(
    inner: &Arc<Inner>,
    event: &dyn Delivered,
    subscribed: Option<LateSubscribed>,
    root: &mut Root,
) {
    let rooms = Rooms::take(inner, root);
    let mut air = Air::new(inner, event, root, 0);
    air.subscribed = subscribed;
    if later::is_ordered(inner, event) {
        air.ended = Some(vec![false; event.seats(inner)]);
    }
    air.launch_all_and_wait(rooms).await;
}

/// Goes on with an emission whose handlers were run at once as far as they were done.
pub(crate) async fn go_on<'a>(
    inner: &'a Arc<Inner>,
    event: &'a dyn Delivered,
    root: &'a mut Root,
    rest: Box<Rest<'a>>,
) {
    let Rest {
        seat,
        begun,
        waiting,
    } = *rest;
    let first = seat + usize::from(begun.is_some());
    let mut air = Air::new(inner, event, root, first);
    air.plain = waiting;
    if let Some(begun) = begun {
        let (target, order) = (Target::Seat(seat_at(seat)), seat);
        match Flight::begun(inner, event, begun, 1) {
            Ok(flight) => {
                let flying = air.delivery(target, order, Stage::Flies(flight), None);
                air.flying.keep(flying);
            }
            Err(landed) => air.land(&target, order, landed),
        }
    }
    air.launch_all_and_wait(None).await;
}

/// Skips the async handlers of an event.
pub(crate) fn skip_all(inner: &Arc<Inner>, event: &dyn Delivered, root: &mut Root, why: Skip) {
    for seat in later::seats(inner, event) {
        root.settle(inner, event, &Target::Seat(seat), |emission| {
            emission.skip(why);
        });
    }
}

/// The index of a seat, as a [`Target`] has it.
fn seat_at(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// The async handlers and subscriptions of one event, while they run.
struct Air<'a> {
    inner: &'a Arc<Inner>,
    event: &'a dyn Delivered,
    root: &'a mut Root,
    /// The first handler that has not started, until all have.
    first: Option<usize>,
    /// Not started yet.
    subscribed: Option<LateSubscribed>,
    /// How many handlers and subscriptions have had their turn.
    taken: usize,
    /// Those that began at once, and wait.
    plain: Concurrent<Plain<'a>>,
    /// Whether the handler at each seat has ended, if some handler waits for another.
    ended: Option<Vec<bool>>,
    /// Those that wait for others to end, each with its place in the order.
    held: Vec<(u32, usize)>,
    /// A handler has ended since those were looked at.
    may_release: bool,
    flying: Concurrent<Flying<'a>>,
    /// What handlers caused that landed, by their place in the order.
    caused: Vec<(usize, Behind)>,
}

/// A delivery that has started and not ended.
struct Flying<'a> {
    inner: &'a Arc<Inner>,
    event: &'a dyn Delivered,
    target: Target,
    order: usize,
    stage: Stage<'a>,
    permit: Option<Permit>,
}

enum Stage<'a> {
    /// It waits until fewer calls of the handler run.
    Waits(Pin<Box<dyn Future<Output = Permit> + Send + 'a>>),
    Flies(Flight<'a>),
}

impl<'a> Air<'a> {
    /// Of the handlers from one on.
    fn new(
        inner: &'a Arc<Inner>,
        event: &'a dyn Delivered,
        root: &'a mut Root,
        first: usize,
    ) -> Self {
        Self {
            inner,
            event,
            root,
            first: Some(first),
            subscribed: None,
            taken: first,
            plain: Concurrent::default(),
            ended: None,
            held: Vec::new(),
            may_release: false,
            flying: Concurrent::default(),
            caused: Vec::new(),
        }
    }

    async fn launch_all_and_wait(&mut self, rooms: Option<Rooms<'_>>) {
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
                    let LateCall::Async { limit, .. } = subscription.call() else {
                        continue;
                    };
                    if let Some(reserved) = Reserved::new(subscription) {
                        self.launch(Target::Subscription(reserved), order, limit, context);
                    }
                }
            }
        }
    }

    fn launch_or_hold(&mut self, seat: u32, order: usize, context: &mut Context<'_>) {
        let Place::Task(place) = self.event.place(self.inner, seat) else {
            return;
        };
        if self.admits(seat) {
            self.launch_unless_held(seat, order, &place.limit, context);
        } else {
            self.has_ended(&Target::Seat(seat));
        }
    }

    /// Asks the filter of a handler; its emits are inside of this emission.
    fn admits(&mut self, seat: u32) -> bool {
        let stand = self.event.origin().stand();
        let (admits, refused) = stand.enter(self.inner, || {
            later::admits(self.inner, self.event, seat, self.root)
        });
        self.root.pass_on(refused);
        admits
    }

    /// Whether every handler has ended that the one at `seat` waits for.
    fn may_start(&self, seat: u32) -> bool {
        match (&self.ended, self.event.place(self.inner, seat)) {
            (Some(ended), Place::Task(place)) => place.after.iter().all(|before| ended[*before]),
            _ => true,
        }
    }

    /// Starts those that wait for nobody any more.
    fn launch_held(&mut self, context: &mut Context<'_>) {
        while std::mem::take(&mut self.may_release) {
            for (seat, order) in std::mem::take(&mut self.held) {
                if let Place::Task(place) = self.event.place(self.inner, seat) {
                    self.launch_unless_held(seat, order, &place.limit, context);
                }
            }
        }
    }

    fn launch_unless_held(
        &mut self,
        seat: u32,
        order: usize,
        limit: &Arc<Limit>,
        context: &mut Context<'_>,
    ) {
        if self.may_start(seat) {
            self.launch(Target::Seat(seat), order, limit, context);
        } else {
            self.held.push((seat, order));
        }
    }

    /// Starts a call, once its handler has few enough others, and polls it.
    fn launch(
        &mut self,
        target: Target,
        order: usize,
        limit: &Arc<Limit>,
        context: &mut Context<'_>,
    ) {
        let permit = limit.is_named().then(|| limit.try_acquire());
        if let Some(None) = permit {
            let limit = Arc::clone(limit);
            let stage = Stage::Waits(Box::pin(async move { limit.acquire().await }));
            self.poll_first(self.delivery(target, order, stage, None), context);
            return;
        }
        match Flight::of(self.inner, self.event, &target) {
            Ok(flight) => {
                let stage = Stage::Flies(flight);
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
        target: Target,
        order: usize,
        stage: Stage<'a>,
        permit: Option<Permit>,
    ) -> Flying<'a> {
        Flying {
            inner: self.inner,
            event: self.event,
            target,
            order,
            stage,
            permit,
        }
    }

    fn poll_first(&mut self, flying: Flying<'a>, context: &mut Context<'_>) {
        if let Some((flying, landed)) = self.flying.start(flying, context) {
            self.land(&flying.target, flying.order, landed);
        }
    }

    fn poll_flying(&mut self, context: &mut Context<'_>) {
        self.plain.begin_turn(context);
        while let Some((plain, (landing, refused))) = self.plain.next_ready(context) {
            let seat = plain.seat;
            // What it held, the user's `Drop` may panic on.
            isolate::discard(plain.running);
            if refused.is_none() && landing.is_done() && !self.inner.is_observed() {
                self.root.done += 1;
                continue;
            }
            let landed = Landed::plain(landing, refused);
            self.land(&Target::Seat(seat_at(seat)), seat, landed);
        }
        self.flying.begin_turn(context);
        while let Some((flying, landed)) = self.flying.next_ready(context) {
            self.land(&flying.target, flying.order, landed);
        }
    }

    fn land(&mut self, target: &Target, order: usize, landed: Landed) {
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

    fn has_ended(&mut self, target: &Target) {
        if let (Target::Seat(seat), Some(ended)) = (target, &mut self.ended) {
            ended[*seat as usize] = true;
            self.may_release = true;
        }
    }

    /// Ends a delivery that nobody goes on with.
    fn cancel(&mut self, target: &Target, left: Left) {
        self.root
            .settle(self.inner, self.event, target, |emission| {
                left.join(emission);
                emission.ended(Ended::Cancelled);
            });
    }
}

impl Future for Flying<'_> {
    type Output = Landed;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Landed> {
        let this = &mut *self;
        loop {
            match &mut this.stage {
                Stage::Flies(flight) => return flight.poll(context),
                Stage::Waits(permit) => match permit.as_mut().poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(permit) => this.permit = Some(permit),
                },
            }
            match Flight::of(this.inner, this.event, &this.target) {
                Ok(flight) => this.stage = Stage::Flies(flight),
                Err(landed) => return Poll::Ready(landed),
            }
        }
    }
}

impl Drop for Air<'_> {
    /// Whatever has not ended is cancelled. What was caused stays in the root, which says that it was not
    /// emitted.
    fn drop(&mut self) {
        self.put_back_caused();
        for plain in self.plain.take_pending() {
            let target = Target::Seat(seat_at(plain.seat));
            plain.discard();
            self.cancel(&target, Left::default());
        }
        for flying in self.flying.take_pending() {
            let left = match flying.stage {
                Stage::Flies(flight) => flight.cut_short(),
                Stage::Waits(_) => Left::default(),
            };
            self.cancel(&flying.target, left);
        }
        for (seat, _) in std::mem::take(&mut self.held) {
            self.cancel(&Target::Seat(seat), Left::default());
        }
        if let Some(first) = self.first {
            for seat in later::seats(self.inner, self.event).skip(first) {
                if let Place::Task(_) = self.event.place(self.inner, seat) {
                    self.cancel(&Target::Seat(seat), Left::default());
                }
            }
        }
    }
}
