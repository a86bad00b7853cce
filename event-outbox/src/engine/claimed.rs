//! Reads what was claimed, and ends what cannot be made.

use std::sync::atomic::Ordering;

use event_core::__private::{HandlerOf, SessionDelivery, TransactionalEvent};
use event_core::wire::DecodeError;
use tokio::time::Instant;

use super::Worker;
use super::complete::Undone;
use super::deliver::Kept;
use crate::shared::HandedOver;
use crate::store::{Burial, Claimed, Retry, SUSPECT, Store};

impl<S: Store> Worker<S> {
    /// Makes deliveries of what was claimed, which the store was asked for at a moment, and of which there may be more.
    pub(super) fn claimed(&mut self, claimed: Vec<Claimed>, asked_at: Instant, is_full: bool) {
        let has_suspect = claimed.iter().any(|claimed| claimed.crashes >= SUSPECT);
        self.claims_one = has_suspect;
        self.ready.was_full = is_full || has_suspect;
        if !is_full {
            self.schedule.claimed_all(claimed.len());
        } else if !has_suspect && self.ready.is_low_with(claimed.len()) {
            // The store claims the next ones while these are read.
            self.ready.was_full = false;
            self.claim_behind(claimed.len());
        }
        for claimed in claimed {
            let (fence, attempt, crashes) = (claimed.fence, attempt(&claimed), claimed.crashes);
            self.keep(fence, asked_at);
            if crashes >= self.shared.settings.crash_limit {
                let cause = format!("the process died {crashes} times while it had the delivery");
                self.bury(&claimed, "crashed", cause);
                continue;
            }
            if self.ready.is_one_suspect_too_many(crashes) {
                self.end(Undone::Release(fence), None);
                continue;
            }
            match self.read(&claimed) {
                Ok((event, handler)) => {
                    self.shared.backlog.fetch_add(1, Ordering::Relaxed);
                    let tracked = self.shared.waiting.take(claimed.event_id, &claimed.handler);
                    self.ready.push(HandedOver {
                        delivery: event.delivery_in(handler, tracked),
                        fence,
                        asked_at,
                        attempt,
                        crashes,
                    });
                }
                Err(unread) => self.unread(&claimed, unread),
            }
        }
    }

    fn read(&self, claimed: &Claimed) -> Result<(TransactionalEvent, HandlerOf), Unread> {
        let envelope = self.shared.codec.decode(&claimed.body)?;
        let event = TransactionalEvent::of_envelope(&envelope);
        let Some(handler) = self.handlers.get(&*claimed.handler) else {
            return Err(Unread::Handler);
        };
        if !handler.handles(&event) {
            return Err(Unread::OtherEvent(event.event().name()));
        }
        Ok((event, handler.clone()))
    }

    /// Ends a delivery whose event cannot be read: for good, unless another version of the program may read it.
    fn unread(&self, claimed: &Claimed, unread: Unread) {
        let fence = claimed.fence;
        let (may_be_newer, reason, cause) = match unread {
            Unread::Event(error) => {
                let unknown = matches!(
                    error,
                    DecodeError::UnknownEvent { .. } | DecodeError::UnknownVersion { .. }
                );
                (unknown, "unreadable", error.to_string())
            }
            Unread::Handler => (true, "unreadable", "no handler has the id".to_owned()),
            Unread::OtherEvent(found) => (
                false,
                "unreadable",
                format!("the handler does not handle `{found}`"),
            ),
        };
        let policy = self.handlers.get(&*claimed.handler);
        let policy = policy.and_then(|handler| handler.info().retry());
        let attempt = attempt(claimed);
        match policy.filter(|policy| may_be_newer && attempt < policy.attempts()) {
            Some(policy) => {
                let retry = Retry {
                    fence,
                    wait: policy.backoff(attempt),
                    error: cause,
                };
                self.end(Undone::Retry(retry), None);
            }
            None => self.bury(claimed, reason, cause),
        }
    }

    fn bury(&self, claimed: &Claimed, reason: &'static str, cause: String) {
        let burial = Burial {
            fence: claimed.fence,
            reason: reason.into(),
            cause,
        };
        let tracked = self.shared.waiting.take(claimed.event_id, &claimed.handler);
        self.end(Undone::Bury(burial), tracked);
    }

    /// Tells the store how a delivery ended that was not begun, and then a session that waits for it.
    fn end(&self, undone: Undone, tracked: Option<SessionDelivery>) {
        let endings = self.endings.clone();
        let kept = Kept::new(undone.fence(), &self.ended);
        tokio::spawn(async move {
            kept.end(endings.undone(undone).await);
            drop(tracked);
        });
    }
}

/// Returns which attempt the claimed one is: those that ended with their process are not counted, since the handler may
/// not even have begun. `crash_limit` is for them.
fn attempt(claimed: &Claimed) -> u32 {
    claimed.attempts.saturating_sub(claimed.crashes).max(1)
}

/// Why a stored delivery cannot be made.
enum Unread {
    Event(DecodeError),
    Handler,
    OtherEvent(&'static str),
}

impl From<DecodeError> for Unread {
    fn from(error: DecodeError) -> Self {
        Self::Event(error)
    }
}
