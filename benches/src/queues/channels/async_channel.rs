//! `async-channel`.

use super::super::tasks::TaskChannel;
use super::super::threads::BlockingChannel;
use super::for_each;
use crate::work::Order;

pub(super) struct AsyncChannel;

impl BlockingChannel for AsyncChannel {
    const NAME: &'static str = "async-channel";
    type Sender = ::async_channel::Sender<Order>;
    type Receiver = ::async_channel::Receiver<Order>;

    fn open(capacity: usize, consumers: usize) -> (Self::Sender, Vec<Self::Receiver>) {
        let (sender, receiver) = ::async_channel::bounded(capacity);
        (sender, for_each(consumers, receiver))
    }

    fn send(sender: &Self::Sender, order: Order) {
        sender.send_blocking(order).expect("there are receivers");
    }

    fn receive(receiver: &mut Self::Receiver) -> Option<Order> {
        receiver.recv_blocking().ok()
    }
}

impl TaskChannel for AsyncChannel {
    const NAME: &'static str = "async-channel";
    type Sender = ::async_channel::Sender<Order>;
    type Receiver = ::async_channel::Receiver<Order>;

    fn open(capacity: usize, consumers: usize) -> (Self::Sender, Vec<Self::Receiver>) {
        let (sender, receiver) = ::async_channel::bounded(capacity);
        (sender, for_each(consumers, receiver))
    }

    async fn send(sender: &Self::Sender, order: Order) {
        sender.send(order).await.expect("there are receivers");
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<Order> {
        receiver.recv().await.ok()
    }
}
