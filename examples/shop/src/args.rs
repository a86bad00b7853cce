//! The command line.

use std::{
    borrow::Cow,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Parser, ValueEnum, builder::RangedU64ValueParser};
use event_core::{error::BoxError, queue::Overflow, wire::journal::JournalWriter};
use jiff::SignedDuration;
use shop_audit::AuditLog;

use crate::journal::codec;

const SAMPLE: &[u8] = include_bytes!("../data/cdnow_sample.txt");

/// Replays the purchases of a CD shop through its modules, and sums up what happened.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The purchases, one a line [default: the sample that comes with the program]
    file: Option<PathBuf>,

    /// Write every event to FILE, one JSON object a line; a file that is there is replaced
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,

    /// Record every event in FILE, for `--replay`; a file that is there is replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Continue the journal in FILE, whose last line may be cut off
    #[arg(long, requires = "record")]
    append: bool,

    /// Replay the events that were recorded in FILE, instead of making purchases
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "record"])]
    pub(crate) replay: Option<PathBuf>,

    /// Keep the books in the database FILE, and go on where the last run ended, however it did
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["audit", "record", "replay", "delay", "capacity", "overflow"]
    )]
    pub(crate) db: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) receipts: ReceiptArgs,

    /// After Ctrl-C, let receipts that wait be sent for up to TIME, and abandon the rest
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    pub(crate) drain_limit: Duration,
}

/// What may be chosen about receipts, to see what a slow mail server does to the shop.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Receipts")]
pub(crate) struct ReceiptArgs {
    /// Let the mail server take TIME for each receipt, such as 5ms
    #[arg(
        long = "receipt-delay",
        value_name = "TIME",
        default_value = "0s",
        value_parser = parse_time
    )]
    pub(crate) delay: Duration,

    /// How many receipts may wait for the mail server
    #[arg(
        long = "queue-capacity",
        value_name = "N",
        default_value_t = shop_receipts::CAPACITY,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000)
    )]
    pub(crate) capacity: usize,

    /// What happens to a receipt when so many wait
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = WhenFull::Wait)]
    pub(crate) overflow: WhenFull,
}

/// What happens to a receipt that finds its queue full.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum WhenFull {
    /// Its sale waits until there is room
    Wait,
    /// It is refused, and counts as a failure
    Reject,
    /// It takes the place of the one that has waited longest, which is dropped
    DropOldest,
    /// It is dropped
    DropNewest,
}

const AFTER_HELP: &str = "\
Columns, parted by blanks:
  customer, customer in the sample, date, CDs, amount     without a header
  customer, date, CDs, amount                             with a header
  A date is YYYYMMDD, an amount is US dollars like 29.33.
  Malformed lines are named, counted and left out.

`shop events --help` says how to list, explain and draw the events of the shop instead.

Ctrl-C stops the replay and sums up what was replayed; a second one ends at once.

A journal has one event a line. Its purchases lead to nothing new when they are replayed, for what
they led to is in it, too. Lines that are no event are named, counted and left out.

A database has the purchases, the books, the receipts, and what has still to be done about them.
Each purchase is booked once and has one receipt, also if the run was killed and started again.
After Ctrl-C what has begun has the time of `--drain-limit`, and the next run does the rest. The
file may be the shop's or a new one, and belongs to the purchases that it was begun with. The
modules that keep what they know in memory take no part, nor do files that tell of one run alone.

Exit status:
    0  the purchases were replayed, with or without malformed lines; or a whole journal
    1  they were, but the audit file, the journal or the summary could not be written whole; or the
       journal that was replayed has lines that are no event; or not all could be written into the
       database, or a delivery failed for the last time
    2  nothing was replayed: wrong usage, a file that is missing, empty or without a valid line, or
       a database that is not the shop's
  130  the replay was stopped by Ctrl-C";

impl Args {
    /// What the purchases, or the journal, are called in messages.
    pub(crate) fn source(&self) -> String {
        self.input().map_or_else(
            || "the CDNOW sample".into(),
            |file| file.display().to_string(),
        )
    }

