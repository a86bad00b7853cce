//! A closure in the place of a handler.

use std::panic::Location;
use std::sync::Arc;

use crate::engine::plan::bound::HandlerList;
use crate::event::Handled;
use crate::event::info::EventInfo;
use crate::handler::bind::Binder;
use crate::handler::outcome::Outcome;
use crate::handler::resolver::Resolver;
use crate::handler_info::spec::{FunctionId, HandlerSpec};

/// A closure in the place of a handler, which runs where and when the handler would.
pub(crate) struct Replacement {
    pub(crate) function: FunctionId,
    pub(crate) at: &'static Location<'static>,
    /// The event that the closure takes.
    pub(crate) event: &'static EventInfo,
    bind: Box<Bind>,
}

type Bind = dyn Fn(&'static HandlerSpec, &mut Resolver<'_>, &mut HandlerList) + Send + Sync;

impl Replacement {
    pub(crate) fn new<E: Handled, R: Outcome<E> + Send + 'static>(
        function: FunctionId,
        at: &'static Location<'static>,
        call: impl Fn(&E) -> R + Send + Sync + 'static,
    ) -> Self {
        let call = Arc::new(call);
        Self {
            function,
            at,
            event: E::INFO,
            bind: Box::new(move |spec, resolver, list| {
                let (inline, deferred) = list.split(spec);
                let Some(inline) = inline.downcast_mut() else {
                    return;
                };
                let call = Arc::clone(&call);
                let mut binder = Binder::new(resolver, inline, deferred, spec);
                if spec.asynchronous {
                    let call = move |event: &E| std::future::ready(call(event));
                    binder.bind_async::<R, _, ()>(call, ());
                } else {
                    binder.bind(move |event, _| Ok::<R, _>(call(event)));
                }
            }),
        }
    }

    /// Pushes the closure on a list of the event, in the place of the handler with this spec.
    pub(crate) fn bind(
        &self,
        spec: &'static HandlerSpec,
        resolver: &mut Resolver<'_>,
        list: &mut HandlerList,
    ) {
        (self.bind)(spec, resolver, list);
    }
}
