//! By-value parameters of handlers, and how a build finds what handlers need.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::dispatcher::Dispatcher;
use crate::dispatcher::emission::Emission;
use crate::error::BoxError;
use crate::event::EventInfo;
use crate::handler::{HandlerInfo, registered::Registered};
use crate::wiring::problem::{Problem, ProblemKind};

/// A by-value parameter of a handler: made anew for each delivery, from a state that is
/// resolved once, while the dispatcher is built.
///
/// # Examples
///
/// ```standalone_crate
/// use std::convert::Infallible;
/// use event_core::param::{Delivery, Param, Resolver};
/// use event_core::{Dispatcher, Event, handler};
///
/// /// How many causes lie between the first event and this one.
/// struct Depth(u32);
///
/// impl Param for Depth {
///     type State = ();
///     type Rejection = Infallible;
///
///     fn resolve(_: &mut Resolver<'_>) -> Option<()> {
///         Some(())
///     }
///
///     fn param((): &(), delivery: &Delivery<'_>) -> Result<Self, Infallible> {
///         Ok(Depth(delivery.depth()))
///     }
/// }
///
/// #[derive(Event)]
/// struct BellRung;
///
/// #[handler]
/// fn open_door(_event: &BellRung, depth: Depth) {
///     assert_eq!(depth.0, 0);
/// }
///
/// let report = Dispatcher::builder().only(open_door).build()?.emit(BellRung);
/// assert_eq!(report.done(), 1);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler cannot take `{Self}` by value",
    label = "neither a dependency nor a parameter made per delivery",
    note = "take a dependency by reference, `&{Self}`, and give it to the builder with \
            `.provide(value)`"
)]
pub trait Param: Sized + 'static {
    /// What is resolved once and shared by all deliveries.
    type State: Send + Sync + 'static;

    /// Why a delivery can be refused; the delivery then ends as failed. A parameter that
    /// never refuses says [`Infallible`](std::convert::Infallible).
    type Rejection: Into<BoxError>;

    /// Whether the parameter lets its handler cause events.
    #[doc(hidden)]
    const EMITS: bool = false;

    /// Resolves the state. `None` means that something is missing; `resolver` has noted what.
    fn resolve(resolver: &mut Resolver<'_>) -> Option<Self::State>;

    /// Makes the argument of one delivery.
    ///
    /// # Errors
    ///
    /// The delivery is refused: the handler is not called and the delivery ends as failed.
    fn param(state: &Self::State, delivery: &Delivery<'_>) -> Result<Self, Self::Rejection>;
}

/// What a handler may take by reference: anything that threads can share. Nothing implements
/// it by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a handler's dependency",
    label = "not `Send + Sync`, and handlers run on any thread",
    note = "put a `Mutex` or an atomic inside instead of a `Cell`, `RefCell` or `Rc`; of a trait, \
            write `trait YourTrait: Send + Sync`"
)]
pub trait Dependency: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + Send + Sync + 'static> Dependency for T {}

/// The delivery that a [`Param`] is made for: one event for one handler.
pub struct Delivery<'d> {
    emission: &'d Emission<'d>,
}

/// Why a handler was not called.
#[doc(hidden)]
#[derive(Debug)]
pub enum NotRun {
    Filtered,
    Rejected(BoxError),
}

impl<'d> Delivery<'d> {
    #[inline]
    pub(crate) fn new(emission: &'d Emission<'d>) -> Self {
        Self { emission }
    }

    pub(crate) fn emission(&self) -> &'d Emission<'d> {
        self.emission
    }

    /// What is known about the event's type.
    #[must_use]
    pub fn event(&self) -> &'static EventInfo {
        self.emission.event()
    }

    /// The handler.
    #[must_use]
    pub fn handler(&self) -> HandlerInfo {
        self.emission.handler()
    }

    /// How many causes lie between the event and the one that code outside of handlers
    /// emitted; 0 for that one.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.emission.depth()
    }

    /// Ends the delivery as skipped unless the handler's filter holds.
    #[doc(hidden)]
    #[inline]
    pub fn filter<E: ?Sized>(&self, event: &E, holds: fn(&E) -> bool) -> Result<(), NotRun> {
        if holds(event) {
            Ok(())
        } else {
            Err(NotRun::Filtered)
        }
    }
}

impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("event", &self.event().name())
            .field("handler", &self.handler())
            .field("depth", &self.depth())
            .finish()
    }
}

/// Finds what handlers need, while a dispatcher is built, and notes what is missing.
pub struct Resolver<'r> {
    provided: &'r Provided,
    is_event: &'r dyn Fn(TypeId) -> bool,
    handler: Option<&'static dyn Registered>,
    missing: ByType<Problem>,
    problems: Vec<Problem>,
}

impl<'r> Resolver<'r> {
    pub(crate) fn new(provided: &'r Provided, is_event: &'r dyn Fn(TypeId) -> bool) -> Self {
        Self {
            provided,
            is_event,
            handler: None,
            missing: ByType::default(),
            problems: Vec::new(),
        }
    }

    /// From here on problems concern `handler`.
    pub(crate) fn start(&mut self, handler: &'static dyn Registered) {
        self.handler = Some(handler);
    }

    /// The value of type `T` that the builder was given; `None` if there is none.
    #[must_use]
    pub fn get<T: Dependency + ?Sized>(&self) -> Option<Arc<T>> {
        self.provided.get()
    }

