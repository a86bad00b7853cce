//! JSON Schemas of real projects, as their packages publish them, in versions that broke somebody.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use event_registries::{node_project, unpacked_wheel};
use serde_json::{Map, Value, json};

/// The packages, each installed once into a folder.
#[derive(Debug)]
pub struct Packages {
    folder: PathBuf,
    npm: OnceLock<PathBuf>,
    wheel: OnceLock<PathBuf>,
}

impl Packages {
    /// Those that are installed into this folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            npm: OnceLock::new(),
            wheel: OnceLock::new(),
        }
    }

    /// Returns the schema of GitHub's webhooks for one event, in a major version of `@octokit/webhooks-schemas`.
    ///
    /// # Panics
    ///
    /// Panics if it is not there.
    #[must_use]
    pub fn webhook(&self, version: &str, event: &str) -> Value {
        let all = self.npm(&format!("webhooks-{version}/schema.json"));
        let mut needed = Map::new();
        let mut rest = vec![event.to_owned()];
        while let Some(name) = rest.pop() {
            if needed.contains_key(&name) {
                continue;
            }
            let definition = all["definitions"].get(&name);
            let definition = definition.unwrap_or_else(|| panic!("{version} has no `{name}`"));
            references(definition, &mut rest);
            needed.insert(name, definition.clone());
        }
        json!({"$ref": format!("#/definitions/{event}"), "definitions": needed})
    }

    /// Returns a file of a package of JavaScript, by the name that `node/package.json` gives its version.
    ///
    /// # Panics
    ///
    /// Panics if the packages cannot be installed, or there is no such file.
    #[must_use]
    pub fn npm(&self, path: &str) -> Value {
        let project = self
            .npm
            .get_or_init(|| node_project(&self.folder.join("npm"), &source("node")));
        read(&project.join("node_modules").join(path))
    }

    /// Returns the schema of a version of Jupyter's notebooks, such as `4.5`.
    ///
    /// # Panics
    ///
    /// Panics if the package cannot be installed, or there is no such version.
    #[must_use]
    pub fn notebook(&self, version: &str) -> Value {
        let wheel = self.wheel.get_or_init(|| {
            let requirements = source("python/requirements.txt");
            let folder = self.folder.join("nbformat");
            unpacked_wheel(&folder, &requirements, &[], "nbformat", &["v4"])
        });
        read(&wheel.join(format!("nbformat/v4/nbformat.v{version}.schema.json")))
    }
}

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> Value {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Adds the names of the definitions that a schema refers to.
fn references(schema: &Value, names: &mut Vec<String>) {
    let name = schema.get("$ref").and_then(Value::as_str);
    names.extend(name.and_then(|name| Some(name.strip_prefix("#/definitions/")?.to_owned())));
    let parts = schema.as_array().into_iter().flatten();
    let properties = schema.as_object().into_iter().flat_map(Map::values);
    parts
        .chain(properties)
        .for_each(|part| references(part, names));
}
