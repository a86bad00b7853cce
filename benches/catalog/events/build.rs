//! Writes the events and handlers.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const MODULES: usize = 100;
const EVENTS: usize = 10;

fn main() {
    let mut code = String::new();
    for module in 0..MODULES {
        let _ = writeln!(
            code,
            "mod m{module} {{\n    #[allow(clippy::wildcard_imports, reason = \"generated\")] use super::*;"
        );
        // The program that measures has the last event.
        let events = if module + 1 == MODULES {
            EVENTS - 1
        } else {
            EVENTS
        };
        (0..events).for_each(|event| write_event(&mut code, module, event));
        code.push_str("}\n");
    }
    let folder = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&folder).join("events.rs"), code).expect("it is written");
    println!("cargo::rerun-if-changed=build.rs");
}

/// Writes an event with five handlers.
fn write_event(code: &mut String, module: usize, event: usize) {
    let total = if event.is_multiple_of(2) {
        "u32"
    } else {
        "u64"
    };
    let _ = write!(
        code,
        r#"
    /// Something happened.
    #[derive(Event, Serialize, Deserialize, JsonSchema)]
    #[event(name = "shop{module}.event_{event}", wire, schema, key = id)]
    pub(crate) struct E{event} {{
        /// Who.
        pub(crate) id: u64,
        pub(crate) total: {total},
        pub(crate) note: Option<String>,
        pub(crate) lines: Vec<Line>,
        #[serde(default)]
        pub(crate) paid: Option<Payment>,
    }}
"#
    );
    for handler in 0..5 {
        let _ = write!(
            code,
            r"
    #[handler(priority = {handler})]
    fn h{event}_{handler}(event: &E{event}) {{
        black_box(event.id);
    }}
"
        );
    }
}
