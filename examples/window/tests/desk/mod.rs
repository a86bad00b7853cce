//! A desk: a screen of its own, the window on it, and somebody who clicks, presses keys and looks.

pub(crate) mod process;
mod shot;

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use eframe::egui::Color32;
use process::{LONG, Process};
use window::view::COUNT;
use x11rb::CURRENT_TIME;
use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt, EventMask, Window};
use x11rb::rust_connection::RustConnection;

pub(crate) use shot::{Area, Shot};

pub(crate) struct Desk {
    /// The test's name, for its screenshots.
    name: &'static str,
    window: Process,
    id: Window,
    display: String,
    // Goes last: the window needs it.
    _screen: Process,
}

impl Desk {
    /// Starts a screen and the program, and waits until its window is to be seen.
    pub(crate) fn open(name: &'static str, args: &[&str]) -> Desk {
        let mut screen = Command::new("Xvfb");
        // It takes a number that is free, and says which when it is ready.
        screen.args(["-displayfd", "1", "-nolisten", "tcp", "-noreset"]);
        screen.args(["-screen", "0", "800x600x24"]);
        let mut screen = Process::start_tool(&mut screen, "xvfb");
        let number = screen.until("its number", |line| line.parse::<u16>().is_ok());
        let display = format!(":{number}");

        let mut window = Command::new(env!("CARGO_BIN_EXE_window"));
        window.args(args).env("DISPLAY", &display);
        // The same anywhere, whatever graphics card and monitor there are.
        window.env("LIBGL_ALWAYS_SOFTWARE", "1");
        window.env("WINIT_X11_SCALE_FACTOR", "1");
        let window = Process::start(&mut window);
        let mut desk = Desk {
            name,
            window,
            id: 0,
            display,
            _screen: screen,
        };
        desk.until_seen("a window", |shot| shot.find(COUNT).is_some());
        let found = desk.xdotool(&["search", "--name", "^typed events$"]);
        desk.id = found.parse().expect("the number of one window");
        // No window manager is there to give it the keys.
        desk.xdotool(&["windowfocus", &found]);
        desk
    }

    /// Clicks in the middle of what has this colour.
    pub(crate) fn click(&mut self, color: Color32) {
        let Area { x, y } = self.see("a button", |shot| shot.find(color));
        let [x, y] = [x, y].map(|[from, to]| u32::midpoint(from, to).to_string());
        self.xdotool(&["mousemove", &x, &y, "click", "1"]);
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, key: &str) {
        self.xdotool(&["key", key]);
    }

    /// Presses Enter in the terminal where the program was started.
    pub(crate) fn press_enter_in_the_terminal(&mut self) {
        self.window.tell("");
    }

    /// Asks the window to close, as a window manager does.
    pub(crate) fn close(&mut self) {
        let (screen, _) =
            RustConnection::connect(Some(&self.display)).expect("the screen is there");
        let [protocols, delete] = ["WM_PROTOCOLS", "WM_DELETE_WINDOW"].map(|name| {
            let asked = screen.intern_atom(false, name.as_bytes()).expect("sent");
            asked.reply().expect("an atom").atom
        });
        let data = [delete, CURRENT_TIME, 0, 0, 0];
        let please = ClientMessageEvent::new(32, self.id, protocols, data);
        let sent = screen.send_event(false, self.id, EventMask::NO_EVENT, please);
        let arrived = sent.expect("sent").check();
        arrived.expect("the window is there");
    }

    /// Waits until the program has printed a line.
    pub(crate) fn until_said(&mut self, line: &str) {
        self.window.until(&format!("`{line}`"), |said| said == line);
    }

    /// Waits until the program has printed a line that begins so, and answers it.
    pub(crate) fn until_begun(&mut self, words: &str) -> String {
        let what = format!("a line that begins with `{words}`");
        self.window.until(&what, |said| said.starts_with(words))
    }

    /// Whether the program has printed a line that begins so.
    pub(crate) fn has_begun(&self, words: &str) -> bool {
        self.window.out().any(|said| said.starts_with(words))
    }

    /// Waits until the program ends as it should, with no failure logged.
    pub(crate) fn end(&mut self) {
        let status = self.window.end();
        assert!(status.success(), "{status}: {}", self.window);
        // Graphics drivers may say what they like.
        let is_ours = |line: &str| line.contains("ERROR") || line.contains("panicked");
        assert!(!self.window.err().any(is_ours), "{}", self.window);
    }

    /// What is to be seen now.
    pub(crate) fn look(&self) -> Shot {
        let file = self.file();
        let mut import = Command::new("import");
        import.args(["-silent", "-window", "root"]).arg(&file);
        import.env("DISPLAY", &self.display);
        let mut import = Process::start_tool(&mut import, "imagemagick");
        let status = import.end();
        assert!(status.success(), "{status}: {import}");
        Shot::read(&file)
    }

    /// Looks until this is to be seen.
    pub(crate) fn until_seen(&mut self, what: &str, is_it: impl Fn(&Shot) -> bool) -> Shot {
        self.see(what, |shot| is_it(&shot).then_some(shot))
    }

    fn see<T>(&mut self, what: &str, find: impl Fn(Shot) -> Option<T>) -> T {
        let deadline = Instant::now() + LONG;
        loop {
            if let Some(found) = find(self.look()) {
                return found;
            }
            let file = self.file();
            assert!(
                Instant::now() < deadline && self.window.runs(),
                "{what} is not to be seen: look at {}\n{}",
                file.display(),
                self.window
            );
        }
    }

    /// Where the last screenshot is.
    fn file(&self) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        folder.join(self.name).with_extension("png")
    }

    fn xdotool(&self, args: &[&str]) -> String {
        let mut xdotool = Command::new("xdotool");
        xdotool.args(args).env("DISPLAY", &self.display);
        let mut xdotool = Process::start_tool(&mut xdotool, "xdotool");
        let status = xdotool.end();
        assert!(status.success(), "{args:?}: {status}: {xdotool}");
        xdotool.out().collect()
    }
}
