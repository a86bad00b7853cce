//! One server with its clients, and what its rounds took.

use std::time::Duration;

use echo_server::{Errand, Load};
use event_core::error::BoxError;

use crate::process::Process;

pub(crate) struct Candidate {
    /// The name in the figures, such as `bare`.
    pub(crate) name: &'static str,
    clients: u32,
    load: Load,
    process: Process,
    /// Nanoseconds per message in each round, by the clients' clock.
    pub(crate) wall: Vec<f64>,
    /// The same by what the server used of a processor, where the system tells.
    pub(crate) cpu: Vec<f64>,
}

impl Candidate {
    /// Connects the clients.
    pub(crate) fn start(
        name: &'static str,
        process: Process,
        clients: u32,
    ) -> Result<Self, BoxError> {
        Ok(Self {
            name,
            clients,
            load: Load::connect(process.address, clients as usize)?,
            process,
            wall: Vec::new(),
            cpu: Vec::new(),
        })
    }

    pub(crate) fn warm_up(&mut self, errand: Errand) -> Result<(), BoxError> {
        self.timed(errand).map(drop)
    }

    /// Runs one round.
    pub(crate) fn run(&mut self, errand: Errand) -> Result<(), BoxError> {
        let (wall, cpu) = self.timed(errand)?;
        let messages = u32::try_from(errand.each.div_ceil(errand.message as u64))?;
        let messages = f64::from(messages) * f64::from(self.clients);
        let each = |spent: Duration| spent.as_secs_f64() * 1e9 / messages;
        self.wall.push(each(wall));
        self.cpu.extend(cpu.map(each));
        Ok(())
    }

    fn timed(&mut self, errand: Errand) -> Result<(Duration, Option<Duration>), BoxError> {
        let before = self.process.cpu();
        let wall = self.load.run(errand);
        let wall = wall.map_err(|error| format!("{}: {error}", self.name))?;
        let cpu = self.process.cpu().zip(before);
        Ok((
            wall,
            cpu.map(|(after, before)| after.saturating_sub(before)),
        ))
    }
}
