//! Calls async handlers of a queue, whose events wait in the queue by value.
//!
//! The future of a call is part of the port's future, and is never boxed.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::first_poll::CallResult;
use crate::engine::plan::bound::HandlerResult;
use crate::engine::plan::port::{
    CallEnd, EventPort, EventRing, PortAddress, PortService, PortTurn,
};
use crate::handler::async_slots::AsyncSlots;
use crate::handler::bind_async::{AsyncHandler, AsyncMethod, BoundAsync, BoundMethod, Call};
use crate::nesting::{self, NestingError};
use crate::queue::buffer::line::Ring;
use crate::{log, panics};

macro_rules! port {
    () => {
        fn new_ring(&self, address: PortAddress) -> Box<dyn Ring<DeferredDelivery>> {
            Box::new(EventRing::<E>::new(address))
        }

        fn serve<'a>(&'a self, turn: PortTurn<'a>) -> PortService<'a> {
            let this = self.bound();
            PortService::Async(Box::pin(async move {
                loop {
                    let Some(held) = turn.take::<E>() else {
                        turn.wait().await;
                        continue;
                    };
                    let ended = {
                        let (event, args) = (held.event(), shared(&this.slots));
                        let begin = move || (this.function.call(event, args), &this.conclusion);
                        pin!(IsolatedCall::new(Call::New { begin })).await
                    };
                    match ended {
                        None => held.discard(),
                        Some(ended) => held.finish(*ended).await,
                    }
                }
            }))
        }
    };
}

/// Returns the arguments of a handler that has a port.
#[inline]
fn shared<S: AsyncSlots>(slots: &S) -> S::Args<'_> {
    match slots.shared() {
        Some(args) => args,
        None => unreachable!("only a handler with such arguments has a port"),
    }
}

impl<E: ?Sized, F, S: AsyncSlots, R> BoundAsync<E, F, S, R> {
    /// Whether all deliveries have the same arguments and no timeout, so that events may wait by value.
    pub(crate) fn has_port(&self) -> bool {
        self.timeout.is_none() && self.slots.shared().is_some()
    }
}

impl<E, F, S, R> EventPort for BoundAsync<E, F, S, R>
where
    E: Send + Sync + 'static,
    S: AsyncSlots,
    R: 'static,
    F: for<'a> AsyncHandler<'a, E, S, R, Future: Send>,
{
    port!();
}

impl<E, F, S, R> EventPort for BoundMethod<E, F, S, R>
where
    E: Send + Sync + 'static,
    S: AsyncSlots,
    R: 'static,
    F: for<'a> AsyncMethod<'a, E, S, R, Future: Send>,
{
    port!();
}

pin_project! {
/// A call of an outermost root's handler, which catches panics. Emits of the handler are nested in the root.
struct IsolatedCall<C> {
    #[pin]
    call: Option<C>,
    refused: Option<NestingError>,
}

impl<C> PinnedDrop for IsolatedCall<C> {
    fn drop(this: Pin<&mut Self>) {
        this.end();
    }
}
}

impl<C> IsolatedCall<C> {
    fn new(call: C) -> Self {
        Self {
            call: Some(call),
            refused: None,
        }
    }

    /// Drops the call, which is the user's code, unless it has ended.
    fn end(self: Pin<&mut Self>) {
        let mut call = self.project().call;
        if call.is_some() {
            let ended = nesting::enter(0, || panics::catch(|| call.set(None))).0;
            if let Err(panic) = ended {
                log::drop_panicked(&panic);
            }
        }
    }
}

impl<C: Future<Output = HandlerResult>> Future for IsolatedCall<C> {
    /// `None` if the call is plainly done.
    type Output = Option<Box<CallEnd>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (polled, refused) = nesting::enter(0, || {
            catch_unwind(AssertUnwindSafe(|| {
                let this = self.as_mut().project();
                let call = this.call.as_pin_mut();
                call.map_or(Poll::Pending, |call| call.poll(context))
            }))
        });
        if refused.is_some() {
            *self.as_mut().project().refused = refused;
        }
        let result = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(HandlerResult::Done)) if self.refused.is_none() => {
                return Poll::Ready(None);
            }
            Ok(Poll::Ready(result)) => CallResult::Ended(result),
            Err(payload) => CallResult::Panicked(payload),
        };
        let refused = self.refused;
        self.end();
        Poll::Ready(Some(Box::new(CallEnd { result, refused })))
    }
}
