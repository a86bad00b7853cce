//! Random operations, on a store and on a list in memory that stands for it.
//!
//! Time is not modelled: what is due is due at once or in an hour, and what is leased is leased for an hour or for
//! nothing. After each operation all rows are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

use uuid::Uuid;

use super::samples::{H, HOUR, delivery, rows};
use crate::store::{
    Burial, Cancelled, Claimed, Due, Fence, Filter, Inserted, Lease, NewDelivery, Owner, Retry,
    Store,
};

const HANDLERS: [&str; 3] = [H, "mail.welcome", "of.another_program"];

/// Those that are claimed.
const KNOWN: [&str; 2] = [HANDLERS[0], HANDLERS[1]];

/// The model, with a seed of its own, as it is short.
pub(super) async fn short_model<S: Store>(store: S) {
    model(&store, 42, 300).await;
}

/// Runs random operations, which the seed determines, on a fresh store.
///
/// # Panics
///
/// If the store does what the model does not, with the seed and the number of the operation.
pub async fn model<S: Store>(store: &S, seed: u64, operations: usize) {
    let mut model = Model {
        store,
        random: Random(seed),
        rows: BTreeMap::new(),
        dead: Vec::new(),
        fences: Vec::new(),
        events: Vec::new(),
        owners: [Owner::new(), Owner::new(), Owner::new()],
        at: String::new(),
    };
    for operation in 0..operations {
        model.at = format!("seed {seed}, operation {operation}");
        model.operate().await;
        model.compare().await;
    }
    let claims = model.fences.len();
    assert!(claims >= operations / 10, "seed {seed}: {claims} claims");
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        usize::try_from(mixed % (end as u64)).expect("it is below a usize")
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        (!of.is_empty()).then(|| &of[self.below(of.len())])
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    event_id: Uuid,
    handler: String,
    key: Option<String>,
    is_late: bool,
    attempts: u32,
    token: i64,
    owner: Option<Owner>,
    crashes: u32,
    last_error: Option<String>,
}

struct Model<'a, S> {
    store: &'a S,
    random: Random,
    rows: BTreeMap<i64, Row>,
    /// Event, handler and key of each dead letter.
    dead: Vec<(Uuid, String, Option<String>)>,
    /// Every fence there has been.
    fences: Vec<Fence>,
    events: Vec<Uuid>,
    owners: [Owner; 3],
    /// For messages.
    at: String,
}

