//! What a shutdown says that became of each delivery, where its time is over at any moment.
//!
//! Each round holds all deliveries at a gate, which is opened about when the time is over; so they are
//! under way, or wait, when the shutdown begins, and end while it ends. Everything that ends is also
//! seen by an observer, which it is compared with once nothing runs any more.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use event_core::dispatcher::ShutdownReport;
use event_core::handler::HandlerInfo;
use event_core::observer::{DeliveryResult, DeliveryView, Observer};
use event_core::queue::{LocalQueue, Queue};
use event_core::report::DeliveryStatus;
use event_core::{Dispatcher, Event, dispatcher::DispatcherBuilder, handler};
use event_tests::{Gate, until};

static THREADS: Queue = Queue::new("threads").consumers(2);
static TASKS: Queue = Queue::new("tasks").consumers(2);
static OTHER_THREADS: Queue = Queue::new("other threads");
static OTHER_TASKS: Queue = Queue::new("other tasks");
static LANES: Queue = Queue::new("lanes").consumers(3);
/// There is seldom room for what others cause.
static NARROW: Queue = Queue::new("narrow").capacity(1);
static OWNED: LocalQueue<()> = LocalQueue::new("owned");

/// How long the rounds of a test go on, and how many there are at most.
const LIMIT: Duration = Duration::from_secs(3);
const ROUNDS: u32 = 1_500;

#[derive(Event)]
#[event(key = lane)]
struct Placed {
    lane: u8,
}

#[derive(Event)]
struct Shipped;

#[derive(Event)]
struct Watched;

/// Refused once a dispatcher drains.
#[derive(Event)]
struct Unheard;

