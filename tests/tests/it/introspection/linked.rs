//! What the linker collected, read without a dispatcher.

use event_core::event::EventInfo;
use event_core::handler::{DeliveryKind, HandlerInfo};
use event_core::linked::{self, LinkedHandler};
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::{AnyEvent, Context, Dispatcher, Emitter, Event, Meta, handler};

event_core::module!();

/// A parcel came.
#[derive(Event)]
#[event(name = "linked.parcel_came")]
struct ParcelCame {
    /// The number on the label.
    number: u64,
    #[event(redact)]
    sender: String,
}

#[derive(Event)]
struct BellRung;

#[derive(Event)]
struct ParcelSigned;

/// A value that no dispatcher is given.
struct Doorman;

/// What came, by its size.
#[derive(Event)]
enum Sorted {
    /// One for the letter box.
    Letter {
        number: u64,
    },
    Crate(u64),
}

static DESK: Queue = Queue::new("linked.desk")
    .capacity(3)
    .overflow(Overflow::DropOldest);

static HALL: LocalQueue<Doorman> = LocalQueue::new("linked.hall");

/// Rings.
///
/// Nothing else.
#[handler(after = sign, filter = is_heavy)]
fn ring(_event: &ParcelCame, _doorman: &Doorman) -> Result<Option<BellRung>, String> {
    Err("nobody is there".to_owned())
}

fn is_heavy(event: &ParcelCame) -> bool {
    event.number > 7
}

#[handler(priority = 3)]
fn sign(
    _event: &ParcelCame,
    _meta: Meta,
    _floor: Context<u8>,
    _emitter: Emitter<(ParcelSigned, BellRung)>,
    _doorman: Option<&Doorman>,
) -> (BellRung, Vec<Sorted>) {
    (
        BellRung,
        vec![Sorted::Letter { number: 1 }, Sorted::Crate(2)],
    )
}

#[handler(queue = DESK)]
async fn fetch(_event: &ParcelCame, _doorman: &Doorman) -> ParcelSigned {
    ParcelSigned
}

#[handler(queue = HALL)]
fn greet(_event: &ParcelCame, _doorman: &mut Doorman) -> BellRung {
    BellRung
}

#[handler]
fn hear(_event: &BellRung) {}

#[handler(events = "linked.*")]
fn note(_event: &dyn AnyEvent, _doorman: &Doorman) {}

fn linked_handler<F: Copy + 'static>(function: F) -> LinkedHandler {
    let mut handlers = linked::handlers().into_iter();
    handlers
        .find(|it| it.info().is(function))
        .expect("it is linked")
}

fn causes<F: Copy + 'static>(function: F) -> Vec<&'static str> {
    let causes = linked_handler(function).causes();
    let names = causes.iter().map(|it| it.type_name());
    names
        .map(|name| name.rsplit("::").next().unwrap_or(name))
        .collect()
}

#[test]
fn what_a_handler_may_cause_is_known_without_its_dependencies() {
    assert_eq!(causes(ring), ["BellRung"]);
    assert_eq!(
        causes(sign),
        ["ParcelSigned", "BellRung", "Sorted"],
        "each once, the `Emitter`'s first, as the parameters come before the return type"
    );
    assert_eq!(causes(fetch), ["ParcelSigned"], "of an async handler");
    assert_eq!(
        causes(greet),
        ["BellRung"],
        "of a handler that is lent a value"
    );
    assert_eq!(causes(hear), [""; 0]);
    assert_eq!(causes(note), [""; 0], "a catch-all causes nothing");
}

#[test]
fn linked_handlers_are_in_the_order_of_a_dispatcher_that_has_them() {
    let mut handlers = linked::handlers();
    handlers.retain(|handler| {
        handler.handles(ParcelCame::INFO) && handler.info().module() == module_path!()
    });
    linked::run_order(&mut handlers).expect("none waits for another that waits for it");
    let linked: Vec<_> = handlers.iter().map(LinkedHandler::info).collect();

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let dispatcher = Dispatcher::builder()
        .only_modules([MODULE])
        .provide(Doorman)
        .runtime(runtime.handle().clone())
        .build()
        .expect("everything is provided");
    let mut listed: Vec<_> = dispatcher.handlers_of::<ParcelCame>().collect();
    // A dispatcher lists those that run inline first.
    let mut sorted = linked.clone();
    sorted.sort_by_key(|handler| handler.delivery() != DeliveryKind::Inline);
    assert_eq!(sorted, listed);
    listed.sort_by_key(HandlerInfo::line);
    assert_ne!(listed, sorted, "the order is no order of lines");
    assert!(linked.iter().position(|it| it.is(sign)) < linked.iter().position(|it| it.is(ring)));
}

#[test]
fn a_linked_handler_has_what_its_attribute_says() {
    let ring = linked_handler(ring);
    assert_eq!(ring.info().documentation(), Some("Rings.\n\nNothing else."));
    assert_eq!(
        ring.event().map(EventInfo::type_id),
        Some(ParcelCame::INFO.type_id())
    );
    assert!(
        ring.after()[0].ends_with("::linked::sign"),
        "{:?}",
        ring.after()
    );
    assert_eq!((ring.before().len(), ring.is_opt_in()), (0, false));
    assert_eq!(ring.package(), Some("event-tests"));

    let desk = linked_handler(fetch).queue().expect("it has one");
    assert_eq!(
        (desk.name, desk.capacity, desk.consumers),
        ("linked.desk", 3, 1)
    );
    assert_eq!(
        (desk.overflow, desk.is_local),
        (Overflow::DropOldest, false)
    );
    assert!(linked_handler(greet).queue().is_some_and(|it| it.is_local));

    let note = linked_handler(note);
    assert!(note.handles(ParcelCame::INFO));
    assert!(!note.handles(BellRung::INFO), "it has no declared name");
}

#[test]
fn an_event_has_its_documentation_and_its_fields() {
    let events = linked::events();
    let came = events
        .iter()
        .find(|event| event.name() == "linked.parcel_came");
    let came = came.expect("it is linked");
    assert_eq!(came.documentation(), Some("A parcel came."));
    let [number, sender] = came.fields() else {
        panic!("{:?}", came.fields())
    };
    assert_eq!((number.name(), number.type_name()), ("number", "u64"));
    assert_eq!(number.documentation(), Some("The number on the label."));
    assert_eq!(number.pointer(), None, "it is no `wire` event");
    assert!(sender.is_redacted() && !number.is_redacted());

    let [letter, parcel] = Sorted::INFO.variants() else {
        panic!("{:?}", Sorted::INFO.variants())
    };
    assert_eq!(letter.documentation(), Some("One for the letter box."));
    assert_eq!(
        (letter.name(), letter.fields()[0].name()),
        ("Letter", "number")
    );
    assert_eq!((parcel.name(), parcel.fields()[0].name()), ("Crate", "0"));
    assert!(Sorted::INFO.fields().is_empty());

    let names: Vec<_> = events.iter().map(|event| event.name()).collect();
    assert!(names.is_sorted(), "{names:?}");
}
