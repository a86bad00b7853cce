//! What a store cannot do, and whose fault it is.

use std::error::Error;
use std::fmt;

/// Something that a store could not do.
///
/// Its text says what was being done and what the database said. [`kind`](Self::kind) says what can be done about it.
#[derive(Debug)]
pub struct StoreError {
    action: &'static str,
    kind: StoreErrorKind,
    detail: Option<String>,
    source: Option<sqlx::Error>,
}

/// What can be done about a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Somebody else was in the way: the whole transaction can be tried again.
    Busy,
    /// The database cannot be reached, or the connection was lost. What was being committed is committed or not.
    Unavailable,
    /// There is no room left, or the database can only be read.
    Full,
    /// A value stands against a rule of the database.
    Conflict,
    /// The owner is not registered any more, and must go on as another one.
    Unregistered,
    /// The tables are not there, or not as this version of the crate makes them.
    Schema,
    /// The tables were made by a version of the crate that this one cannot work with.
    SchemaTooNew,
    /// What is stored is not what this crate writes, or the file is damaged.
    Corrupt,
    /// The caller asked for what cannot be done.
    Misuse,
    /// Anything else that the database said.
    Other,
}

impl StoreError {
    /// What can be done about it.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The error of a store that found out by itself; `action` completes "cannot …".
    #[must_use]
    pub fn new(action: &'static str, kind: StoreErrorKind, detail: impl Into<String>) -> Self {
        Self {
            action,
            kind,
            detail: Some(detail.into()),
            source: None,
        }
    }

    /// The same error for one more caller: without its source, which cannot be copied.
    #[cfg(any(feature = "sea-orm", feature = "sqlite"))]
    pub(crate) fn copy(action: &'static str, source: &sqlx::Error) -> Self {
        Self::new(action, kind_of(source), source.to_string())
    }

    /// What the database said to an action that completes "cannot …".
    #[must_use]
    pub fn sql(action: &'static str, source: sqlx::Error) -> Self {
        Self {
            action,
            kind: kind_of(&source),
            detail: None,
            source: Some(source),
        }
    }
}

/// Names what was being done when the database said no.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) trait While<T> {
    fn during(self, action: &'static str) -> Result<T, StoreError>;
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl<T> While<T> for Result<T, sqlx::Error> {
    fn during(self, action: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::sql(action, error))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: ", self.action)?;
        match (&self.detail, &self.source) {
            (Some(detail), _) => f.write_str(detail)?,
            (None, Some(source)) => write!(f, "{source}")?,
            (None, None) => f.write_str("it is not possible")?,
        }
        match self.kind {
            StoreErrorKind::Schema => f.write_str("; call `migrate()` before anything else"),
            _ => Ok(()),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// What the databases' codes mean.
fn kind_of(error: &sqlx::Error) -> StoreErrorKind {
    use StoreErrorKind::{Busy, Conflict, Corrupt, Full, Other, Schema, Unavailable};
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Unavailable,
        sqlx::Error::PoolTimedOut => Busy,
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::Decode(_) => Corrupt,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            #[cfg(feature = "sqlite")]
            if error
                .try_downcast_ref::<sqlx::sqlite::SqliteError>()
                .is_some()
            {
                // The last byte is the error, those before it say more about it.
                return match code.parse::<i32>().unwrap_or_default() & 0xff {
                    5 | 6 => Busy,
                    8 | 13 => Full,
                    10 | 14 => Unavailable,
                    11 | 26 => Corrupt,
                    19 => Conflict,
                    1 if error.message().starts_with("no such") => Schema,
                    _ => Other,
                };
            }
            match &*code {
                "40001" | "40P01" | "55P03" => Busy,
                "25006" => Full,
                "42P01" | "42703" | "3F000" => Schema,
                code if code.starts_with("08") || code.starts_with("57P") => Unavailable,
                code if code.starts_with("53") => match code {
                    "53100" => Full,
                    _ => Unavailable,
                },
                code if code.starts_with("23") => Conflict,
                code if code.starts_with("XX") => Corrupt,
                _ => Other,
            }
        }
        _ => Other,
    }
}