    /// The value of type `T` that the builder was given; if there is none, the build fails
    /// with an error that names the handler and `T`.
    pub fn required<T: Dependency + ?Sized>(&mut self) -> Option<Arc<T>> {
        let found = self.provided.get();
        if found.is_none() {
            self.note_missing::<T>();
        }
        found
    }

    /// Notes that the current handler needs a `T`. One problem serves all that need it.
    #[cold]
    fn note_missing<T: Dependency + ?Sized>(&mut self) {
        let Some(handler) = self.handler.map(HandlerInfo::of) else {
            return;
        };
        let problem = self.missing.remove(&TypeId::of::<T>()).unwrap_or_else(|| {
            Problem::new(
                ProblemKind::MissingDependency,
                format!("`{}` was not provided", type_name::<T>()),
            )
            .help(self.help_for_missing::<T>())
        });
        self.missing.insert(
            TypeId::of::<T>(),
            problem.at_named(handler.file(), handler.line(), handler.name()),
        );
    }

    fn help_for_missing<T: Dependency + ?Sized>(&self) -> String {
        let needed = short(type_name::<T>());
        if (self.is_event)(TypeId::of::<T>()) {
            format!(
                "`{needed}` is an event: a handler takes one event, as its first parameter; \
                 write a second handler for `{needed}`"
            )
        } else if self.provided.get::<Arc<T>>().is_some() {
            format!(
                "an `Arc<{needed}>` was provided: give it with `.provide_arc(…)` instead of \
                 `.provide(…)`"
            )
        } else if self.provided.get::<Box<T>>().is_some() {
            format!(
                "a `Box<{needed}>` was provided: give it with \
                 `.provide_arc(std::sync::Arc::from(…))`"
            )
        } else if self.provided.get::<&'static T>().is_some() {
            format!("a `&{needed}` was provided: give the value itself, or an `Arc` of it")
        } else if TypeId::of::<T>() == TypeId::of::<Dispatcher>() {
            "return the event, or take an `Emitter<…>`; for later, provide `builder.handle()` and \
             take `&DispatcherHandle`"
                .to_owned()
        } else if TypeId::of::<T>() == TypeId::of::<str>() {
            "add `.provide_arc::<str>(\"…\".into())` to the builder, or take `&String`".to_owned()
        } else if let Some(inner) = needed
            .strip_prefix("Option<")
            .and_then(|rest| rest.strip_suffix('>'))
        {
            format!("a dependency that may be missing is an `Option<&{inner}>`")
        } else if needed.starts_with("dyn ") {
            format!("add `.provide_arc::<{needed}>(std::sync::Arc::new(…))` to the builder")
        } else {
            format!(
                "add `.provide(…)` with a value of type `{needed}` to the builder; a handler \
                 that can do without takes `Option<&{needed}>`"
            )
        }
    }

    #[cold]
    pub(crate) fn catch_all_cannot_emit(&mut self) {
        if let Some(handler) = self.handler.map(HandlerInfo::of) {
            self.problems.push(
                Problem::new(
                    ProblemKind::CatchAllEmits,
                    format!(
                        "handler `{}` is a catch-all and takes an `Emitter`; it would feed itself",
                        handler.name()
                    ),
                )
                .at(handler.file(), handler.line())
                .help("remove the parameter, or handle one event type"),
            );
        }
    }

    /// What was noted.
    pub(crate) fn into_problems(self) -> impl Iterator<Item = Problem> {
        self.problems.into_iter().chain(self.missing.into_values())
    }
}

impl fmt::Debug for Resolver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

/// The values a builder was given, by type.
#[derive(Default)]
pub(crate) struct Provided {
    values: ByType<Value>,
}

struct Value {
    /// An `Arc<T>`.
    arc: Box<dyn Any + Send + Sync>,
    name: &'static str,
    taken: AtomicBool,
}

impl Provided {
    /// Keeps `value`; answers whether there was one of the type already.
    pub(crate) fn insert<T: Dependency + ?Sized>(&mut self, value: Arc<T>) -> bool {
        let value = Value {
            arc: Box::new(value),
            name: type_name::<T>(),
            taken: AtomicBool::new(false),
        };
        self.values.insert(TypeId::of::<T>(), value).is_some()
    }

    fn get<T: Dependency + ?Sized>(&self) -> Option<Arc<T>> {
        let value = self.values.get(&TypeId::of::<T>())?;
        value.taken.store(true, Ordering::Relaxed);
        value.arc.downcast_ref::<Arc<T>>().cloned()
    }

    /// The types of the values that nobody has asked for.
    pub(crate) fn untaken(&self) -> impl Iterator<Item = &'static str> {
        let values = self.values.values();
        values
            .filter(|value| !value.taken.load(Ordering::Relaxed))
            .map(|value| value.name)
    }
}

/// A map by type. A `TypeId` is a hash already, so it is not hashed again.
pub(crate) type ByType<V> = HashMap<TypeId, V, BuildHasherDefault<TypeIdHasher>>;

#[derive(Default)]
pub(crate) struct TypeIdHasher(u64);

impl Hasher for TypeIdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // `TypeId` writes one `u64`; this serves any other way it may choose to.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A type's name without the paths, as a user would write it.
pub(crate) fn short(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(end) = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        let (path, tail) = rest.split_at(end);
        short.push_str(path.rsplit("::").next().unwrap_or(path));
        let mut characters = tail.chars();
        short.extend(characters.next());
        rest = characters.as_str();
    }
    short.push_str(rest.rsplit("::").next().unwrap_or(rest));
    short
}
