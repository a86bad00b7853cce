//! The macros of `event-core`, which re-exports them. Depend on that crate, not on this one.

mod conditional;
mod diagnostics;
mod documentation;
mod event;
#[cfg(test)]
mod golden;
mod handler;
mod item;
mod keys;
mod library;
mod module;
mod names;
mod text;

use proc_macro::TokenStream;

/// Makes a struct or an enum an event: a fact that handlers react to.
///
/// The type needs no `Debug` of its own. The derive generates the formatting that logs, failures and
/// tests show, from the `Debug` of each field, with redacted fields masked. A generic event stays in the
/// process, and each of its instances (`PostSave<User>`, `PostSave<Order>`) is an event of its own. Its
/// type parameters, and their associated types in fields, are `Debug + Send + Sync + 'static`. The fields
/// of a `#[repr(packed)]` event are `Copy`, or redacted.
///
/// # Keys
///
/// | `#[event(...)]` | meaning |
/// | --- | --- |
/// | `name = "shop.order_placed"` | the declared name: dotted lowercase, two segments or more, which the patterns of catch-all handlers match. Without it the event is named by its Rust path, which never leaves the process |
/// | `version = 2` | the version of its schema, from 1 on; above 1, a `wire` event needs `previous` or `no_previous` |
/// | `alias = "shop.order_made"` | a former name, or the `type` that another program gives it (`"Microsoft.Storage.BlobCreated"`), or a list of them in square brackets: data with such a name is decoded, too |
/// | `previous = OrderPlacedV1` | the type of the version before, which `From` turns into this one when it is decoded. It has the same `name` (or one of the aliases), the version before, and is `superseded` |
/// | `no_previous` | for a version above 1: there is no data of an older one |
/// | `reads_newer` | data of a newer version is read as this one, which is a promise that newer versions only add what this one can ignore; without it they are refused |
/// | `superseded` | a newer version names it as `previous`: it is decoded, and neither emitted nor handled |
/// | `wire` | the event may leave the process: it has a `name`, and implements serde's `Serialize` and `Deserialize` |
/// | `durable` | the event is emitted in a transaction, and an outbox stores it until its durable handlers have handled it; it is then `wire`, too |
/// | `key = order_id` | the field that orders and partitions it: a queue delivers events of one key one after another, and envelopes carry its value. Its type is `Hash`, in a `wire` event `Serialize`, and it is not redacted |
/// | `handlers = 1..` | how many handlers the final program must have: also `1`, `0..`, `1..=3` |
/// | `schema` | its JSON has a schema, for the catalogue and for comparisons of versions: requires `wire`, `schemars::JsonSchema`, and the feature `schemars` of `event-core` |
/// | `stoppable` | its handlers may return `ControlFlow::Break` to skip the later ones |
/// | `crate = path` | the path of `event_core`, if it is re-exported; a renamed dependency is found without it |
///
/// `#[event(redact)]` above a field masks it in logs, failures and the JSON that catch-all handlers see,
/// also inside of other events. An event with a redacted field gets a masked `Debug` from the derive; a
/// `Debug` of its own, which would show the field, does not compile together with it (E0119): remove it.
/// The masked JSON is what serde's derive writes of the fields and attributes; a `Serialize` by hand is
/// only used for envelopes. A field whose type does not implement `Serialize` takes serde's
/// `serialize_with`, too. `redact` is refused under `flatten`, under `into`, in a variant with a
/// serializer of its own, and in a tuple variant with the tag inside.
///
/// # Examples
///
/// ```
/// use event_core::{AnyEvent, Event};
///
/// #[derive(Event)]
/// #[event(name = "shop.order_placed", version = 2, key = order_id)]
/// struct OrderPlaced {
///     order_id: u64,
///     #[event(redact)]
///     card: String,
/// }
///
/// let event = OrderPlaced { order_id: 7, card: "4111 1111 1111 1111".to_owned() };
/// let event: &dyn AnyEvent = &event;
/// assert_eq!(format!("{event:?}"), "OrderPlaced { order_id: 7, card: [redacted] }");
/// ```
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    event::derive(input.into()).into()
}

