//! What the doctor finds in the schemas that become the payloads of an AsyncAPI document.

use clap::Parser;
use event_catalog::asyncapi::Options;
use event_catalog::doctor::{Finding, FindingKind, examine};
use event_catalog::{Catalog, EventsArgs, Terminal};
use event_core::{Event, handler};
use expect_test::expect_file;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Its examples and its default are of another type, or out of bounds, or have a field that is never written.
#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "examples.wrong", wire, schema)]
#[schemars(example = serde_json::json!({"count": 1, "label": "a", "lines": [], "misspelt": true}))]
struct Wrong {
    #[schemars(example = 7)]
    label: String,
    #[serde(default)]
    #[schemars(range(min = 1))]
    count: u8,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Line {
    #[schemars(example = &"many")]
    weight: Option<f64>,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "examples.again", wire, schema)]
struct Again {
    line: Line,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "examples.right", wire, schema)]
#[schemars(example = serde_json::json!({"label": "a", "count": 3, "part": null}))]
struct Right {
    #[schemars(example = &"a")]
    label: String,
    #[serde(default)]
    #[schemars(range(max = 9))]
    count: u8,
    part: Option<Odd>,
}

/// Its name is not written as it is in a reference.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "an odd % name")]
struct Odd {
    parts: Vec<Odd>,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "keywords.newer", wire, schema)]
#[schemars(extend("dependentRequired" = {"width": ["height"]}))]
struct Newer {
    width: Option<u32>,
    height: Option<u32>,
    #[schemars(extend("contains" = {"const": 1}, "minContains" = 2))]
    sizes: Vec<u8>,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "references.nowhere", wire, schema)]
struct Nowhere {
    #[schemars(schema_with = "address")]
    address: String,
}

fn address(_generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"$ref": "#/$defs/Address"})
}

/// A part of its schema is said by another.
#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "references.within", wire, schema)]
struct Within {
    first: u8,
    #[schemars(schema_with = "as_first")]
    second: u8,
}

fn as_first(_generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"$ref": "#/properties/first"})
}

mod other {
    #[derive(event_core::Event, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
    #[event(name = "other.right", wire, schema)]
    pub(super) struct Right {
        pub(super) id: u64,
    }
}

fn findings(kind: FindingKind) -> Vec<Finding> {
    let mut findings = examine(&Catalog::linked().with_schemas());
    findings.retain(|finding| finding.kind == kind);
    findings
}

fn starts(findings: &[Finding]) -> Vec<&str> {
    let messages = findings.iter();
    messages
        .map(|it| it.message.split(", ").next().unwrap_or_default())
        .collect()
}

#[test]
fn an_example_or_a_default_that_does_not_fit_is_found_once_with_one_that_does() {
    let findings = findings(FindingKind::ExampleRefused);
    assert_eq!(
        starts(&findings),
        [
            "`examples.again v1` has at `/line/weight` the example \"many\"",
            "`examples.wrong v1` has at `/count` the default 0",
            "`examples.wrong v1` has at `/label` the example 7",
            "`examples.wrong v1` has the example {\"count\":1,\"label\":\"a\",\"lines\":[],\"misspelt\":true}",
        ],
        "the type `Line` of two events is examined once"
    );
    assert!(
        findings[2]
            .help
            .ends_with("such as `#[schemars(example = &\"x\")]`"),
        "{findings:?}"
    );
}

#[test]
fn a_reference_that_leads_nowhere_is_an_error_and_one_to_an_odd_name_is_not() {
    assert_eq!(
        starts(&findings(FindingKind::ReferenceNowhere)),
        ["`references.nowhere v1` refers at `/address` to `#/$defs/Address`"]
    );
}

#[test]
fn keywords_that_are_newer_than_what_reads_the_document_are_found() {
    let findings = findings(FindingKind::KeywordNewer);
    assert_eq!(
        starts(&findings),
        [
            "`keywords.newer v1` has at `/sizes` the keyword `minContains`",
            "`keywords.newer v1` has the keyword `dependentRequired`"
        ]
    );
    assert_eq!(
        findings[1].help,
        "write `dependencies`, which says the same there"
    );
}

#[test]
fn a_reference_into_the_schema_of_an_event_leads_there_in_the_document_too() {
    let catalog = Catalog::linked().with_schemas();
    let document = serde_json::to_value(catalog.asyncapi(&Options::default())).expect("JSON");
    let payload = &document["components"]["schemas"]["references.within.v1"];
    let reference = payload["properties"]["second"]["$ref"].as_str();
    let reference = reference.expect("a reference");
    let pointer = reference.strip_prefix('#').expect("into the document");
    assert_eq!(
        document.pointer(pointer),
        Some(&payload["properties"]["first"])
    );
}

#[test]
fn a_definition_of_an_odd_name_has_a_plain_one_in_the_document_and_is_referred_to_there() {
    let catalog = Catalog::linked().with_schemas();
    let document = serde_json::to_value(catalog.asyncapi(&Options::default())).expect("JSON");
    let schemas = document["components"]["schemas"].as_object();
    let schemas = schemas.expect("an object");
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    let odd: Vec<_> = schemas
        .keys()
        .filter(|name| !name.chars().all(is_plain))
        .collect();
    assert!(odd.is_empty(), "{odd:?}");
    let name = "examples.right.v1.an_odd___name";
    let reference = serde_json::json!(format!("#/components/schemas/{name}"));
    assert_eq!(
        schemas[name]["properties"]["parts"]["items"]["$ref"],
        reference
    );
    let part = &schemas["examples.right.v1"]["properties"]["part"];
    assert_eq!(part["anyOf"][0]["$ref"], reference, "{part:#}");
}

#[handler]
fn prüfe(_: &Right) {}

#[handler]
fn präge(_: &Right) {}

#[handler]
fn pr_ge(_: &Right) {}

#[test]
fn handlers_whose_names_are_one_in_plain_characters_are_operations_each() {
    let catalog = Catalog::linked().with_schemas();
    let document = serde_json::to_value(catalog.asyncapi(&Options::default())).expect("JSON");
    let operations = document["operations"].as_object().expect("an object");
    let handlers = operations
        .values()
        .filter_map(|operation| operation["x-handler"]["name"].as_str())
        .filter(|name| name.contains("::pr"));
    let mut handlers: Vec<_> = handlers.collect();
    handlers.sort_unstable();
    assert_eq!(
        handlers,
        ["documents::pr_ge", "documents::präge", "documents::prüfe"]
    );
}

#[test]
fn two_payloads_of_one_title_are_found_with_another_title() {
    let findings = findings(FindingKind::TitleTwice);
    assert_eq!(
        starts(&findings),
        ["`examples.right v1` and `other.right v1` have the title `Right`"]
    );
    let help = "write `#[schemars(title = \"OtherRight\")]` above `";
    assert!(findings[0].help.starts_with(help), "{findings:?}");
    assert_eq!(findings[0].places.len(), 2);
}

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    events: EventsArgs,
}

#[test]
fn the_doctor_says_them_with_what_to_type() {
    let arguments = Arguments::parse_from(["events", "doctor", "--no-cargo"]);
    assert!(arguments.events.command.needs_schemas());
    let catalog = Catalog::linked().with_schemas();
    let reply = arguments.events.command.reply(&catalog, &Terminal::plain());
    assert_eq!(reply.status, 1);
    expect_file!["snapshots/doctor_documents.txt"].assert_eq(&reply.output.replace('\\', "/"));
}
