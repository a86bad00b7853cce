//! One order for all handlers and subscriptions of a phase that do not run inline.

use std::cmp::Reverse;
use std::sync::Arc;

use event_core::queue::Queue;
use event_core::{Dispatcher, Event, PendingEvents, Report, dispatcher::Subscription, handler};
use event_tests::{Journal, idle};
use proptest::prelude::*;

static LINE: Queue = Queue::new("line");

#[derive(Clone, Event)]
struct Raced {
    /// Each handler waits once, after it has begun.
    waits: bool,
}

#[derive(Event)]
struct Ranked(String);

async fn run(event: &Raced, journal: &Journal, name: &str) -> Ranked {
    journal.write(name);
    if event.waits {
        tokio::task::yield_now().await;
    }
    Ranked(name.to_owned())
}

#[handler(priority = -1)]
async fn a_early(event: &Raced, journal: &Journal) -> Ranked {
    run(event, journal, "early").await
}

#[handler]
async fn b_middle(event: &Raced, journal: &Journal) -> Ranked {
    run(event, journal, "middle").await
}

/// Comes behind `b_middle` although its priority is lower.
#[handler(priority = -2, after = b_middle)]
async fn c_behind(event: &Raced, journal: &Journal) -> Ranked {
    run(event, journal, "behind").await
}

#[handler(priority = 1, queue = LINE)]
async fn d_queued(event: &Raced, journal: &Journal) -> Ranked {
    run(event, journal, "queued").await
}

#[handler]
fn rank(event: &Ranked, journal: &Journal) {
    journal.write(format!("ranked {}", event.0));
}

/// The handlers in order, each with its priority.
const HANDLERS: [(&str, i32); 4] = [("early", -1), ("middle", 0), ("behind", -2), ("queued", 1)];

#[derive(Clone, Copy, Debug)]
enum Form {
    Emit,
    EmitAll,
    TryEmit,
    EmitAsync,
    EmitAllAsync,
    EmitTask,
}

const FORMS: [Form; 6] = [
    Form::Emit,
    Form::EmitAll,
    Form::TryEmit,
    Form::EmitAsync,
    Form::EmitAllAsync,
    Form::EmitTask,
];

impl Form {
    /// Whether async handlers run inside of the emission.
    fn is_structured(self) -> bool {
        matches!(self, Self::EmitAsync | Self::EmitAllAsync | Self::EmitTask)
    }

    async fn emit(self, dispatcher: &Dispatcher, event: Raced) -> Report {
        let pending = || [event.clone()].into_iter().collect::<PendingEvents>();
        match self {
            Self::Emit => dispatcher.emit(event),
            Self::EmitAll => dispatcher.emit(pending()),
            Self::TryEmit => dispatcher
                .fail_fast()
                .emit(event)
                .into_result()
                .expect("no failure"),
            Self::EmitAsync => dispatcher.emit_async(event).await,
            Self::EmitAllAsync => dispatcher.emit_async(pending()).await,
            Self::EmitTask => dispatcher.emit_async(event).spawned().await,
        }
    }
}

#[derive(Clone, Debug)]
struct Plan {
    /// The priority of each subscription, and whether it is called once.
    subscriptions: Vec<(i32, bool)>,
    emissions: Vec<(Form, bool)>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let form = prop::sample::select(&FORMS[..]);
    (
        prop::collection::vec((-3..3_i32, prop::bool::weighted(0.2)), 0..8),
        prop::collection::vec((form, any::<bool>()), 1..4),
    )
        .prop_map(|(subscriptions, emissions)| Plan {
            subscriptions,
            emissions,
        })
}

fn subscribe(
    dispatcher: &Dispatcher,
    journal: &Arc<Journal>,
    number: usize,
    (priority, once): (i32, bool),
) -> Subscription {
    let options = dispatcher.subscription_builder().priority(priority);
    let options = if once { options.once() } else { options };
    let journal = journal.clone();
    options.subscribe_async(move |event: Arc<Raced>| {
        let journal = journal.clone();
        async move { run(&event, &journal, &number.to_string()).await }
    })
}

/// Handlers and subscriptions by (priority, handlers first, order of subscription), as far as `after`
/// allows it.
fn expected(subscriptions: &[(usize, (i32, bool))]) -> Vec<String> {
    let mut waiting = subscriptions.to_vec();
    // The first one last.
    waiting.sort_by_key(|(number, (priority, _))| Reverse((*priority, *number)));
    let mut order = Vec::new();
    for (name, priority) in HANDLERS {
        while let Some((number, _)) = waiting.pop_if(|(_, (own, _))| *own < priority) {
            order.push(number.to_string());
        }
        order.push(name.to_owned());
    }
    order.extend(
        waiting
            .into_iter()
            .rev()
            .map(|(number, _)| number.to_string()),
    );
    order
}

async fn check(plan: Plan) {
    let journal = Arc::new(Journal::default());
    let dispatcher = Dispatcher::empty()
        .handler(a_early)
        .handler(b_middle)
        .handler(c_behind)
        .handler(d_queued)
        .handler(rank)
        .provide_arc(journal.clone())
        .build()
        .expect("wired");
    let mut left: Vec<_> = plan.subscriptions.into_iter().enumerate().collect();
    let _guards: Vec<_> = left
        .iter()
        .map(|(number, how)| subscribe(&dispatcher, &journal, *number, *how))
        .collect();
    for (form, waits) in plan.emissions {
        let mut order = expected(&left);
        left.retain(|(_, (_, once))| !once);
        let report = form.emit(&dispatcher, Raced { waits }).await;
        idle().await;
        if form.is_structured() {
            // A queue runs beside the emission.
            order.retain(|name| name != "queued");
            let returned = report.returned::<Ranked>();
            let returned: Vec<_> = returned.map(|(_, ranked)| ranked.0.clone()).collect();
            assert_eq!(returned, order, "{form:?}, waits: {waits}");
        }
        let is_queued = |line: &String| line == "queued" || line == "ranked queued";
        let written = journal.take().into_iter();
        let (queued, written): (Vec<_>, Vec<_>) =
            written.partition(|line| form.is_structured() && is_queued(line));
        assert_eq!(queued.len(), if form.is_structured() { 2 } else { 0 });
        let (ranked, mut begun): (Vec<_>, Vec<_>) = written
            .into_iter()
            .partition(|line| line.starts_with("ranked"));
        if !waits || form.is_structured() {
            let ranks = order.iter().map(|name| format!("ranked {name}"));
            assert_eq!(
                ranked,
                ranks.collect::<Vec<_>>(),
                "{form:?}, waits: {waits}"
            );
        }
        if waits {
            // It begins when `b_middle` has ended.
            assert_eq!(begun.pop().as_deref(), Some("behind"), "{form:?}");
            order.retain(|name| name != "behind");
        }
        assert_eq!(begun, order, "{form:?}, waits: {waits}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]
    #[test]
    fn async_handlers_and_subscriptions_begin_and_return_in_one_order_in_every_form(plan in plan()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(check(plan));
    }
}
