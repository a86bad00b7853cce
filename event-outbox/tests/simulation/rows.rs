//! The deliveries of the simulated database, and what is known of it when a simulation ends.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use event_outbox::store::{
    Burial, Cancelled, Claimed, Due, Fence, Inserted, Lease, NewDelivery, Owner, Recovered, Retry,
};
use uuid::Uuid;

/// A transaction, by its process and its number.
pub(super) type Writer = (usize, u64);

/// An event and the handler that its delivery is for.
pub(super) type Target = (Uuid, String);

/// What a handler has written in its transaction.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    pub(super) target: Target,
    pub(super) customer: u32,
}

#[derive(Debug)]
pub(super) struct Row {
    delivery: NewDelivery,
    due_at: u64,
    attempts: u32,
    token: i64,
    owner: Option<Owner>,
    crashes: u32,
    /// The transaction that inserted it and is open, so that nobody else sees it.
    inserted_by: Option<Writer>,
    /// The transaction that completed it and is open, so that nobody else changes it.
    completed_by: Option<Writer>,
}

/// The database. Times are milliseconds.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) by_number: BTreeMap<i64, Row>,
    last: i64,
    /// The process of each registered owner; `None` if its connection was lost.
    owners: BTreeMap<Owner, Option<usize>>,
    dead_processes: BTreeSet<usize>,
    /// What was committed, in the order of its numbers.
    pub(super) committed: BTreeMap<Target, i64>,
    pub(super) effects: Vec<Effect>,
    pub(super) letters: BTreeSet<Target>,
    pub(super) cancelled: BTreeSet<Target>,
    pub(super) completions: u64,
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap()
}

impl Row {
    fn target(&self) -> Target {
        (self.delivery.event_id, self.delivery.handler.to_string())
    }

    fn is_free(&self) -> bool {
        self.inserted_by.is_none() && self.completed_by.is_none()
    }

    fn is_same_key(&self, other: &NewDelivery) -> bool {
        self.delivery.key.is_some()
            && self.delivery.key == other.key
            && self.delivery.handler == other.handler
    }
}

impl Rows {
    /// Whether a delivery must wait for another transaction, which inserts one with its key.
    pub(super) fn is_key_locked(&self, deliveries: &[NewDelivery], writer: Option<Writer>) -> bool {
        self.by_number.values().any(|row| {
            row.inserted_by.is_some()
                && row.inserted_by != writer
                && deliveries.iter().any(|delivery| row.is_same_key(delivery))
        })
    }

    pub(super) fn insert(
        &mut self,
        now: u64,
        lease: Option<Lease>,
        deliveries: &[NewDelivery],
        writer: Option<Writer>,
    ) -> Vec<Inserted> {
        let mut inserted = Vec::new();
        for delivery in deliveries {
            self.last += 1;
            let seq = self.last;
            let due_at = match delivery.due {
                Due::Now => now,
                Due::After(wait) => now + millis(wait),
                Due::At(time) => millis(time.duration_since(SystemTime::UNIX_EPOCH).unwrap()),
            };
            let is_first = !self.by_number.values().any(|row| row.is_same_key(delivery));
            let lease = lease.filter(|_| due_at <= now && is_first);
            let row = Row {
                delivery: delivery.clone(),
                due_at: lease.map_or(due_at, |lease| now + millis(lease.length)),
                attempts: u32::from(lease.is_some()),
                token: i64::from(lease.is_some()),
                owner: lease.map(|lease| lease.owner),
                crashes: 0,
                inserted_by: writer,
                completed_by: None,
            };
            inserted.push(match lease {
                Some(_) => Inserted::Leased(Fence { seq, token: 1 }),
                None => Inserted::Waiting(seq),
            });
            if writer.is_none() {
                self.committed.insert(row.target(), seq);
            }
            self.by_number.insert(seq, row);
        }
        inserted
    }

    pub(super) fn commit(&mut self, writer: Writer, effects: Vec<Effect>) {
        let completed = self
            .by_number
            .extract_if(.., |_, row| row.completed_by == Some(writer));
        self.completions += completed.count() as u64;
        for (seq, row) in &mut self.by_number {
            if row.inserted_by == Some(writer) {
                row.inserted_by = None;
                self.committed.insert(row.target(), *seq);
            }
        }
        self.effects.extend(effects);
    }

