//! `crossbeam-channel`.

use super::super::threads::BlockingChannel;
use super::for_each;
use crate::work::Order;

pub(super) struct Crossbeam;

impl BlockingChannel for Crossbeam {
    const NAME: &'static str = "crossbeam";
    type Sender = ::crossbeam_channel::Sender<Order>;
    type Receiver = ::crossbeam_channel::Receiver<Order>;

    fn open(capacity: usize, consumers: usize) -> (Self::Sender, Vec<Self::Receiver>) {
        let (sender, receiver) = ::crossbeam_channel::bounded(capacity);
        (sender, for_each(consumers, receiver))
    }

    fn send(sender: &Self::Sender, order: Order) {
        sender.send(order).expect("there are receivers");
    }

    fn receive(receiver: &mut Self::Receiver) -> Option<Order> {
        receiver.recv().ok()
    }
}
