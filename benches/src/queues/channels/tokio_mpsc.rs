//! `tokio::sync::mpsc`, for one consumer.

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::super::tasks::TaskChannel;
use crate::work::Order;

pub(super) struct TokioMpsc;

impl TaskChannel for TokioMpsc {
    const NAME: &'static str = "tokio-mpsc";
    type Sender = Sender<Order>;
    type Receiver = Receiver<Order>;

    fn open(capacity: usize, _: usize) -> (Self::Sender, Vec<Self::Receiver>) {
        let (sender, receiver) = channel(capacity);
        (sender, vec![receiver])
    }

    async fn send(sender: &Self::Sender, order: Order) {
        sender.send(order).await.expect("there is a receiver");
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<Order> {
        receiver.recv().await
    }
}
