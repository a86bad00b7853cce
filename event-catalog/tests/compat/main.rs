//! What the comparison of two versions of an event says, with serde and a JSON Schema validator as referees.

mod random;
mod random_types;
mod subset;
mod types;
