//! Where pictures are drawn: slow work, on a thread of its own.

use std::io::{self, Write};
use std::sync::Arc;

use event_core::handler;
use event_core::queue::Queue;

use crate::events::{PictureDrawn, PictureOrdered};
use crate::picture::picture;

/// The orders that wait. Its handlers may block, so threads serve it, and not the window's.
pub static STUDIO: Queue = Queue::new("studio").capacity(1);

/// Whether the work waits for somebody, for those who want to look at a window while it does.
#[derive(Debug)]
pub struct Hold {
    until_enter: bool,
}

/// Draws what was ordered.
#[handler(queue = STUDIO)]
fn draw(event: &PictureOrdered, hold: &Hold) -> PictureDrawn {
    hold.wait();
    let image = Arc::new(picture(event.ink));
    PictureDrawn { image }
}

impl Hold {
    /// Nothing is held.
    pub const NOTHING: Hold = Hold { until_enter: false };

    /// Each picture waits until somebody presses Enter in the terminal.
    pub const UNTIL_ENTER: Hold = Hold { until_enter: true };

    /// Where there is no terminal, nobody is waited for.
    fn wait(&self) {
        if self.until_enter {
            let _ = writeln!(io::stdout(), "the studio waits for Enter");
            let _ = io::stdin().read_line(&mut String::new());
        }
    }
}