/// Makes a function a handler: the linker registers it, and a dispatcher calls it.
///
/// The function itself is unchanged, and can be called by hand; lints of clippy that are about the form
/// of a handler are allowed on it. Its parameters are
///
/// * first the event by shared reference, `event: &OrderPlaced`, or `event: &dyn AnyEvent` for a
///   catch-all handler, which sees every event;
/// * `&mut S`, at most one and right after the event: the value that the owner of a `LocalQueue<S>` lends
///   while it pumps the queue that `queue = ...` names;
/// * `&T`, a dependency that was provided to the builder; `Option<&T>` if it may be missing;
/// * by value, anything that implements `Param`: `Emitter<(A, B)>`, `Meta`, `Context<T>`, `DispatcherHandle`, and
///   types of your own.
///
/// It returns `()`, an event, an `Option`, a `Vec` or a tuple of these, or a `Result` of one of
/// them; `ControlFlow<()>` if the event is stoppable. A returned event is emitted after every
/// handler of the current one has run. A catch-all handler returns `()` or `Result<(), _>`.
///
/// # Delivery
///
/// The handler chooses how its event is delivered, and no emitter changes with it:
///
/// * A `fn` is called inline, on the emitter's stack. It alone may return `ControlFlow`.
/// * An `async fn` runs on the runtime, concurrently with the other `async` handlers of the event;
///   its future is `Send`. Beside the event it takes up to eight parameters.
/// * With `queue = MAIL`, where `MAIL` is a `static` queue, each event waits in that queue for one of
///   its consumers: a thread for a `fn`, a task for an `async fn`.
/// * With `queue = UI`, where `UI` is a `static` `LocalQueue<App>`, the handler is called where the
///   owner of an `App` pumps the queue, and may take that as `&mut App`.
/// * With `durable, id = "billing.charge"`, of a durable event, an outbox stores the delivery in the
///   transaction that emits the event, and makes it after the commit, again after a crash, and until it
///   succeeds. An `async fn` may take the transaction that completes its delivery, as `&mut Tx<'_>`.
/// * With `before_commit`, of a durable event, it is called in the transaction that emits the event, and an
///   error makes the commit fail.
///
/// # Keys
///
/// | `#[handler(...)]` | meaning |
/// | --- | --- |
/// | `alias = "billing.take_payment"` | a former `id` of a durable handler, or a list of them in square brackets |
/// | `after = f`, `before = f` | order by naming another handler, or several: `after = [f, Mailer::welcome]`; not with `queue` |
/// | `before_commit` | the handler is called in the transaction that emits the event |
/// | `concurrency = 16` | for an `async` handler without `queue`, or a durable one: how many of its deliveries run at once, at most |
/// | `crate = path` | the path of `event_core`, if it is re-exported; a renamed dependency is found without it |
/// | `durable` | deliveries are stored, and made until they succeed; needs `id` |
/// | `events = "shop.*"` | for a catch-all: only events whose declared name matches; `*` is one segment, a final `**` is the rest |
/// | `filter = is_large` | a `fn(&OrderPlaced) -> bool`, called where the event is emitted; the handler is skipped if it returns `false` |
/// | `id = "billing.charge"` | the name under which deliveries of a durable handler are stored: dotted lowercase, two segments or more. It stays as it is when the function is renamed or moved |
/// | `priority = -10` | lower runs first; the default is 0 |
/// | `queue = MAIL` | the `static` queue in which deliveries wait |
/// | `retry`, `retry(attempts = 5, backoff = "100ms..30s", when = is_temporary, ordered)` | for an `async` handler, and with a `Queue`: a delivery that failed, panicked or timed out is tried again. Each of the keys may be left out; `RetryPolicy` in `event_core::retry` says what they mean |
/// | `timeout = "5s"` | for an `async` handler: a delivery that takes longer is cancelled. An integer and `ms`, `s`, `m` or `h`, or several as in `"1m 30s"` |
///
/// # Examples
///
/// ```
/// use event_core::{Dispatcher, Event, handler};
///
/// #[derive(Event)]
/// struct OrderPlaced { cents: u64 }
///
/// #[derive(Event)]
/// struct LargeOrder { cents: u64 }
///
/// fn is_large(event: &OrderPlaced) -> bool { event.cents >= 100_000 }
///
/// #[handler(filter = is_large)]
/// fn notice(event: &OrderPlaced) -> LargeOrder { LargeOrder { cents: event.cents } }
///
/// let dispatcher = Dispatcher::builder().only(notice).build()?;
/// let report = dispatcher.emit(OrderPlaced { cents: 250_000 });
/// assert_eq!(report.done(), 1);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[proc_macro_attribute]
pub fn handler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handler::handler(arguments.into(), item.into()).into()
}

