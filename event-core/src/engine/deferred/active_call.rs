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
    pub(crate) stage: CallStage<'a>,
    pub(crate) permit: Option<ConcurrencyPermit>,
}

pub(crate) enum CallStage<'a> {
    /// Waits until fewer calls of the handler run; `None` if a failure has ended the emission by then.
    Waits(Pin<Box<dyn Future<Output = Option<ConcurrencyPermit>> + Send + 'a>>),
    Runs(AsyncCall<'a>),
}

impl Future for ActiveCall<'_> {
    type Output = FinishedCall;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<FinishedCall> {
        let this = &mut *self;
        loop {
            match &mut this.stage {
                CallStage::Runs(call) => return call.poll(context),
                CallStage::Waits(permit) => match permit.as_mut().poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(None) => {
                        let result = CallResult::NotRun(NotRun::EarlierFailure);
                        return Poll::Ready(FinishedCall::plain(result, None));
                    }
                    Poll::Ready(permit) => this.permit = permit,
                },
            }
            match AsyncCall::of(this.inner, this.event, &this.target) {
                Ok(call) => this.stage = CallStage::Runs(call),
                Err(finished) => return Poll::Ready(finished),
            }
        }
    }
}
