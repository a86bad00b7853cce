pub(crate) mod closing;
pub(crate) mod phase;
pub(crate) mod quiet;
pub(crate) mod tasks;
