//! What the loyalty module tells.

use std::fmt;

use event_core::Event;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Cents;

/// A customer who had bought before bought again.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shop.customer_returned", version = 1, wire, schema, key = customer_id)]
pub struct CustomerReturned {
    /// Who came back.
    pub customer_id: u64,
    /// When.
    pub date: Date,
    /// Which of the customer's purchases this is, so 2 or more.
    pub purchase: u32,
}

/// All that a customer ever spent reached the threshold of a higher tier.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shop.loyalty_tier_reached", version = 1, wire, schema, key = customer_id)]
pub struct LoyaltyTierReached {
    /// Who reached it.
    pub customer_id: u64,
    /// When.
    pub date: Date,
    /// The tier that the customer is in now.
    pub tier: Tier,
    /// The tier that the customer was in before, if any.
    pub previous: Option<Tier>,
    /// What the customer spent up to now.
    #[serde(rename = "spent_cents")]
    pub spent: Cents,
}

/// How much of a regular a customer is, lowest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The first card.
    Bronze,
    /// The one in the middle.
    Silver,
    /// The highest.
    Gold,
}

impl Tier {
    /// All tiers, lowest first.
    pub const ALL: [Tier; 3] = [Tier::Bronze, Tier::Silver, Tier::Gold];
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Tier::Bronze => "bronze",
            Tier::Silver => "silver",
            Tier::Gold => "gold",
        })
    }
}
