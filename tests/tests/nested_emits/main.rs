//! Handlers that emit themselves: how many emits may run inside each other, and that the limit comes
//! before the end of the stack, whatever the form of the emit and the kind of the handler.
//!
//! A stack that overflows ends the process, so what may overflow runs in a child: this test's own
//! binary, told by an environment variable to be one.

mod counted;

use std::collections::HashMap;
use std::hint::black_box;
use std::io::Write as _;
use std::num::NonZeroU32;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use event_core::param::{Delivery, Param, Resolver};
use event_core::report::Report;
use event_core::wire::Envelope;
use event_core::{
    AnyEvent, Dispatcher, Event, PendingEvents, Transient,
    dispatcher::{DispatcherBuilder, DispatcherHandle},
    handler,
};
use serde::{Deserialize, Serialize};

/// The stack of a test's thread, of a worker of tokio, and of a queue's thread.
const STACK: usize = 2 * 1024 * 1024;

/// What each handler itself uses of it.
const OWN: usize = 4096;

/// What each level may take beside that, with what the future of a handler takes that awaits another, so
/// that all levels up to the limit leave a fifth of the stack to what runs at both of its ends.
const LEVEL: usize = STACK * 4 / 5 / DEFAULT - OWN;

/// How many emits may run inside each other where nobody says otherwise.
const DEFAULT: usize = 64;

const CHILD: &str = "NESTED_EMITS_CHILD";

/// What the handlers need, and what they tell.
struct Probe {
    handle: DispatcherHandle,
    calls: AtomicUsize,
    /// By thread, the ends of where calls had their part of its stack.
    stacks: Mutex<HashMap<ThreadId, (usize, usize)>>,
}

impl Probe {
    fn dispatcher(&self) -> Dispatcher {
        self.handle.get().expect("it lives")
    }

    /// A handler is called.
    fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Runs `code` with a part of the stack of its own.
    fn on_stack<R>(&self, code: impl FnOnce() -> R) -> R {
        let mut own = [0_u8; OWN];
        let at = black_box(&mut own).as_ptr().addr();
        let mut stacks = self.stacks.lock().unwrap_or_else(PoisonError::into_inner);
        let (low, high) = stacks.entry(thread::current().id()).or_insert((at, at));
        (*low, *high) = (at.min(*low), at.max(*high));
        drop(stacks);
        let result = code();
        black_box(&own);
        result
    }

    /// The same of each `poll` of a future.
    async fn polled_on_stack<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        std::future::poll_fn(|context| self.on_stack(|| future.as_mut().poll(context))).await
    }

    /// How much of the stack a call takes, with the emit in it.
    fn level(&self) -> usize {
        let stacks = self.stacks.lock().unwrap_or_else(PoisonError::into_inner);
        let spans = stacks.values().map(|(low, high)| high - low);
        spans.max().unwrap_or_default() / (self.calls() - 1)
    }
}

/// How a dispatcher is built.
#[derive(Clone, Copy, Debug)]
enum Build {
    Plain,
    /// Each step is looked at.
    Spans,
}

/// What a dispatcher is built with.
#[derive(Clone, Copy)]
struct Setting {
    build: Build,
    /// None is the default.
    nesting: Option<NonZeroU32>,
    depth: Option<u32>,
}

impl Setting {
    fn of(build: Build) -> Self {
        Self {
            build,
            nesting: None,
            depth: None,
        }
    }

    fn builder(self) -> (DispatcherBuilder, Arc<Probe>) {
        let builder = Dispatcher::empty();
        let probe = Arc::new(Probe {
            handle: builder.handle(),
            calls: AtomicUsize::new(0),
            stacks: Mutex::default(),
        });
        let mut builder = builder.provide_arc(probe.clone());
        builder = match self.build {
            Build::Plain => builder,
            Build::Spans => builder.spans(),
        };
        if let Some(limit) = self.nesting {
            builder = builder.nesting_limit(limit.get());
        }
        if let Some(limit) = self.depth {
            builder = builder.depth_limit(limit);
        }
        (builder, probe)
    }
}

