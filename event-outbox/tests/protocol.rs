//! A model of the protocol of leases and tokens, of which every state is visited.
//!
//! Two processes work on two deliveries: one whose handler has effects elsewhere, and one whose handler writes in the
//! transaction that completes it. A lease may lapse at any moment, which stands for a process that is late, paused or
//! taken for dead: a paused process is one that takes no step for a while, and every order of the steps is tried.
//!
//! The model is of the design. That the engine and the stores keep to it is what the simulation and the rules of the
//! stores test.

use stateright::{Checker, Model, Property};

/// How often a delivery is claimed at most, so that there is an end.
const CLAIMS: u8 = 2;

/// How often processes crash at most.
const CRASHES: u8 = 1;

/// The delivery whose handler writes in the transaction that completes it.
const TX: usize = 1;

#[derive(Clone, Copy, PartialEq)]
enum Protocol {
    /// As it is.
    Sound,
    /// A statement finds its row by the number alone.
    WithoutToken,
    /// A transaction is committed though it has not found its delivery.
    WithoutRollback,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    rows: [Row; 2],
    processes: [Vec<Work>; 2],
    crashes: u8,
    /// Whether a statement with an old token has changed a row.
    has_stale_change: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Row {
    is_there: bool,
    token: u8,
    is_leased: bool,
    /// Whether its handler has succeeded at least once.
    is_handled: bool,
    /// How often its handler's transaction was committed.
    effects: u8,
}

/// What a process does for a row. It can have more of one row, if its lease had lapsed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Work {
    row: usize,
    token: u8,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Step {
    Claimed,
    Running,
    Succeeded,
    Failed,
}

/// A process, by its number, or the time takes a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Claim(usize, usize),
    Begin(usize, Work),
    Succeed(usize, Work),
    Fail(usize, Work),
    Complete(usize, Work),
    /// The delivery is completed, and the process does not hear of it.
    CompleteWithoutReply(usize, Work),
    Retry(usize, Work),
    Extend(Work),
    Lapse(usize),
    Crash(usize),
}

impl State {
    fn take(&mut self, process: usize, work: Work) {
        self.processes[process].retain(|it| *it != work);
    }

    fn put(&mut self, process: usize, work: Work, step: Step) {
        self.take(process, work);
        let works = &mut self.processes[process];
        works.push(Work { step, ..work });
        works.sort_unstable();
    }

    fn is_finished(&self) -> bool {
        self.rows.iter().all(|row| !row.is_there)
    }

    /// The row that a fenced statement changes.
    fn fenced(&mut self, protocol: Protocol, work: Work) -> Option<&mut Row> {
        let row = &mut self.rows[work.row];
        let is_good = row.token == work.token;
        if !row.is_there || !(is_good || protocol == Protocol::WithoutToken) {
            return None;
        }
        self.has_stale_change |= !is_good;
        Some(row)
    }

    fn complete(&mut self, protocol: Protocol, work: Work) {
        let is_found = match self.fenced(protocol, work) {
            Some(row) => {
                row.is_there = false;
                true
            }
            None => false,
        };
        let row = &mut self.rows[work.row];
        if work.row == TX && (is_found || protocol == Protocol::WithoutRollback) {
            row.is_handled = true;
            row.effects += 1;
        }
    }

