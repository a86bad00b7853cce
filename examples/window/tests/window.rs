//! The program with a real window: clicked, typed at, looked at and closed, each test on a screen of
//! its own. The screenshots stay in the target directory's folder `tmp`.

// For Xvfb.
#![cfg(target_os = "linux")]

mod desk;

use std::process::Command;

use desk::process::Process;
use desk::{Area, Desk};
use window::ink::Ink;
use window::view::{COUNT, DRAW, WALL};

/// The thread of the studio is there, and stays.
const HELD: &str = "the studio waits for Enter";

#[test]
fn a_click_and_a_key_press_are_events_and_what_is_to_be_seen_follows() {
    let mut desk = Desk::open("click_and_key", &[]);
    let at_first = desk.look();
    assert!(
        at_first.colors() > 50,
        "text and all: {}",
        at_first.colors()
    );
    assert!(at_first.count(Ink::Red.color()) > 1000);
    assert_eq!(at_first.count(Ink::Green.color()), 0);
    let button = at_first.find(COUNT).expect("it was clicked");
    let counter = Area {
        y: [button.y[0] - 60, button.y[0]],
        ..button
    };

    desk.click(COUNT);
    desk.until_said("ButtonClicked: clicks 1, ink red, picture none");
    desk.until_seen("a 1 for the 0", |shot| {
        shot.pixels(counter) != at_first.pixels(counter)
    });

    desk.press("g");
    desk.until_said("KeyPressed { key: G }: clicks 1, ink green, picture none");
    let bar = at_first.count(Ink::Red.color());
    desk.until_seen("a green bar for the red one", |shot| {
        (shot.count(Ink::Red.color()), shot.count(Ink::Green.color())) == (0, bar)
    });

    desk.press("x");
    desk.until_said("KeyPressed { key: X }: clicks 1, ink green, picture none");
    desk.click(COUNT);
    desk.until_said("ButtonClicked: clicks 2, ink green, picture none");

    desk.close();
    desk.end();
    desk.until_said("closed: 0 drained, 0 abandoned");
}

#[test]
fn the_window_answers_while_the_studio_works_and_shows_the_picture_that_comes_back() {
    let mut desk = Desk::open("responsive", &["--hold"]);
    let at_first = desk.look();
    let wall = at_first.find(WALL).expect("it is empty");
    desk.click(DRAW);
    desk.until_said("PictureOrdered { ink: Red }: clicks 0, ink red, picture on its way");
    desk.until_said(HELD);

    for clicks in 1..=5 {
        desk.click(COUNT);
        let line = format!("ButtonClicked: clicks {clicks}, ink red, picture on its way");
        desk.until_said(&line);
    }
    desk.press("b");
    desk.until_said("KeyPressed { key: B }: clicks 5, ink blue, picture on its way");
    desk.until_seen("a blue bar, and a button that is off", |shot| {
        shot.count(Ink::Blue.color()) > 1000 && shot.count(DRAW) == 0
    });
    assert_eq!(desk.look().count(WALL), at_first.count(WALL));
    assert!(!desk.has_begun("PictureDrawn"), "it is held");

    desk.press_enter_in_the_terminal();
    let drawn = desk.until_begun("PictureDrawn");
    assert!(
        drawn.ends_with(": clicks 5, ink blue, picture here"),
        "{drawn}"
    );
    let picture = desk.until_seen("a picture on the wall", |shot| {
        shot.count(WALL) < 1000 && shot.count(DRAW) > 1000
    });
    // It was ordered before the ink was changed.
    let pixels = picture.pixels(wall);
    let red = pixels
        .iter()
        .filter(|[red, green, blue]| red > green && red > blue);
    let (red, all) = (red.count(), pixels.len());
    assert!(red > all / 2, "{red} of {all} pixels are red");
    assert!(picture.colors() > 1000, "{}", picture.colors());
}

#[test]
fn a_window_that_is_closed_lets_the_picture_be_drawn() {
    let mut desk = Desk::open("drained", &["--hold", "--patience", "60"]);
    desk.click(DRAW);
    desk.until_said(HELD);
    desk.close();
    desk.until_said("CloseRequested: clicks 0, ink red, picture on its way");
    desk.until_seen("its buttons off", |shot| shot.count(COUNT) == 0);
    // Too late, and no failure.
    desk.press("g");

    desk.press_enter_in_the_terminal();
    desk.end();
    let drawn = desk.until_begun("PictureDrawn");
    assert!(
        drawn.ends_with(": clicks 0, ink red, picture here"),
        "{drawn}"
    );
    let closed = desk.until_begun("closed: ");
    assert!(closed.ends_with(" drained, 0 abandoned"), "{closed}");
    desk.until_begun("  drained 1: window::studio::draw (");
}

#[test]
fn a_picture_that_takes_too_long_is_abandoned_by_name() {
    let mut desk = Desk::open("abandoned", &["--hold", "--patience", "0"]);
    desk.click(DRAW);
    desk.until_said(HELD);
    desk.close();
    desk.end();
    desk.until_said("closed: 0 drained, 1 abandoned, out of time");
    desk.until_begun("  abandoned 1: window::studio::draw (");
}

#[test]
fn who_closes_twice_waits_for_nothing() {
    let mut desk = Desk::open("closed_twice", &["--hold", "--patience", "3600"]);
    desk.click(DRAW);
    desk.until_said(HELD);
    desk.close();
    desk.until_begun("CloseRequested");
    desk.close();
    desk.end();
    assert!(!desk.has_begun("closed: "), "it had not ended");
}

#[test]
fn without_a_display_the_program_says_what_it_needs() {
    let mut window = Command::new(env!("CARGO_BIN_EXE_window"));
    let mut window = Process::start(window.env_remove("DISPLAY"));
    assert_eq!(window.end().code(), Some(1), "{window}");
    let complaint = window
        .err()
        .find(|line| line.starts_with("window: cannot open a window: "));
    let fix = "it needs an X display (is `DISPLAY` set?)";
    assert!(complaint.is_some_and(|line| line.contains(fix)), "{window}");
}
