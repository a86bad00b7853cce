//! The lock: what is said of a program after changes of its events, and the commands around the file.

mod accepted;
mod check;
mod commands;
mod events;
mod file;
