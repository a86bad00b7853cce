//! Who is a member, and who may become one: what a sign-up is about before anything follows from it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// All members, by their address.
#[derive(Debug, Default)]
pub struct Members(Mutex<BTreeMap<String, Member>>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The number, from 1.
    pub number: u64,
    /// How they want to be called.
    pub name: String,
    /// Where mails go.
    pub email: String,
}

/// Why somebody does not become a member.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
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
}

impl Members {
    /// Makes somebody a member.
    ///
    /// # Errors
    ///
    /// The name or the address will not do.
    pub fn join(&self, name: &str, email: &str) -> Result<Member, Refused> {
        let (name, email) = (name.trim(), email.trim());
        if name.is_empty() || name.contains(char::is_control) {
            return Err(Refused::NoName);
        }
        if !is_address(email) {
            return Err(Refused::NoAddress(email.to_owned()));
        }
        let mut members = self.members();
        if members.contains_key(email) {
            return Err(Refused::Taken(email.to_owned()));
        }
        let member = Member {
            number: members.len() as u64 + 1,
            name: name.to_owned(),
            email: email.to_owned(),
        };
        members.insert(email.to_owned(), member.clone());
        Ok(member)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.members().len()
    }

    fn members(&self) -> MutexGuard<'_, BTreeMap<String, Member>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
