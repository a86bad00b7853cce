//! Schemas that are outside of what `schemars` writes, or that JSON Schema reads in another way than serde.

use event_catalog::compat::{self, Contract, Rule};
use serde_json::{Value, json};

fn rules(old: &Value, new: &Value) -> Vec<Rule> {
    let contract = |schema| Contract {
        writer: schema,
        reader: schema,
    };
    let breaks = compat::compare(contract(old), contract(new));
    breaks.iter().map(compat::Break::rule).collect()
}

#[test]
fn a_keyword_that_is_not_analysed_is_compatible_with_itself_alone() {
    for schema in [
        json!({"type": "integer", "multipleOf": 5}),
        json!({"not": {"type": "null"}}),
        json!({"type": "object", "patternProperties": {"^-?[0-9]+$": {"type": "string"}}}),
        json!({"type": "array", "contains": {"type": "null"}}),
    ] {
        assert_eq!(rules(&schema, &schema), [], "{schema}");
        let inside = |schema: &Value| json!({"type": "object", "properties": {"part": schema}, "required": ["part"]});
        let other = json!({"type": "object"});
        assert!(
            rules(&inside(&schema), &inside(&other)).contains(&Rule::Unanalysable),
            "{schema}"
        );
    }
}

#[test]
fn a_value_that_two_members_of_one_of_may_read_is_not_called_compatible() {
    let small = json!({"type": "integer", "minimum": 3, "maximum": 5});
    let overlapping = json!({"oneOf": [
        {"type": "integer", "minimum": 0, "maximum": 10},
        {"type": "integer", "minimum": 4, "maximum": 20},
    ]});
    assert!(rules(&small, &overlapping).contains(&Rule::Unanalysable));
}

#[test]
fn a_definition_that_contains_itself_is_compared_with_one_that_does() {
    let tree = |leaf: &str| {
        json!({"$ref": "#/$defs/Tree", "$defs": {"Tree": {
            "type": "object",
            "properties": {"leaf": {"type": leaf}, "inner": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
            "required": ["leaf", "inner"],
        }}})
    };
    assert_eq!(rules(&tree("string"), &tree("string")), []);
    let changed = rules(&tree("string"), &tree("boolean"));
    assert_eq!(changed, [Rule::TypeChanged, Rule::TypeChanged]);
}

#[test]
fn a_reader_takes_a_field_under_its_aliases() {
    let named = |name: &str, alias: Value| json!({"type": "object", "properties": {name: {"type": "string", "x-aliases": alias}}, "required": [name]});
    let (old, new) = (named("mail", json!([])), named("email", json!(["mail"])));
    assert_eq!(
        rules(&old, &new),
        [Rule::FieldRenamed],
        "old programs have no alias"
    );
    assert_eq!(
        rules(&new, &old),
        [Rule::FieldRenamed],
        "as have those that dropped it"
    );
    assert_eq!(rules(&old, &named("email", json!([]))).len(), 2);
}

#[test]
fn a_format_of_which_no_text_is_known_is_a_break_without_an_example() {
    let text = json!({"type": "string"});
    let breaks = |format: &str| {
        let formatted = json!({"type": "string", "format": format});
        let contract = |schema| Contract {
            writer: schema,
            reader: schema,
        };
        let breaks = compat::compare(contract(&text), contract(&formatted));
        let said: Vec<_> = breaks.iter().map(ToString::to_string).collect();
        said.join("\n")
    };
    assert_eq!(
        breaks("uuid"),
        "FORMAT_CHANGED: old programs write any text, and new ones read the format uuid; such as \"x\""
    );
    assert_eq!(
        breaks("iban"),
        "FORMAT_CHANGED: old programs write any text, and new ones read the format iban; no example of it is known"
    );
}
