//! What is drawn: a piece of the border of the Mandelbrot set, which takes a while.

use eframe::egui::{Color32, ColorImage};

use crate::ink::Ink;

/// The pixels of a picture, across and down.
pub const SIZE: [u16; 2] = [420, 300];

/// Each pixel is looked at so often, across and down.
const LOOKS: u16 = 3;

/// A point that has not got away by then does not.
const STEPS: u16 = 300;

const CENTRE: [f32; 2] = [-0.7453, 0.1127];
const WIDTH: f32 = 0.0065;

const PAPER: Color32 = Color32::from_rgb(0x12, 0x14, 0x1a);
const LIGHT: Color32 = Color32::from_rgb(0xff, 0xf4, 0xe0);

/// Draws it.
#[must_use]
pub fn picture(ink: Ink) -> ColorImage {
    let [width, height] = SIZE;
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let pixels = places.map(|(x, y)| color(depth(x, y), ink)).collect();
    ColorImage::new(SIZE.map(usize::from), pixels)
}

/// From paper through ink to light.
fn color(depth: f32, ink: Ink) -> Color32 {
    if depth < 0.5 {
        PAPER.lerp_to_gamma(ink.color(), depth * 2.0)
    } else {
        ink.color().lerp_to_gamma(LIGHT, depth * 2.0 - 1.0)
    }
}

/// How long the points of a pixel take to get away on the average, from 0 to 1.
fn depth(x: u16, y: u16) -> f32 {
    let looks = (0..LOOKS * LOOKS).map(|look| (look % LOOKS, look / LOOKS));
    let steps: u16 = looks
        .map(|(right, down)| steps(x * LOOKS + right, y * LOOKS + down))
        .sum();
    let average = f32::from(steps) / f32::from(LOOKS * LOOKS);
    (2.0 * average / f32::from(STEPS)).min(1.0)
}

/// How many steps a point takes to get away; none if it stays.
fn steps(x: u16, y: u16) -> u16 {
    let [width, height] = SIZE.map(|pixels| f32::from(pixels * LOOKS));
    let re = CENTRE[0] + WIDTH * (f32::from(x) - width / 2.0) / width;
    let im = CENTRE[1] + WIDTH * (f32::from(y) - height / 2.0) / width;
    let (mut a, mut b) = (0.0_f32, 0.0_f32);
    for step in 0..STEPS {
        (a, b) = (a * a - b * b + re, 2.0 * a * b + im);
        if a * a + b * b > 4.0 {
            return step;
        }
    }
    0
}