    pub(super) fn roll_back(&mut self, writer: Writer) {
        self.by_number
            .retain(|_, row| row.inserted_by != Some(writer));
        for row in self.by_number.values_mut() {
            row.completed_by = row.completed_by.filter(|other| *other != writer);
        }
    }

    /// Ends the transactions of a process that was killed.
    pub(super) fn bury_process(&mut self, process: usize) {
        self.dead_processes.insert(process);
        let writers: BTreeSet<Writer> = self
            .by_number
            .values()
            .flat_map(|row| [row.inserted_by, row.completed_by])
            .flatten()
            .filter(|(writer, _)| *writer == process)
            .collect();
        for writer in writers {
            self.roll_back(writer);
        }
    }

    /// When each delivery of these handlers can be claimed, and its number.
    fn times(&self, handlers: &[&str]) -> Vec<(u64, i64)> {
        let mut seen = BTreeSet::new();
        let mut times = Vec::new();
        for (seq, row) in &self.by_number {
            let key = row.delivery.key.as_ref();
            let is_head = key.is_none_or(|key| seen.insert((&row.delivery.handler, key)));
            let is_known = handlers.contains(&&*row.delivery.handler);
            if is_head && is_known && row.is_free() {
                times.push((row.due_at, *seq));
            }
        }
        times
    }

    /// After how many milliseconds a delivery can be claimed.
    pub(super) fn next_due(&self, now: u64, handlers: &[&str]) -> Option<u64> {
        let times = self.times(handlers).into_iter().map(|(due_at, _)| due_at);
        Some(times.min()?.saturating_sub(now))
    }

    pub(super) fn claim(
        &mut self,
        now: u64,
        lease: Lease,
        handlers: &[&str],
        limit: usize,
    ) -> Vec<Claimed> {
        let mut due = self.times(handlers);
        due.retain(|(due_at, _)| *due_at <= now);
        due.sort_unstable();
        due.truncate(limit);
        due.sort_unstable_by_key(|(_, seq)| *seq);
        let mut claimed = Vec::new();
        for (_, seq) in due {
            let row = self.by_number.get_mut(&seq).unwrap();
            row.crashes += u32::from(row.owner.is_some());
            row.attempts += 1;
            row.token += 1;
            row.owner = Some(lease.owner);
            row.due_at = now + millis(lease.length);
            claimed.push(Claimed {
                fence: Fence {
                    seq,
                    token: row.token,
                },
                event_id: row.delivery.event_id,
                handler: row.delivery.handler.to_string(),
                event: row.delivery.event.to_string(),
                version: row.delivery.version,
                key: row.delivery.key.as_deref().map(str::to_owned),
                body: row.delivery.body.to_vec(),
                attempts: row.attempts,
                crashes: row.crashes,
                created_at: SystemTime::UNIX_EPOCH,
            });
        }
        claimed
    }

    fn fenced(&mut self, fence: Fence) -> Option<&mut Row> {
        let row = self.by_number.get_mut(&fence.seq)?;
        (row.token == fence.token && row.is_free()).then_some(row)
    }

    pub(super) fn complete(&mut self, fences: &[Fence]) -> Vec<Fence> {
        let mut completed = fences.to_vec();
        completed.retain(|fence| self.fenced(*fence).is_some());
        for fence in &completed {
            self.by_number.remove(&fence.seq);
            self.completions += 1;
        }
        completed
    }

    pub(super) fn complete_in(&mut self, fence: Fence, writer: Writer) -> bool {
        let Some(row) = self.fenced(fence) else {
            return false;
        };
        row.completed_by = Some(writer);
        true
    }

    pub(super) fn retry(&mut self, now: u64, retries: &[Retry]) -> Vec<Fence> {
        let mut kept = Vec::new();
        for retry in retries {
            if let Some(row) = self.fenced(retry.fence) {
                row.owner = None;
                row.due_at = now + millis(retry.wait);
                kept.push(retry.fence);
            }
        }
        kept
    }

