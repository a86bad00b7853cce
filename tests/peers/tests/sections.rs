//! Which sections of the page are run.

use event_peers::page::{Page, Section};

#[test]
fn each_section_that_is_marked_is_held_against_the_real_one() {
    let page = Page::read();
    let names: Vec<_> = page.sections().iter().map(Section::name).collect();
    // Each has a file in this folder.
    assert_eq!(names, ["Django", "Boost", "Node", "bevy"]);
    for section in page.sections() {
        assert!(section.claims.len() >= 10, "{section:?}");
    }
}