    /// Whether the deliveries are completed if from now on no process crashes and none is late.
    fn can_finish(&self, protocol: Protocol) -> bool {
        let mut state = self.clone();
        for row in 0..2 {
            state.rows[row].is_leased = false;
            if !state.rows[row].is_there {
                continue;
            }
            let Some(next) = protocol.next_state(&state, Action::Claim(0, row)) else {
                return false;
            };
            let token = next.rows[row].token;
            state = next;
            for (step, action) in [
                (Step::Claimed, Action::Begin as fn(usize, Work) -> Action),
                (Step::Running, Action::Succeed),
                (Step::Succeeded, Action::Complete),
            ] {
                let work = Work { row, token, step };
                let Some(next) = protocol.next_state(&state, action(0, work)) else {
                    return false;
                };
                state = next;
            }
        }
        state.is_finished()
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let row = Row {
            is_there: true,
            token: 0,
            is_leased: false,
            is_handled: false,
            effects: 0,
        };
        vec![State {
            rows: [row; 2],
            processes: [Vec::new(), Vec::new()],
            crashes: 0,
            has_stale_change: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (number, row) in state.rows.iter().enumerate() {
            if row.is_there && row.is_leased {
                actions.push(Action::Lapse(number));
            }
            if row.is_there && !row.is_leased && row.token < CLAIMS {
                actions.extend([0, 1].map(|process| Action::Claim(process, number)));
            }
        }
        for (process, works) in state.processes.iter().enumerate() {
            if state.crashes < CRASHES && !works.is_empty() {
                actions.push(Action::Crash(process));
            }
            for work in works {
                actions.push(Action::Extend(*work));
                match work.step {
                    Step::Claimed => actions.push(Action::Begin(process, *work)),
                    Step::Running => {
                        actions.push(Action::Succeed(process, *work));
                        actions.push(Action::Fail(process, *work));
                    }
                    Step::Succeeded => {
                        actions.push(Action::Complete(process, *work));
                        actions.push(Action::CompleteWithoutReply(process, *work));
                    }
                    Step::Failed => actions.push(Action::Retry(process, *work)),
                }
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Claim(process, number) => {
                let row = &mut state.rows[number];
                row.token += 1;
                row.is_leased = true;
                let work = Work {
                    row: number,
                    token: row.token,
                    step: Step::Claimed,
                };
                state.put(process, work, Step::Claimed);
            }
            Action::Begin(process, work) => state.put(process, work, Step::Running),
            Action::Succeed(process, work) => {
                // What a transaction has written counts when it is committed.
                state.rows[work.row].is_handled |= work.row != TX;
                state.put(process, work, Step::Succeeded);
            }
            Action::Fail(process, work) => state.put(process, work, Step::Failed),
            Action::Complete(process, work) => {
                state.complete(*self, work);
                state.take(process, work);
            }
            Action::CompleteWithoutReply(process, work) => {
                state.complete(*self, work);
                // A transaction of which it is not known whether it was committed is not committed again.
                let step = if work.row == TX {
                    Step::Failed
                } else {
                    work.step
                };
                state.put(process, work, step);
            }
            Action::Retry(process, work) => {
                if let Some(row) = state.fenced(*self, work) {
                    row.is_leased = false;
                }
                state.take(process, work);
            }
            Action::Extend(work) => {
                if let Some(row) = state.fenced(*self, work) {
                    row.is_leased = true;
                }
            }
            Action::Lapse(number) => state.rows[number].is_leased = false,
            Action::Crash(process) => {
                state.processes[process].clear();
                state.crashes += 1;
            }
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(AT_MOST_ONCE, |_, state: &State| state.rows[TX].effects <= 1),
            Property::always(OLD_TOKEN, |_, state: &State| !state.has_stale_change),
            Property::always(HANDLED, |_, state: &State| {
                let mut rows = state.rows.iter();
                rows.all(|row| row.is_there || row.is_handled)
            }),
            Property::always(NO_DEAD_END, |protocol: &Self, state: &State| {
                state.can_finish(*protocol)
            }),
            Property::sometimes(
                "a delivery is handled by both processes",
                |_, state: &State| {
                    let succeeded = |works: &Vec<Work>| {
                        let mut works = works.iter();
                        works.any(|work| work.row != TX && work.step == Step::Succeeded)
                    };
                    state.processes.iter().all(succeeded)
                },
            ),
        ]
    }
}

const AT_MOST_ONCE: &str = "what a handler writes in its transaction is committed at most once";
const OLD_TOKEN: &str = "a statement with an old token changes nothing";
const HANDLED: &str = "nothing is completed that was not handled";
const NO_DEAD_END: &str = "each delivery can still be completed";

#[test]
fn the_protocol_keeps_its_rules_in_every_state() {
    let checker = Protocol::Sound.checker().spawn_bfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    assert!(states > 50_000, "the model is larger than {states} states");
}

#[test]
fn without_the_token_an_old_owner_changes_the_row_of_a_new_one() {
    let checker = Protocol::WithoutToken.checker().spawn_bfs().join();
    checker.assert_any_discovery(OLD_TOKEN);
}

#[test]
fn without_the_rollback_an_effect_is_committed_twice() {
    let checker = Protocol::WithoutRollback.checker().spawn_bfs().join();
    checker.assert_any_discovery(AT_MOST_ONCE);
}