/// What handlers that emit themselves led to.
struct Outcome {
    probe: Arc<Probe>,
    /// What the outermost report says went wrong.
    failures: Vec<String>,
}

impl Outcome {
    fn new(probe: Arc<Probe>, report: &Report) -> Self {
        let failures = report.failures().iter().map(ToString::to_string).collect();
        Self { probe, failures }
    }
}

/// One form of emit from one kind of handler.
#[derive(Clone, Copy)]
struct Case {
    event: &'static str,
    from: &'static str,
    run: fn(Setting) -> Outcome,
}

type Choose = fn(DispatcherBuilder) -> DispatcherBuilder;

/// Forms of emit that return a report at once, each from all kinds of handlers that are no `async fn`.
macro_rules! forms {
    ($($module:ident, $name:literal: |$dispatcher:ident| $emit:expr;)+) => {
        $(mod $module {
            use super::*;

            #[derive(Event, Serialize, Deserialize)]
            #[event(name = $name, wire)]
            struct Nested;

            fn emit($dispatcher: &Dispatcher) -> Report {
                $emit
            }

            fn again(probe: &Probe) {
                probe.count();
                probe.on_stack(|| {
                    let _ = emit(&probe.dispatcher());
                });
            }

            #[handler]
            fn inline(_event: &Nested, probe: &Probe) {
                again(probe);
            }

            #[handler]
            fn catch_all(_event: &dyn AnyEvent, probe: &Probe) {
                again(probe);
            }

            #[handler]
            fn with_param(_event: &Nested, _emits: Emits) {}

            /// A parameter that emits while it is made.
            struct Emits;

            impl Param for Emits {
                type State = Arc<Probe>;
                type Rejection = std::convert::Infallible;

                fn resolve(resolver: &mut Resolver<'_>) -> Option<Arc<Probe>> {
                    resolver.required()
                }

                fn param(probe: &Arc<Probe>, _: &Delivery<'_>) -> Result<Self, Self::Rejection> {
                    again(probe);
                    Ok(Self)
                }
            }

            fn handled(setting: Setting, choose: Choose) -> Outcome {
                let (builder, probe) = setting.builder();
                let dispatcher = choose(builder).build().expect("wired");
                let _entered = event_core::global::enter(&dispatcher);
                Outcome::new(probe, &emit(&dispatcher))
            }

            fn subscribed(setting: Setting) -> Outcome {
                let (builder, probe) = setting.builder();
                let dispatcher = builder.build().expect("wired");
                let emitting = probe.clone();
                let _subscription = dispatcher.subscribe(move |_: &Nested| again(&emitting));
                let _entered = event_core::global::enter(&dispatcher);
                Outcome::new(probe, &emit(&dispatcher))
            }

            const fn case(from: &'static str, run: fn(Setting) -> Outcome) -> Case {
                Case { event: $name, from, run }
            }

            pub(super) const CASES: &[Case] = &[
                case("an inline handler", |setting| handled(setting, |builder| builder.handler(inline))),
                case("a catch-all", |setting| handled(setting, |builder| builder.handler(catch_all))),
                case("a parameter", |setting| handled(setting, |builder| builder.handler(with_param))),
                case("a subscription", subscribed),
            ];
        })+

        const FORMS: &[&[Case]] = &[$($module::CASES),+];
    };
}

