/// The handlers of this crate, for the builder of a dispatcher.
pub const MODULE: ::event_core::dispatcher::Module = ::event_core::dispatcher::Module::new(
        ::core::module_path!(),
        ::core::option_env!("CARGO_BIN_NAME"),
        ::core::file!(),
        ::core::line!(),
    )
    .handlers(&[__event_handler_count_sales, Mailer::__event_handler_welcome]);
