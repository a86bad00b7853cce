//! What became of a model.

use event_core::Event;

/// A model was saved, and its transaction is committed.
///
/// `PostSave<User>` and `PostSave<Order>` are two events: what Django's receivers check as their
/// `sender` is a type here.
#[derive(Clone, Debug, Event)]
pub struct PostSave<M> {
    /// What the row held after the save.
    pub model: M,
    /// Whether the row is new.
    pub created: bool,
}

impl<M> PostSave<M> {
    /// Whether the row is new. Handlers filter by it.
    pub fn is_created(&self) -> bool {
        self.created
    }
}