/// Forms of emit that return a future, each from all kinds of async handlers.
macro_rules! async_forms {
    ($($module:ident, $name:literal: |$dispatcher:ident| $emit:expr;)+) => {
        $(mod $module {
            use super::*;

            #[derive(Event, Serialize, Deserialize)]
            #[event(name = $name, wire)]
            struct Nested;

            async fn emit($dispatcher: &Dispatcher) -> Report {
                $emit.await
            }

            async fn again(probe: &Probe) {
                probe.count();
                let $dispatcher = probe.dispatcher();
                probe.polled_on_stack(async {
                    let _: Report = $emit.await;
                }).await;
            }

            #[handler]
            async fn direct(_event: &Nested, probe: &Probe) {
                probe.count();
                let $dispatcher = probe.dispatcher();
                probe.on_stack(|| ());
                let _: Report = $emit.await;
            }

            /// It keeps what it uses beyond the wait, so that it is a part of its future.
            #[handler]
            async fn holds(_event: &Nested, probe: &Probe) {
                probe.count();
                let mut own = [0_u8; OWN];
                black_box(&mut own);
                probe.on_stack(|| ());
                let $dispatcher = probe.dispatcher();
                let _: Report = $emit.await;
                black_box(&own);
            }

            #[handler]
            async fn awaits(_event: &Nested, probe: &Probe) {
                again(probe).await;
            }

            #[handler]
            async fn yields(_event: &Nested, probe: &Probe) {
                tokio::task::yield_now().await;
                again(probe).await;
                tokio::task::yield_now().await;
            }

            #[handler(timeout = "60s", concurrency = 1000)]
            async fn limited(_event: &Nested, probe: &Probe) {
                again(probe).await;
            }

            #[handler]
            async fn first(_event: &Nested) {}

            #[handler(after = first)]
            async fn ordered(_event: &Nested, probe: &Probe) {
                again(probe).await;
            }

            #[handler]
            async fn catch_all(_event: &dyn AnyEvent, probe: &Probe) {
                again(probe).await;
            }

            /// Emits on a worker of a runtime.
            fn on_worker(dispatcher: Dispatcher, runtime: &tokio::runtime::Runtime) -> Report {
                let emitting = runtime.spawn(async move { emit(&dispatcher).await });
                runtime.block_on(emitting).expect("no panic")
            }

            fn handled(setting: Setting, choose: Choose) -> Outcome {
                let runtime = event_tests::runtime();
                let (builder, probe) = setting.builder();
                let builder = builder.runtime(runtime.handle().clone());
                let dispatcher = choose(builder).build().expect("wired");
                Outcome::new(probe, &on_worker(dispatcher, &runtime))
            }

            fn subscribed(setting: Setting) -> Outcome {
                let runtime = event_tests::runtime();
                let (builder, probe) = setting.builder();
                let builder = builder.runtime(runtime.handle().clone());
                let dispatcher = builder.build().expect("wired");
                let emitting = probe.clone();
                let _subscription = dispatcher.subscribe_async(move |_: Arc<Nested>| {
                    let probe = emitting.clone();
                    async move { again(&probe).await }
                });
                Outcome::new(probe, &on_worker(dispatcher.clone(), &runtime))
            }

            const fn case(from: &'static str, run: fn(Setting) -> Outcome) -> Case {
                Case { event: $name, from, run }
            }

            pub(super) const CASES: &[Case] = &[
                case("an async handler", |setting| handled(setting, |builder| builder.handler(awaits))),
                case("an async handler itself", |setting| handled(setting, |builder| builder.handler(direct))),
                case("an async handler that holds what it uses", |setting| {
                    handled(setting, |builder| builder.handler(holds))
                }),
                case("an async handler that yields", |setting| {
                    handled(setting, |builder| builder.handler(yields))
                }),
                case("an async handler with limits", |setting| {
                    handled(setting, |builder| builder.handler(limited))
                }),
                case("an async handler behind another", |setting| {
                    handled(setting, |builder| builder.handler(first).handler(ordered))
                }),
                case("an async catch-all", |setting| {
                    handled(setting, |builder| builder.handler(catch_all))
                }),
                case("an async subscription", subscribed),
            ];
        })+

        const ASYNC_FORMS: &[&[Case]] = &[$($module::CASES),+];
    };
}

