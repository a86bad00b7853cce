//! The end of calls that are dropped before they have ended.

use crate::engine::deferred::active_call::CallStage;
use crate::engine::deferred::async_handlers::handler_index;
use crate::engine::deferred::concurrent_calls::ConcurrentCalls;
use crate::engine::deferred::finished_call::CallExtras;
use crate::engine::deferred::hand_over;
use crate::engine::deferred::settle;
use crate::engine::emission::deferred_event::HandlerRef;
use crate::engine::plan::executor::Executor;
use crate::report::status::DeliveryStatus;

impl ConcurrentCalls<'_> {
    /// Ends a delivery as cancelled.
    fn cancel(&mut self, target: &HandlerRef, extras: CallExtras) {
        settle::settle(self.cascade, self.inner, self.event, target, |emission| {
            extras.join(emission);
            emission.ended(DeliveryStatus::Cancelled);
        });
    }
}

impl Drop for ConcurrentCalls<'_> {
    /// Cancels the deliveries that have not ended. Caused events stay in the root, which reports that they
    /// were not emitted.
    fn drop(&mut self) {
        self.put_back_caused();
        for plain in self.plain.take_pending() {
            let target = HandlerRef::DeferredHandler(handler_index(plain.index));
            plain.discard();
            self.cancel(&target, CallExtras::default());
        }
        for active in self.active.take_pending() {
            let extras = match active.stage {
                CallStage::Runs(call) => call.cancel(),
                CallStage::Waits(_) => CallExtras::default(),
            };
            self.cancel(&active.target, extras);
        }
        for retry in std::mem::take(&mut self.retries) {
            self.cancel(&retry.target, CallExtras::default());
        }
        for (index, _) in std::mem::take(&mut self.held) {
            self.cancel(&HandlerRef::DeferredHandler(index), CallExtras::default());
        }
        if let Some(first) = self.first {
            for index in hand_over::deferred_count(self.inner, self.event).skip(first) {
                if let Executor::Task(_) = self.event.executor(self.inner, index) {
                    self.cancel(&HandlerRef::DeferredHandler(index), CallExtras::default());
                }
            }
        }
    }
}
