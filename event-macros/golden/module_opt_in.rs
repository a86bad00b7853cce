/// The handlers of this crate, for the builder of a dispatcher.
pub const MODULE: ::event_core::dispatcher::Module = ::event_core::dispatcher::Module::new(
    ::core::module_path!(),
    ::core::option_env!("CARGO_BIN_NAME"),
    ::core::file!(),
    ::core::line!(),
);
::event_core::__private::inventory::submit! {
    ::event_core::__private::OptInModule(MODULE)
}
