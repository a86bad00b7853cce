//! `module!`: a constant whose name links a crate, and may list its handlers.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ExprPath, Path};

use crate::diagnostics::Diagnostics;
use crate::handler::expand;
use crate::keys::{Form, Key};
use crate::library;

static MODULE: Form = Form {
    attribute: "module!(...)",
    place: "",
    example: "handlers = [count_sales, Mailer::welcome]",
    keys: &[
        Key {
            name: "crate",
            example: "crate = my_facade::event_core",
        },
        Key {
            name: "handlers",
            example: "handlers = [count_sales, Mailer::welcome]",
        },
        Key {
            name: "opt_in",
            example: "opt_in",
        },
    ],
    misplaced: &[],
};

/// Expands `module!` to
///
/// ```text
/// pub const MODULE: ::event_core::dispatcher::Module =
///     ::event_core::dispatcher::Module::new(module_path!(), program, file!(), line!())
///         .handlers(&[__event_handler_count_sales, Mailer::__event_handler_welcome]);
/// ::event_core::__private::inventory::submit! { ::event_core::__private::OptInModule(MODULE) }
/// ```
///
/// The last line is only there with `opt_in`.
pub(crate) fn module(arguments: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let mut entries = Vec::new();
    MODULE.read(arguments, &mut entries, &mut diagnostics);
    let mut root: Option<Path> = None;
    let mut handlers = Vec::new();
    let mut is_opt_in = false;
    for entry in entries {
        match entry.key.to_string().as_str() {
            "crate" => root = entry.module(&mut diagnostics),
            "handlers" => handlers = entry.functions(&mut diagnostics),
            "opt_in" => is_opt_in = true,
            other => unreachable!("`{other}` is in the form and not read"),
        }
    }
    let root = library::path(root.as_ref());
    let constants: Vec<TokenStream> = handlers.into_iter().filter_map(constant).collect();
    let list = (!constants.is_empty())
        .then(|| quote_spanned!(Span::mixed_site()=> .handlers(&[#(#constants),*])));
    let opt_in = is_opt_in.then(|| {
        quote_spanned! {Span::mixed_site()=>
            #root::__private::inventory::submit! { #root::__private::OptInModule(MODULE) }
        }
    });
    let module = quote_spanned! {Span::mixed_site()=>
        /// The handlers of this crate, for the builder of a dispatcher.
        pub const MODULE: #root::dispatcher::Module = #root::dispatcher::Module::new(
            ::core::module_path!(),
            ::core::option_env!("CARGO_BIN_NAME"),
            ::core::file!(),
            ::core::line!(),
        ) #list;
        #opt_in
    };
    let errors = diagnostics.finish();
    quote!(#module #errors)
}

/// Returns `Mailer::__event_handler_welcome` for `Mailer::welcome`.
fn constant(function: TokenStream) -> Option<TokenStream> {
    let mut path: ExprPath = syn::parse2(function).ok()?;
    let last = path.path.segments.last_mut()?;
    last.ident = expand::constant_name(&last.ident);
    Some(path.into_token_stream())
}
