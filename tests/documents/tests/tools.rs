//! The official parser, and the models that generators make, take what the catalogue writes of the events here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use event_catalog::asyncapi::{Options, SpecVersion};
use event_documents::{document, samples};
use event_registries::{node_project, python_at_least, python_environment, run};
use serde::Deserialize;
use serde_json::{Value, json};

/// Where the libraries of Java are that Debian's packages bring.
const JARS: &str = "/usr/share/java";

/// What the parser said of a document, and of samples.
#[derive(Deserialize)]
struct Said {
    diagnostics: Vec<String>,
    refused: Vec<String>,
    checked: usize,
}

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn target(path: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(path)
}

fn node() -> &'static Path {
    static PROJECT: LazyLock<PathBuf> =
        LazyLock::new(|| node_project(&target("node"), &source("node")));
    &PROJECT
}

/// Returns what a command writes that reads `input`.
#[track_caller]
fn output(command: &mut Command, input: &str) -> String {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("it is piped");
    let text = input.to_owned();
    let writer = std::thread::spawn(move || {
        // A program that fails reads no further, and says why.
        let _ = stdin.write_all(text.as_bytes());
    });
    let output = child.wait_with_output().expect("it runs");
    writer.join().expect("it writes");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}");
    String::from_utf8(output.stdout).expect("it writes UTF-8")
}

fn parse(document: &Value, samples: &BTreeMap<String, Vec<Value>>) -> Said {
    // A script is found beside what it requires.
    let script = node().join("parse.js");
    fs::copy(source("node/parse.js"), &script).expect("it is copied");
    let input = json!({"document": document, "samples": samples});
    let said = output(Command::new("node").arg(script), &input.to_string());
    serde_json::from_str(&said).expect("it says all")
}

#[test]
fn the_official_parser_takes_the_document_and_its_payloads_take_what_is_written() {
    let samples = samples();
    let described = samples
        .iter()
        .filter(|(key, _)| !key.contains("undescribed"));
    let count: usize = described.map(|(_, samples)| samples.len()).sum();
    let specs = [(SpecVersion::V3_0, 1), (SpecVersion::V3_1, 0)];
    for (spec, outdated) in specs {
        for unsigned_as_int64 in [false, true] {
            let mut options = Options::default();
            options.spec = spec;
            options.unsigned_as_int64 = unsigned_as_int64;
            let said = parse(&document(&options), &samples);
            // 3.0.0 is not the newest version, and is what the generators read.
            let (of_version, others): (Vec<_>, Vec<_>) = said
                .diagnostics
                .iter()
                .partition(|it| it.starts_with("asyncapi-latest-version "));
            assert_eq!((of_version.len(), others), (outdated, Vec::new()));
            assert_eq!(said.refused, Vec::<String>::new());
            assert_eq!(said.checked, count);
        }
    }
}

#[test]
fn the_payloads_refuse_what_is_not_written() {
    let wrong = json!({
        "documents.order_placed.v2": [{"order_id": "1"}],
        "documents.parcel_moved.v1": [{"kind": "Stolen"}, {"kind": "Sent"}, {"town": "Ulm"}],
        "documents.payment_made.v1": [{"how": {"type": "by_card"}, "state": "Open"}],
        "documents.tree_grown.v1": [{"root": {"label": "a", "children": [{"label": "b"}]}}],
        "documents.page_printed.v1": [{"first": {"product": "a", "count": 1, "weight": 1.0}}],
    });
    let wrong: BTreeMap<String, Vec<Value>> = serde_json::from_value(wrong).expect("lists");
    let said = parse(&document(&Options::default()), &wrong);
    assert_eq!(
        (said.checked, said.refused.len()),
        (7, 7),
        "{:?}",
        said.refused
    );
}

/// The samples that generated models read, as lines of the model's name, the discriminator and JSON.
fn lines(document: &Value, without: &[&str]) -> (String, Vec<Value>) {
    let mut text = String::new();
    let mut all = Vec::new();
    for (key, samples) in samples() {
        let schema = &document["components"]["schemas"][&key];
        // There are models of what an operation sends or receives.
        let is_modelled = document["operations"]
            .as_object()
            .is_some_and(|operations| {
                let sent = operations.values().filter(|it| it["action"] == "send");
                let message = format!("/{key}\"");
                sent.into_iter().any(|it| it.to_string().contains(&message))
            });
        let title = schema["title"].as_str().unwrap_or_default();
        if !is_modelled || title.is_empty() || without.contains(&title) {
            continue;
        }
        let tag = schema["discriminator"].as_str().unwrap_or_default();
        for sample in samples {
            let _ = writeln!(text, "{title}\t{tag}\t{sample}");
            all.push(sample);
        }
    }
    assert!(all.len() >= 15, "{text}");
    (text, all)
}

