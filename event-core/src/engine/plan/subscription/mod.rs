pub(crate) mod inline;
pub(crate) mod state;
