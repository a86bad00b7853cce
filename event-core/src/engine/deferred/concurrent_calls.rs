//! The async handlers of one event, while they run side by side.

mod cancel;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use crate::engine::deferred::active_call::{ActiveCall, CallStage};
use crate::engine::deferred::async_handlers::handler_index;
use crate::engine::deferred::call::AsyncCall;
use crate::engine::deferred::capacity::CapacityWait;
use crate::engine::deferred::concurrent::ConcurrentFutures;
use crate::engine::deferred::conditions;
use crate::engine::deferred::finished_call::FinishedCall;
use crate::engine::deferred::first_polls::{self, Plain};
use crate::engine::deferred::hand_over;
use crate::engine::deferred::retry::NextAttempt;
use crate::engine::deferred::settle::{self, AttemptEnd, AttemptEvent};
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::cascade_state::CascadeTail;
use crate::engine::emission::deferred_event::ErasedDeferredEvent;
use crate::engine::emission::deferred_event::HandlerRef;
use crate::engine::plan::concurrency::{ConcurrencyLimit, ConcurrencyPermit};
use crate::engine::plan::executor::DeferredCall;
use crate::engine::plan::executor::DeferredSubscriptions;
use crate::engine::plan::executor::ErasedSubscription;
use crate::engine::plan::executor::Executor;
use crate::engine::plan::subscriptions::{Step, Steps};
use crate::engine::state::DispatcherState;

/// The async handlers and subscriptions of one event, while they run.
pub(crate) struct ConcurrentCalls<'a> {
    pub(crate) inner: &'a Arc<DispatcherState>,
    pub(crate) event: &'a dyn ErasedDeferredEvent,
    attempt_event: AttemptEvent<'a>,
    pub(crate) cascade: &'a mut Cascade,
    /// The first handler that has not started, until all have.
    pub(crate) first: Option<usize>,
    /// Not started yet.
    pub(crate) subscribed: Option<DeferredSubscriptions>,
    /// How many handlers and subscriptions were taken in order, which is the place of the next.
    pub(crate) taken: usize,
    /// The calls that waited after the first polls.
    pub(crate) plain: ConcurrentFutures<Plain<'a>>,
    /// Whether each handler has ended, by its index, if some handler waits for another.
    pub(crate) ended: Option<Vec<bool>>,
    /// The handlers that wait for others to end, each with its place in the order.
    pub(crate) held: Vec<(u32, usize)>,
    /// A handler has ended since `held` was last checked.
    pub(crate) may_release: bool,
    pub(crate) active: ConcurrentFutures<ActiveCall<'a>>,
    /// The deliveries that are tried again, and whose wait has not begun.
    pub(crate) retries: Vec<NextAttempt>,
    /// What ended handlers caused, with their place in the order.
    pub(crate) caused: Vec<(usize, CascadeTail)>,
}

impl<'a> ConcurrentCalls<'a> {
    /// Makes the calls of all handlers from `first` on. If `first` is `None`, all handlers have started, and
    /// the calls that wait are polled at once.
    pub(crate) fn new(
        inner: &'a Arc<DispatcherState>,
        event: AttemptEvent<'a>,
        cascade: &'a mut Cascade,
        first: Option<usize>,
    ) -> Self {
        Self {
            inner,
            event: event.get(),
            attempt_event: event,
            cascade,
            first,
            subscribed: None,
            taken: first.unwrap_or(0),
            plain: ConcurrentFutures::default(),
            ended: None,
            held: Vec::new(),
            may_release: false,
            active: ConcurrentFutures::default(),
            retries: Vec::new(),
            caused: Vec::new(),
        }
    }

    /// Starts all, and waits until all have ended.
    pub(crate) async fn start_all_and_wait(&mut self) {
        poll_fn(|context| self.run(context)).await;
        self.put_back_caused();
    }

