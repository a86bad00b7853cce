//! What the programs share that measure the outbox: an event, its handler, and how rates are compared.
//!
//! The programs print one figure a line: its name, and its value as the last word.

pub mod ours;
pub mod parent;
pub mod rates;
pub mod worker;

/// What each stored row carries beside its number, so that rows have the size of those of a shop: 330 bytes.
pub const NOTE: &str = "a parcel with six compact discs, to be handed to the neighbour if nobody is at home, and to be \
                        paid for within thirty days of the date that is printed on the invoice inside of the parcel";
