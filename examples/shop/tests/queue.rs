//! What becomes of receipts while the mail server stands still: signals, no clocks.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver},
    },
    task::{Context, Waker},
    time::Duration,
};

use event_core::{
    Dispatcher,
    flag::Flag,
    queue::{Overflow, QueueCounts},
};
use jiff::civil::date;
use shop_events::{Cents, PurchaseMade};
use shop_receipts::{RECEIPTS, ReceiptDesk};
use shop_sales::SalesLedger;
use tokio::runtime::Runtime;

/// So long that a test fails instead of hanging, if something is wrong.
const LONG: Duration = Duration::from_mins(1);

/// A mail server that stands still until it is told to go on.
#[derive(Default)]
struct Mail {
    goes_on: Flag,
    sent_to: Mutex<Vec<u64>>,
}

/// Two of the shop's modules, and the mail server behind one of them.
struct Shop {
    dispatcher: Dispatcher,
    ledger: Arc<SalesLedger>,
    desk: Arc<ReceiptDesk>,
    mail: Arc<Mail>,
    /// Has a word for each receipt that got as far as the mail server.
    arrived: Receiver<()>,
    _runtime: Runtime,
}

impl Shop {
    fn open(overflow: Overflow, capacity: usize, consumers: usize) -> Shop {
        let mail = Arc::new(Mail::default());
        let (tells, arrived) = mpsc::channel();
        let server = Arc::clone(&mail);
        let desk = Arc::new(ReceiptDesk::with_mail(move |receipt| {
            let _ = tells.send(());
            server.goes_on.wait_blocking();
            let mut sent_to = server.sent_to.lock().expect("no panic");
            sent_to.push(receipt.customer_id);
        }));
        let ledger = Arc::new(SalesLedger::default());
        let runtime = Runtime::new().expect("a runtime");
        let dispatcher = Dispatcher::empty()
            .module(shop_sales::MODULE)
            .module(shop_receipts::MODULE)
            .provide_arc(Arc::clone(&ledger))
            .provide_arc(Arc::clone(&desk))
            .configure(&RECEIPTS, |queue| {
                queue
                    .capacity(capacity)
                    .consumers(consumers)
                    .overflow(overflow)
            })
            .runtime(runtime.handle().clone())
            .build()
            .expect("the modules fit together");
        Shop {
            dispatcher,
            ledger,
            desk,
            mail,
            arrived,
            _runtime: runtime,
        }
    }

    /// One with a single consumer, which stands at the mail server with the receipt of customer 1,
    /// while those of customers 2, 3 and 4 wait and the queue is full.
    fn full(overflow: Overflow) -> Shop {
        let shop = Shop::open(overflow, 3, 1);
        shop.dispatcher.emit(purchase(1));
        shop.until_arrived(1);
        for customer in 2..=4 {
            shop.dispatcher.emit(purchase(customer));
        }
        shop
    }

    /// Waits until so many more receipts stand at the mail server.
    fn until_arrived(&self, receipts: usize) {
        assert_eq!(self.arrived.iter().take(receipts).count(), receipts);
    }

    fn counts(&self) -> QueueCounts {
        self.dispatcher
            .queue(&RECEIPTS)
            .expect("a handler names it")
            .counts()
    }

    /// Lets the mail server go on, waits until nothing waits any more, and says who got a receipt.
    fn go_on(&self) -> Vec<u64> {
        self.mail.goes_on.set();
        assert!(
            self.dispatcher
                .queue(&RECEIPTS)
                .expect("a handler names it")
                .join_blocking(LONG)
        );
        self.mail.sent_to.lock().expect("no panic").clone()
    }

    fn sales(&self) -> u64 {
        self.ledger.totals().purchases
    }
}

fn purchase(customer_id: u64) -> PurchaseMade {
    PurchaseMade {
        customer_id,
        date: date(1997, 1, 1),
        cds: 1,
        amount: Cents::new(1177),
    }
}

