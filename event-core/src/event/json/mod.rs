pub(crate) mod checked;
pub(crate) mod extension;
pub(crate) mod form;
pub(crate) mod mask;
pub(crate) mod path;
pub(crate) mod read;
pub(crate) mod redaction;
pub(crate) mod write;
