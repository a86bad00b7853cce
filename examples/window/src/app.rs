//! The bridge between egui and the dispatcher: what is emitted, when the queue is pumped, and how the
//! window closes.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use eframe::egui::{Context, Event, Key, Ui, ViewportCommand};
use eframe::{App, Frame};
use event_core::Dispatcher;
use event_core::dispatcher::ShutdownReport;

use crate::events::{CloseRequested, KeyPressed};
use crate::state::{AppState, UI};
use crate::view;

/// The window: it owns the state, and lends it to the handlers.
#[derive(Debug)]
pub struct Window {
    dispatcher: Dispatcher,
    state: AppState,
    /// How long work that is under way has when the window closes.
    patience: Duration,
    closing: Option<Receiver<ShutdownReport>>,
}

impl Window {
    /// Opens it.
    ///
    /// # Panics
    ///
    /// Another window pumps the queue of this dispatcher.
    #[must_use]
    pub fn new(dispatcher: Dispatcher, patience: Duration, context: &Context) -> Window {
        let wake = context.clone();
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .on_wake(move || wake.request_repaint())
            .expect("one window pumps it");
        Window {
            dispatcher,
            state: AppState::new(context.clone()),
            patience,
            closing: None,
        }
    }

    /// Emits what the user did.
    fn listen(&mut self, context: &Context) {
        for key in pressed(context) {
            self.dispatcher.emit(KeyPressed { key });
        }
        if context.input(|input| input.viewport().close_requested()) {
            self.close(context);
        }
    }

    /// Lets what is under way end, for as long as patience lasts. The window goes on until then: it
    /// has to, since what is drawn comes back through the queue that it pumps.
    fn close(&mut self, context: &Context) {
        context.send_viewport_cmd(ViewportCommand::CancelClose);
        self.dispatcher.emit(CloseRequested);
        self.dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut self.state);

        let (tell, ended) = mpsc::channel();
        let (dispatcher, patience) = (self.dispatcher.clone(), self.patience);
        let wake = context.clone();
        thread::spawn(move || {
            let _ = tell.send(dispatcher.shutdown(patience).blocking());
            wake.request_repaint();
        });
        self.closing = Some(ended);
    }
}

impl App for Window {
    /// Runs before each repaint, also while the window is hidden.
    fn logic(&mut self, context: &Context, _frame: &mut Frame) {
        // Who asks again to close does not want to wait, and nothing cancels that.
        if self.closing.is_none() {
            self.listen(context);
        }
        self.dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut self.state);
        let ended = self.closing.as_ref().map(Receiver::try_recv);
        if let Some(Ok(shutdown)) = ended {
            let _ = writeln!(io::stdout(), "closed: {shutdown}");
            context.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut Frame) {
        view::show(ui, &self.state, &self.dispatcher);
    }
}

/// The keys that were pressed since the last repaint. They are collected first: whoever emits inside of
/// `input` wakes the context that `input` has locked.
fn pressed(context: &Context) -> Vec<Key> {
    context.input(|input| {
        let pressed = |event: &Event| match *event {
            Event::Key { key, pressed, .. } => pressed.then_some(key),
            _ => None,
        };
        input.events.iter().filter_map(pressed).collect()
    })
}
