//! A window: a click and a key press are typed events, and slow work never stops it.
//!
//! ```text
//! cargo run -p window                click, press r, g or b, draw, and click on while it draws
//! cargo run -p window -- --hold      a picture waits until you press Enter in the terminal
//! ```
//!
//! It needs an X display (with Wayland, `XWayland` is one) and OpenGL. `cargo test -p window` uses a
//! display of its own, and says what it needs where that is missing.
//!
//! # Where to look
//!
//! * [`events`] has the facts. [`view`] shows the state, and emits what is clicked: it names no
//!   handler, and has the state by shared reference, so that it can change nothing.
//! * [`state`] has the handlers that change the state: `#[handler(queue = UI)]`. They run where the
//!   window pumps [`UI`](state::UI), which lends them the state.
//! * [`studio`] has the slow work: `#[handler(queue = STUDIO)]`, so a thread of that queue does it.
//!   The picture comes back as the event which that handler returns.
//! * [`app`] is the bridge to egui: what it emits, when it pumps, and how it closes. Close the
//!   window while it draws: the picture has some seconds, and what is abandoned is named.
//! * The terminal shows each event, and the state after it. A handler of every event writes that; it
//!   knows none of them.
//!
//! # What changed against Tkinter
//!
//! | there | here |
//! | --- | --- |
//! | `bind("<Key>", f)`: the name of the event is a string, and `f` is given the one event object of all kinds, of which some fields mean something | a type for each event, with just its own fields; the handler's signature binds it |
//! | a result comes back through a `queue.Queue` which the main loop polls: `after(100, look)` | it is an event like others. Whoever emits it wakes the loop ([`wake_with`] calls `request_repaint`), and a window where nothing happens does nothing |
//! | a thread that touches a widget works until it does not; that it must not is in the documentation | it does not compile: [`AppState`](state::AppState) stays on its thread |
//! | a callback that raises prints a traceback, and the program goes on as it may | a handler that fails or panics reaches no other, and is logged by name |
//! | closing the window while a thread works: it dies midway, or keeps the process alive | the window drains: what is under way ends, or is abandoned and named |
//!
//! [`wake_with`]: event_core::Dispatcher::wake_with

pub mod app;
pub mod events;
pub mod ink;
pub mod picture;
pub mod state;
pub mod studio;
pub mod view;

event_core::module!();
