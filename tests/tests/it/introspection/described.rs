//! What is said of one handler, and of one subscription.

use std::sync::Arc;
use std::time::Duration;

use event_core::handler::{DeliveryKind, HandlerInfo};
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::{AnyEvent, Dispatcher, Event, handler, handlers};
use event_tests::runtime;

event_core::module!();

static MAIL: Queue = Queue::new("described mail");
static UI: LocalQueue<String> = LocalQueue::new("described ui");

#[derive(Event)]
#[event(name = "described.order_placed")]
struct OrderPlaced {
    total_cents: u64,
}

mod conditions {
    use super::OrderPlaced;

    pub(super) fn is_large(event: &OrderPlaced) -> bool {
        event.total_cents > 10_000
    }
}

#[handler(priority = -5, filter = conditions::is_large)]
fn call_customer(_event: &OrderPlaced) -> Result<(), &'static str> {
    Err("nobody picks up")
}

#[handler(timeout = "5s", concurrency = 3, retry(attempts = 2))]
async fn notify_warehouse(_event: &OrderPlaced) {}

#[handler(queue = MAIL, filter = conditions::is_large)]
async fn send_receipt(_event: &OrderPlaced) {}

#[handler(queue = UI)]
fn show(_event: &OrderPlaced, title: &mut String) {
    title.push('!');
}

#[handler(events = "described.*")]
fn audit(_event: &dyn AnyEvent) {}

struct Mailer;

#[handlers]
impl Mailer {
    #[handler(priority = 7)]
    #[allow(clippy::unused_self, reason = "a method is a handler, too")]
    fn welcome(&self, _event: &OrderPlaced) {}
}

fn dispatcher(runtime: &tokio::runtime::Runtime) -> Dispatcher {
    let builder = Dispatcher::builder()
        .only_modules([MODULE])
        .provide(Mailer)
        .runtime(runtime.handle().clone());
    builder.build().expect("wired")
}

fn find<F: Copy + 'static>(dispatcher: &Dispatcher, function: F) -> HandlerInfo {
    let mut handlers = dispatcher.handlers_of::<OrderPlaced>();
    handlers
        .find(|handler| handler.is(function))
        .expect("the dispatcher has it")
}

#[test]
fn a_handler_is_described_by_what_its_attribute_says() {
    let runtime = runtime();
    let dispatcher = dispatcher(&runtime);

    let handler = find(&dispatcher, call_customer);
    assert_eq!(handler.priority(), -5);
    assert_eq!(handler.delivery(), DeliveryKind::Inline);
    assert_eq!(handler.filter(), Some("conditions::is_large"));
    assert_eq!((handler.queue(), handler.pattern()), (None, None));
    assert_eq!((handler.timeout(), handler.concurrency()), (None, None));
    assert_eq!(
        handler.name(),
        "it::introspection::described::call_customer"
    );
    assert_eq!(handler.module(), "it::introspection::described");
    assert!(handler.file().ends_with("described.rs"));
    assert!(!handler.is_subscription());

    let handler = find(&dispatcher, notify_warehouse);
    let attempts = handler.retry().map(|policy| policy.attempts());
    assert_eq!(attempts, Some(2));
    assert_eq!(find(&dispatcher, call_customer).retry(), None);
    assert_eq!(handler.delivery(), DeliveryKind::Async);
    assert_eq!(handler.timeout(), Some(Duration::from_secs(5)));
    assert_eq!(handler.concurrency(), Some(3));
    assert_eq!((handler.priority(), handler.filter()), (0, None));

    let handler = find(&dispatcher, send_receipt);
    assert_eq!(handler.delivery(), DeliveryKind::Queued);
    assert_eq!(handler.queue(), Some(MAIL.name()));
    assert_eq!(handler.filter(), Some("conditions::is_large"));

    let handler = find(&dispatcher, show);
    assert_eq!(handler.delivery(), DeliveryKind::Local);
    assert_eq!(handler.queue(), Some(UI.name()));

    let handler = find(&dispatcher, audit);
    assert_eq!(handler.pattern(), Some("described.*"));
    assert_eq!(handler.delivery(), DeliveryKind::Inline);

    assert_eq!(find(&dispatcher, Mailer::welcome).priority(), 7);
}

#[test]
fn a_handler_is_the_function_that_it_was_made_of_and_no_other() {
    let runtime = runtime();
    let dispatcher = dispatcher(&runtime);
    let report = dispatcher.emit(OrderPlaced {
        total_cents: 20_000,
    });
    let failed = report.failures()[0].handler().expect("a handler");
    assert!(failed.is(call_customer));
    assert!(!failed.is(notify_warehouse));
    assert!(!failed.is(conditions::is_large));

    let subscription = dispatcher.subscribe(on_placed);
    let subscribed = dispatcher
        .handlers_of::<OrderPlaced>()
        .find(HandlerInfo::is_subscription);
    assert!(!subscribed.expect("it is listed").is(on_placed));
    drop(subscription);
}

fn on_placed(_event: &OrderPlaced) {}

#[test]
fn a_subscription_is_described_by_the_path_of_its_first_filter() {
    let runtime = runtime();
    let dispatcher = dispatcher(&runtime);
    let options = || {
        let options = dispatcher.subscription_builder();
        options.filter(conditions::is_large)
    };
    let _inline = options()
        .filter(|_: &OrderPlaced| true)
        .subscribe(on_placed);
    let _later = options().subscribe_async(|_: Arc<OrderPlaced>| async {});
    let unfiltered = dispatcher
        .subscription_builder()
        .until(conditions::is_large);
    let _unfiltered = unfiltered.subscribe(on_placed);
    let listed = dispatcher.handlers_of::<OrderPlaced>();
    let filters = listed.filter(HandlerInfo::is_subscription);
    let filters: Vec<_> = filters.map(|it| it.filter()).collect();
    let path = concat!(module_path!(), "::conditions::is_large");
    assert_eq!(filters, [Some(path), None, Some(path)]);
}

#[test]
fn a_subscription_is_described_by_its_options_and_its_place() {
    let runtime = runtime();
    let dispatcher = dispatcher(&runtime);
    let late = dispatcher.subscription_builder().priority(3);
    let line = line!() + 1;
    let inline = late.subscribe(on_placed);
    let later = dispatcher.subscribe_async(|_: Arc<OrderPlaced>| async {});
    let stream = dispatcher.stream::<OrderPlaced>(1, Overflow::DropNewest);

    let listed: Vec<_> = dispatcher
        .handlers_of::<OrderPlaced>()
        .filter(HandlerInfo::is_subscription)
        .collect();
    let kinds: Vec<_> = listed.iter().map(|it| it.delivery().as_str()).collect();
    assert_eq!(kinds, ["inline", "async", "stream"]);
    let [first, second, third] = listed[..] else {
        panic!("{listed:?}")
    };
    assert_eq!((first.priority(), second.priority()), (3, 0));
    assert_eq!((first.line(), first.module()), (line, ""));
    assert!(first.file().ends_with("described.rs"));
    assert!(first.name().ends_with("on_placed"));
    assert_eq!(
        (first.filter(), first.queue(), first.timeout()),
        (None, None, None)
    );
    assert_eq!((third.line(), third.priority()), (line + 2, 0));

    drop((inline, stream));
    let mut left = dispatcher
        .handlers_of::<OrderPlaced>()
        .filter(HandlerInfo::is_subscription);
    assert_eq!(left.next(), Some(second));
    assert_eq!(left.next(), None);
    drop(later);
}
