//! What the window shows, and the handlers that change it.
//!
//! They run on the thread of the window and nowhere else, whoever emits, and whatever thread it is on.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::sync::Arc;

use eframe::egui::{Context, TextureHandle, TextureOptions};
use event_core::queue::LocalQueue;
use event_core::{AnyEvent, handler};

use crate::events::{ButtonClicked, CloseRequested, KeyPressed, PictureDrawn, PictureOrdered};
use crate::ink::Ink;

/// What waits for the thread of the window, which pumps it and lends it the state.
pub static UI: LocalQueue<AppState> = LocalQueue::new("ui");

/// So many events are shown.
const JOURNAL: usize = 5;

/// What the window shows.
///
/// It is neither `Send` nor `Sync`, so that it stays on the thread of the window. A handler that
/// runs elsewhere cannot get hold of it:
///
/// ```compile_fail
/// use event_core::handler;
/// use window::{events::PictureOrdered, state::AppState, studio::STUDIO};
///
/// #[handler(queue = STUDIO)] // `Queue` does not lend a `&mut AppState`
/// fn draw_on_the_window(event: &PictureOrdered, state: &mut AppState) {}
/// ```
///
/// With the queue that the window pumps, the same compiles:
///
/// ```
/// use event_core::handler;
/// use window::{events::PictureOrdered, state::{AppState, UI}};
///
/// #[handler(queue = UI)]
/// fn draw_on_the_window(event: &PictureOrdered, state: &mut AppState) {}
/// ```
///
/// Nor can a handler share it, nor a thread take it along:
///
/// ```compile_fail
/// fn share(state: window::state::AppState) -> event_core::dispatcher::DispatcherBuilder {
///     event_core::Dispatcher::builder().provide(state) // cannot be shared between threads
/// }
/// ```
///
/// ```compile_fail
/// fn take(state: window::state::AppState) {
///     std::thread::spawn(move || println!("{state}")); // cannot be sent between threads
/// }
/// ```
pub struct AppState {
    pub(crate) clicks: u64,
    pub(crate) ink: Ink,
    /// The last one that was drawn.
    pub(crate) picture: Option<TextureHandle>,
    /// Another one was ordered.
    pub(crate) drawing: bool,
    pub(crate) closing: bool,
    pub(crate) journal: VecDeque<String>,
    context: Context,
    /// A pointer is neither `Send` nor `Sync`, so what has one is not.
    stays_here: PhantomData<*const ()>,
}

impl AppState {
    /// At the start. Its textures will belong to this context.
    #[must_use]
    pub fn new(context: Context) -> AppState {
        AppState {
            clicks: 0,
            ink: Ink::default(),
            picture: None,
            drawing: false,
            closing: false,
            journal: VecDeque::new(),
            context,
            stays_here: PhantomData,
        }
    }
}

#[handler(queue = UI)]
fn count(_event: &ButtonClicked, state: &mut AppState) {
    state.clicks += 1;
}

#[handler(queue = UI)]
fn choose_ink(event: &KeyPressed, state: &mut AppState) {
    if let Some(ink) = Ink::of(event.key) {
        state.ink = ink;
    }
}

#[handler(queue = UI)]
fn wait_for_picture(_event: &PictureOrdered, state: &mut AppState) {
    state.drawing = true;
}

#[handler(queue = UI)]
fn hang_picture(event: &PictureDrawn, state: &mut AppState) {
    let image = Arc::clone(&event.image);
    let texture = state
        .context
        .load_texture("picture", image, TextureOptions::LINEAR);
    state.picture = Some(texture);
    state.drawing = false;
}

#[handler(queue = UI)]
fn say_goodbye(_event: &CloseRequested, state: &mut AppState) {
    state.closing = true;
}

/// Writes down every event, behind the handlers that change the state.
#[handler(queue = UI, priority = 1)]
fn write_down(event: &dyn AnyEvent, state: &mut AppState) -> io::Result<()> {
    let event = format!("{event:?}");
    let line = writeln!(io::stdout(), "{event}: {state}");
    state.journal.truncate(JOURNAL - 1);
    state.journal.push_front(event);
    line
}

/// One line, for the terminal.
impl fmt::Display for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let picture = match (self.drawing, &self.picture) {
            (true, _) => "on its way",
            (false, None) => "none",
            (false, Some(_)) => "here",
        };
        let AppState { clicks, ink, .. } = self;
        write!(f, "clicks {clicks}, ink {ink}, picture {picture}")
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppState {{ {self} }}")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use eframe::egui::{Context, Key};
    use event_core::Dispatcher;

    use super::{AppState, UI, choose_ink, count};
    use crate::events::{ButtonClicked, KeyPressed, PictureOrdered};
    use crate::ink::Ink;
    use crate::studio::Hold;

    /// So long that a test fails instead of hanging, if something is wrong.
    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn a_handler_is_a_function_that_a_test_calls_without_a_window() {
        let mut state = AppState::new(Context::default());
        count(&ButtonClicked, &mut state);
        count(&ButtonClicked, &mut state);
        assert_eq!(state.clicks, 2);

        let inks = [Key::B, Key::G, Key::Space, Key::R].map(|key| {
            choose_ink(&KeyPressed { key }, &mut state);
            state.ink
        });
        assert_eq!(inks, [Ink::Blue, Ink::Green, Ink::Green, Ink::Red]);
    }

    #[test]
    fn a_picture_comes_back_to_the_thread_that_pumps() {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let dispatcher = Dispatcher::builder()
            .provide(Hold::NOTHING)
            .runtime(runtime.handle().clone())
            .build()
            .expect("the handlers fit together");
        let (wake, woken) = mpsc::channel();
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .on_wake(move || {
                let _ = wake.send(());
            })
            .expect("it is not set yet");

        let mut state = AppState::new(Context::default());
        dispatcher.emit(PictureOrdered { ink: Ink::Green });
        while state.journal.len() < 2 {
            woken.recv_timeout(LONG).expect("the picture comes back");
            dispatcher
                .queue(&UI)
                .expect("a handler names it")
                .pump(&mut state);
        }
        assert_eq!(state.to_string(), "clicks 0, ink red, picture here");
        let [newest, before] = [0, 1].map(|age| state.journal[age].as_str());
        assert!(newest.starts_with("PictureDrawn {"), "{newest}");
        assert_eq!(before, "PictureOrdered { ink: Green }");
    }
}
