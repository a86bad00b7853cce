pub(crate) mod conditions;
pub(crate) mod inline;
pub(crate) mod state;