    pub(super) fn bury(&mut self, burials: &[Burial]) -> Vec<Fence> {
        let mut buried = Vec::new();
        for burial in burials {
            if let Some(row) = self.fenced(burial.fence) {
                let target = row.target();
                self.letters.insert(target);
                self.by_number.remove(&burial.fence.seq);
                buried.push(burial.fence);
            }
        }
        buried
    }

    pub(super) fn release(&mut self, now: u64, fences: &[Fence]) -> Vec<Fence> {
        let mut released = Vec::new();
        for fence in fences {
            if let Some(row) = self.fenced(*fence)
                && row.owner.take().is_some()
            {
                row.attempts -= 1;
                row.due_at = now;
                released.push(*fence);
            }
        }
        released
    }

    pub(super) fn extend(&mut self, now: u64, fences: &[Fence], length: Duration) -> Vec<Fence> {
        let mut extended = Vec::new();
        for fence in fences {
            if let Some(row) = self.fenced(*fence)
                && row.owner.is_some()
            {
                row.due_at = now + millis(length);
                extended.push(*fence);
            }
        }
        extended
    }

    pub(super) fn register(&mut self, owner: Owner, process: usize) {
        self.owners.insert(owner, Some(process));
    }

    pub(super) fn unregister(&mut self, owner: Owner) {
        self.owners.remove(&owner);
    }

    /// Lets the owners of a process be taken for dead.
    pub(super) fn lose_registrations(&mut self, process: usize) {
        for registered in self.owners.values_mut() {
            *registered = registered.filter(|it| *it != process);
        }
    }

    /// Returns `None` if the owner is not registered.
    pub(super) fn recover(&mut self, now: u64, owner: Owner) -> Option<Recovered> {
        let is_alive = |process: &Option<usize>| {
            process.is_some_and(|process| !self.dead_processes.contains(&process))
        };
        self.owners.get(&owner).filter(|it| is_alive(it))?;
        let mut dead: BTreeSet<Owner> = BTreeSet::new();
        for (owner, process) in &self.owners {
            if !is_alive(process) {
                dead.insert(*owner);
            }
        }
        let mut recovered = Recovered::default();
        let mut of_owner: BTreeMap<Owner, usize> = BTreeMap::new();
        for owner in self.by_number.values().filter_map(|row| row.owner) {
            *of_owner.entry(owner).or_default() += 1;
        }
        for row in self.by_number.values_mut() {
            if row.is_free() && row.owner.is_some_and(|owner| dead.contains(&owner)) {
                let was_alone = row.owner.take().is_some_and(|owner| of_owner[&owner] == 1);
                row.crashes += u32::from(row.crashes < 3 || was_alone);
                row.due_at = now;
                recovered.rows += 1;
            }
        }
        recovered.owners = dead.len() as u64;
        self.owners.retain(|owner, _| !dead.contains(owner));
        Some(recovered)
    }

    pub(super) fn cancel(&mut self, now: u64, event: Uuid) -> Cancelled {
        let mut cancelled = Cancelled::default();
        self.by_number.retain(|_, row| {
            if row.delivery.event_id != event || !row.is_free() {
                return true;
            }
            if row.owner.is_some() && row.due_at > now {
                cancelled.running += 1;
                return true;
            }
            cancelled.deleted += 1;
            self.cancelled.insert(row.target());
            false
        });
        cancelled
    }

    /// If a process has the lease of a delivery: its token, and how many rows of its key are before it.
    pub(super) fn lease_of(
        &self,
        now: u64,
        target: &Target,
        process: usize,
    ) -> Option<(i64, usize)> {
        let mut rows = self.by_number.iter();
        let (seq, row) = rows.find(|(_, row)| row.target() == *target)?;
        let owner = row
            .owner
            .and_then(|owner| self.owners.get(&owner).copied().flatten());
        let earlier = self.by_number.range(..*seq);
        let earlier = earlier.filter(|(_, other)| other.is_same_key(&row.delivery));
        (owner == Some(process) && row.due_at > now).then(|| (row.token, earlier.count()))
    }
}