forms! {
    emit, "nested.emit": |dispatcher| dispatcher.emit(Nested);
    try_emit, "nested.try_emit": |dispatcher| match dispatcher.fail_fast().emit(Nested).into_result() {
        Ok(report) => report,
        Err(error) => error.into_report(),
    };
    emit_all, "nested.emit_all": |dispatcher| dispatcher.emit(recorded(Nested));
    emit_with, "nested.emit_with": |dispatcher| dispatcher.with(7_u8).emit(Nested);
    emit_all_with, "nested.emit_all_with": |dispatcher| {
        dispatcher.with(7_u8).emit(recorded(Nested))
    };
    emit_blocking, "nested.emit_blocking": |dispatcher| {
        dispatcher.emit_blocking(Nested).expect("there is no runtime")
    };
    global, "nested.global": |_dispatcher| event_core::global::emit(Nested).expect("it is entered");
    deliver, "nested.deliver": |dispatcher| dispatcher.emit(arrived(Nested));
    block_on_emit_async, "nested.block_on_emit_async": |dispatcher| {
        pollster::block_on(dispatcher.emit_async(Nested))
    };
    block_on_emit_all_async, "nested.block_on_emit_all_async": |dispatcher| {
        pollster::block_on(dispatcher.emit_async(recorded(Nested)))
    };
    block_on_deliver_async, "nested.block_on_deliver_async": |dispatcher| {
        pollster::block_on(dispatcher.emit_async(&arrived(Nested)))
    };
}

async_forms! {
    emit_async, "nested.emit_async": |dispatcher| dispatcher.emit_async(Nested);
    emit_all_async, "nested.emit_all_async": |dispatcher| {
        dispatcher.emit_async(recorded(Nested))
    };
    emit_async_with, "nested.emit_async_with": |dispatcher| {
        dispatcher.with(7_u8).emit_async(Nested)
    };
    emit_all_async_with, "nested.emit_all_async_with": |dispatcher| {
        dispatcher.with(7_u8).emit_async(recorded(Nested))
    };
    deliver_async, "nested.deliver_async": |dispatcher| dispatcher.emit_async(&arrived(Nested));
}

fn cases() -> impl Iterator<Item = Case> {
    FORMS.iter().chain(ASYNC_FORMS).copied().flatten().copied()
}

/// An event as it comes from outside; made on another thread, which handles nothing.
fn arrived<E: Transient>(event: E) -> Envelope {
    thread::scope(|scope| {
        let making = scope.spawn(|| event_tests::envelope(event));
        making.join().expect("no panic")
    })
}

fn recorded<E: Transient>(event: E) -> PendingEvents {
    std::iter::once(event).collect()
}

fn too_many(event: &str, running: usize) -> String {
    format!(
        "`{event}` was not emitted: {running} emits are running inside each other on this thread, \
         as many as the `nesting_limit` lets; a handler that returns its event nests none"
    )
}

fn too_deep(event: &str, causes: usize) -> String {
    let limit = causes - 1;
    format!(
        "`{event}` was not emitted: {causes} causes lie before it, more than the `depth_limit` of \
         {limit}"
    )
}

/// Does the work of the test below, where it is its child.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    // Spans are made for somebody, who also formats each refusal.
    let seen = tracing_subscriber::fmt().with_writer(std::io::sink);
    seen.init();
    for case in cases() {
        for build in [Build::Plain, Build::Spans] {
            println!("{} from {} ({build:?})", case.event, case.from);
            std::io::stdout().flush().expect("the test reads it");
            let run = move || (case.run)(Setting::of(build));
            let thread = thread::Builder::new().stack_size(STACK).spawn(run);
            let outcome = thread.expect("a thread").join().expect("no panic");
            assert_eq!(outcome.probe.calls(), DEFAULT);
            assert_eq!(outcome.failures, [too_many(case.event, DEFAULT)]);
            let level = outcome.probe.level();
            println!("{level} bytes of the stack");
            assert!(
                level <= OWN + LEVEL,
                "a level takes {level} bytes of the stack"
            );
        }
    }
}

#[test]
fn the_limit_of_nested_emits_comes_before_the_end_of_the_stack_in_each_form() {
    let this = std::env::current_exe().expect("a path");
    let child = Command::new(this)
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, "yes")
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&child.stdout);
    let last = told.lines().rfind(|line| line.starts_with("nested."));
    assert!(
        child.status.success(),
        "{} ended it, with a stack of {STACK} bytes:\n{}",
        last.unwrap_or("no case"),
        String::from_utf8_lossy(&child.stderr),
    );
    assert!(told.contains("1 passed"), "{told}");
}
