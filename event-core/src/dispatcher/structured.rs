//! Async handlers that run side by side inside of one future: those of `emit_async`, and those that a
//! task runs because some wait for others.
//!
//! Each call is polled once as soon as it starts, and kept only if it is not ready then: where all are
//! ready at once, nothing is stored. What they cause joins the list in the order of the handlers.
//! Dropping the future cancels what has not ended; each is counted and observers are told.
//!
//! Past 400 lines, since it is one state machine: launch, hold, poll, land, cancel.

use std::future::{Future, poll_fn};
use std::ops::Range;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::at_once::Rest;
use super::cascade::{Behind, Root};
use super::flight::{Flight, Landed, Left};
use super::inner::Inner;
use super::later;
use super::limit::{Limit, Permit};
use super::rooms::Rooms;
use super::seat::{LateCall, LateSubscription, Place};
use super::shared::{Delivered, Item, Target};
use crate::report::{Ended, Skip};

/// Runs the async handlers of an event, and finds room for its deliveries that wait for it.
pub(crate) async fn run(inner: &Arc<Inner>, event: &dyn Delivered, root: &mut Root) {
    let rooms = Rooms::take(inner, root);
    let mut air = Air::new(inner, event, root);
    air.seats = later::seats(inner, event);
    air.subscriptions = event.subscriptions();
    air.is_ordered = later::is_ordered(inner, event);
    air.launch_all_and_wait(rooms).await;
}