    /// Starts all, and waits until all have ended and queues have taken or refused the blocked deliveries.
    pub(crate) async fn start_all_and_offer(&mut self, mut capacity_wait: CapacityWait<'_>) {
        {
            let mut are_offered = false;
            let mut have_ended = false;
            let mut offers = pin!(capacity_wait.offer_all());
            poll_fn(|context| {
                are_offered = are_offered || offers.as_mut().poll(context).is_ready();
                have_ended = have_ended || self.run(context).is_ready();
                if are_offered && have_ended {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
        }
        capacity_wait.settle(self.cascade);
        self.put_back_caused();
    }

    /// Starts all if they have not started, or else polls those that were woken.
    fn run(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.first.is_some() {
            self.start_all(context);
        } else {
            self.poll_active(context);
        }
        self.start_held(context);
        while !self.retries.is_empty() {
            self.start_retries(context);
            self.start_held(context);
        }
        if self.plain.is_empty() && self.active.is_empty() && self.held.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Appends what handlers caused to the list of the cascade, in the order of the handlers.
    fn put_back_caused(&mut self) {
        if self.caused.is_empty() {
            return;
        }
        self.caused.sort_by_key(|(order, _)| *order);
        for (_, caused) in std::mem::take(&mut self.caused) {
            self.cascade.append_tail(caused);
        }
    }

    /// Starts each handler that waits for none, and each subscription.
    fn start_all(&mut self, context: &mut Context<'_>) {
        let Some(first) = self.first.take() else {
            return;
        };
        // Dropped when all have started, with what cancelled subscriptions captured.
        let subscribed = self.subscribed.take();
        for step in Steps::new(
            first,
            self.event.deferred_count(self.inner),
            subscribed.as_deref(),
        ) {
            let order = self.taken;
            self.taken += 1;
            match step {
                Step::Handler(index) => self.start_or_hold(handler_index(index), order, context),
                Step::Subscription(subscription) => {
                    self.start_subscription(subscription, order, context);
                }
            }
        }
    }

    fn start_subscription(
        &mut self,
        subscription: &Arc<dyn ErasedSubscription>,
        order: usize,
        context: &mut Context<'_>,
    ) {
        let DeferredCall::Async { limit, .. } = subscription.call() else {
            return;
        };
        let (inner, event) = (self.inner, self.event);
        if let Some(skip) = hand_over::stopped(self.cascade, None) {
            conditions::skip_subscription(inner, event, subscription, self.cascade, skip);
            return;
        }
        let claim = self.ask(|cascade| {
            conditions::admits_to(inner, event, subscription, cascade)
                .then(|| conditions::claim(inner, event, subscription, cascade))?
        });
        if let Some(claim) = claim {
            self.start(HandlerRef::Subscription(claim), order, limit, context);
        }
    }

    fn start_or_hold(&mut self, index: u32, order: usize, context: &mut Context<'_>) {
        let Executor::Task(executor) = self.event.executor(self.inner, index) else {
            return;
        };
        if self.skips_after_failure(&HandlerRef::DeferredHandler(index)) {
            return;
        }
        if self.admits(index) {
            self.start_unless_held(index, order, &executor.limit, context);
        } else {
            self.has_ended(&HandlerRef::DeferredHandler(index));
        }
    }

    fn admits(&mut self, index: u32) -> bool {
        let (inner, event) = (self.inner, self.event);
        self.ask(|cascade| conditions::admits(inner, event, index, cascade))
    }

    /// Asks a condition, which is the user's code; what it emits is inside of this emission.
    fn ask<R>(&mut self, condition: impl FnOnce(&mut Cascade) -> R) -> R {
        let scope = self.event.lineage().scope();
        let (result, refused) = scope.enter(self.inner.id(), || condition(self.cascade));
        self.cascade.note_refused(refused);
        result
    }

    /// Whether every handler has ended that the handler at `index` waits for.
    fn may_start(&self, index: u32) -> bool {
        match (&self.ended, self.event.executor(self.inner, index)) {
            (Some(ended), Executor::Task(executor)) => {
                executor.after.iter().all(|before| ended[*before])
            }
            _ => true,
        }
    }

    /// Starts the held handlers for which all others have ended that they wait for.
    fn start_held(&mut self, context: &mut Context<'_>) {
        while std::mem::take(&mut self.may_release) {
            for (index, order) in std::mem::take(&mut self.held) {
                if let Executor::Task(executor) = self.event.executor(self.inner, index) {
                    self.start_unless_held(index, order, &executor.limit, context);
                }
            }
        }
    }

    fn start_unless_held(
        &mut self,
        index: u32,
        order: usize,
        limit: &Arc<ConcurrencyLimit>,
        context: &mut Context<'_>,
    ) {
        if self.may_start(index) {
            self.start(HandlerRef::DeferredHandler(index), order, limit, context);
        } else {
            self.held.push((index, order));
        }
    }

    /// Starts a call, once its handler is below its limit, and polls the call.
    fn start(
        &mut self,
        target: HandlerRef,
        order: usize,
        limit: &Arc<ConcurrencyLimit>,
        context: &mut Context<'_>,
    ) {
        if self.skips_after_failure(&target) {
            return;
        }
        let permit = limit.is_named().then(|| limit.try_acquire());
        if let Some(None) = permit {
            self.start_when_free(target, order, limit, context);
            return;
        }
        match AsyncCall::of(self.inner, self.event, &target) {
            Ok(call) => {
                let stage = CallStage::Runs(call);
                self.poll_first(
                    self.delivery(target, order, stage, permit.flatten()),
                    context,
                );
            }
            Err(finished) => self.finish(&target, order, finished),
        }
    }

    /// Starts a call once fewer calls of its handler run. Not inlined, so that nested emits need less stack.
    #[inline(never)]
    fn start_when_free(
        &mut self,
        target: HandlerRef,
        order: usize,
        limit: &Arc<ConcurrencyLimit>,
        context: &mut Context<'_>,
    ) {
        let (limit, stop) = (Arc::clone(limit), self.cascade.stop_flag());
        let stage = CallStage::Waits(Box::pin(async move {
            let permit = limit.acquire().await;
            let is_stopped = stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
            (!is_stopped).then_some(Some(permit))
        }));
        self.poll_first(self.delivery(target, order, stage, None), context);
    }

    pub(crate) fn delivery(
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
            attempt: 1,
            stage,
            permit,
        }
    }

    pub(crate) fn poll_first(&mut self, active: ActiveCall<'a>, context: &mut Context<'_>) {
        if let Some((active, finished)) = self.active.start(active, context) {
            self.finish(&active.target, active.order, finished);
        }
    }

    fn poll_active(&mut self, context: &mut Context<'_>) {
        while let Some((index, ended)) = first_polls::next_ended(&mut self.plain, context) {
            let Some(ended) = ended else {
                self.cascade.done += 1;
                continue;
            };
            let target = HandlerRef::DeferredHandler(handler_index(index));
            let finished = FinishedCall::plain(ended.result, ended.refused);
            self.finish(&target, index, finished);
        }
        while let Some((active, finished)) = self.active.next_ready(context) {
            self.finish(&active.target, active.order, finished);
        }
    }

    pub(crate) fn finish(&mut self, target: &HandlerRef, order: usize, finished: FinishedCall) {
        if finished.is_plain() && !self.inner.is_observed() {
            self.has_ended(target);
            self.cascade.done += 1;
            return;
        }
        let before = self.cascade.mark();
        let attempt = finished.attempt + 1;
        match finished.settle(self.cascade, self.inner, self.attempt_event, target) {
            AttemptEnd::Ended(_) => self.has_ended(target),
            AttemptEnd::Failed { wait } => self.retries.push(NextAttempt {
                target: target.clone(),
                order,
                attempt,
                wait,
            }),
        }
        self.cascade.stop_if_failed();
        let caused = self.cascade.split_tail(before);
        if !caused.is_empty() {
            self.caused.push((order, caused));
        }
    }

    /// Skips a handler if the first failure ends the emission, and there is one. Returns whether it was
    /// skipped.
    fn skips_after_failure(&mut self, target: &HandlerRef) -> bool {
        let Some(skip) = hand_over::stopped(self.cascade, None) else {
            return false;
        };
        self.has_ended(target);
        settle::settle(self.cascade, self.inner, self.event, target, |emission| {
            emission.skip(skip);
        });
        true
    }

    fn has_ended(&mut self, target: &HandlerRef) {
        if let (HandlerRef::DeferredHandler(index), Some(ended)) = (target, &mut self.ended) {
            ended[*index as usize] = true;
            self.may_release = true;
        }
    }
}
