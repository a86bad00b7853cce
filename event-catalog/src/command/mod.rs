//! The commands, for the command line of the program whose events they show.

mod annotations;
mod asyncapi;
mod cargo;
mod check;
pub(crate) mod describe;
mod docs;
mod doctor;
mod explain;
pub(crate) mod finding;
mod graph;
mod list;
mod lock;
#[cfg(feature = "outbox")]
pub(crate) mod outbox;
mod schema;
mod show;
mod terminal;

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::{Args, ColorChoice, Parser, Subcommand};
use serde::Serialize;

use crate::catalog::Catalog;

pub use self::asyncapi::{AsyncApiArgs, DocumentFormat, Spec};
pub use self::cargo::CargoArgs;
pub use self::check::{CheckArgs, CheckFormat};
pub use self::docs::DocsArgs;
pub use self::doctor::DoctorArgs;
pub use self::explain::ExplainArgs;
pub use self::graph::{Format, GraphArgs};
pub use self::list::ListArgs;
pub use self::lock::LockArgs;
pub use self::schema::{SchemaArgs, SchemaUsage};
pub use self::show::ShowArgs;
pub(crate) use self::terminal::Style;
pub use self::terminal::Terminal;

/// The command `events`, for a program whose command line is made with clap.
///
/// # Examples
///
/// ```
/// use clap::Parser;
/// use event_catalog::EventsArgs;
///
/// #[derive(Parser)]
/// struct Arguments {
///     #[command(subcommand)]
///     command: Command,
/// }
///
/// #[derive(clap::Subcommand)]
/// enum Command {
///     Serve,
///     Events(EventsArgs),
/// }
///
/// let arguments = Arguments::parse_from(["shop", "events", "list", "shop.*"]);
/// assert!(matches!(arguments.command, Command::Events(_)));
/// // In `main`: Command::Events(events) => events.run(),
/// ```
#[derive(Args, Clone, Debug)]
#[command(
    about = "Lists, explains, draws and checks the events of this program",
    long_about = "Lists, explains, draws and checks the events of this program, as the linker collected them.\n\n\
                  Nothing is started or connected to for that: no dispatcher, no runtime, no database. Only \
                  `outbox`, in a program that has it, connects to the database that it is given."
)]
#[non_exhaustive]
pub struct EventsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: EventsCommand,

    /// Whether to use colours; `auto` asks the terminal and `NO_COLOR`
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto, global = true)]
    pub color: ColorChoice,
}

/// What `events` does.
#[derive(Clone, Debug, Subcommand)]
#[non_exhaustive]
pub enum EventsCommand {
    /// List events, with their handlers in run order
    List(ListArgs),
    /// Show all that is known of one event
    Show(ShowArgs),
    /// Explain what an emit of one event does, step by step
    Explain(ExplainArgs),
    /// Write the JSON Schemas of events
    Schema(SchemaArgs),
    /// Write an AsyncAPI document of the events that leave the program
    #[command(name = "asyncapi")]
    AsyncApi(AsyncApiArgs),
    /// Write what leaves the program to a file that changes are checked against
    Lock(LockArgs),
    /// Check whether changed events are read by old programs, and old events by this one
    Check(CheckArgs),
    /// Write a static site about all events
    Docs(DocsArgs),
    /// Draw which event leads to which, through which handlers
    Graph(GraphArgs),
    /// Find what is probably a mistake
    Doctor(DoctorArgs),
    /// Show, send again and delete what an outbox has stored
    #[cfg(feature = "outbox")]
    #[cfg_attr(docsrs, doc(cfg(feature = "outbox")))]
    Outbox(outbox::OutboxArgs),
}

// The command line of `run`; a doc comment would take the place of what `EventsArgs` says in the help.
#[derive(Parser)]
#[command(name = "events")]
struct Standalone {
    #[command(flatten)]
    events: EventsArgs,
}

/// What a command prints, and how it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What standard output gets.
    pub output: String,
    /// What standard error gets, without an end of line; empty if nothing is to be said there.
    pub error: String,
    /// The exit status: 0; 1 if there is no such event, or something is wrong; 2 if there is no lock to check,
    /// or not the package that was named.
    pub status: u8,
}