    /// The file that is read, if it is not the sample.
    fn input(&self) -> Option<&Path> {
        self.replay.as_deref().or(self.file.as_deref())
    }

    /// The purchases, as yet unread.
    pub(crate) fn read(&self) -> Result<Cow<'static, [u8]>, BoxError> {
        let Some(file) = &self.file else {
            return Ok(Cow::Borrowed(SAMPLE));
        };
        match fs::read(file) {
            Ok(bytes) => Ok(Cow::Owned(bytes)),
            Err(error) => Err(format!("cannot read {}: {error}", file.display()).into()),
        }
    }

    /// The file for the audit, if one is wanted.
    pub(crate) fn create_audit(&self) -> Result<Option<AuditLog>, BoxError> {
        let Some(audit) = &self.audit else {
            return Ok(None);
        };
        self.must_not_replace(audit, "audit")?;
        match AuditLog::create(audit) {
            Ok(log) => Ok(Some(log)),
            Err(error) => Err(cannot_create(audit, &error)),
        }
    }

    /// The recorder, if one is wanted. Comes after the audit's file, which may be the same.
    pub(crate) fn start_journal(&self) -> Result<Option<JournalWriter<File>>, BoxError> {
        let Some(record) = &self.record else {
            return Ok(None);
        };
        self.must_not_replace(record, "journal")?;
        let audit = self.audit.as_deref();
        if audit.is_some_and(|audit| is_same(audit, record)) {
            let both = record.display();
            return Err(format!("{both} cannot be the audit and the journal").into());
        }
        // Each event is with the system before its handlers run, so no signal loses one.
        let recorder = JournalWriter::builder(codec()?);
        let mut file = File::options();
        let recorder = if self.append {
            let file = file.read(true).append(true).create(true).open(record);
            file.and_then(|file| recorder.append(file))
        } else {
            let file = file.write(true).create(true).truncate(true).open(record);
            file.and_then(|file| recorder.start(file))
        };
        match recorder {
            Ok(recorder) => Ok(Some(recorder)),
            Err(error) => Err(cannot_create(record, &error)),
        }
    }

    /// Refuses to write what is read.
    fn must_not_replace(&self, output: &Path, what: &str) -> Result<(), BoxError> {
        if !self.input().is_some_and(|input| is_same(input, output)) {
            return Ok(());
        }
        let has = match self.replay {
            Some(_) => "journal",
            None => "purchases",
        };
        let output = output.display();
        Err(format!("{output} has the {has}; the {what} would replace it").into())
    }
}

impl From<WhenFull> for Overflow {
    fn from(chosen: WhenFull) -> Overflow {
        match chosen {
            WhenFull::Wait => Overflow::Wait,
            WhenFull::Reject => Overflow::Reject,
            WhenFull::DropOldest => Overflow::DropOldest,
            WhenFull::DropNewest => Overflow::DropNewest,
        }
    }
}

fn cannot_create(path: &Path, error: &io::Error) -> BoxError {
    format!("cannot create {}: {error}", path.display()).into()
}

/// Whether two paths lead to one file; a path that leads nowhere is no other's.
fn is_same(one: &Path, other: &Path) -> bool {
    let same = || Ok::<_, io::Error>(one.canonicalize()? == other.canonicalize()?);
    same().unwrap_or(false)
}

fn parse_time(text: &str) -> Result<Duration, &'static str> {
    let time: Option<SignedDuration> = text.parse().ok();
    time.and_then(|time| time.try_into().ok())
        .ok_or("a time is written like 5ms, 10s or 2m")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory;

    use super::{Args, parse_time};

    #[test]
    fn the_command_line_is_declared_without_contradictions() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_time_has_a_unit_and_is_not_negative() {
        for (text, time) in [
            ("5ms", Duration::from_millis(5)),
            ("0s", Duration::ZERO),
            ("1m 30s", Duration::from_secs(90)),
        ] {
            assert_eq!(parse_time(text), Ok(time), "{text}");
        }
        for text in ["", "5", "ms", "-5ms", "5 bananas"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
