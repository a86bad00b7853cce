//! `kanal`.

use super::super::tasks::TaskChannel;
use super::super::threads::BlockingChannel;
use super::for_each;
use crate::work::Order;

pub(super) struct Kanal;

impl BlockingChannel for Kanal {
    const NAME: &'static str = "kanal";
    type Sender = ::kanal::Sender<Order>;
    type Receiver = ::kanal::Receiver<Order>;

    fn open(capacity: usize, consumers: usize) -> (Self::Sender, Vec<Self::Receiver>) {
        let (sender, receiver) = ::kanal::bounded(capacity);
        (sender, for_each(consumers, receiver))
    }

    fn send(sender: &Self::Sender, order: Order) {
        sender.send(order).expect("there are receivers");
    }

    fn receive(receiver: &mut Self::Receiver) -> Option<Order> {
        receiver.recv().ok()
    }
}

impl TaskChannel for Kanal {
    const NAME: &'static str = "kanal";
    type Sender = ::kanal::AsyncSender<Order>;
    type Receiver = ::kanal::AsyncReceiver<Order>;

    fn open(capacity: usize, consumers: usize) -> (Self::Sender, Vec<Self::Receiver>) {
        let (sender, receiver) = ::kanal::bounded_async(capacity);
        (sender, for_each(consumers, receiver))
    }

    async fn send(sender: &Self::Sender, order: Order) {
        sender.send(order).await.expect("there are receivers");
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<Order> {
        receiver.recv().await.ok()
    }
}
