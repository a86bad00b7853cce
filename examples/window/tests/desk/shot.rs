//! What is to be seen on a screen.

use std::collections::HashSet;
use std::path::Path;

use eframe::egui::Color32;
use image::{Rgb, RgbImage};

/// A screenshot.
pub(crate) struct Shot(RgbImage);

/// Where something is on the screen: from the first pixel up to and without the last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) x: [u32; 2],
    pub(crate) y: [u32; 2],
}

impl Shot {
    pub(crate) fn read(file: &Path) -> Shot {
        let image = image::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Shot(image.into_rgb8())
    }

    /// How many colours there are.
    pub(crate) fn colors(&self) -> usize {
        self.0.pixels().collect::<HashSet<_>>().len()
    }

    /// How many pixels have a colour.
    pub(crate) fn count(&self, color: Color32) -> usize {
        let color = rgb(color);
        self.0.pixels().filter(|pixel| **pixel == color).count()
    }

    /// The smallest area with all pixels of a colour, if it is to be seen.
    pub(crate) fn find(&self, color: Color32) -> Option<Area> {
        let color = rgb(color);
        let found = self
            .0
            .enumerate_pixels()
            .filter(|(.., pixel)| **pixel == color);
        let grown = |area: Option<Area>, (x, y, _): (u32, u32, &Rgb<u8>)| {
            let Area { x: across, y: down } = area.unwrap_or(Area {
                x: [x, x],
                y: [y, y],
            });
            Some(Area {
                x: [across[0].min(x), across[1].max(x + 1)],
                y: [down[0].min(y), down[1].max(y + 1)],
            })
        };
        found.fold(None, grown)
    }

    /// The pixels of an area, row by row.
    pub(crate) fn pixels(&self, area: Area) -> Vec<[u8; 3]> {
        let ([left, right], [top, bottom]) = (area.x, area.y);
        let places = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
        places.map(|(x, y)| self.0.get_pixel(x, y).0).collect()
    }
}

fn rgb(color: Color32) -> Rgb<u8> {
    Rgb([color.r(), color.g(), color.b()])
}
