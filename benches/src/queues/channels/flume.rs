//! `flume`.

use super::super::tasks::TaskChannel;
use super::super::threads::BlockingChannel;
use super::for_each;
use crate::work::Order;

pub(super) struct Flume;

impl BlockingChannel for Flume {
    const NAME: &'static str = "flume";
    type Sender = ::flume::Sender<Order>;
    type Receiver = ::flume::Receiver<Order>;

    fn open(capacity: usize, consumers: usize) -> (Self::Sender, Vec<Self::Receiver>) {
        let (sender, receiver) = ::flume::bounded(capacity);
        (sender, for_each(consumers, receiver))
    }

    fn send(sender: &Self::Sender, order: Order) {
        sender.send(order).expect("there are receivers");
    }

    fn receive(receiver: &mut Self::Receiver) -> Option<Order> {
        receiver.recv().ok()
    }
}

impl TaskChannel for Flume {
    const NAME: &'static str = "flume";
    type Sender = ::flume::Sender<Order>;
    type Receiver = ::flume::Receiver<Order>;

    fn open(capacity: usize, consumers: usize) -> (Self::Sender, Vec<Self::Receiver>) {
        let (sender, receiver) = ::flume::bounded(capacity);
        (sender, for_each(consumers, receiver))
    }

    async fn send(sender: &Self::Sender, order: Order) {
        sender.send_async(order).await.expect("there are receivers");
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<Order> {
        receiver.recv_async().await.ok()
    }
}
