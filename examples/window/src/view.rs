//! What is to be seen. The view reads the state and emits events; it changes nothing.

use eframe::egui::{
    Button, CentralPanel, Color32, CornerRadius, Frame, Image, Panel, RichText, Sense, Ui, Vec2,
};
use event_core::Dispatcher;

use crate::events::{ButtonClicked, PictureOrdered};
use crate::picture::SIZE;
use crate::state::AppState;

/// The counter's button.
pub const COUNT: Color32 = Color32::from_rgb(0x6c, 0x5c, 0xe0);

/// The button that orders a picture.
pub const DRAW: Color32 = Color32::from_rgb(0xe0, 0x9a, 0x2c);

/// The wall where the picture will be.
pub const WALL: Color32 = Color32::from_rgb(0x2b, 0x2f, 0x3a);

const BACKGROUND: Color32 = Color32::from_rgb(0x1b, 0x1e, 0x26);
const PANEL: Color32 = Color32::from_rgb(0x15, 0x17, 0x1d);
const FAINT: Color32 = Color32::from_rgb(0x8a, 0x90, 0xa0);
const BRIGHT: Color32 = Color32::from_rgb(0xf2, 0xf3, 0xf7);

const ROUND: CornerRadius = CornerRadius::same(6);
const MARGIN: i8 = 16;
const BUTTON: Vec2 = Vec2::new(176.0, 40.0);
const JOURNAL_HEIGHT: f32 = 92.0;

/// How large the window is, for all of this to fit.
pub const WINDOW: Vec2 = Vec2::new(660.0, 456.0);

/// Shows the state.
pub fn show(ui: &mut Ui, state: &AppState, dispatcher: &Dispatcher) {
    let frame = |fill| Frame::new().fill(fill).inner_margin(MARGIN);
    Panel::bottom("journal")
        .resizable(false)
        .show_separator_line(false)
        .frame(frame(PANEL))
        .show(ui, |ui| journal(ui, state));
    Panel::left("controls")
        .resizable(false)
        .show_separator_line(false)
        .exact_size(BUTTON.x + 2.0 * f32::from(MARGIN))
        .frame(frame(BACKGROUND))
        .show(ui, |ui| {
            ui.add_enabled_ui(!state.closing, |ui| controls(ui, state, dispatcher));
        });
    CentralPanel::default()
        .frame(frame(BACKGROUND))
        .show(ui, |ui| wall(ui, state));
}

fn controls(ui: &mut Ui, state: &AppState, dispatcher: &Dispatcher) {
    caption(ui, "clicks");
    let clicks = RichText::new(state.clicks.to_string());
    ui.label(clicks.size(56.0).color(BRIGHT));
    if button(ui, "Count", COUNT, true) {
        dispatcher.emit(ButtonClicked);
    }
    ui.add_space(20.0);

    caption(ui, "ink: press r, g or b");
    let (bar, _) = ui.allocate_exact_size(Vec2::new(BUTTON.x, 24.0), Sense::hover());
    ui.painter().rect_filled(bar, ROUND, state.ink.color());
    ui.add_space(20.0);

    caption(
        ui,
        match (state.closing, state.drawing) {
            (true, _) => "closing, once it is drawn",
            (false, true) => "a thread draws; click on",
            (false, false) => "a picture, drawn elsewhere",
        },
    );
    if button(ui, "Draw", DRAW, !state.drawing) {
        dispatcher.emit(PictureOrdered { ink: state.ink });
    }
}

fn caption(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).color(FAINT));
}

/// Whether it was clicked.
fn button(ui: &mut Ui, text: &str, fill: Color32, enabled: bool) -> bool {
    let text = RichText::new(text).size(16.0).color(Color32::WHITE);
    let button = Button::new(text).fill(fill).corner_radius(ROUND);
    ui.add_enabled_ui(enabled, |ui| ui.add_sized(BUTTON, button).clicked())
        .inner
}

fn wall(ui: &mut Ui, state: &AppState) {
    let size = Vec2::from(SIZE.map(f32::from));
    let (wall, _) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(wall, ROUND, WALL);
    if let Some(picture) = &state.picture {
        Image::new(picture).corner_radius(ROUND).paint_at(ui, wall);
    }
}

/// What happened, the newest first.
fn journal(ui: &mut Ui, state: &AppState) {
    ui.set_min_height(JOURNAL_HEIGHT);
    ui.spacing_mut().item_spacing.y = 4.0;
    for (age, event) in state.journal.iter().enumerate() {
        let color = if age == 0 { BRIGHT } else { FAINT };
        ui.label(RichText::new(event).monospace().color(color));
    }
}
