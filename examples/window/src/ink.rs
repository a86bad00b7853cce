//! The inks that pictures are drawn with.

use std::fmt;

use eframe::egui::{Color32, Key};

/// An ink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// The key `r`.
    #[default]
    Red,
    /// The key `g`.
    Green,
    /// The key `b`.
    Blue,
}

impl Ink {
    /// All of them.
    pub const ALL: [Ink; 3] = [Ink::Red, Ink::Green, Ink::Blue];

    /// The one that a key stands for.
    #[must_use]
    pub fn of(key: Key) -> Option<Ink> {
        Ink::ALL.into_iter().find(|ink| ink.key() == key)
    }

    /// The key that stands for it.
    #[must_use]
    pub fn key(self) -> Key {
        match self {
            Ink::Red => Key::R,
            Ink::Green => Key::G,
            Ink::Blue => Key::B,
        }
    }

    /// What it looks like.
    #[must_use]
    pub const fn color(self) -> Color32 {
        match self {
            Ink::Red => Color32::from_rgb(0xf0, 0x52, 0x4f),
            Ink::Green => Color32::from_rgb(0x4c, 0xbf, 0x6b),
            Ink::Blue => Color32::from_rgb(0x4f, 0x8d, 0xf0),
        }
    }
}

impl fmt::Display for Ink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ink::Red => "red",
            Ink::Green => "green",
            Ink::Blue => "blue",
        })
    }
}
