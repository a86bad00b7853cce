//! The events and handlers of a post office, with all that attributes can say, and with some mistakes.

use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::{AnyEvent, Emitter, Event, handler};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A parcel came.
///
/// It is not yet known to which customer it belongs.
#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "post.parcel_came", version = 2, previous = ParcelCameV1, wire, schema, key = number)]
#[event(alias = "post.parcel_arrived", handlers = 1..=9)]
pub(crate) struct ParcelCame {
    /// The number on the label.
    #[serde(rename = "no")]
    pub(crate) number: u64,
    #[event(redact)]
    pub(crate) sender: Option<String>,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "post.parcel_came", wire, superseded)]
pub(crate) struct ParcelCameV1 {
    pub(crate) number: u64,
}

impl From<ParcelCameV1> for ParcelCame {
    fn from(previous: ParcelCameV1) -> Self {
        Self {
            number: previous.number,
            sender: None,
        }
    }
}

/// What became of a parcel.
#[derive(Event)]
#[event(name = "post.parcel_sorted", stoppable)]
pub(crate) enum Sorted {
    /// It goes to another town.
    Away {
        /// The code of the town.
        town: u32,
    },
    ToDoor(u16, String),
    Kept,
}

#[derive(Event)]
#[event(name = "post.label_printed")]
pub(crate) struct LabelPrinted;

#[derive(Event)]
#[event(name = "post.parcel_lost")]
pub(crate) struct ParcelLost;

/// Nobody cares.
#[derive(Event)]
#[event(name = "stamps.sold_out")]
pub(crate) struct SoldOut;

/// Its handlers wait for each other, and it must have another.
#[derive(Event)]
#[event(name = "stamps.fee_raised", handlers = 3..)]
pub(crate) struct FeeRaised;

mod one {
    #[derive(event_core::Event)]
    pub(super) struct Twin;

    #[event_core::handler]
    fn greet(_event: &Twin) {}
}

mod other {
    #[derive(event_core::Event)]
    pub(super) struct Twin;

    #[event_core::handler]
    fn greet(_event: &Twin) {}
}

/// A dependency that nobody provides.
struct Glasses;

static DESK: Queue = Queue::new("desk")
    .capacity(64)
    .consumers(2)
    .overflow(Overflow::DropOldest);

static WINDOW: LocalQueue<Vec<u64>> = LocalQueue::new("window");

/// Reads the label.
///
/// By eye.
#[handler(priority = -1)]
fn read_label(_event: &ParcelCame, _glasses: &Glasses) -> Result<LabelPrinted, String> {
    Err("illegible".to_owned())
}

#[handler(after = read_label, filter = is_heavy)]
fn weigh(_event: &ParcelCame, _emitter: Emitter<(LabelPrinted, Sorted)>) {}

fn is_heavy(event: &ParcelCame) -> bool {
    event.number > 7
}

/// Fetches it.
#[handler(queue = DESK, timeout = "5s", retry(attempts = 3, backoff = "100ms..1s"))]
async fn fetch(_event: &ParcelCame, _glasses: &Glasses) -> Result<ParcelLost, String> {
    Err("nobody is there".to_owned())
}

#[handler(queue = WINDOW)]
fn hand_out(event: &ParcelCame, handed_out: &mut Vec<u64>) {
    handed_out.push(event.number);
}

#[handler(concurrency = 4)]
async fn notify(_event: &ParcelCame) {}

#[handler]
fn relabel(_event: &Sorted) -> Option<LabelPrinted> {
    None
}

#[handler]
fn sort(_event: &LabelPrinted) -> Vec<Sorted> {
    vec![
        Sorted::Away { town: 1 },
        Sorted::ToDoor(3, "left".to_owned()),
        Sorted::Kept,
    ]
}

#[handler(after = stamp)]
fn frank(_event: &FeeRaised) {}

#[handler(after = frank)]
fn stamp(_event: &FeeRaised) {}

#[handler(events = "post.*", priority = 10)]
fn note(_event: &dyn AnyEvent) {}

#[handler(events = "pots.*")]
fn misspelt(_event: &dyn AnyEvent) {}

/// A bill was issued.
#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "bills.issued", durable, schema, key = number)]
pub(crate) struct BillIssued {
    pub(crate) number: u64,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "bills.paid", durable, schema)]
pub(crate) struct BillPaid {
    pub(crate) number: u64,
}

/// A transaction, which an outbox lends.
struct Ledger;

#[handler(before_commit)]
async fn number(_event: &BillIssued, _ledger: &mut Ledger) -> Result<(), String> {
    Ok(())
}

/// Takes the money.
#[handler(
    durable,
    id = "bills.collect",
    alias = "bills.draw",
    timeout = "5s",
    retry(attempts = 7)
)]
async fn collect(event: &BillIssued, _ledger: &mut Ledger) -> Result<BillPaid, String> {
    let number = event.number;
    Ok(BillPaid { number })
}

#[handler]
fn file(_event: &BillIssued) {}
