//! Golden expansions: the formatted expansion of each macro is compared with an expected one.
//!
//! `UPDATE_EXPECT=1 cargo test -p event-macros` writes the files of `golden/` anew; read the difference
//! before it is committed.

use expect_test::{ExpectFile, expect_file};
use proc_macro2::TokenStream;
use quote::quote;

/// The head of the files with handlers, which explains why a constant names itself.
const OF_HANDLERS: &str = "// A handler's constant submits itself in its own initializer: so it is one item, and can be in an \
                           `impl`.\n\n";

fn formatted(expansion: &TokenStream) -> String {
    match syn::parse2(expansion.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => panic!("{error} in the expansion {expansion}"),
    }
}

fn check(expansion: &TokenStream, golden: &ExpectFile) {
    golden.assert_eq(&formatted(expansion));
}

fn check_handlers(expansion: &TokenStream, golden: &ExpectFile) {
    golden.assert_eq(&format!("{OF_HANDLERS}{}", formatted(expansion)));
}

fn handler(arguments: TokenStream, item: TokenStream, golden: &ExpectFile) {
    check_handlers(&crate::handler::handler(arguments, item), golden);
}

#[test]
fn a_plain_handler() {
    handler(
        quote!(),
        quote! {
            fn ring(event: &ButtonPressed) {
                println!("ding dong at door {}", event.door);
            }
        },
        &expect_file!["../golden/plain_handler.rs"],
    );
}

#[test]
fn a_handler_with_parameters_filter_and_order() {
    handler(
        quote!(
            after = reserve_stock,
            before = [Mailer::welcome, audit],
            filter = is_large,
            priority = -3
        ),
        quote! {
            /// Counts a sale.
            pub fn count_sales<'a>(
                event: &'a OrderPlaced,
                sales: &Table<'a, Sale>,
                clock: Option<&dyn Clock>,
                emit: Emitter<(LargeOrder,)>,
            ) -> Result<Option<StockReserved>, OutOfStock> {
                sales.add(event)
            }
        },
        &expect_file!["../golden/handler_with_everything.rs"],
    );
}

#[test]
fn a_catch_all_handler() {
    handler(
        quote!(events = "shop.*"),
        quote! {
            #[cfg(feature = "audit")]
            fn r#async(event: &dyn AnyEvent, log: &Log) -> Result<(), LogFull> {
                log.write(event)
            }
        },
        &expect_file!["../golden/catch_all_handler.rs"],
    );
}

#[test]
fn an_async_handler() {
    handler(
        quote!(concurrency = 16, filter = is_large, timeout = "1m 30s"),
        quote! {
            async fn notify_warehouse<'a>(
                event: &'a OrderPlaced,
                warehouse: &WarehouseClient,
                clock: Option<&dyn Clock>,
                tenant: Option<Context<Tenant>>,
            ) -> Result<(), HttpError> {
                warehouse.post(event).await
            }
        },
        &expect_file!["../golden/async_handler.rs"],
    );
}

#[test]
fn an_async_method_and_an_async_function_of_an_impl() {
    let expansion = crate::handler::handlers(
        quote!(),
        quote! {
            impl Mailer {
                #[handler(queue = MAIL, timeout = "5s")]
                async fn welcome(&self, event: &UserSignedUp, templates: &Templates) {
                    self.send(templates.welcome(event)).await;
                }

                #[handler]
                async fn log(event: &dyn AnyEvent) {}
            }
        },
    );
    check_handlers(&expansion, &expect_file!["../golden/async_method.rs"]);
}

#[test]
fn a_queued_handler() {
    handler(
        quote!(filter = is_large, priority = 1, queue = queues::MAIL),
        quote! {
            fn send_receipt(event: &OrderPlaced, mailer: &Mailer) -> ReceiptSent {
                mailer.send(event)
            }
        },
        &expect_file!["../golden/queued_handler.rs"],
    );
}

