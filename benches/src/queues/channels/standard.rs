//! `std::sync::mpsc::sync_channel`, for one consumer.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::super::threads::BlockingChannel;
use crate::work::Order;

pub(super) struct Standard;

impl BlockingChannel for Standard {
    const NAME: &'static str = "std";
    type Sender = SyncSender<Order>;
    type Receiver = Receiver<Order>;

    fn open(capacity: usize, _: usize) -> (Self::Sender, Vec<Self::Receiver>) {
        let (sender, receiver) = sync_channel(capacity);
        (sender, vec![receiver])
    }

    fn send(sender: &Self::Sender, order: Order) {
        sender.send(order).expect("there is a receiver");
    }

    fn receive(receiver: &mut Self::Receiver) -> Option<Order> {
        receiver.recv().ok()
    }
}
