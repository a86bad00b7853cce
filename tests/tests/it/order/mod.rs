//! In which order handlers run.

mod constraints;
mod detached;
mod phases;
