pub(crate) mod handle;
pub(crate) mod live;