#[test]
fn handlers_with_retry() {
    let all = quote!(retry(
        attempts = 5,
        backoff = "1s..1m 30s",
        when = HttpError::is_temporary,
        ordered
    ));
    let expansions = [
        crate::handler::handler(
            quote!(queue = MAIL, #all),
            quote! {
                async fn notify(event: &OrderPlaced, client: &Client) -> Result<Notified, HttpError> {
                    client.post(event).await
                }
            },
        ),
        crate::handler::handler(
            quote!(queue = MAIL, retry),
            quote! {
                fn send_receipt(event: &OrderPlaced) {}
            },
        ),
        crate::handler::handlers(
            quote!(),
            quote! {
                impl Mailer {
                    #[handler(queue = MAIL, retry(when = Self::is_temporary))]
                    fn welcome(&self, event: &UserSignedUp) -> Result<(), MailError> {
                        self.send(event)
                    }
                }
            },
        ),
        crate::handler::handler(
            quote!(retry(attempts = 2, when = is_temporary)),
            quote! {
                async fn audit(event: &dyn AnyEvent, log: &Log) -> Result<(), LogFull> {
                    log.write(event).await
                }
            },
        ),
    ];
    let expansions = expansions.into_iter().collect();
    check_handlers(
        &expansions,
        &expect_file!["../golden/handlers_with_retry.rs"],
    );
}

#[test]
fn a_handler_that_is_lent_something() {
    handler(
        quote!(queue = UI),
        quote! {
            fn show(event: &OrderPlaced, app: &mut App<'_>, emit: Emitter<(Shown,)>) {
                app.list.push(event.order_id);
            }
        },
        &expect_file!["../golden/lent_handler.rs"],
    );
}

#[test]
fn the_handlers_of_an_impl() {
    let expansion = crate::handler::handlers(
        quote!(crate = my_facade::event_core),
        quote! {
            impl Mailer {
                const LIMIT: usize = { 3 };

                #[handler(priority = 1)]
                fn welcome(&self, event: &UserSignedUp) {
                    self.send(&event.name);
                }

                #[handler]
                pub(crate) fn log(event: &UserSignedUp) {}

                fn send(&self, name: &str) {}
            }
        },
    );
    check_handlers(
        &expansion,
        &expect_file!["../golden/handlers_of_an_impl.rs"],
    );
}

#[test]
fn a_simple_event() {
    let expansion = crate::event::derive(quote! {
        pub struct ButtonPressed {
            pub door: u8,
        }
    });
    check(&expansion, &expect_file!["../golden/simple_event.rs"]);
}

#[test]
fn a_keyed_event() {
    let expansion = crate::event::derive(quote! {
        #[event(key = 1)]
        struct Moved(Place, u64);
    });
    check(&expansion, &expect_file!["../golden/keyed_event.rs"]);
}

#[test]
fn a_wire_event_with_every_key() {
    let expansion = crate::event::derive(quote! {
        #[event(name = "shop.order_placed", version = 2, no_previous, wire)]
        #[event(key = order_id, handlers = 1..=3, stoppable)]
        #[serde(rename_all = "camelCase")]
        /// A customer placed an order.
        pub struct OrderPlaced {
            /// The number on the invoice.
            pub order_id: u64,
            #[event(redact)]
            pub card_number: String,
            #[event(redact)]
            #[serde(rename = "a/b")]
            pub address: Address,
            pub lines: Vec<Line>,
        }
    });
    check(&expansion, &expect_file!["../golden/wire_event.rs"]);
}

#[test]
fn an_event_with_an_older_version() {
    let expansion = crate::event::derive(quote! {
        #[event(name = "shop.order_placed", alias = ["shop.order_made", "shop.ordered"])]
        #[event(version = 3, previous = v2::OrderPlaced, wire)]
        pub struct OrderPlaced;
    });
    check(
        &expansion,
        &expect_file!["../golden/event_with_previous.rs"],
    );
}

#[test]
fn a_superseded_event() {
    let expansion = crate::event::derive(quote! {
        #[event(name = "shop.order_placed", wire, superseded)]
        pub struct OrderPlacedV1;
    });
    check(&expansion, &expect_file!["../golden/superseded_event.rs"]);
}

#[test]
fn an_enum_event() {
    let expansion = crate::event::derive(quote! {
        #[serde(rename_all = "snake_case")]
        enum PaymentTaken {
            /// With a card of any bank.
            ByCard { #[event(redact)] number: String },
            InCash(u64, #[event(redact)] String),
            OnTheHouse,
        }
    });
    check(&expansion, &expect_file!["../golden/enum_event.rs"]);
}

#[test]
fn a_generic_event() {
    let expansion = crate::event::derive(quote! {
        pub struct PostSave<T: Entity = User>(pub T, pub bool)
        where
            T::Id: Copy;
    });
    check(&expansion, &expect_file!["../golden/generic_event.rs"]);
}

#[test]
fn an_event_with_an_error_is_still_an_event() {
    let expansion = crate::event::derive(quote! {
        #[event(nmae = "shop.order_placed")]
        struct OrderPlaced<'a> {
            customer: &'a str,
        }
    });
    check(&expansion, &expect_file!["../golden/fallback_event.rs"]);
}

#[test]
fn a_handler_with_an_error_is_still_a_function() {
    let function = quote! {
        fn ring(event: ButtonPressed) {}
    };
    check(
        &crate::handler::handler(quote!(), function),
        &expect_file!["../golden/fallback_handler.rs"],
    );
}

#[test]
fn a_module_that_lists_its_handlers() {
    let expansion = crate::module::module(quote!(handlers = [count_sales, Mailer::welcome]));
    check(&expansion, &expect_file!["../golden/module_list.rs"]);
}

#[test]
fn a_module_whose_handlers_must_be_named() {
    let expansion = crate::module::module(quote!(opt_in));
    check(&expansion, &expect_file!["../golden/module_opt_in.rs"]);
}
