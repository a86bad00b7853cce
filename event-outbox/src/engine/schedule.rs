//! When the store is asked, and what.

use std::time::Duration;

use tokio::time::Instant;

/// How much later than its time a delivery is claimed, so that no clock says that it is too early.
const LATE: Duration = Duration::from_millis(2);

/// What the store is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// For deliveries.
    Claim,
    /// When a delivery can be claimed.
    NextDue,
    /// For what dead processes had.
    Recover,
}

/// When the store is asked, one question at a time.
pub(super) struct Schedule {
    poll: Duration,
    /// Whether the store is being asked.
    asks: bool,
    /// When there is a reason to claim deliveries: news, room, or the end of a wait.
    claim_at: Option<Instant>,
    /// Whether the last question had no answer.
    has_failed: bool,
    look_ahead: LookAhead,
    /// When the store is asked without a reason.
    poll_at: Instant,
    /// How many polls there were.
    polls: u64,
}

/// Whether the store is asked when a delivery can be claimed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LookAhead {
    No,
    Now,
    /// After the next claim, which is for a delivery whose time has come then.
    AfterClaim,
}

impl Schedule {
    /// Claims at once, and asks once a poll when there is no other reason.
    pub(super) fn new(poll: Duration) -> Self {
        Self {
            poll,
            asks: false,
            claim_at: Some(Instant::now()),
            has_failed: false,
            look_ahead: LookAhead::No,
            poll_at: Instant::now(),
            polls: 0,
        }
    }

    /// Claims at a time at the latest.
    pub(super) fn claim_by(&mut self, when: Instant) {
        self.claim_at = Some(self.claim_at.map_or(when, |at| at.min(when)));
    }

    /// Asks at once when a delivery can be claimed.
    pub(super) fn look_ahead(&mut self) {
        self.look_ahead = LookAhead::Now;
    }

    /// Claims a delivery when its time has come, unless that is after the next question of this kind.
    pub(super) fn due_in(&mut self, wait: Duration) {
        if wait < self.poll * 3 {
            self.claim_by(Instant::now() + wait + LATE);
            if self.look_ahead == LookAhead::No {
                self.look_ahead = LookAhead::AfterClaim;
            }
        }
    }

    /// Returns when the next question is due. While the store is being asked, its answer is what the engine waits for.
    pub(super) fn ask_at(&self) -> Option<Instant> {
        let at = self
            .claim_at
            .map_or(self.poll_at, |at| at.min(self.poll_at));
        (!self.asks).then_some(at)
    }

    /// Whether the store has been asked for all that can be claimed now, and has answered.
    pub(super) fn is_at_rest(&self) -> bool {
        let is_claimed = self.claim_at.is_none_or(|at| at > Instant::now());
        is_claimed && !self.asks && !self.has_failed
    }

    /// Returns what the store is asked now.
    ///
    /// A poll is one question, and two of three are after dead processes: nobody tells of those, while new deliveries are
    /// mostly told of. The third is when a delivery can be claimed, which then is claimed at that time.
    pub(super) fn question(&mut self) -> Option<Question> {
        let now = Instant::now();
        if self.asks {
            return None;
        }
        if self.poll_at <= now {
            self.poll_at = now + self.poll;
            self.polls += 1;
            if !self.polls.is_multiple_of(3) {
                return Some(Question::Recover);
            }
            self.look_ahead();
        }
        if self.claim_at.is_some_and(|at| at <= now) {
            self.claim_at = None;
            self.has_failed = false;
            return Some(Question::Claim);
        }
        if self.look_ahead == LookAhead::Now {
            self.look_ahead = LookAhead::No;
            return Some(Question::NextDue);
        }
        None
    }

    pub(super) fn asks(&mut self) {
        self.asks = true;
    }

    pub(super) fn answered(&mut self) {
        self.asks = false;
    }

    /// Notes that there were no more deliveries than these. If there were none, another process was faster, and looks
    /// for the next one itself.
    pub(super) fn claimed_all(&mut self, deliveries: usize) {
        if deliveries > 0 && self.look_ahead == LookAhead::AfterClaim {
            self.look_ahead = LookAhead::Now;
        }
    }

    /// Asks nothing for a while, since the store cannot answer.
    pub(super) fn pause(&mut self, length: Duration) {
        let again = Instant::now() + length.max(self.poll);
        self.has_failed = true;
        self.poll_at = self.poll_at.max(again);
        self.claim_by(again);
    }
}
