//! A `PgBouncer` in front of a server.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command};

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::time::{Duration, Instant, sleep};

use crate::{free_port, user};

const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A running `PgBouncer`. It is killed when it is dropped.
#[derive(Debug)]
pub struct Pooler {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Pooler {
    /// Starts one whose `pool_mode` is `session`, `transaction` or `statement`, and waits until it takes connections to
    /// a database.
    ///
    /// # Panics
    ///
    /// Panics if it does not start, and says what is missing.
    pub async fn start(database: &PgConnectOptions, mode: &str) -> Self {
        assert!(
            Path::new(PROGRAM).exists(),
            "no PgBouncer at {PROGRAM}; for example: apt-get install pgbouncer"
        );
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=outbox\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\n\
             ignore_startup_parameters = extra_float_digits, options\n",
            database.get_port()
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).expect("its settings are written");
        let log = fs::File::create(folder.path().join("log")).expect("a log is made");
        let mut command = Command::new(PROGRAM);
        command.arg(&file).stderr(log);
        // It refuses root.
        if let Some((user, group)) = user() {
            chown(folder.path(), Some(user), Some(group)).expect("it is given away");
            command.gid(group).uid(user);
        }
        let pooler = Self {
            child: command.spawn().expect("it starts"),
            port,
            _folder: folder,
        };
        let end = Instant::now() + Duration::from_secs(30);
        while let Err(error) = pooler.options(database).connect().await {
            let log = fs::read_to_string(file.with_file_name("log")).unwrap_or_default();
            assert!(Instant::now() < end, "{error}\n{log}");
            sleep(Duration::from_millis(10)).await;
        }
        pooler
    }

    /// How to connect to the database through it.
    #[must_use]
    pub fn options(&self, database: &PgConnectOptions) -> PgConnectOptions {
        database.clone().port(self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