/// Lets the methods of an `impl` block be handlers: `&self` is then a dependency like any other.
///
/// Write `#[handler]`, with the keys it has on a function, above each method that handles an event;
/// associated functions without `self` can be handlers, too, and all other items of the block are
/// unchanged. `#[cfg_attr(feature = "audit", handler)]` is a handler if the condition holds. The block is
/// an inherent impl of a type without parameters. The only key is `crate = path`, for all its handlers.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use event_core::{Dispatcher, Event, handlers};
///
/// #[derive(Event)]
/// struct UserSignedUp { name: String }
///
/// #[derive(Default)]
/// struct Mailer { sent: AtomicU32 }
///
/// #[handlers]
/// impl Mailer {
///     #[handler]
///     fn welcome(&self, event: &UserSignedUp) {
///         assert_eq!(event.name, "Ada");
///         self.sent.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let builder = Dispatcher::builder().only(Mailer::welcome).provide(Mailer::default());
/// let dispatcher = builder.build()?;
/// assert_eq!(dispatcher.emit(UserSignedUp { name: "Ada".to_owned() }).done(), 1);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[proc_macro_attribute]
pub fn handlers(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handler::handlers(arguments.into(), item.into()).into()
}

/// Defines `pub const MODULE`, whose use in a program links the crate that contains it.
///
/// A crate that a program depends on, and never names, is not linked, and its handlers do not exist.
/// Write `event_core::module!();` in the root of such a crate, and name its `MODULE` in the builder. If
/// the linker drops items that register themselves (as in a static library in a C program), list the
/// handlers: `module!(handlers = [count_sales, Mailer::welcome])`. Both together register each handler
/// once. `crate = path` is the path of `event_core`, if it is re-exported.
///
/// The handlers of a module with `module!(opt_in)` are in a dispatcher only if its builder names them: by
/// `.module(MODULE)` or `.only_modules([MODULE])` of that module or one inside of it, or one by one with
/// `.handler(…)` or `.only(…)`. The module of a whole crate does not include them, they do not count for an event
/// that says how many handlers it has, and no other dispatcher of the program has them. So the handlers of
/// one test module reach no test of another.
///
/// # Examples
///
/// ```
/// mod billing {
///     event_core::module!();
/// #   #[derive(event_core::Event)]
/// #   pub struct OrderPlaced;
/// #   #[event_core::handler]
/// #   fn charge(_: &OrderPlaced) {}
///     // handlers
/// }
///
/// let built = event_core::Dispatcher::builder().only_modules([billing::MODULE]).build();
/// assert!(built.is_ok());
/// ```
///
/// A test module with a handler of its own, which only its own tests have:
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, handler};
///
/// #[derive(Event)]
/// struct OrderPlaced;
///
/// #[handler]
/// fn count_sales(_event: &OrderPlaced) {}
///
/// mod tests { // below `#[cfg(test)]`
///     use super::*;
///
///     event_core::module!(opt_in);
///
///     #[handler(after = count_sales)]
///     fn look(_event: &OrderPlaced) {}
/// }
///
/// # fn main() -> Result<(), event_core::error::BuildError> {
/// let program = Dispatcher::builder().build()?;
/// assert_eq!(program.emit(OrderPlaced).done(), 1);
///
/// let tested = Dispatcher::builder().module(tests::MODULE).build()?;
/// assert_eq!(tested.emit(OrderPlaced).done(), 2);
/// # Ok(())
/// # }
/// ```
#[proc_macro]
pub fn module(arguments: TokenStream) -> TokenStream {
    module::module(arguments.into()).into()
}
