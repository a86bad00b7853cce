//! One of the async handlers that run side by side.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::deferred::call::AsyncCall;
use crate::engine::deferred::finished_call::FinishedCall;
use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef};
use crate::engine::emission::first_poll::CallResult;
use crate::engine::plan::bound::NotRun;
use crate::engine::plan::concurrency::ConcurrencyPermit;
use crate::engine::state::DispatcherState;

/// A delivery that has started and not ended.
pub(crate) struct ActiveCall<'a> {
    pub(crate) inner: &'a Arc<DispatcherState>,
    pub(crate) event: &'a dyn ErasedDeferredEvent,
    pub(crate) target: HandlerRef,
    pub(crate) order: usize,
    pub(crate) attempt: u32,
    pub(crate) stage: CallStage<'a>,
    pub(crate) permit: Option<ConcurrencyPermit>,
}

/// A wait for the right to call a handler, which is a permit if the handler has a limit.
pub(crate) type PermitWait<'a> =
    Pin<Box<dyn Future<Output = Option<Option<ConcurrencyPermit>>> + Send + 'a>>;

pub(crate) enum CallStage<'a> {
    /// Waits until the attempt is due and fewer calls of the handler run; `None` if a failure has ended the
    /// emission by then.
    Waits(PermitWait<'a>),
    Runs(AsyncCall<'a>),
}

impl Future for ActiveCall<'_> {
    type Output = FinishedCall;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<FinishedCall> {
        let this = &mut *self;
        loop {
            match &mut this.stage {
                CallStage::Runs(call) => return call.poll(context),
                CallStage::Waits(permit) => {
                    let mut poll = || permit.as_mut().poll(context);
                    let polled = match &this.inner.runtime {
                        // Another attempt waits for a timer, and any thread may poll.
                        Some(runtime) if this.attempt > 1 => runtime.inside(poll),
                        _ => poll(),
                    };
                    match polled {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(None) => {
                            return Poll::Ready(FinishedCall {
                                attempt: this.attempt,
                                ..FinishedCall::plain(
                                    CallResult::NotRun(NotRun::EarlierFailure),
                                    None,
                                )
                            });
                        }
                        Poll::Ready(permit) => this.permit = permit.and_then(|permit| permit),
                    }
                }
            }
            match AsyncCall::of_attempt(this.inner, this.event, &this.target, this.attempt, None) {
                Ok(call) => this.stage = CallStage::Runs(call),
                Err(finished) => return Poll::Ready(finished),
            }
        }
    }
}
