//! The events and the handlers, which succeed, fail, panic and hang as the seed says.

use std::sync::Arc;
use std::time::Duration;

use event_core::dispatcher::DispatcherBuilder;
use event_core::{Dispatcher, Event, Meta, handler};
use event_outbox::{Outbox, Settings};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::process::{Process, Run};
use super::rows::{Effect, Target};
use super::store::MemoryStore;

pub(super) const LEASE: Duration = Duration::from_secs(3);

pub(super) const POLL: Duration = Duration::from_millis(500);

pub(super) type Tx = event_outbox::Tx<MemoryStore>;

#[derive(Event, Serialize, Deserialize)]
#[event(name = "sim.order_placed", durable, key = customer)]
pub(super) struct OrderPlaced {
    pub(super) order: u32,
    pub(super) customer: u32,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "sim.order_booked", durable)]
pub(super) struct OrderBooked {
    pub(super) order: u32,
}

/// An effect outside of the database: at least once.
#[handler(durable, id = "sim.ship", retry(attempts = 5, backoff = "50ms..800ms"))]
async fn ship(event: &OrderPlaced, meta: Meta, process: &Process) -> Result<(), String> {
    let target = (meta.id(), "sim.ship".to_owned());
    process
        .handle(target, event.order, Some(event.customer))
        .await
}

/// Effects in the database: exactly once.
#[handler(durable, id = "sim.book", retry(attempts = 5, backoff = "50ms..800ms"))]
async fn book(
    event: &OrderPlaced,
    tx: &mut Tx,
    meta: Meta,
    process: &Process,
) -> Result<(), String> {
    let target = (meta.id(), "sim.book".to_owned());
    tx.connection().effects.push(Effect {
        target: target.clone(),
        customer: event.customer,
    });
    let booked = OrderBooked { order: event.order };
    tx.emit(booked).map_err(|error| error.to_string())?;
    process
        .handle(target, event.order, Some(event.customer))
        .await
}

/// Deliveries in any order.
#[handler(durable, id = "sim.note", retry(attempts = 5, backoff = "50ms..800ms"))]
async fn note(event: &OrderBooked, meta: Meta, process: &Process) -> Result<(), String> {
    let target = (meta.id(), "sim.note".to_owned());
    process.handle(target, event.order, None).await
}

impl Process {
    async fn handle(
        &self,
        target: Target,
        order: u32,
        customer: Option<u32>,
    ) -> Result<(), String> {
        self.gate().await;
        let run = self.begin(target, order, customer);
        let world = &self.world;
        let random = &world.random;
        let fate = if world.has_faults() {
            random.below(100)
        } else {
            0
        };
        match fate {
            0..40 => {}
            // A poll that lasts as long as it wants.
            96.. => sleep(LEASE.mul_f64(1.5) + random.millis(500)).await,
            _ => sleep(random.millis(50)).await,
        }
        self.gate().await;
        let is_success = !(75..96).contains(&fate);
        self.end(run, is_success);
        match fate {
            75..90 => Err("the seed says no".to_owned()),
            // As a panic, without the hook that prints it.
            90..96 => std::panic::resume_unwind(Box::new("the seed says panic")),
            _ => Ok(()),
        }
    }

    /// Writes down that a handler ends.
    pub(super) fn end(&self, run: usize, is_success: bool) {
        let mut runs = self.world.runs.lock().unwrap();
        runs[run].ended = Some(self.world.elapsed());
        runs[run].is_success = is_success;
    }

    /// Writes down that a handler begins; looks whether it may.
    pub(super) fn begin(&self, target: Target, order: u32, customer: Option<u32>) -> usize {
        let world = &self.world;
        let now = world.now();
        let mut runs = world.runs.lock().unwrap();
        let rows = world.rows();
        let mut wrong = Vec::new();
        if !rows.committed.contains_key(&target) {
            wrong.push("was not committed");
        }
        if rows.cancelled.contains(&target) {
            wrong.push("was cancelled");
        }
        // Without the lease, a process has been late, and its run changes nothing in the store.
        let lease = rows.lease_of(now, &target, self.id);
        if customer.is_some()
            && let Some((_, earlier)) = lease
        {
            if earlier > 0 {
                wrong.push("begins before an earlier one of its key");
            }
            // Of two runs of one row under the same token, one was late, and has an older token really.
            let overlaps = runs.iter().any(|run| {
                run.ended.is_none()
                    && run.target != target
                    && run.customer == customer
                    && run.target.1 == target.1
                    && run.token.is_some()
                    && run.token == rows.lease_of(now, &run.target, run.process).map(|it| it.0)
            });
            if overlaps {
                wrong.push("overlaps with another one of its key");
            }
        }
        // A token grows with each claim, and each claim is begun once.
        if let Some((token, _)) = lease {
            let begun = runs.iter().filter(|run| run.target == target).count();
            if i64::try_from(begun).unwrap() >= token {
                wrong.push("begins more often than it was claimed");
            }
        }
        let mut violations = world.violations.lock().unwrap();
        for wrong in wrong {
            violations.push(format!(
                "process {}, `{}` of order {order} {wrong}",
                self.id, target.1
            ));
        }
        runs.push(Run {
            process: self.id,
            target,
            order,
            customer,
            begun: world.elapsed(),
            ended: None,
            token: lease.map(|(token, _)| token),
            is_success: false,
        });
        runs.len() - 1
    }
}

/// A process that runs: its outbox, and the dispatcher that makes it work.
pub(super) struct Running {
    pub(super) process: Arc<Process>,
    pub(super) outbox: Outbox<MemoryStore>,
    pub(super) _dispatcher: Dispatcher,
}

impl Running {
    pub(super) async fn start(process: Arc<Process>) -> Self {
        let handlers = Dispatcher::empty()
            .handler(ship)
            .handler(book)
            .handler(note);
        Self::start_with(process, handlers, 100).await
    }

    pub(super) async fn start_with(
        process: Arc<Process>,
        handlers: DispatcherBuilder,
        crash_limit: u32,
    ) -> Self {
        let settings = Settings::new()
            .lease(LEASE)
            .poll(POLL)
            .concurrency(4)
            .crash_limit(crash_limit)
            .without_migrations();
        let outbox = loop {
            let store = MemoryStore::new(&process);
            if let Ok(outbox) = Outbox::open_on(store, settings.clone()).await {
                break outbox;
            }
        };
        let dispatcher = handlers
            .provide_arc(Arc::clone(&process))
            .outbox(&outbox)
            .build()
            .unwrap();
        Self {
            process,
            outbox,
            _dispatcher: dispatcher,
        }
    }
}
