//! The wiring: the one place that names all modules of the shop.

use std::sync::Arc;

use event_core::{Dispatcher, error::BuildError};
use shop_audit::AuditLog;
use shop_loyalty::{Customers, TierBoard};
use shop_receipts::ReceiptDesk;
use shop_sales::SalesLedger;
use shop_stock::Shelf;

/// The shop's dispatcher, and the state of its modules.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) sales: Arc<SalesLedger>,
    pub(crate) customers: Arc<Customers>,
    pub(crate) tiers: Arc<TierBoard>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) desk: Arc<ReceiptDesk>,
    pub(crate) audit: Option<Arc<AuditLog>>,
}

impl Shop {
    /// Opens the shop; without a log, the audit module stays out of it.
    pub(crate) fn open(audit: Option<AuditLog>) -> Result<Shop, BuildError> {
        let sales = Arc::new(SalesLedger::default());
        let customers = Arc::new(Customers::default());
        let tiers = Arc::new(TierBoard::default());
        let shelf = Arc::new(Shelf::default());
        let desk = Arc::new(ReceiptDesk::default());
        let audit = audit.map(Arc::new);

        let builder = Dispatcher::builder()
            .module(shop_sales::MODULE)
            .module(shop_loyalty::MODULE)
            .module(shop_stock::MODULE)
            .module(shop_receipts::MODULE)
            .provide_arc(Arc::clone(&sales))
            .provide_arc(Arc::clone(&customers))
            .provide_arc(Arc::clone(&tiers))
            .provide_arc(Arc::clone(&shelf))
            .provide_arc(Arc::clone(&desk));
        let builder = match &audit {
            Some(log) => builder
                .module(shop_audit::MODULE)
                .provide_arc(Arc::clone(log)),
            None => builder.without_module(shop_audit::MODULE),
        };
        let dispatcher = builder.build()?;
        Ok(Shop {
            dispatcher,
            sales,
            customers,
            tiers,
            shelf,
            desk,
            audit,
        })
    }
}