impl<S: Store> Model<'_, S> {
    async fn operate(&mut self) {
        match self.random.below(100) {
            0..25 => self.insert().await,
            25..50 => self.claim().await,
            50..62 => self.complete().await,
            62..66 => self.complete_in().await,
            66..76 => self.retry().await,
            76..82 => self.bury().await,
            82..87 => self.release().await,
            87..92 => self.extend().await,
            92..94 => self.cancel().await,
            94..97 => self.redeliver().await,
            _ => self.next_due().await,
        }
    }

    fn some_lease(&mut self) -> Lease {
        let owner = self.owners[self.random.below(3)];
        let length = if self.random.chance(30) {
            Duration::ZERO
        } else {
            HOUR
        };
        Lease { owner, length }
    }

    /// Fences old and new, and sometimes one that never was.
    fn some_fences(&mut self) -> Vec<Fence> {
        let mut fences = BTreeSet::new();
        for _ in 0..=self.random.below(4) {
            let young = self.fences.len().saturating_sub(12);
            let from = if self.random.chance(80) { young } else { 0 };
            fences.extend(self.random.one(&self.fences[from..]).copied());
        }
        if self.random.chance(5) {
            fences.insert(Fence {
                seq: 1 << 40,
                token: 1,
            });
        }
        fences.into_iter().collect()
    }

    fn is_good(&self, fence: &Fence) -> bool {
        let row = self.rows.get(&fence.seq);
        row.is_some_and(|row| row.token == fence.token)
    }

    fn is_leased(&self, fence: &Fence) -> bool {
        self.is_good(fence) && self.rows[&fence.seq].owner.is_some()
    }

    fn is_behind_another(&self, seq: i64) -> bool {
        let row = &self.rows[&seq];
        let mut earlier = self.rows.range(..seq);
        row.key.is_some()
            && earlier.any(|(_, other)| other.handler == row.handler && other.key == row.key)
    }

    fn claimable(&self) -> Vec<i64> {
        let due = self.rows.iter().filter(|(seq, row)| {
            !row.is_late && KNOWN.contains(&&*row.handler) && !self.is_behind_another(**seq)
        });
        due.map(|(seq, _)| *seq).collect()
    }

    async fn insert(&mut self) {
        let lease = self.random.chance(50).then(|| self.some_lease());
        let mut deliveries = Vec::new();
        for _ in 0..=self.random.below(3) {
            let event_id = if self.random.chance(20) {
                self.random.one(&self.events).copied()
            } else {
                None
            };
            let event_id = event_id.unwrap_or_else(Uuid::now_v7);
            self.events.push(event_id);
            let keys = [None, None, Some("1"), Some("2"), Some("3")];
            let due = [Due::Now, Due::Now, Due::Now, Due::After(HOUR)];
            deliveries.push(NewDelivery {
                event_id,
                handler: HANDLERS[self.random.below(3)].into(),
                key: keys[self.random.below(5)].map(Into::into),
                due: due[self.random.below(4)],
                ..delivery()
            });
        }
        let (inserted, stays) = if self.random.chance(40) {
            let inserted = self.store.insert(lease, deliveries.clone()).await;
            (inserted, true)
        } else {
            let mut transaction = self.store.begin().await.expect("a transaction begins");
            let inserted = self.store.insert_in(&mut transaction, lease, &deliveries);
            let inserted = inserted.await;
            let stays = self.random.chance(80);
            if stays {
                transaction.commit().await.expect("it commits");
            }
            (inserted, stays)
        };
        let inserted = inserted.expect("deliveries are inserted");
        assert_eq!(inserted.len(), deliveries.len(), "{}", self.at);
        if stays {
            for (delivery, inserted) in deliveries.iter().zip(inserted) {
                self.inserted(lease, delivery, inserted);
            }
        }
    }

    fn inserted(&mut self, lease: Option<Lease>, delivery: &NewDelivery, inserted: Inserted) {
        let same = self
            .rows
            .values()
            .any(|row| (row.event_id, &*row.handler) == (delivery.event_id, &*delivery.handler));
        let (seq, token) = match inserted {
            Inserted::Duplicate => {
                assert!(same, "{}: {delivery:?} is there once", self.at);
                return;
            }
            Inserted::Waiting(seq) => (seq, 0),
            Inserted::Leased(fence) => (fence.seq, fence.token),
        };
        assert!(!same, "{}: {delivery:?} is there already", self.at);
        let newest = self.rows.last_key_value().map_or(0, |(seq, _)| *seq);
        assert!(seq > newest, "{}: number {seq} after {newest}", self.at);
        let is_late = delivery.due != Due::Now;
        let row = Row {
            event_id: delivery.event_id,
            handler: delivery.handler.clone().into_owned(),
            key: delivery.key.as_deref().map(str::to_owned),
            is_late,
            attempts: 0,
            token: 0,
            owner: None,
            crashes: 0,
            last_error: None,
        };
        self.rows.insert(seq, row);
        if let Some(lease) = lease
            && !is_late
            && !self.is_behind_another(seq)
        {
            assert_eq!(token, 1, "{}: {delivery:?} is leased", self.at);
            self.lease(seq, lease);
        } else {
            assert_eq!(token, 0, "{}: {delivery:?} is not leased", self.at);
        }
    }

    fn lease(&mut self, seq: i64, lease: Lease) {
        let row = self.rows.get_mut(&seq).expect("the row is there");
        row.token += 1;
        row.attempts += 1;
        row.crashes += u32::from(row.owner.is_some());
        row.owner = Some(lease.owner);
        row.is_late = lease.length > Duration::ZERO;
        let token = row.token;
        self.fences.push(Fence { seq, token });
    }

    async fn claim(&mut self) {
        let lease = self.some_lease();
        let limit = self.random.below(6);
        let claimed = self.store.claim(lease, &KNOWN, limit).await;
        let claimed = claimed.expect("deliveries are claimed");
        let claimable = self.claimable();
        let expected = claimable.len().min(limit);
        assert_eq!(claimed.len(), expected, "{}: of {claimable:?}", self.at);
        let in_order = claimed.is_sorted_by(|one, two| one.fence.seq < two.fence.seq);
        assert!(in_order, "{}: {claimed:?}", self.at);
        for claimed in &claimed {
            let seq = claimed.fence.seq;
            assert!(claimable.contains(&seq), "{}: {claimed:?}", self.at);
            self.lease(seq, lease);
            self.is_as_claimed(claimed);
        }
    }

    fn is_as_claimed(&self, claimed: &Claimed) {
        let row = &self.rows[&claimed.fence.seq];
        let found = (
            claimed.fence.token,
            claimed.attempts,
            claimed.crashes,
            claimed.event_id,
            &claimed.handler,
            &claimed.key,
        );
        let expected = (
            row.token,
            row.attempts,
            row.crashes,
            row.event_id,
            &row.handler,
            &row.key,
        );
        assert_eq!(found, expected, "{}", self.at);
    }

    /// Compares what a store says it changed with what it could.
    fn is_same(&self, changed: Result<Vec<Fence>, impl Debug>, expected: &[Fence]) {
        let mut changed = changed.expect("it is asked");
        changed.sort_unstable();
        assert_eq!(changed, expected, "{}", self.at);
    }

    async fn complete(&mut self) {
        let fences = self.some_fences();
        let good = good(&fences, |fence| self.is_good(fence));
        self.is_same(self.store.complete(&fences).await, &good);
        for fence in good {
            self.rows.remove(&fence.seq);
        }
    }

    async fn complete_in(&mut self) {
        let commits = self.random.chance(70);
        let mut transaction = self.store.begin().await.expect("a transaction begins");
        for fence in self.some_fences() {
            let completed = self.store.complete_in(&mut transaction, fence).await;
            let completed = completed.expect("it is asked");
            assert_eq!(completed, self.is_good(&fence), "{}: {fence:?}", self.at);
            if completed && commits {
                self.rows.remove(&fence.seq);
            }
        }
        if commits {
            transaction.commit().await.expect("it commits");
        }
    }

    async fn retry(&mut self) {
        let retries: Vec<_> = self
            .some_fences()
            .into_iter()
            .map(|fence| Retry {
                fence,
                wait: if self.random.chance(30) {
                    HOUR
                } else {
                    Duration::ZERO
                },
                error: format!("after {}", fence.token),
            })
            .collect();
        let fences: Vec<_> = retries.iter().map(|retry| retry.fence).collect();
        let good = good(&fences, |fence| self.is_good(fence));
        self.is_same(self.store.retry(&retries).await, &good);
        for retry in retries {
            if self.is_good(&retry.fence)
                && let Some(row) = self.rows.get_mut(&retry.fence.seq)
            {
                row.owner = None;
                row.is_late = retry.wait > Duration::ZERO;
                row.last_error = Some(retry.error);
            }
        }
    }

    async fn bury(&mut self) {
        let fences = self.some_fences();
        let burials: Vec<_> = fences
            .iter()
            .map(|fence| Burial {
                fence: *fence,
                reason: "no attempts left".into(),
                cause: String::new(),
            })
            .collect();
        let good = good(&fences, |fence| self.is_good(fence));
        self.is_same(self.store.bury(&burials).await, &good);
        for fence in good {
            let row = self.rows.remove(&fence.seq);
            self.dead
                .extend(row.map(|row| (row.event_id, row.handler, row.key)));
        }
    }

    async fn release(&mut self) {
        let fences = self.some_fences();
        let good = good(&fences, |fence| self.is_leased(fence));
        self.is_same(self.store.release(&fences).await, &good);
        for fence in good {
            if let Some(row) = self.rows.get_mut(&fence.seq) {
                row.owner = None;
                row.is_late = false;
                row.attempts -= 1;
            }
        }
    }

    async fn extend(&mut self) {
        let fences = self.some_fences();
        let length = self.some_lease().length;
        let good = good(&fences, |fence| self.is_leased(fence));
        self.is_same(self.store.extend(&fences, length).await, &good);
        for fence in good {
            if let Some(row) = self.rows.get_mut(&fence.seq) {
                row.is_late = length > Duration::ZERO;
            }
        }
    }

    async fn cancel(&mut self) {
        let Some(event) = self.random.one(&self.events).copied() else {
            return;
        };
        let cancelled = self.store.cancel(event).await.expect("it is asked");
        let before = self.rows.len();
        self.rows
            .retain(|_, row| row.event_id != event || (row.owner.is_some() && row.is_late));
        let running = self.rows.values().filter(|row| row.event_id == event);
        let expected = Cancelled {
            deleted: (before - self.rows.len()) as u64,
            running: running.count() as u64,
        };
        assert_eq!(cancelled, expected, "{}", self.at);
    }

    async fn redeliver(&mut self) {
        let limit = self.random.below(4);
        let redelivered = self.store.redeliver(&Filter::default(), 0, limit).await;
        let redelivered = redelivered.expect("it is asked");
        let rows = rows(self.store).await;
        let mut new: Vec<_> = rows
            .iter()
            .filter(|row| !self.rows.contains_key(&row.seq))
            .collect();
        new.reverse();
        let (mut delivered, mut duplicates, mut kept) = (0, 0, Vec::new());
        for (looked_at, (event_id, handler, key)) in
            std::mem::take(&mut self.dead).into_iter().enumerate()
        {
            let same = |row: &Row| (row.event_id, &row.handler) == (event_id, &handler);
            if looked_at >= limit {
                kept.push((event_id, handler, key));
            } else if self.rows.values().any(same) {
                duplicates += 1;
                kept.push((event_id, handler, key));
            } else {
                delivered += 1;
                let Some(row) = new.pop() else {
                    panic!("{}: fewer rows than were delivered again", self.at);
                };
                let row = Row {
                    event_id,
                    handler,
                    key,
                    is_late: false,
                    attempts: 0,
                    token: row.token,
                    owner: None,
                    crashes: 0,
                    last_error: None,
                };
                self.rows.insert(rows[rows.len() - 1 - new.len()].seq, row);
            }
        }
        self.dead = kept;
        let found = (redelivered.delivered, redelivered.duplicates);
        assert_eq!(found, (delivered, duplicates), "{}", self.at);
    }

    async fn next_due(&mut self) {
        let due = self.store.next_due(&KNOWN).await.expect("it is asked");
        let known = self
            .rows
            .values()
            .filter(|row| KNOWN.contains(&&*row.handler));
        if !self.claimable().is_empty() {
            assert_eq!(due, Some(Duration::ZERO), "{}", self.at);
        } else if known.count() > 0 {
            let due = due.expect("there are rows");
            assert!(due > HOUR / 2, "{}: {due:?}", self.at);
        } else {
            assert_eq!(due, None, "{}", self.at);
        }
    }

    /// Every row is as the model has it.
    async fn compare(&self) {
        let stored = rows(self.store).await;
        let now = stored.iter().map(|row| row.created_at).max();
        let found: BTreeMap<_, _> = stored
            .into_iter()
            .map(|stored| {
                let half_an_hour_ahead = now.map(|now| now + HOUR / 2);
                let row = Row {
                    event_id: stored.event_id,
                    handler: stored.handler,
                    key: stored.key,
                    is_late: half_an_hour_ahead.is_some_and(|bound| stored.due_at > bound),
                    attempts: stored.attempts,
                    token: stored.token,
                    owner: stored.owner,
                    crashes: stored.crashes,
                    last_error: stored.last_error,
                };
                (stored.seq, row)
            })
            .collect();
        assert_eq!(found, self.rows, "{}", self.at);
        let dead = self.store.dead(&Filter::default(), 0, 10_000).await;
        let dead: Vec<_> = dead
            .expect("dead letters are listed")
            .into_iter()
            .map(|letter| (letter.event_id, letter.handler, letter.key))
            .collect();
        assert_eq!(dead, self.dead, "{}", self.at);
    }
}

fn good(fences: &[Fence], is_good: impl Fn(&Fence) -> bool) -> Vec<Fence> {
    fences
        .iter()
        .filter(|fence| is_good(fence))
        .copied()
        .collect()
}
