//! A database of sqlx that has transactions and nothing else: no statement can be written for it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::error::BoxDynError;
use sqlx::{ColumnIndex, SqlStr, Transaction};
use sqlx_core::transaction::TransactionManager;

use super::process::Process;
use super::rows::{Effect, Writer};

#[derive(Debug)]
pub(super) struct Memory;

/// What a database has that can be asked for nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Nothing {}

#[derive(Default)]
pub(super) struct NoArguments;

#[derive(Default)]
pub(super) struct NoResult;

pub(super) struct Connection {
    pub(super) process: Arc<Process>,
    /// The transaction that is open.
    pub(super) writer: Option<Writer>,
    /// What the open transaction does beside its deliveries.
    pub(super) effects: Vec<Effect>,
}

#[derive(Clone)]
pub(super) struct Options(pub(super) Arc<Process>);

impl sqlx::Database for Memory {
    type Connection = Connection;
    type TransactionManager = Manager;
    type Row = Nothing;
    type QueryResult = NoResult;
    type Column = Nothing;
    type TypeInfo = Nothing;
    type Value = Nothing;
    type ValueRef<'r> = Nothing;
    type Arguments = NoArguments;
    type ArgumentBuffer = ();
    type Statement = Nothing;
    const NAME: &'static str = "memory";
    const URL_SCHEMES: &'static [&'static str] = &[];
}

pub(super) struct Manager;

impl TransactionManager for Manager {
    type Database = Memory;

    async fn begin(connection: &mut Connection, _: Option<SqlStr>) -> sqlx::Result<()> {
        connection.process.turn().await;
        connection.writer = Some(connection.process.new_writer());
        Ok(())
    }

    async fn commit(connection: &mut Connection) -> sqlx::Result<()> {
        let process = Arc::clone(&connection.process);
        process.turn().await;
        if process.world.fails() {
            return Err(lost());
        }
        if let Some(writer) = connection.writer.take() {
            let effects = std::mem::take(&mut connection.effects);
            process.world.rows().commit(writer, effects);
            process.world.tell();
        }
        process.turn().await;
        if process.world.loses_reply() {
            return Err(lost());
        }
        Ok(())
    }

    async fn rollback(connection: &mut Connection) -> sqlx::Result<()> {
        connection.process.turn().await;
        Self::start_rollback(connection);
        Ok(())
    }

    fn start_rollback(connection: &mut Connection) {
        connection.effects.clear();
        if let Some(writer) = connection.writer.take() {
            connection.process.world.rows().roll_back(writer);
            connection.process.world.tell();
        }
    }

    fn get_transaction_depth(connection: &Connection) -> usize {
        usize::from(connection.writer.is_some())
    }
}

fn lost() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())
}

impl sqlx::Connection for Connection {
    type Database = Memory;
    type Options = Options;

    async fn close(self) -> sqlx::Result<()> {
        Ok(())
    }

    async fn close_hard(self) -> sqlx::Result<()> {
        Ok(())
    }

    async fn ping(&mut self) -> sqlx::Result<()> {
        Ok(())
    }

    async fn begin(&mut self) -> sqlx::Result<Transaction<'_, Memory>> {
        Transaction::begin(self, None).await
    }

    fn shrink_buffers(&mut self) {}

    async fn flush(&mut self) -> sqlx::Result<()> {
        Ok(())
    }

    fn should_flush(&self) -> bool {
        false
    }
}

impl sqlx::ConnectOptions for Options {
    type Connection = Connection;

    fn from_url(_: &sqlx_core::Url) -> sqlx::Result<Self> {
        Err(sqlx::Error::Configuration("there is no URL".into()))
    }

    async fn connect(&self) -> sqlx::Result<Connection> {
        Ok(Connection {
            process: Arc::clone(&self.0),
            writer: None,
            effects: Vec::new(),
        })
    }

    fn log_statements(self, _: log::LevelFilter) -> Self {
        self
    }

    fn log_slow_statements(self, _: log::LevelFilter, _: Duration) -> Self {
        self
    }
}

impl FromStr for Options {
    type Err = sqlx::Error;

    fn from_str(_: &str) -> sqlx::Result<Self> {
        Err(sqlx::Error::Configuration("there is no URL".into()))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}

impl Extend<NoResult> for NoResult {
    fn extend<T: IntoIterator<Item = NoResult>>(&mut self, _: T) {}
}

impl sqlx::Arguments for NoArguments {
    type Database = Memory;

    fn reserve(&mut self, _: usize, _: usize) {}

    fn add<'t, T>(&mut self, _: T) -> Result<(), BoxDynError>
    where
        T: sqlx::Encode<'t, Memory> + sqlx::Type<Memory>,
    {
        Err("there are no arguments".into())
    }

    fn len(&self) -> usize {
        0
    }
}

impl sqlx::IntoArguments<Memory> for NoArguments {
    fn into_arguments(self) -> Self {
        self
    }
}

impl sqlx::Row for Nothing {
    type Database = Memory;

    fn columns(&self) -> &[Nothing] {
        match *self {}
    }

    fn try_get_raw<I: ColumnIndex<Self>>(&self, _: I) -> sqlx::Result<Nothing> {
        match *self {}
    }
}

impl sqlx::Column for Nothing {
    type Database = Memory;

    fn ordinal(&self) -> usize {
        match *self {}
    }

    fn name(&self) -> &str {
        match *self {}
    }

    fn type_info(&self) -> &Nothing {
        match *self {}
    }
}

impl sqlx::TypeInfo for Nothing {
    fn is_null(&self) -> bool {
        match *self {}
    }

    fn name(&self) -> &str {
        match *self {}
    }
}

impl fmt::Display for Nothing {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl sqlx::Value for Nothing {
    type Database = Memory;

    fn as_ref(&self) -> Nothing {
        match *self {}
    }

    fn type_info(&self) -> Cow<'_, Nothing> {
        match *self {}
    }

    fn is_null(&self) -> bool {
        match *self {}
    }
}

impl sqlx::ValueRef<'_> for Nothing {
    type Database = Memory;

    fn to_owned(&self) -> Nothing {
        match *self {}
    }

    fn type_info(&self) -> Cow<'_, Nothing> {
        match *self {}
    }

    fn is_null(&self) -> bool {
        match *self {}
    }
}

impl sqlx::Statement for Nothing {
    type Database = Memory;

    fn into_sql(self) -> SqlStr {
        match self {}
    }

    fn sql(&self) -> &SqlStr {
        match *self {}
    }

    fn parameters(&self) -> Option<sqlx::Either<&[Nothing], usize>> {
        match *self {}
    }

    fn columns(&self) -> &[Nothing] {
        match *self {}
    }

    sqlx_core::impl_statement_query!(NoArguments);
}
