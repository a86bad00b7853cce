//! What happens in a simulation: a while with faults, then quiet.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use super::books;
use super::handlers::{LEASE, OrderBooked, OrderPlaced, POLL, Running};
use super::process::{Process, Run, World};

/// How many customers there are, whose orders are handled in order.
const CUSTOMERS: u64 = 4;

/// How long after the last fault everything has ended.
const SETTLED: Duration = Duration::from_secs(30);

/// What one seed comes to.
pub(super) struct Outcome {
    pub(super) runs: Vec<Run>,
    pub(super) violations: Vec<String>,
}

struct Scenario {
    world: Arc<World>,
    /// Those that work.
    processes: Vec<Running>,
    /// Those that were killed or shut down, whose tasks are still there.
    ended: Vec<Running>,
    orders: u32,
}

pub(super) async fn run(seed: u64) -> Outcome {
    let world = World::new(seed);
    let mut scenario = Scenario {
        world: Arc::clone(&world),
        processes: Vec::new(),
        ended: Vec::new(),
        orders: 0,
    };
    for _ in 0..2 + world.random.below(2) {
        scenario.start().await;
    }
    for _ in 0..10 + world.random.below(20) {
        sleep(world.random.millis(400)).await;
        scenario.step().await;
    }
    world.is_slow.store(false, Ordering::Relaxed);
    world.has_faults.store(false, Ordering::Relaxed);
    let is_settled = scenario.settles().await;
    let mut violations = std::mem::take(&mut *world.violations.lock().unwrap());
    if is_settled {
        scenario.is_idle(&mut violations).await;
    } else {
        let left: Vec<_> = world
            .rows()
            .by_number
            .values()
            .map(|row| format!("{row:?}"))
            .collect();
        violations.push(format!(
            "not settled after {SETTLED:?}: {}",
            left.join("; ")
        ));
    }
    let all = || scenario.processes.iter().chain(&scenario.ended);
    let counts: Vec<_> = all()
        .map(|it| (it.process.is_dead(), it.outbox.counts()))
        .collect();
    violations.extend(books::check(&world, &counts));
    Outcome {
        runs: world.runs.lock().unwrap().clone(),
        violations,
    }
}

impl Scenario {
    async fn start(&mut self) {
        let id = self.processes.len() + self.ended.len();
        let process = Process::new(id, &self.world);
        self.processes.push(Running::start(process).await);
    }

    async fn step(&mut self) {
        match self.world.random.below(100) {
            0..40 => self.emit(),
            40..65 => self.emit_in_transaction(),
            65..75 => self.emit_and_cancel(),
            75..82 => self.kill().await,
            82..90 => self.pause(),
            90..96 => self.shut_down().await,
            _ => {
                let lost = self.world.random.one(&self.processes).process.id;
                self.world.rows().lose_registrations(lost);
            }
        }
    }

    fn order(&mut self) -> OrderPlaced {
        self.orders += 1;
        let customer = u32::try_from(self.world.random.below(CUSTOMERS)).unwrap();
        OrderPlaced {
            order: self.orders,
            customer,
        }
    }

    fn emit(&mut self) {
        let order = self.order();
        let outbox = self.world.random.one(&self.processes).outbox.clone();
        tokio::spawn(async move {
            let _ = outbox.emit(order).await;
        });
    }

    /// Two events of one customer in one transaction, which is committed, rolled back or dropped.
    fn emit_in_transaction(&mut self) {
        let (first, mut second) = (self.order(), self.order());
        second.customer = first.customer;
        let outbox = self.world.random.one(&self.processes).outbox.clone();
        let (end, wait) = (self.world.random.below(10), self.world.random.millis(100));
        tokio::spawn(async move {
            let Ok(mut tx) = outbox.begin().await else {
                return;
            };
            tx.emit(first).unwrap();
            tx.emit(second).unwrap();
            sleep(wait).await;
            match end {
                0 => drop(tx),
                1 => drop(tx.rollback().await),
                _ => drop(tx.commit().await),
            }
        });
    }

    /// An event that is due later, and taken back before.
    fn emit_and_cancel(&mut self) {
        self.orders += 1;
        let event = OrderBooked { order: self.orders };
        let due = self.world.elapsed() + Duration::from_secs(2);
        let outbox = self.world.random.one(&self.processes).outbox.clone();
        let cancels = self.world.random.permille(700);
        tokio::spawn(async move {
            let id = outbox.emit_at(event, SystemTime::UNIX_EPOCH + due).await;
            if cancels && let Ok(id) = id {
                let _ = outbox.cancel(id).await;
            }
        });
    }

    /// Kills a process; another takes its place, at once or not.
    async fn kill(&mut self) {
        let random = &self.world.random;
        let index = usize::try_from(random.below(self.processes.len() as u64)).unwrap();
        let killed = self.processes.remove(index);
        killed.process.kill();
        self.ended.push(killed);
        if self.processes.is_empty() || self.world.random.permille(700) {
            self.start().await;
        }
    }

    fn pause(&self) {
        let random = &self.world.random;
        let length = random.millis(u64::try_from(LEASE.as_millis()).unwrap() * 3);
        random.one(&self.processes).process.pause(length);
    }

    async fn shut_down(&mut self) {
        let random = &self.world.random;
        let index = usize::try_from(random.below(self.processes.len() as u64)).unwrap();
        let limit = random.millis(8000);
        let stopped = self.processes.remove(index);
        let outbox = stopped.outbox.clone();
        tokio::spawn(async move { outbox.shutdown(limit).await });
        self.ended.push(stopped);
        self.start().await;
    }

    /// Waits until there are no deliveries, and transactions have ended.
    async fn settles(&self) -> bool {
        let quiet = self.world.elapsed();
        let mut last = quiet;
        // Nothing is done when there have been no rows for a while.
        while self.world.elapsed() < quiet + SETTLED {
            sleep(Duration::from_millis(250)).await;
            if !self.world.rows().by_number.is_empty() {
                last = self.world.elapsed();
            } else if self.world.elapsed() > last + LEASE * 3 {
                return true;
            }
        }
        false
    }

    /// An idle process asks its store once a poll.
    async fn is_idle(&self, violations: &mut Vec<String>) {
        const POLLS: u32 = 12;
        let calls = |it: &Running| {
            let asked = ["claim", "recover", "next_due"].map(|call| it.process.calls(call));
            asked.iter().sum::<u64>()
        };
        let before: Vec<_> = self.processes.iter().map(calls).collect();
        sleep(POLL * POLLS).await;
        for (it, before) in self.processes.iter().zip(before) {
            let asked = calls(it) - before;
            if !(u64::from(POLLS) - 1..=u64::from(POLLS) + 1).contains(&asked) {
                let id = it.process.id;
                violations.push(format!("process {id} is idle and asked {asked} times"));
            }
        }
    }
}