#[test]
fn all_sales_are_made_while_not_one_receipt_gets_out() {
    for (overflow, capacity, dropped) in [
        (Overflow::Wait, 6919, 0),
        (Overflow::DropOldest, 10, 6919 - 14),
        (Overflow::DropNewest, 10, 6919 - 14),
    ] {
        let shop = Shop::open(overflow, capacity, 4);
        // The four consumers are at the mail server before the queue can be full.
        for customer in 1..=4 {
            shop.dispatcher.emit(purchase(customer));
        }
        shop.until_arrived(4);
        for customer in 5..=6919 {
            let report = shop.dispatcher.emit_blocking(purchase(customer));
            assert!(report.expect("a plain thread").is_ok());
        }
        let counts = shop.counts();
        assert_eq!((shop.sales(), shop.desk.receipts()), (6919, 0));
        assert_eq!((counts.waits, counts.dropped), (0, dropped), "{overflow:?}");

        let sent = shop.go_on().len() as u64;
        assert_eq!((sent, shop.desk.receipts()), (6919 - dropped, sent));
    }
}

#[test]
fn wait_lets_the_sale_wait_and_every_receipt_is_sent() {
    let shop = Shop::full(Overflow::Wait);
    let mut fifth = pin!(shop.dispatcher.emit_async(purchase(5)));
    let mut context = Context::from_waker(Waker::noop());
    assert!(fifth.as_mut().poll(&mut context).is_pending());
    assert_eq!(shop.sales(), 5, "the sale is made, its receipt is not yet");
    assert_eq!((shop.counts().waits, shop.counts().depth), (1, 3));

    shop.mail.goes_on.set();
    assert_eq!(pollster::block_on(fifth).handed_over(), 1);
    assert_eq!(shop.go_on(), [1, 2, 3, 4, 5]);
    let counts = shop.counts();
    assert_eq!((counts.offered, counts.done, counts.waits), (5, 5, 1));
    assert_eq!((counts.depth, counts.high_water), (0, 3));
}

#[test]
fn reject_reports_each_receipt_and_lets_it_be_sent_later() {
    let shop = Shop::full(Overflow::Reject);
    let reports = [5, 6].map(|customer| shop.dispatcher.emit(purchase(customer)));
    assert_eq!(shop.sales(), 6);
    assert_eq!((shop.counts().offered, shop.counts().rejected), (6, 2));

    assert_eq!(shop.go_on(), [1, 2, 3, 4]);
    for report in &reports {
        let [failure] = report.failures() else {
            panic!("one receipt was rejected: {report}")
        };
        assert!(failure.is_full());
        failure.redeliver_blocking().expect("there is room now");
    }
    assert_eq!(shop.go_on(), [1, 2, 3, 4, 5, 6]);
    assert_eq!((shop.counts().done, shop.counts().rejected), (6, 2));
}

#[test]
fn drop_oldest_keeps_the_newest_receipts() {
    let shop = Shop::full(Overflow::DropOldest);
    for customer in 5..=10 {
        assert!(shop.dispatcher.emit(purchase(customer)).is_ok());
    }
    assert_eq!((shop.sales(), shop.counts().dropped), (10, 6));
    assert_eq!(shop.go_on(), [1, 8, 9, 10]);
    let counts = shop.counts();
    assert_eq!((counts.offered, counts.done, counts.dropped), (10, 4, 6));
}

#[test]
fn drop_newest_keeps_the_oldest_receipts() {
    let shop = Shop::full(Overflow::DropNewest);
    for customer in 5..=10 {
        assert_eq!(shop.dispatcher.emit(purchase(customer)).dropped(), 1);
    }
    assert_eq!((shop.sales(), shop.counts().dropped), (10, 6));
    assert_eq!(shop.go_on(), [1, 2, 3, 4]);
    let counts = shop.counts();
    assert_eq!((counts.offered, counts.done, counts.dropped), (10, 4, 6));
}

#[test]
fn a_shop_that_closes_at_once_says_which_receipts_it_abandoned() {
    let shop = Shop::full(Overflow::Wait);
    let shutdown = shop.dispatcher.shutdown(Duration::ZERO).blocking();
    let [(handler, receipts)] = shutdown.abandoned() else {
        panic!("one handler: {shutdown}")
    };
    assert_eq!(
        (handler.name(), *receipts),
        ("shop_receipts::send_receipt", 4)
    );
    assert!(shop.dispatcher.emit(purchase(5)).closed());
    assert_eq!(shop.sales(), 4, "a closed shop sells nothing");
    assert_eq!(shop.go_on(), [1], "the one that was on its way");
}
