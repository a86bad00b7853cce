pub(crate) mod closing;
pub(crate) mod phase;
pub(crate) mod tasks;
