//! Places boxes and routes edges in layers, from left to right.
//!
//! Boxes that are connected form a component, which is laid out alone: cycles are broken (`ranks`), each box
//! gets a column by the longest way that leads to it, an edge over several columns gets a place of its own in
//! each column between (`layers`), columns are ordered so that few edges cross (`order`) and moved up and down
//! so that edges are straight (`place`). The components are then put beside each other (`pack`).
//!
//! The same input has the same result on every machine: nothing depends on addresses, time or hashing.

mod component;
mod layers;
mod order;
mod pack;
mod place;
mod ranks;
#[cfg(test)]
mod tests;

use self::component::lay_out;

/// The width and the height of a box or of a drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Size {
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// A point, from the upper left corner of the drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// An edge, from the right side of one box to the left side of another. Its ends are so far below the upper
/// sides of the boxes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Link {
    pub(crate) from: usize,
    pub(crate) from_port: f64,
    pub(crate) to: usize,
    pub(crate) to_port: f64,
}

/// Where an edge leads.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Route {
    pub(crate) start: Point,
    pub(crate) steps: Vec<Step>,
}

/// A part of a route.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// Straight, inside of a column.
    Line(Point),
    /// From one column to the next, level at both ends.
    Curve(Point),
    /// Back to the right side of the same box.
    Loop(Point),
}

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Layout {
    /// The upper left corners of the boxes.
    pub(crate) corners: Vec<Point>,
    /// The routes of the links.
    pub(crate) routes: Vec<Route>,
    pub(crate) size: Size,
}

/// Between components.
const MARGIN: f64 = 32.0;

/// How far to the right a link of a box to itself reaches.
pub(crate) const LOOP_WIDTH: f64 = 28.0;

/// Lays out boxes and links. In a drawing without links, boxes are in rows, in their order.
pub(crate) fn layout(boxes: &[Size], links: &[Link]) -> Layout {
    let mut layout = Layout {
        corners: vec![Point::default(); boxes.len()],
        routes: vec![Route::default(); links.len()],
        size: Size::default(),
    };
    let components = component::components(boxes.len(), links);
    let laid_out: Vec<_> = components
        .iter()
        .map(|component| lay_out(component, boxes, links))
        .collect();
    // Boxes that are alone are as wide as the widest of these, so that they form columns.
    let alone = laid_out.iter().filter(|it| it.boxes.len() == 1);
    let widest = alone.map(|it| it.size.width).fold(0.0, f64::max);
    let sizes: Vec<_> = laid_out
        .iter()
        .map(|component| Size {
            width: if component.boxes.len() == 1 {
                widest + MARGIN
            } else {
                component.size.width + MARGIN
            },
            height: component.size.height + MARGIN,
        })
        .collect();
    let (origins, size) = pack::pack(&sizes);
    layout.size = Size {
        width: (size.width - MARGIN).max(0.0),
        height: (size.height - MARGIN).max(0.0),
    };
    for (component, origin) in laid_out.into_iter().zip(origins) {
        for (at, corner) in component.boxes {
            layout.corners[at] = corner.moved(origin);
        }
        for (at, route) in component.routes {
            layout.routes[at] = route.moved(origin);
        }
    }
    layout
}

impl Point {
    fn moved(self, by: Self) -> Self {
        Self {
            x: self.x + by.x,
            y: self.y + by.y,
        }
    }
}

impl Step {
    pub(crate) fn end(self) -> Point {
        match self {
            Self::Line(end) | Self::Curve(end) | Self::Loop(end) => end,
        }
    }

    fn with_end(self, end: Point) -> Self {
        match self {
            Self::Line(_) => Self::Line(end),
            Self::Curve(_) => Self::Curve(end),
            Self::Loop(_) => Self::Loop(end),
        }
    }
}

impl Route {
    pub(crate) fn end(&self) -> Point {
        self.steps.last().map_or(self.start, |step| step.end())
    }

    fn moved(&self, by: Point) -> Self {
        let steps = self.steps.iter().map(|it| it.with_end(it.end().moved(by)));
        Self {
            start: self.start.moved(by),
            steps: steps.collect(),
        }
    }

    /// Returns the route in the other direction.
    fn reversed(&self) -> Self {
        let mut ends = vec![self.start];
        ends.extend(self.steps.iter().map(|step| step.end()));
        let steps = self.steps.iter().enumerate().rev();
        Self {
            start: self.end(),
            steps: steps.map(|(at, step)| step.with_end(ends[at])).collect(),
        }
    }
}
