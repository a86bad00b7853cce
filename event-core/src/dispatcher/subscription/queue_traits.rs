//! What the queue of a subscription can do: `()` is no queue.

use crate::handler::outcome::Deferred;
use crate::queue::Queue;

/// Where the closure of a subscription may run that takes no `&mut`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a subscription in `{Self}` takes a `&mut` behind its event",
    label = "takes a `&mut` behind its event"
)]
pub trait LendsNothing {
    /// What the outcome of a closure is returned for that takes an `E`.
    type Returning<E>;
    const IS_QUEUED: bool;
}

impl LendsNothing for () {
    type Returning<E> = E;
    const IS_QUEUED: bool = false;
}

impl LendsNothing for Queue {
    type Returning<E> = Deferred<E>;
    const IS_QUEUED: bool = true;
}

/// Where an async closure of a subscription may run.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not serve `async` closures",
    label = "the queue of this subscription serves no `async` closure",
    note = "a `LocalQueue` runs its subscriptions inside of `pump`: use `subscribe`, or a `Queue`"
)]
pub trait RunsAsync {
    const IS_QUEUED: bool;
}

impl RunsAsync for () {
    const IS_QUEUED: bool = false;
}

impl RunsAsync for Queue {
    const IS_QUEUED: bool = true;
}

/// The queue of a subscription whose failed deliveries are tried again.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`retry` needs a `Queue`, and this subscription runs in `{Self}`",
    label = "no `Queue` tries its failed deliveries again",
    note = "say the queue before `retry`: `.queue(&MAIL).retry(…)`, with \
            `static MAIL: Queue = Queue::new(\"mail\");`; a `LocalQueue` calls its closures inside of `pump` \
            alone, and nothing runs there when the next attempt is due"
)]
pub trait RetriesCalls {}

impl RetriesCalls for Queue {}

/// The queue of a subscription that has none.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a subscription runs in one queue, and this one runs in a `{Self}` already",
    label = "a second queue",
    note = "make a subscription for each queue"
)]
pub trait NoQueue {}

impl NoQueue for () {}
