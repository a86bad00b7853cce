//! The events of a recorder as a tree of causes.

use std::fmt::{self, Write as _};

use crate::recorder::log::{Delivery, DeliveryState, Emission};
use crate::shown::{short, shown};

/// The events of a recorder as a tree, returned by [`Recorder::timeline`](crate::Recorder::timeline).
///
/// `Display` writes each event below the event whose handler caused it, and how its deliveries ended. There are no
/// ids, times, threads or lines in it, and what may happen in any order is sorted: deliveries by handler, and the
/// events that one event caused by their text. Only roots are in the order in which they were emitted. So the text
/// is the same in each run, and can be compared with a snapshot.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, handler};
/// use event_testing::DispatcherExt as _;
///
/// #[derive(Event)]
/// struct OrderPlaced { id: u64 }
///
/// #[derive(Event)]
/// struct StockReserved { order: u64 }
///
/// #[handler]
/// fn reserve_stock(event: &OrderPlaced) -> StockReserved {
///     StockReserved { order: event.id }
/// }
///
/// #[handler]
/// fn ship(_event: &StockReserved) -> Result<(), &'static str> {
///     Err("no truck")
/// }
///
/// let dispatcher = Dispatcher::builder().build()?;
/// let rec = dispatcher.record();
/// dispatcher.emit(OrderPlaced { id: 7 });
/// assert_eq!(
///     rec.timeline().to_string(),
///     "\
/// OrderPlaced { id: 7 }
/// ├─ reserve_stock: done
/// └─ StockReserved { order: 7 }
///    └─ ship: failed: no truck
/// ",
/// );
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
pub struct Timeline {
    roots: Vec<Node>,
}

struct Node {
    text: String,
    children: Vec<Node>,
}

impl Timeline {
    pub(crate) fn new(emissions: &[Emission], start: usize) -> Self {
        let mut caused: Vec<Vec<Node>> = emissions.iter().map(|_| Vec::new()).collect();
        let mut roots = Vec::new();
        // An event is emitted after its cause.
        for (index, emission) in emissions.iter().enumerate().rev() {
            let mut children = deliveries(&emission.deliveries);
            let mut events = std::mem::take(&mut caused[index]);
            events.sort_by(|one, other| one.text.cmp(&other.text));
            children.append(&mut events);
            let node = Node {
                text: shown(&*emission.event),
                children,
            };
            match emission.cause.and_then(|cause| cause.checked_sub(start)) {
                Some(cause) if cause < index => caused[cause].push(node),
                _ => roots.push(node),
            }
        }
        roots.reverse();
        Self { roots }
    }
}

fn deliveries(deliveries: &[Delivery]) -> Vec<Node> {
    let lines = deliveries.iter().map(|delivery| {
        let handler = delivery.handler;
        let name = if handler.is_subscription() {
            "a subscription".to_owned()
        } else {
            function(handler.name())
        };
        let state = match &delivery.state {
            DeliveryState::Running => "running".to_owned(),
            DeliveryState::Waiting { .. } => "waiting for its next attempt".to_owned(),
            DeliveryState::Ended { status, .. } => status.to_string(),
        };
        let mut text = format!("{name}: {state}");
        if delivery.attempt > 1 {
            let _ = write!(text, ", attempt {}", delivery.attempt);
        }
        if let Some(error) = delivery.error() {
            text.push_str(": ");
            text.push_str(&error.replace('\n', " "));
        }
        Node {
            text,
            children: Vec::new(),
        }
    });
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by(|one, other| one.text.cmp(&other.text));
    lines
}

/// Returns the name of a handler: of a function without its modules, of a method with its type.
fn function(path: &str) -> String {
    let method = path
        .strip_prefix('<')
        .and_then(|path| path.rsplit_once(">::"));
    if let Some((of, method)) = method {
        return format!("{}::{method}", short(of));
    }
    let mut parts = path.rsplit("::");
    let name = parts.next().unwrap_or(path);
    let is_type = |part: &&str| part.starts_with(char::is_uppercase);
    match parts.next().filter(is_type) {
        Some(of) => format!("{of}::{name}"),
        None => name.to_owned(),
    }
}

impl Node {
    fn fmt_below(&self, f: &mut fmt::Formatter<'_>, indent: &str) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        let last = self.children.len().saturating_sub(1);
        for (index, child) in self.children.iter().enumerate() {
            let (branch, below) = if index == last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            write!(f, "{indent}{branch}")?;
            child.fmt_below(f, &format!("{indent}{below}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.roots.iter().try_for_each(|root| root.fmt_below(f, ""))
    }
}

impl fmt::Debug for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
