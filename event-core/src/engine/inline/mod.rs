pub(crate) mod call;
pub(crate) mod event;
pub(crate) mod observed;
