//! What a recorder has seen, as the text of a failed assertion lists it.

use std::fmt;

use event_core::AnyEvent;
use event_core::handler::{DeliveryKind, HandlerInfo};
use event_core::report::DeliveryStatus;

use crate::recorder::Recorder;
use crate::recorder::log::{Delivery, DeliveryState, Emission};
use crate::shown::shown;

/// The most events that are listed at either end of a long recording.
const LISTED: usize = 20;

/// Lists the events of a recorder, with how each delivery ended.
pub(crate) struct EventList {
    emissions: Vec<Emission>,
    /// For each event, the handlers that have not been called yet.
    waiting: Vec<Vec<HandlerInfo>>,
    notes: Vec<Option<String>>,
    start: usize,
}

impl EventList {
    pub(crate) fn new(recorder: &Recorder) -> Self {
        let emissions = recorder.emissions();
        let waiting = emissions.iter().map(|emission| waiting(recorder, emission));
        Self {
            waiting: waiting.collect(),
            notes: vec![None; emissions.len()],
            emissions,
            start: recorder.start(),
        }
    }

    /// Adds a note to each event for which `note` returns one. It is called with the event's index.
    pub(crate) fn noting(mut self, note: &dyn Fn(usize, &dyn AnyEvent) -> Option<String>) -> Self {
        let emissions = self.emissions.iter().enumerate();
        self.notes = emissions
            .map(|(index, it)| note(index, &*it.event))
            .collect();
        self
    }

    /// Returns how an event is named in the list: by its number, if it is there.
    pub(crate) fn number(&self, index: usize) -> String {
        match index.checked_sub(self.start) {
            Some(index) => format!("event {}", index + 1),
            None => "an event before the mark".to_owned(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.emissions.is_empty()
    }

    fn unended(&self) -> usize {
        let is_open = |delivery: &&Delivery| delivery.status().is_none();
        let deliveries = self.emissions.iter().flat_map(|it| &it.deliveries);
        let waiting: usize = self.waiting.iter().map(Vec::len).sum();
        deliveries.filter(is_open).count() + waiting
    }

    /// Whether the event at an index is listed: events with a note, and those at either end.
    fn is_listed(&self, index: usize) -> bool {
        let notes_before = || self.notes[..index].iter().flatten().count();
        index < LISTED
            || index + LISTED >= self.emissions.len()
            || (self.notes[index].is_some() && notes_before() < LISTED)
    }

    fn fmt_event(&self, f: &mut fmt::Formatter<'_>, index: usize) -> fmt::Result {
        let emission = &self.emissions[index];
        let (number, event) = (index + 1, shown(&*emission.event));
        write!(f, "\n  {number}. {event}")?;
        if let Some(cause) = emission.cause {
            write!(f, ", caused by {}", self.number(cause))?;
        }
        if let Some(at) = emission.emitted_at {
            write!(f, ", emitted at {}:{}", at.file(), at.line())?;
        }
        if let Some(handler) = emission.returned_by {
            write!(f, ", returned by {handler}")?;
        }
        if emission.deliveries.is_empty() && self.waiting[index].is_empty() {
            f.write_str(", no handler")?;
        }
        if let Some(note) = &self.notes[index] {
            write!(f, "\n       ^ {note}")?;
        }
        for delivery in &emission.deliveries {
            fmt_delivery(f, delivery)?;
        }
        for handler in &self.waiting[index] {
            write!(f, "\n       waiting: {handler}{}", place(*handler))?;
        }
        Ok(())
    }
}

impl fmt::Display for EventList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.emissions.len() {
            0 => {
                let since = if self.start == 0 {
                    "the recorder was made"
                } else {
                    "the mark"
                };
                return write!(f, "nothing was emitted since {since}");
            }
            1 => f.write_str("1 event was emitted:")?,
            events => write!(f, "{events} events were emitted:")?,
        }
        let mut left_out = 0;
        for index in 0..self.emissions.len() {
            if !self.is_listed(index) {
                left_out += 1;
                continue;
            }
            if left_out > 0 {
                write!(f, "\n  … {left_out} more")?;
                left_out = 0;
            }
            self.fmt_event(f, index)?;
        }
        let (unended, verb) = match self.unended() {
            0 => return Ok(()),
            1 => ("1 delivery".to_owned(), "has"),
            unended => (format!("{unended} deliveries"), "have"),
        };
        write!(
            f,
            "\nhelp: {unended} {verb} not ended: `dispatcher.track(…)` waits for all that a call causes, \
             `rec.wait_for(…)` for one event"
        )
    }
}

/// Returns the handlers of an event that have no delivery yet.
fn waiting(recorder: &Recorder, emission: &Emission) -> Vec<HandlerInfo> {
    let is_called = |handler: &HandlerInfo| {
        let mut deliveries = emission.deliveries.iter();
        deliveries.any(|delivery| delivery.handler == *handler)
    };
    let handlers = recorder.handlers(emission.event.info()).into_iter();
    handlers
        // A subscription may be younger than the event.
        .filter(|handler| !handler.is_subscription() && !is_called(handler))
        .collect()
}

fn fmt_delivery(f: &mut fmt::Formatter<'_>, delivery: &Delivery) -> fmt::Result {
    let Delivery {
        handler,
        attempt,
        state,
    } = delivery;
    let status = match state {
        DeliveryState::Running => "running".to_owned(),
        DeliveryState::Waiting { .. } => "waiting for its next attempt".to_owned(),
        DeliveryState::Ended { status, .. } => status.to_string(),
    };
    write!(f, "\n       {status}: {handler}")?;
    if *attempt > 1 {
        write!(f, ", attempt {attempt}")?;
    }
    if let Some(error) = delivery.error() {
        let indented = error.replace('\n', "\n           ");
        write!(f, ": {indented}")?;
    }
    if let DeliveryState::Ended {
        status: DeliveryStatus::Rejected,
        ..
    } = state
    {
        f.write_str(&place(*handler))?;
    }
    Ok(())
}

/// Returns where a delivery waits that has not started.
pub(crate) fn place(handler: HandlerInfo) -> String {
    match (handler.delivery(), handler.queue()) {
        (DeliveryKind::Local, Some(queue)) => {
            format!(", in queue `{queue}`, which its owner pumps")
        }
        (_, Some(queue)) => format!(", in queue `{queue}`"),
        _ => String::new(),
    }
}
