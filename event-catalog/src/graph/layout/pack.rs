//! Puts components beside each other, in the shape of a screen.

use super::{Point, Size};

/// How much wider than high the drawing is meant to be.
const ASPECT: f64 = 1.5;

/// The upper edge of what was placed already, between two places from left to right.
#[derive(Clone, Copy)]
struct Ledge {
    x: f64,
    width: f64,
    y: f64,
}

/// Places each component as high as it fits, and there as far to the left. Returns the upper left corners and
/// the size of all.
pub(super) fn pack(sizes: &[Size]) -> (Vec<Point>, Size) {
    let area: f64 = sizes.iter().map(|size| size.width * size.height).sum();
    let widest = sizes.iter().map(|size| size.width).fold(0.0, f64::max);
    let narrowest = sizes
        .iter()
        .map(|size| size.width)
        .fold(f64::INFINITY, f64::min);
    // Columns are whole: without half of one more there would mostly be one too few.
    let width = (area * ASPECT).sqrt().max(widest) + narrowest.min(widest) / 2.0;
    let mut skyline = vec![Ledge {
        x: 0.0,
        width,
        y: 0.0,
    }];
    let mut all = Size::default();
    let mut corners = Vec::with_capacity(sizes.len());
    for size in sizes {
        let corner = best(&skyline, *size, width);
        cover(&mut skyline, corner, *size);
        all.width = all.width.max(corner.x + size.width);
        all.height = all.height.max(corner.y + size.height);
        corners.push(corner);
    }
    (corners, all)
}

fn best(skyline: &[Ledge], size: Size, width: f64) -> Point {
    let mut best: Option<Point> = None;
    for (at, ledge) in skyline.iter().enumerate() {
        let end = ledge.x + size.width;
        // The widest component ends where the drawing does, but for what rounding adds.
        if end > width + 0.5 {
            break;
        }
        let under = skyline[at..].iter().take_while(|it| it.x < end - 0.001);
        let y = under.map(|it| it.y).fold(0.0, f64::max);
        if best.is_none_or(|best| y < best.y) {
            best = Some(Point { x: ledge.x, y });
        }
    }
    best.unwrap_or(Point {
        x: 0.0,
        y: skyline.iter().map(|it| it.y).fold(0.0, f64::max),
    })
}

/// Raises the skyline where a component was placed.
fn cover(skyline: &mut Vec<Ledge>, corner: Point, size: Size) {
    let (start, end) = (corner.x, corner.x + size.width);
    let mut raised = Vec::with_capacity(skyline.len() + 2);
    let mut is_placed = false;
    let placed = Ledge {
        x: start,
        width: size.width,
        y: corner.y + size.height,
    };
    for ledge in skyline.iter() {
        let ledge_end = ledge.x + ledge.width;
        if ledge.x < start {
            raised.push(Ledge {
                width: ledge_end.min(start) - ledge.x,
                ..*ledge
            });
        }
        if !is_placed && ledge_end > start {
            raised.push(placed);
            is_placed = true;
        }
        if ledge_end > end {
            let x = ledge.x.max(end);
            raised.push(Ledge {
                x,
                width: ledge_end - x,
                y: ledge.y,
            });
        }
    }
    raised.retain(|ledge| ledge.width > 0.001);
    *skyline = raised;
}