macro_rules! handlers {
    ($($(#[$attributes:meta])* async $name:ident($event:ident) -> $caused:expr => $type:ty;)+) => {$(
        $(#[$attributes])*
        async fn $name(_event: &$event, gate: &Gate) -> $type {
            gate.pass().await;
            $caused
        }
    )+};
    ($($(#[$attributes:meta])* $name:ident($event:ident $(, $lent:ident)?) -> $caused:expr => $type:ty;)+) => {$(
        $(#[$attributes])*
        fn $name(_event: &$event, $($lent: &mut (),)? gate: &Gate) -> $type {
            $(let () = *$lent;)?
            gate.pass_blocking();
            $caused
        }
    )+};
}

handlers! {
    #[handler] async detached(Placed) -> Shipped => Shipped;
    #[handler] async first(Placed) -> () => ();
    #[handler(after = first)] async second(Placed) -> Shipped => Shipped;
    #[handler(queue = TASKS)] async by_task(Placed) -> Shipped => Shipped;
    #[handler(queue = LANES)] async in_lane(Placed) -> Shipped => Shipped;
    #[handler(queue = OTHER_TASKS)] async ships_by_task(Shipped) -> () => ();
    #[handler(queue = NARROW)] async ships_narrowly(Shipped) -> () => ();
    #[handler] async ships_detached(Shipped) -> () => ();
    #[handler] async watched(Watched) -> () => ();
}

handlers! {
    #[handler(queue = THREADS)] by_thread(Placed) -> Shipped => Shipped;
    #[handler(queue = OWNED)] pumped(Placed, lent) -> Shipped => Shipped;
    #[handler(queue = OTHER_THREADS)] ships_by_thread(Shipped) -> () => ();
}

/// Counts by handler how deliveries end: those that were handed over, and those that were not.
#[derive(Default)]
struct Ends(Mutex<BTreeMap<&'static str, (usize, usize)>>);

impl Observer for Ends {
    fn delivery_ended(&self, delivery: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (handed_over, refused) = ends.entry(delivery.handler().name()).or_default();
        match end.ended() {
            DeliveryStatus::Rejected => *refused += 1,
            _ => *handed_over += 1,
        }
    }
}

impl Ends {
    /// Those of deliveries that were handed over.
    fn handed_over(&self) -> BTreeMap<&'static str, usize> {
        let ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let handed_over = ends
            .iter()
            .map(|(name, (handed_over, _))| (*name, *handed_over));
        handed_over.filter(|(_, count)| *count > 0).collect()
    }
}

/// How often each handler is named.
fn named(shutdown: &ShutdownReport) -> BTreeMap<&'static str, usize> {
    let mut named = BTreeMap::new();
    for (handler, count) in shutdown.drained().iter().chain(shutdown.abandoned()) {
        *named.entry(handler.name()).or_default() += count;
    }
    named
}

fn pairs(counts: &[(HandlerInfo, usize)]) -> Vec<(&'static str, usize)> {
    counts
        .iter()
        .map(|(handler, count)| (handler.name(), *count))
        .collect()
}

/// Numbers that are as good as random.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn micros(&mut self, end: u64) -> Duration {
        Duration::from_micros(self.below(end))
    }
}

/// Keeps the processor, since a sleep takes longer than a round.
fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// How a round ends the dispatcher.
#[derive(Clone, Copy, Debug)]
enum End {
    One,
    Two,
    /// One, while other clones are dropped.
    Clones,
    OnRuntime,
}

struct Round {
    dispatcher: Dispatcher,
    gate: Arc<Gate>,
    ends: Arc<Ends>,
    random: Random,
}

impl Round {
    fn new(
        number: u32,
        runtime: &tokio::runtime::Runtime,
        choose: impl Fn(DispatcherBuilder) -> DispatcherBuilder,
    ) -> Self {
        let (gate, ends) = (Arc::<Gate>::default(), Arc::<Ends>::default());
        let builder = Dispatcher::empty()
            .provide_arc(gate.clone())
            .observe(ends.clone())
            .on_failure(|_| {})
            .runtime(runtime.handle().clone());
        Self {
            dispatcher: choose(builder).build().expect("wired"),
            gate,
            ends,
            random: Random(u64::from(number)),
        }
    }

    /// Shuts down, and opens the gate at about that time.
    fn end(&mut self, end: End, runtime: &tokio::runtime::Runtime) -> Vec<ShutdownReport> {
        let limit = self.random.micros(300);
        let other_limit = self.random.micros(300);
        let opening = self.random.micros(500);
        let dispatcher = &self.dispatcher;
        thread::scope(|scope| {
            let ending: Vec<_> = match end {
                End::One => vec![scope.spawn(move || dispatcher.shutdown(limit).blocking())],
                End::Two => [limit, other_limit]
                    .map(|limit| scope.spawn(move || dispatcher.shutdown(limit).blocking()))
                    .into(),
                End::Clones => {
                    let clones = [dispatcher.clone(), dispatcher.clone()];
                    let last = dispatcher.clone();
                    scope.spawn(move || drop(clones));
                    vec![scope.spawn(move || last.shutdown(limit).blocking())]
                }
                End::OnRuntime => {
                    vec![scope.spawn(move || runtime.block_on(dispatcher.shutdown(limit)))]
                }
            };
            until("it is closed", || dispatcher.emit(Unheard).closed());
            spin(opening);
            self.gate.open_for_all();
            ending
                .into_iter()
                .map(|ending| ending.join().expect("no panic"))
                .collect()
        })
    }

    /// Waits until nothing runs any more, and compares.
    fn compare(self, shutdowns: &[ShutdownReport], context: &str) {
        drop(self.dispatcher);
        until("nothing runs any more", || {
            Arc::strong_count(&self.ends) == 1
        });
        let handed_over = self.ends.handed_over();
        for shutdown in shutdowns {
            assert_eq!(named(shutdown), handed_over, "{context}: {shutdown}");
            assert_eq!(
                pairs(shutdown.drained()),
                pairs(shutdowns[0].drained()),
                "{context}"
            );
            assert_eq!(
                pairs(shutdown.abandoned()),
                pairs(shutdowns[0].abandoned()),
                "{context}"
            );
        }
    }
}

/// Runs rounds, as many as there is time for; how many there were that ran out of time.
fn rounds(mut round: impl FnMut(u32, End) -> bool) {
    let start = Instant::now();
    let (mut all, mut cut) = (0, 0);
    while all < ROUNDS && start.elapsed() < LIMIT {
        let ends = [End::One, End::Two, End::Clones, End::OnRuntime];
        cut += u32::from(round(all, ends[all as usize % ends.len()]));
        all += 1;
    }
    println!("{all} shutdowns, {cut} at their limit");
    assert!(cut > 0, "none of {all} rounds was at its limit");
}

#[test]
fn each_delivery_of_a_task_is_named_once_at_the_limit() {
    let runtime = event_tests::runtime();
    rounds(|number, end| {
        let mut round = Round::new(number, &runtime, |builder| {
            builder
                .handler(detached)
                .handler(first)
                .handler(second)
                .handler(ships_detached)
        });
        for lane in 0..4 {
            let report = round.dispatcher.emit(Placed { lane });
            assert_eq!(report.handed_over(), 3);
        }
        let shutdowns = round.end(end, &runtime);
        let is_cut = !shutdowns[0].is_complete();
        round.compare(&shutdowns, &format!("round {number} ({end:?})"));
        is_cut
    });
}

#[test]
fn each_delivery_of_a_queue_is_named_once_at_the_limit() {
    let runtime = event_tests::runtime();
    rounds(|number, end| {
        let mut round = Round::new(number, &runtime, |builder| {
            let queued = builder
                .handler(by_task)
                .handler(in_lane)
                .handler(by_thread)
                .handler(pumped);
            queued.handler(ships_by_task).handler(ships_by_thread)
        });
        let (dispatcher, is_over) = (round.dispatcher.clone(), Arc::new(AtomicBool::new(false)));
        let pumping = thread::spawn({
            let is_over = is_over.clone();
            move || {
                while !is_over.load(Ordering::Relaxed) {
                    if dispatcher
                        .queue(&OWNED)
                        .expect("a handler names it")
                        .pump(&mut ())
                        == 0
                    {
                        thread::yield_now();
                    }
                }
            }
        });
        for lane in 0..4 {
            let report = round.dispatcher.emit(Placed { lane: lane / 2 });
            assert_eq!(report.handed_over(), 4);
        }
        let shutdowns = round.end(end, &runtime);
        is_over.store(true, Ordering::Relaxed);
        pumping.join().expect("no panic");
        let is_cut = !shutdowns[0].is_complete();
        round.compare(&shutdowns, &format!("round {number} ({end:?})"));
        is_cut
    });
}

#[test]
fn each_delivery_that_waits_for_room_is_named_once_at_the_limit() {
    let runtime = event_tests::runtime();
    rounds(|number, end| {
        let mut round = Round::new(number, &runtime, |builder| {
            let causing = builder
                .handler(detached)
                .handler(by_task)
                .handler(by_thread);
            causing.handler(ships_narrowly)
        });
        for lane in 0..3 {
            let report = round.dispatcher.emit(Placed { lane });
            assert_eq!(report.handed_over(), 3);
        }
        let shutdowns = round.end(end, &runtime);
        let is_cut = !shutdowns[0].is_complete();
        round.compare(&shutdowns, &format!("round {number} ({end:?})"));
        is_cut
    });
}

#[test]
fn each_shielded_emission_is_cut_short_or_reports() {
    let runtime = event_tests::runtime();
    rounds(|number, end| {
        let mut round = Round::new(number, &runtime, |builder| builder.handler(watched));
        let emissions: Vec<_> = (0..4)
            .map(|_| round.dispatcher.emit_async(Watched).spawned())
            .collect();
        let shutdowns = round.end(end, &runtime);
        let reports = emissions
            .into_iter()
            .map(|emission| runtime.block_on(emission));
        let (mut done, mut refused) = (0, 0);
        for report in reports {
            done += report.done();
            // Its task began after the shutdown did.
            refused += usize::from(report.closed());
        }
        let cut_short = shutdowns[0].cancelled();
        // One that is cut short may have had the time to report, too.
        let told = format!("{done} done, {refused} refused, {cut_short} cut short");
        assert!(
            done + refused <= 4 && cut_short <= 4,
            "round {number}: {told}"
        );
        assert!(done + refused + cut_short >= 4, "round {number}: {told}");
        for shutdown in &shutdowns {
            assert_eq!(shutdown.cancelled(), cut_short, "round {number}");
            assert_eq!(
                named(shutdown),
                BTreeMap::new(),
                "its emitter has the report"
            );
        }
        !shutdowns[0].is_complete()
    });
}

#[test]
fn what_is_handed_over_as_a_dispatcher_ends_quietly_is_drained_or_refused() {
    let runtime = event_tests::runtime();
    let start = Instant::now();
    let mut number = 0;
    while number < ROUNDS && start.elapsed() < LIMIT {
        let round = Round::new(number, &runtime, |builder| {
            let all = builder
                .handler(detached)
                .handler(by_task)
                .handler(by_thread);
            all.handler(ships_by_task).handler(ships_by_thread)
        });
        round.gate.open_for_all();
        let dispatcher = &round.dispatcher;
        let before = round.ends.handed_over();
        assert_eq!(before, BTreeMap::new());
        let (handed_over, shutdown) = thread::scope(|scope| {
            let emitting = scope.spawn(|| {
                let mut handed_over = 0;
                loop {
                    let report = dispatcher.emit(Placed { lane: 0 });
                    if report.closed() {
                        return handed_over;
                    }
                    handed_over += report.handed_over();
                    assert_eq!(report.handed_over() + report.rejected(), 3, "{report}");
                }
            });
            let shutdown = dispatcher.shutdown(Duration::from_mins(1)).blocking();
            (emitting.join().expect("no panic"), shutdown)
        });
        assert!(shutdown.is_complete(), "{shutdown}");
        // Nothing of it is left to do: the shutdown was the end of all that was handed over.
        let ended = round.ends.handed_over();
        let first = ["detached", "by_task", "by_thread"];
        let ended: usize = ended
            .iter()
            .filter(|(name, _)| {
                first
                    .iter()
                    .any(|first| name.ends_with(&format!("::{first}")))
            })
            .map(|(_, count)| count)
            .sum();
        assert_eq!(ended, handed_over, "round {number}: {shutdown}");
        number += 1;
    }
}
