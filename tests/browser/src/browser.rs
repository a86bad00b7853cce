//! A browser without a screen, driven by the protocol of its developer tools.

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

/// How long the browser may take for anything.
const LIMIT: Duration = Duration::from_mins(1);

/// The programs that are looked for: Debian's, and what others call it.
const PROGRAMS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// A browser with one page.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: String,
    next_id: u64,
    events: VecDeque<Value>,
    complaints: Vec<String>,
    requests: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    /// Starts one, of `CHROMIUM` if that is set, or of the path.
    ///
    /// # Panics
    ///
    /// Panics if there is none, or it does not start.
    #[must_use]
    pub fn start() -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(program());
        command
            .args([
                "--headless=new",
                "--remote-debugging-port=0",
                "--no-first-run",
                "--disable-gpu",
            ])
            .args([
                "--hide-scrollbars",
                "--disable-background-networking",
                "--disable-component-update",
            ])
            // Its sandbox wants a user that is not root, and the pages are ours.
            .args(["--no-sandbox", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let address = address(&mut child);
        let (socket, _) = tungstenite::connect(&address).expect("it accepts connections");
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream
                .set_read_timeout(Some(LIMIT))
                .expect("a socket has a timeout");
        }
        let mut browser = Self {
            child,
            socket,
            session: String::new(),
            next_id: 0,
            events: VecDeque::new(),
            complaints: Vec::new(),
            requests: Vec::new(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", &target);
        session["sessionId"]
            .as_str()
            .expect("a session")
            .clone_into(&mut browser.session);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Sets how large the page is.
    pub fn resize(&mut self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Sets what the reader's system prefers.
    pub fn prefer_dark(&mut self, is_dark: bool) {
        let value = if is_dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.call("Emulation.setEmulatedMedia", &features);
    }

    /// Shows pages as they are printed.
    pub fn emulate_print(&mut self) {
        self.call("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    }

    /// Runs no scripts of pages from now on.
    pub fn without_scripts(&mut self) {
        self.call(
            "Emulation.setScriptExecutionDisabled",
            &json!({"value": true}),
        );
    }

    /// Returns the texts of the page that are drawn, without a script of the page.
    pub fn shown_texts(&mut self) -> Vec<String> {
        let snapshot = self.call(
            "DOMSnapshot.captureSnapshot",
            &json!({"computedStyles": []}),
        );
        let strings = snapshot["strings"].as_array().expect("texts");
        let texts = snapshot["documents"][0]["layout"]["text"]
            .as_array()
            .expect("drawn texts");
        let texts = texts
            .iter()
            .filter_map(|at| strings.get(usize::try_from(at.as_i64()?).ok()?)?.as_str());
        texts.map(|text| text.trim().to_owned()).collect()
    }

    /// Opens a page of a site, with what follows its path in the address, and waits until it is loaded.
    pub fn open(&mut self, site: &Path, page: &str) {
        self.events.clear();
        let url = format!("file://{}/{page}", site.display());
        let error = self.call("Page.navigate", &json!({"url": url}))["errorText"].clone();
        assert_eq!(error, Value::Null, "{url}");
        // To another part of the page that is open no page is loaded.
        self.wait_for_event(&["Page.loadEventFired", "Page.navigatedWithinDocument"]);
    }

    /// Does something that leads to another page, and waits until that is loaded.
    pub fn follow(&mut self, act: impl FnOnce(&mut Self)) {
        self.events.clear();
        act(self);
        self.wait_for_event(&["Page.loadEventFired"]);
    }

    /// Returns what an expression of the page is.
    ///
    /// # Panics
    ///
    /// Panics if it throws.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let arguments =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let reply = self.call("Runtime.evaluate", &arguments);
        assert_eq!(reply["exceptionDetails"], Value::Null, "{expression}");
        reply["result"]["value"].clone()
    }

    /// Returns the text of the element that a selector finds, as it is shown.
    #[track_caller]
    pub fn text(&mut self, selector: &str) -> String {
        let text = self.value(&format!("document.querySelector({selector:?})?.innerText"));
        let text = text
            .as_str()
            .unwrap_or_else(|| panic!("nothing is {selector}"));
        text.trim().to_owned()
    }

    /// Clicks into the middle of the element that a selector finds, as a mouse does.
    #[track_caller]
    pub fn click(&mut self, selector: &str) {
        let place = self.value(&format!(
            "(() => {{ const element = document.querySelector({selector:?}); element.scrollIntoView({{block: 'center'}}); \
             const box = element.getBoundingClientRect(); \
             const [x, y] = [box.left + box.width / 2, box.top + box.height / 2]; \
             const hit = document.elementFromPoint(x, y); \
             return element.contains(hit) || hit.contains(element) ? [x, y] : null; }})()"
        ));
        assert_ne!(
            place,
            Value::Null,
            "{selector} is covered or outside of the page"
        );
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// Types a text where the cursor is.
    pub fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", &json!({"text": text}));
    }

    /// Presses a key: `Enter`, `Escape`, `Tab` or a character.
    pub fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            "Tab" => (9, ""),
            other => (0, other),
        };
        for kind in ["keyDown", "keyUp"] {
            let event =
                json!({"type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Writes a picture of what is to be seen.
    pub fn picture(&mut self, file: &Path) {
        let picture = self.call("Page.captureScreenshot", &json!({"format": "png"}));
        let data = STANDARD
            .decode(picture["data"].as_str().expect("a picture"))
            .expect("base64");
        fs::write(file, data).expect("it is written");
    }

    /// Returns what the pages complained about since the last call: exceptions, errors and warnings of the console,
    /// and what could not be loaded.
    pub fn complaints(&mut self) -> Vec<String> {
        // What was said before the reply to this has come.
        self.value("0");
        std::mem::take(&mut self.complaints)
    }

    /// Returns the addresses that were asked for since the last call.
    pub fn requests(&mut self) -> Vec<String> {
        self.value("0");
        std::mem::take(&mut self.requests)
    }

    fn call(&mut self, method: &str, arguments: &Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        let mut message = json!({"id": id, "method": method, "params": arguments});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.as_str().into();
        }
        self.socket
            .send(Message::text(message.to_string()))
            .expect("it listens");
        loop {
            let mut message = self.message();
            if message["id"] == id {
                assert_eq!(message["error"], Value::Null, "{method} {arguments}");
                return message["result"].take();
            }
        }
    }

    fn wait_for_event(&mut self, meant: &[&str]) {
        let is_meant = |event: &Value| {
            event["method"]
                .as_str()
                .is_some_and(|name| meant.contains(&name))
        };
        while !self.events.iter().any(is_meant) {
            self.message();
        }
    }

    /// Reads a message, and keeps it if it is an event.
    fn message(&mut self) -> Value {
        let message = self.socket.read();
        let message = message
            .unwrap_or_else(|error| panic!("the browser says nothing in {LIMIT:?}: {error}"));
        let message: Value = match message {
            Message::Text(text) => serde_json::from_str(&text).expect("JSON"),
            _ => return Value::Null,
        };
        let what = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.exceptionThrown" | "Page.javascriptDialogOpening") => {
                self.complaints.push(what.to_string());
            }
            Some("Runtime.consoleAPICalled") if what["type"] != "log" => {
                self.complaints.push(what.to_string());
            }
            Some("Log.entryAdded") => self.complaints.push(what["entry"].to_string()),
            Some("Network.requestWillBeSent") => {
                let url = what["request"]["url"].as_str();
                self.requests.extend(url.map(str::to_owned));
            }
            _ => {}
        }
        if message["method"].is_string() {
            self.events.push_back(message.clone());
        }
        message
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It is gone already if it ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> String {
    if let Ok(named) = env::var("CHROMIUM") {
        return named;
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&folders).collect();
    let is_there = |name: &&str| folders.iter().any(|folder| folder.join(name).is_file());
    let found = PROGRAMS.into_iter().find(is_there);
    let found = found.unwrap_or_else(|| {
        panic!(
            "no browser is on the path as {}: install one (for example: apt-get install chromium), or name one \
             with CHROMIUM",
            PROGRAMS.join(", ")
        )
    });
    found.to_owned()
}

/// Returns where the browser listens, which it says once it does.
fn address(child: &mut Child) -> String {
    let stderr = child.stderr.take().expect("it is piped");
    let (said, hears) = mpsc::channel();
    thread::spawn(move || {
        // It is read to its end, so that the browser never waits for a reader.
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _ = said.send(line);
        }
    });
    let mut lines = Vec::new();
    loop {
        match hears.recv_timeout(LIMIT) {
            Ok(line) => match line.strip_prefix("DevTools listening on ") {
                Some(address) => return address.to_owned(),
                None => lines.push(line),
            },
            Err(error) => {
                let _ = child.kill();
                let said = lines.join("\n");
                panic!("the browser does not start ({error}): {said}");
            }
        }
    }
}
