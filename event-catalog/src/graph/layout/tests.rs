//! Properties of every layout.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Layout, Link, Point, Size, Step, layout};

/// Returns graphs: boxes of some sizes, and links between any of them.
fn graphs() -> impl Strategy<Value = (Vec<Size>, Vec<Link>)> {
    let sizes = vec((60_u16..300, 28_u16..200), 1..40);
    sizes.prop_flat_map(|sizes| {
        let count = sizes.len();
        let boxes: Vec<Size> = sizes
            .into_iter()
            .map(|(width, height)| Size {
                width: f64::from(width),
                height: f64::from(height),
            })
            .collect();
        let link = (0..count, 0.0..1.0, 0..count, 0.0..1.0);
        let heights = boxes.clone();
        let links = vec(link, 0..60).prop_map(move |links| {
            let link = |(from, from_port, to, to_port): (usize, f64, usize, f64)| Link {
                from,
                from_port: (from_port * heights[from].height).round(),
                to,
                to_port: (to_port * heights[to].height).round(),
            };
            links.into_iter().map(link).collect()
        });
        (Just(boxes), links)
    })
}

/// The sides of a box, from the left and from above.
#[derive(Clone, Copy, Debug)]
struct Sides {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Sides {
    fn new(corner: Point, size: Size) -> Self {
        Self {
            left: corner.x,
            top: corner.y,
            right: corner.x + size.width,
            bottom: corner.y + size.height,
        }
    }

    fn overlaps(self, other: Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

fn sides(boxes: &[Size], layout: &Layout) -> Vec<Sides> {
    let corners = layout.corners.iter().copied().zip(boxes);
    corners
        .map(|(corner, size)| Sides::new(corner, *size))
        .collect()
}

fn check_boxes(boxes: &[Size], layout: &Layout) -> Result<(), TestCaseError> {
    let all = sides(boxes, layout);
    let (width, height) = (layout.size.width + 0.01, layout.size.height + 0.01);
    for (at, one) in all.iter().enumerate() {
        let is_inside =
            one.left >= 0.0 && one.top >= 0.0 && one.right <= width && one.bottom <= height;
        prop_assert!(is_inside, "{one:?} is outside of {:?}", layout.size);
        for other in &all[..at] {
            prop_assert!(!one.overlaps(*other), "{one:?} overlaps {other:?}");
        }
    }
    Ok(())
}

/// Checks that each route leaves its row and arrives at its row, at the sides of the boxes.
fn check_ends(boxes: &[Size], links: &[Link], layout: &Layout) -> Result<(), TestCaseError> {
    let all = sides(boxes, layout);
    let at_side = |point: Point, at: usize, port: f64| {
        let is_level = (point.y - all[at].top - port).abs() < 4.5;
        let is_at = |side: f64| (point.x - side).abs() < 0.01;
        is_level && (is_at(all[at].left) || is_at(all[at].right))
    };
    for (link, route) in links.iter().zip(&layout.routes) {
        prop_assert!(!route.steps.is_empty(), "{link:?} is not drawn");
        let is_right = at_side(route.start, link.from, link.from_port)
            && at_side(route.end(), link.to, link.to_port);
        prop_assert!(is_right, "{link:?}: {route:?}");
    }
    Ok(())
}

/// Checks that no edge runs through a box: where it passes a column, it keeps away from the boxes there, and
/// between two columns there are none.
fn check_passages(boxes: &[Size], layout: &Layout) -> Result<(), TestCaseError> {
    let all = sides(boxes, layout);
    for route in &layout.routes {
        let mut from = route.start;
        for step in &route.steps {
            let to = step.end();
            for sides in &all {
                let is_beside =
                    from.x.max(to.x) <= sides.left + 0.01 || from.x.min(to.x) >= sides.right - 0.01;
                let is_apart = from.y.max(to.y) <= sides.top || from.y.min(to.y) >= sides.bottom;
                let is_loop = matches!(step, Step::Loop(_));
                prop_assert!(
                    is_beside || is_apart || is_loop,
                    "{step:?} from {from:?} runs through {sides:?}"
                );
            }
            from = to;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn boxes_do_not_overlap_and_every_edge_is_drawn_around_them((boxes, links) in graphs()) {
        let layout = layout(&boxes, &links);
        check_boxes(&boxes, &layout)?;
        check_ends(&boxes, &links, &layout)?;
        check_passages(&boxes, &layout)?;
    }

    #[test]
    fn the_same_graph_has_the_same_layout((boxes, links) in graphs()) {
        prop_assert_eq!(layout(&boxes, &links), layout(&boxes, &links));
    }
}

const LOW: Size = Size {
    width: 100.0,
    height: 28.0,
};

const fn link(from: usize, to: usize) -> Link {
    Link {
        from,
        from_port: 14.0,
        to,
        to_port: 14.0,
    }
}

#[test]
fn a_chain_is_a_straight_line() {
    let layout = layout(&[LOW; 4], &[link(2, 0), link(0, 3), link(3, 1)]);
    let corners = [2, 0, 3, 1].map(|at: usize| layout.corners[at]);
    assert!(corners.iter().all(|it| it.y.abs() < 0.01), "{corners:?}");
    let is_behind = |one: &Point, other: &Point| one.x + 100.0 < other.x;
    assert!(corners.is_sorted_by(is_behind), "{corners:?}");
}

#[test]
fn boxes_that_are_alone_are_in_rows_in_their_order() {
    let layout = layout(&[LOW; 12], &[]);
    let corners = &layout.corners;
    let is_behind = |one: &Point, other: &Point| (one.y, one.x) < (other.y, other.x);
    assert!(corners.is_sorted_by(is_behind), "{corners:?}");
    assert!(layout.size.width > layout.size.height, "{:?}", layout.size);
}

#[test]
fn what_leads_back_leaves_to_the_left_and_arrives_from_the_right() {
    let layout = layout(&[LOW; 2], &[link(0, 1), link(1, 0)]);
    let back = &layout.routes[1];
    let (first, second) = (layout.corners[0].x, layout.corners[1].x);
    assert!((back.start.x - second).abs() < 0.01, "{back:?}");
    assert!((back.end().x - first - 100.0).abs() < 0.01, "{back:?}");
}
