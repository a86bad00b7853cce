//! The wiring: the one place that names all modules of a shop that keeps what it knows in memory.

use std::{
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use event_core::{Dispatcher, error::BuildError, wire::journal::JournalWriter};
use shop_audit::AuditLog;
use shop_loyalty::{Customers, TierBoard};
use shop_receipts::{RECEIPTS, ReceiptDesk, ReceiptError};
use shop_sales::SalesLedger;
use shop_stock::Shelf;
use tokio::runtime::Handle;

use crate::{args::ReceiptArgs, tally::Tally};

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
    pub(crate) recorder: Option<JournalWriter<File>>,
    pub(crate) tally: Arc<Tally>,
}

/// A mail server that is busy at each 500th connection.
fn busy_server() -> impl Fn() -> Result<(), ReceiptError> {
    let connections = AtomicU64::new(0);
    move || match (connections.fetch_add(1, Ordering::Relaxed) + 1) % 500 {
        0 => Err(ReceiptError::ServerBusy),
        _ => Ok(()),
    }
}

impl Shop {
    /// Opens the shop; without a log, the audit module stays out of it. A recorder sees all that
    /// happens.
    pub(crate) fn open(
        runtime: &Handle,
        receipts: &ReceiptArgs,
        audit: Option<AuditLog>,
        recorder: Option<JournalWriter<File>>,
    ) -> Result<Shop, BuildError> {
        let sales = Arc::new(SalesLedger::default());
        let customers = Arc::new(Customers::default());
        let tiers = Arc::new(TierBoard::default());
        let shelf = Arc::new(Shelf::default());
        let delay = receipts.delay;
        let desk = ReceiptDesk::with_mail(move |_| thread::sleep(delay));
        let desk = Arc::new(desk.with_server(busy_server()));
        let audit = audit.map(Arc::new);
        let tally = Arc::new(Tally::default());
        let unheard = Arc::clone(&tally);

        let builder = Dispatcher::builder()
            .module(shop_sales::MODULE)
            .module(shop_loyalty::MODULE)
            .module(shop_stock::MODULE)
            .module(shop_receipts::MODULE)
            .without_module(shop_books::MODULE) // which is for `--db` alone, and needs an outbox
            .provide_arc(Arc::clone(&sales))
            .provide_arc(Arc::clone(&customers))
            .provide_arc(Arc::clone(&tiers))
            .provide_arc(Arc::clone(&shelf))
            .provide_arc(Arc::clone(&desk))
            .configure(&RECEIPTS, |queue| {
                let queue = queue.capacity(receipts.capacity);
                queue.overflow(receipts.overflow.into())
            })
            .runtime(runtime.clone())
            .observe(Arc::clone(&tally))
            .on_failure(move |failure| unheard.fail(failure));
        let builder = match &audit {
            Some(log) => builder
                .module(shop_audit::MODULE)
                .provide_arc(Arc::clone(log)),
            None => builder.without_module(shop_audit::MODULE),
        };
        let builder = match &recorder {
            Some(recorder) => builder.observe(recorder.clone()),
            None => builder,
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
            recorder,
            tally,
        })
    }
}

#[cfg(test)]
mod tests;
