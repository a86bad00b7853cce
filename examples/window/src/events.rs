//! The facts. Nobody here knows who reacts.

use std::sync::Arc;

use eframe::egui::{ColorImage, Key};
use event_core::Event;

use crate::ink::Ink;

/// The counter's button was clicked.
#[derive(Debug, Event)]
pub struct ButtonClicked;

/// A key was pressed; one that is held down is pressed again and again.
#[derive(Debug, Event)]
pub struct KeyPressed {
    /// Which one.
    pub key: Key,
}

/// A picture was ordered.
#[derive(Debug, Event)]
pub struct PictureOrdered {
    /// What it is to be drawn with.
    pub ink: Ink,
}

/// A picture is ready.
#[derive(Debug, Event)]
pub struct PictureDrawn {
    /// Its pixels.
    pub image: Arc<ColorImage>,
}

/// Somebody asked the window to close.
#[derive(Debug, Event)]
pub struct CloseRequested;