/// Runs the command `events` if the arguments ask for it: if the first after the program's name is
/// `events`. For a program without a command line of its own.
///
/// It returns `None` if they do not. Wrong usage and `--help` end the process, as clap does.
///
/// # Examples
///
/// ```
/// use std::process::ExitCode;
///
/// fn main() -> ExitCode {
///     if let Some(status) = event_catalog::run(std::env::args_os()) {
///         return status;
///     }
///     // The program itself.
///     ExitCode::SUCCESS
/// }
/// ```
#[must_use]
pub fn run<I>(arguments: I) -> Option<ExitCode>
where
    I: IntoIterator,
    I::Item: Into<OsString>,
{
    let mut arguments = arguments.into_iter().map(Into::into);
    let program = arguments.next()?;
    if arguments.next()? != "events" {
        return None;
    }
    let program = std::path::Path::new(&program).file_name()?.to_owned();
    let mut name = program;
    name.push(" events");
    let command = std::iter::once(name).chain(arguments);
    Some(Standalone::parse_from(command).events.run())
}

impl EventsArgs {
    /// Does what the arguments say, for everything that is linked, and returns the exit status of the
    /// program: 0, or 1 if there is no such event, something is wrong, or the output cannot be written.
    ///
    /// A reader that goes away early (`events list | head -1`) is no error.
    #[must_use]
    pub fn run(&self) -> ExitCode {
        let terminal = Terminal::of_stdout(self.color);
        let mut catalog = Catalog::linked();
        if self.command.needs_schemas() {
            catalog = catalog.with_schemas();
        }
        let reply = self.command.reply(&catalog, &terminal);
        let mut stdout = io::stdout().lock();
        let written = stdout
            .write_all(reply.output.as_bytes())
            .and_then(|()| stdout.flush());
        let mut status = reply.status;
        let complain = |text: &str| {
            // Unlike `eprintln!`, this does not panic if standard error is closed.
            let _ = writeln!(io::stderr(), "error: {text}");
        };
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                complain(&format!("the output cannot be written: {error}"));
                status = 1;
            }
            _ => {}
        }
        if !reply.error.is_empty() {
            complain(&reply.error);
        }
        ExitCode::from(status)
    }
}

impl EventsCommand {
    /// Whether the command uses the schemas of events, which are
    /// [generated](Catalog::with_schemas) for it then.
    #[must_use]
    pub fn needs_schemas(&self) -> bool {
        matches!(
            self,
            Self::Show(_)
                | Self::Schema(_)
                | Self::AsyncApi(_)
                | Self::Lock(_)
                | Self::Check(_)
                | Self::Docs(_)
                | Self::Doctor(_)
        )
    }

    /// Returns what the command prints about a catalogue; `docs` writes its files, and `outbox` connects to its
    /// database.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_catalog::{Catalog, EventsCommand, ListArgs, Terminal};
    ///
    /// let command = EventsCommand::List(ListArgs::default());
    /// let reply = command.reply(&Catalog::linked(), &Terminal::plain());
    /// assert_eq!(reply.output, "0 events, 0 handlers\n");
    /// ```
    #[must_use]
    pub fn reply(&self, catalog: &Catalog, terminal: &Terminal) -> Reply {
        match self {
            Self::List(arguments) => list::list(catalog, arguments, terminal),
            Self::Show(arguments) => show::show(catalog, arguments, terminal),
            Self::Explain(arguments) => explain::explain(catalog, arguments, terminal),
            Self::Schema(arguments) => schema::schema(catalog, arguments),
            Self::AsyncApi(arguments) => asyncapi::asyncapi(catalog, arguments),
            Self::Lock(arguments) => lock::lock(catalog, arguments, terminal),
            Self::Check(arguments) => check::check(catalog, arguments, terminal),
            Self::Docs(arguments) => docs::docs(catalog, arguments),
            Self::Graph(arguments) => graph::graph(catalog, arguments),
            Self::Doctor(arguments) => doctor::doctor(catalog, arguments, terminal),
            #[cfg(feature = "outbox")]
            Self::Outbox(arguments) => arguments.reply(catalog, terminal),
        }
    }
}

impl Reply {
    fn text(output: String) -> Self {
        Self {
            output,
            error: String::new(),
            status: 0,
        }
    }

    fn json(value: &impl Serialize) -> Self {
        match serde_json::to_string_pretty(value) {
            Ok(json) => Self::text(json + "\n"),
            Err(error) => {
                Self::failure(format!("the catalogue cannot be written as JSON: {error}"))
            }
        }
    }

    fn failure(error: String) -> Self {
        Self {
            output: String::new(),
            error,
            status: 1,
        }
    }
}
