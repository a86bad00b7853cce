//! Who is a member, and who may become one: what a sign-up is about before anything follows from it.

use std::path::Path;

use event_core::error::BoxError;
use event_outbox::OutboxError;
use event_outbox::sqlite::Outbox;
use sqlx::sqlite::SqliteConnection;

use crate::UserSignedUp;

/// All members, in a database that also has the events of their sign-ups until they are handled.
#[derive(Clone, Debug)]
pub struct Members(Outbox);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The number, from 1.
    pub number: i64,
    /// How they want to be called.
    pub name: String,
    /// Where mails go.
    pub email: String,
}

/// Why somebody does not become a member.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nothing that could stand in a mail.
    #[error("`name` is empty, or has line breaks or other control characters")]
    NoName,
    /// Something else than an address.
    #[error("`email` is `{0}`, which is no address: it should look like ada@example.org")]
    NoAddress(String),
    /// The address is a member's.
    #[error("`{0}` is a member already")]
    Taken(String),
    /// The database refused.
    #[error("nobody can sign up now: try again later")]
    Database(#[source] BoxError),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<OutboxError> for Refused {
    fn from(error: OutboxError) -> Self {
        Self::Database(error.into())
    }
}

impl Members {
    /// Opens the members' database in a file, which is made if there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub async fn open(file: &Path) -> Result<Self, BoxError> {
        let outbox = Outbox::open(file).await?;
        let mut tx = outbox.begin().await?;
        let table = "CREATE TABLE IF NOT EXISTS member \
                     (number INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE) STRICT";
        sqlx::query(table).execute(tx.connection()).await?;
        tx.commit().await?;
        Ok(Self(outbox))
    }

    /// Returns the outbox of the database.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.0
    }

    /// Makes somebody a member, and states the fact: both are committed, or neither.
    ///
    /// # Errors
    ///
    /// The name or the address will not do, or the database refused.
    pub async fn join(&self, name: &str, email: &str) -> Result<Member, Refused> {
        let (name, email) = (name.trim().to_owned(), email.trim().to_owned());
        if name.is_empty() || name.contains(char::is_control) {
            return Err(Refused::NoName);
        }
        if !is_address(&email) {
            return Err(Refused::NoAddress(email));
        }
        let mut tx = self.0.begin().await?;
        let Some(number) = insert(tx.connection(), &name, &email).await? else {
            return Err(Refused::Taken(email));
        };
        tx.emit(UserSignedUp {
            member: number,
            name: name.clone(),
            email: email.clone(),
        })?;
        tx.commit().await?;
        Ok(Member {
            number,
            name,
            email,
        })
    }

    /// Returns the addresses of all members.
    ///
    /// # Errors
    ///
    /// The database refused.
    pub async fn addresses(&self) -> Result<Vec<String>, BoxError> {
        let mut tx = self.0.begin().await?;
        let addresses = sqlx::query_scalar("SELECT email FROM member ORDER BY number");
        Ok(addresses.fetch_all(tx.connection()).await?)
    }
}

/// Returns the number of the new member, if nobody has the address.
async fn insert(
    connection: &mut SqliteConnection,
    name: &str,
    email: &str,
) -> Result<Option<i64>, sqlx::Error> {
    let insert = "INSERT INTO member (name, email) VALUES (?, ?) ON CONFLICT (email) DO NOTHING RETURNING number";
    let number = sqlx::query_scalar(insert).bind(name).bind(email);
    number.fetch_optional(connection).await
}

/// Whether a text looks like one address, and not like two; only a mail can tell whether it is one.
fn is_address(text: &str) -> bool {
    let consists = |part: &str, more: &str| {
        let may = |c: char| c.is_alphanumeric() || more.contains(c);
        !part.is_empty() && part.chars().all(may)
    };
    text.split_once('@').is_some_and(|(user, host)| {
        consists(user, "._%+-'") && consists(host, ".-") && host.contains('.')
    })
}