/// Goes on with an emission whose handlers were run at once as far as they were done.
pub(crate) async fn go_on<'a>(
    inner: &'a Arc<Inner>,
    event: &'a dyn Delivered,
    root: &'a mut Root,
    rest: Rest<'a>,
) {
    let seat = u32::try_from(rest.seat).unwrap_or(u32::MAX);
    let mut air = Air::new(inner, event, root);
    air.seats = later::seats(inner, event);
    air.seats.start = seat;
    if let Some(begun) = rest.begun {
        air.seats.start += 1;
        let (target, order) = (Target::Seat(seat), rest.seat);
        match Flight::begun(inner, event, begun, 1) {
            Ok(flight) => air.flying.push(Flying {
                target,
                order,
                stage: Stage::Flies(flight),
                permit: None,
            }),
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

/// Runs deliveries of one event, some of which wait for others.
pub(crate) async fn run_ordered(
    inner: &Arc<Inner>,
    task: u64,
    deliveries: Vec<(Item, Permit)>,
    root: &mut Root,
) {
    let Some((first, _)) = deliveries.first() else {
        return;
    };
    let event = Arc::clone(&first.event);
    let mut permits = Vec::with_capacity(deliveries.len());
    for (item, permit) in deliveries {
        if let Target::Seat(seat) = item.target {
            permits.push((seat, permit));
        }
    }
    // Whoever was filtered or rejected has ended, too.
    let runs = |seat: &u32| permits.iter().any(|(other, _)| other == seat);
    let ended = later::seats(inner, &*event).filter(|seat| !runs(seat));
    let ended = ended.collect();
    let mut air = Air::new(inner, &*event, root);
    air.task = Some(task);
    air.permits = permits;
    air.asks_filters = false;
    air.is_ordered = true;
    air.ended = ended;
    air.launch_all_and_wait(None).await;
}

/// The async handlers of one event, while they run.
struct Air<'a> {
    inner: &'a Arc<Inner>,
    event: &'a dyn Delivered,
    root: &'a mut Root,
    /// The task whose deliveries they are.
    task: Option<u64>,
    /// Not started yet.
    seats: Range<u32>,
    subscriptions: Option<Arc<Vec<Arc<dyn LateSubscription>>>>,
    next_subscription: usize,
    asks_filters: bool,
    is_ordered: bool,
    /// Instead of `seats`: those with a permit.
    permits: Vec<(u32, Permit)>,
    /// Seats that have ended, if some handler waits for another.
    ended: Vec<u32>,
    /// Seats that wait for others to end.
    held: Vec<(u32, Option<Permit>)>,
    flying: Vec<Flying<'a>>,
    /// What handlers caused that landed, by their place in the order.
    caused: Vec<(usize, Behind)>,
}

/// A delivery that has started and not ended.
struct Flying<'a> {
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
    /// Of no handlers yet.
    fn new(inner: &'a Arc<Inner>, event: &'a dyn Delivered, root: &'a mut Root) -> Self {
        Self {
            inner,
            event,
            root,
            task: None,
            seats: 0..0,
            subscriptions: None,
            next_subscription: 0,
            asks_filters: true,
            is_ordered: false,
            permits: Vec::new(),
            ended: Vec::new(),
            held: Vec::new(),
            flying: Vec::new(),
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
            if air.flying.is_empty() && air.held.is_empty() {
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

    /// Starts each handler that waits for none.
    fn launch_all(&mut self, context: &mut Context<'_>) {
        for (seat, permit) in std::mem::take(&mut self.permits) {
            self.launch_or_hold(seat, Some(permit), context);
        }
        while let Some(seat) = self.seats.next() {
            match self.event.place(self.inner, seat) {
                Place::Task(_) => self.launch_or_hold(seat, None, context),
                Place::Queue(_) => {}
            }
        }
        let Some(subscriptions) = self.subscriptions.clone() else {
            return;
        };
        while let Some(subscription) = subscriptions.get(self.next_subscription) {
            self.next_subscription += 1;
            let LateCall::Async { limit, .. } = subscription.call() else {
                continue;
            };
            if Arc::clone(subscription).claim() {
                let order = usize::MAX - subscriptions.len() + self.next_subscription;
                let target = Target::Subscription(Arc::clone(subscription));
                self.launch(target, order, limit, None, context);
            }
        }
    }

    fn launch_or_hold(&mut self, seat: u32, permit: Option<Permit>, context: &mut Context<'_>) {
        if self.asks_filters && !self.admits(seat) {
            self.has_ended(&Target::Seat(seat));
        } else if self.is_ordered && !self.may_start(seat) {
            self.held.push((seat, permit));
        } else {
            self.launch_seat(seat, permit, context);
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
        match self.event.place(self.inner, seat) {
            Place::Task(place) => place
                .after
                .iter()
                .all(|before| self.ended.iter().any(|seat| *seat as usize == *before)),
            Place::Queue(_) => true,
        }
    }

    /// Starts those that wait for nobody any more.
    fn launch_held(&mut self, context: &mut Context<'_>) {
        while let Some(at) = self.held.iter().position(|(seat, _)| self.may_start(*seat)) {
            let (seat, permit) = self.held.remove(at);
            self.launch_seat(seat, permit, context);
        }
    }

    fn launch_seat(&mut self, seat: u32, permit: Option<Permit>, context: &mut Context<'_>) {
        let Place::Task(place) = self.event.place(self.inner, seat) else {
            return;
        };
        self.launch(
            Target::Seat(seat),
            seat as usize,
            &place.limit,
            permit,
            context,
        );
    }

    /// Starts a call, once its handler has few enough others, and polls it.
    fn launch(
        &mut self,
        target: Target,
        order: usize,
        limit: &Arc<Limit>,
        mut permit: Option<Permit>,
        context: &mut Context<'_>,
    ) {
        if permit.is_none() && limit.is_named() {
            permit = limit.try_acquire();
            if permit.is_none() {
                let limit = Arc::clone(limit);
                let stage = Stage::Waits(Box::pin(async move { limit.acquire().await }));
                let flying = Flying {
                    target,
                    order,
                    stage,
                    permit: None,
                };
                self.keep_unless_landed(flying, context);
                return;
            }
        }
        match Flight::of(self.inner, self.event, &target) {
            Ok(flight) => self.keep_unless_landed(
                Flying {
                    target,
                    order,
                    stage: Stage::Flies(flight),
                    permit,
                },
                context,
            ),
            Err(landed) => self.land(&target, order, landed),
        }
    }

    fn keep_unless_landed(&mut self, mut flying: Flying<'a>, context: &mut Context<'_>) {
        match flying.poll(self.inner, self.event, context) {
            Poll::Ready(landed) => self.land(&flying.target, flying.order, landed),
            Poll::Pending => self.flying.push(flying),
        }
    }

    fn poll_flying(&mut self, context: &mut Context<'_>) {
        let mut at = 0;
        while let Some(flying) = self.flying.get_mut(at) {
            match flying.poll(self.inner, self.event, context) {
                Poll::Pending => at += 1,
                Poll::Ready(landed) => {
                    let flying = self.flying.remove(at);
                    self.land(&flying.target, flying.order, landed);
                }
            }
        }
    }

    fn land(&mut self, target: &Target, order: usize, landed: Landed) {
        self.has_ended(target);
        if let Some(task) = self.task {
            let handler = self.event.handler(self.inner, target);
            self.inner.tasks.end(task, handler);
        }
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
        if let (Target::Seat(seat), true) = (target, self.is_ordered) {
            self.ended.push(*seat);
        }
    }

    /// Ends a delivery that nobody goes on with.
    fn lose(&mut self, target: &Target, left: Left) {
        let ended = self.root.end_of_the_lost();
        if let Some(task) = self.task {
            let handler = self.event.handler(self.inner, target);
            self.inner.tasks.abandon(task, handler);
        }
        self.root
            .settle(self.inner, self.event, target, |emission| {
                left.join(emission);
                match ended {
                    Ended::Abandoned => {
                        let event = self.event.as_any_event();
                        emission.failed(event, ended, self.inner.abandoned(None));
                    }
                    ended => emission.ended(ended),
                }
            });
    }
}

impl<'a> Flying<'a> {
    fn poll(
        &mut self,
        inner: &'a Arc<Inner>,
        event: &'a dyn Delivered,
        context: &mut Context<'_>,
    ) -> Poll<Landed> {
        loop {
            match &mut self.stage {
                Stage::Flies(flight) => return flight.poll(context),
                Stage::Waits(permit) => match permit.as_mut().poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(permit) => self.permit = Some(permit),
                },
            }
            match Flight::of(inner, event, &self.target) {
                Ok(flight) => self.stage = Stage::Flies(flight),
                Err(landed) => return Poll::Ready(landed),
            }
        }
    }
}

impl Drop for Air<'_> {
    /// Whatever has not ended is cancelled, or abandoned by its task. What was caused stays in the
    /// root, which says that it was not emitted.
    fn drop(&mut self) {
        self.put_back_caused();
        for flying in std::mem::take(&mut self.flying) {
            let left = match flying.stage {
                Stage::Flies(flight) => flight.cut_short(),
                Stage::Waits(_) => Left::default(),
            };
            self.lose(&flying.target, left);
        }
        for (seat, _) in std::mem::take(&mut self.held) {
            self.lose(&Target::Seat(seat), Left::default());
        }
        for (seat, _) in std::mem::take(&mut self.permits) {
            self.lose(&Target::Seat(seat), Left::default());
        }
        while let Some(seat) = self.seats.next() {
            if matches!(self.event.place(self.inner, seat), Place::Task(_)) {
                self.lose(&Target::Seat(seat), Left::default());
            }
        }
    }
}