/// Generates the models of both languages, and returns their folder.
///
/// The events `without` have no model, or none that works: any JSON at all has none.
fn models(folder: &str, without: &[&str]) -> (PathBuf, String, Vec<Value>) {
    let mut options = Options::default();
    options.unsigned_as_int64 = true;
    let document = document(&options);
    let folder = target(folder);
    let _ = fs::remove_dir_all(&folder); // those of another run
    let script = node().join("models.js");
    fs::copy(source("node/models.js"), &script).expect("it is copied");
    output(
        Command::new("node").arg(script).arg(&folder),
        &document.to_string(),
    );
    let (text, samples) = lines(&document, without);
    (folder, text, samples)
}

#[track_caller]
fn check(written: &str, samples: &[Value]) {
    let written: Vec<Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(written.len(), samples.len());
    for (written, sample) in written.iter().zip(samples) {
        assert_eq!(written, sample);
    }
}

#[test]
fn models_of_python_read_and_write_the_samples() {
    // pydantic tries the variants of an untagged enum one after another, and each model takes the fields that it
    // does not know out of what the next one is given.
    let without = ["WebhookReceived", "ReadingTaken"];
    let (folder, lines, samples) = models("python-models", &without);
    let python = python_environment(
        &python_at_least(3, 10),
        &target("python"),
        &source("python/requirements.txt"),
    );
    let mut command = Command::new(python);
    command
        .arg(source("python/round_trip.py"))
        .arg(folder.join("python"));
    check(&output(&mut command, &lines), &samples);
}

#[test]
fn models_of_java_read_and_write_the_samples() {
    let (folder, lines, samples) = models("java-models", &["WebhookReceived"]);
    let jars = ["annotations", "core", "databind"].map(|part| format!("{JARS}/jackson-{part}.jar"));
    for jar in &jars {
        assert!(
            Path::new(jar).exists(),
            "`{jar}` is missing: install it (for example: apt-get install libjackson2-databind-java)"
        );
    }
    let classes = folder.join("classes");
    let classpath = format!("{}:{}", jars.join(":"), classes.display());
    let sources = fs::read_dir(folder.join("java")).expect("models were generated");
    let sources = sources.map(|file| file.expect("it is read").path());
    run(
        Command::new("javac")
            .args(["-encoding", "UTF-8", "-cp", &classpath, "-d"])
            .arg(&classes)
            .args(sources)
            .arg(source("java/RoundTrip.java")),
        "install a JDK (for example: apt-get install default-jdk-headless)",
    );
    let mut java = Command::new("java");
    java.args(["-cp", &classpath, "RoundTrip"]);
    check(&output(&mut java, &lines), &samples);
}

/// The parser says nothing of these in a document of version 3.
#[test]
fn every_component_is_used_and_every_address_is_there_once() {
    let document = document(&Options::default());
    let text = document.to_string();
    for (kind, components) in document["components"].as_object().expect("components") {
        for name in components.as_object().expect("by name").keys() {
            let reference = format!("\"#/components/{kind}/{name}\"");
            assert!(text.contains(&reference), "{reference} is used nowhere");
        }
    }
    let channels = document["channels"].as_object().expect("channels");
    let mut addresses: Vec<_> = channels.values().map(|it| it["address"].as_str()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), channels.len());
}

/// Returns the examples of a document, by the keys of its messages.
fn examples(document: &Value) -> BTreeMap<String, Vec<Value>> {
    let messages = document["components"]["messages"].as_object();
    let examples = messages
        .expect("messages")
        .iter()
        .filter_map(|(key, message)| {
            let payload = message["examples"][0].get("payload")?;
            Some((key.clone(), vec![payload.clone()]))
        });
    examples.collect()
}

#[test]
fn every_example_fits_its_payload() {
    let document = document(&Options::default());
    let examples = examples(&document);
    let said = parse(&document, &examples);
    assert_eq!(said.refused, Vec::<String>::new());
    // All but the one without a schema, and the one that is any JSON.
    assert_eq!((said.checked, examples.len()), (10, 10));
}

#[test]
fn the_parser_takes_the_document_of_the_shop_and_each_event_has_an_example_that_fits() {
    let mut shop = Command::new(env!("CARGO"));
    shop.args(["run", "--quiet", "--package", "shop", "--"]);
    let text = output(shop.args(["events", "asyncapi"]), "");
    let document: Value = serde_json::from_str(&text).expect("a document");
    let examples = examples(&document);
    let said = parse(&document, &examples);
    let [only] = &said.diagnostics[..] else {
        panic!("{:?}", said.diagnostics);
    };
    assert!(only.starts_with("asyncapi-latest-version "), "{only}");
    assert_eq!(said.refused, Vec::<String>::new());
    let messages = document["components"]["messages"].as_object();
    let count = messages.expect("messages").len();
    assert_eq!((said.checked, examples.len()), (count, count));
    assert!(count >= 8, "{count} events of the shop are `wire`");
}
