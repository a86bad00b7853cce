//! Finds the handlers of an event in a dispatcher.

use std::ops::Deref;
use std::sync::Arc;

use crate::engine::plan::handlers::TableEntry;

/// The table entry of an event.
pub(crate) enum TableLookup<'a> {
    Known(&'a TableEntry),
    Late(Arc<TableEntry>),
}

impl TableLookup<'_> {
    /// Returns the entry, if it is not in the table.
    pub(crate) fn late(&self) -> Option<Arc<TableEntry>> {
        match self {
            Self::Known(_) => None,
            Self::Late(entry) => Some(Arc::clone(entry)),
        }
    }
}

impl Deref for TableLookup<'_> {
    type Target = TableEntry;

    fn deref(&self) -> &TableEntry {
        match self {
            Self::Known(entry) => entry,
            Self::Late(entry) => entry,
        }
    }
}
