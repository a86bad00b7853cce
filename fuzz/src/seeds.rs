//! What the fuzzer starts from: envelopes that are right, and some that are wrong in ways of their own.

use serde_json::{Value, json};

use crate::check::{SIZE_LIMIT, SOURCE};

/// A name, and an input.
pub type Seed = (&'static str, Vec<u8>);

/// The inputs.
#[must_use]
pub fn all() -> Vec<Seed> {
    let documents = documents().into_iter().chain(long());
    let mut all: Vec<Seed> = documents
        .map(|(name, document)| (name, document.to_string().into_bytes()))
        .collect();
    all.extend(texts());
    all
}

/// Valid data of each event, with its name and version.
pub(crate) fn data() -> Vec<(&'static str, u32, Value)> {
    let order = json!({
        "orderId": 7, "customer": "täpa \u{1f600}", "total": 29.33,
        "lines": [
            { "item": "a", "price": 1, "kind": "plain" },
            { "item": "b \"\\\n", "price": 4_294_967_295_u32, "kind": "in-color", "color": "é" },
        ],
        "labels": { "": "", "x": "y" },
        "card": { "number": "4111", "pins": [1, 65_535] },
        "answers": { "kitty": 1 },
        "secrets": { "maiden": 1 },
    });
    let shape = json!({ "näme / ~x": { "text": [1, 2], "inner": { "Tuple": [-1, ["Nothing"]] } } });
    vec![
        ("fuzz.order_placed", 3, order.clone()),
        ("fuzz.order_made", 3, order),
        ("fuzz.order_placed", 2, json!({ "order": 6, "card": null })),
        (
            "fuzz.order_placed",
            2,
            json!({ "order": 6, "card": "4111" }),
        ),
        ("fuzz.order_made", 1, json!(-5)),
        ("fuzz.shape_drawn", 1, shape),
        ("fuzz.shape_drawn", 1, json!({ "New": true })),
        ("fuzz.shape_drawn", 1, json!("Nothing")),
        ("fuzz.tagged", 1, json!({ "t": "A" })),
        ("fuzz.tagged", 1, json!({ "x": i64::MIN, "t": "B" })),
        ("fuzz.adjacent", 1, json!({ "c": 1e-45, "t": "A" })),
        ("fuzz.adjacent", 1, json!({ "t": "B", "c": { "x": "" } })),
        ("fuzz.adjacent", 7, json!({ "t": "B", "c": { "x": "" } })),
        ("fuzz.untagged", 1, json!(["a", "b"])),
        ("fuzz.untagged", 1, json!({ "x": 1.5 })),
        (
            "fuzz.tree_grown",
            1,
            json!({ "name": { "a": 1 }, "root": [null, { "a": [1.0, -0.0] }] }),
        ),
        ("fuzz.passed_on", 1, json!({ "raw": { "a": [1, "\u{0}"] } })),
        (
            "fuzz.measured",
            1,
            json!([1, -1, 0.1, 1e300, "\u{10ffff}", null, true, [0, 255]]),
        ),
        ("fuzz.bell_rung", 1, Value::Null),
        ("fuzz.said", 1, json!("hello\n")),
        (
            "fuzz.whispered",
            1,
            json!({ "pin": ["1234"], "words": "aloud" }),
        ),
        (
            "fuzz.whispered",
            1,
            json!({ "pin": "ab", "words": { "b": "c" } }),
        ),
        (
            "fuzz.confided",
            1,
            json!({ "token": "aloud", "more": [null, "aloud", true] }),
        ),
        (
            "fuzz.confided",
            1,
            json!({ "token": null, "more": ["aloud", "ab"] }),
        ),
    ]
}

fn envelope(event: &str, version: u32, data: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": "018f2f3c-1111-7000-8000-0123456789ab",
        "source": "/there",
        "type": event,
        "time": "2024-05-01T10:20:30.123456789Z",
        "datacontenttype": "application/json",
        "eventversion": version,
        "correlationid": "018f2f3c-0000-7000-8000-0123456789ab",
        "causationid": "018f2f3c-0001-7000-8000-0123456789ab",
        "causaldepth": 4,
        "partitionkey": "7",
        "data": data,
    })
}

/// One with another attribute.
fn with(attribute: &str, value: Value) -> Value {
    let mut changed = envelope("fuzz.bell_rung", 1, &Value::Null);
    changed[attribute] = value;
    changed
}

fn documents() -> Vec<(&'static str, Value)> {
    let mut all: Vec<_> = data()
        .iter()
        .map(|(event, version, data)| (*event, envelope(event, *version, data)))
        .collect();
    all.extend([
        (
            "fewest attributes",
            json!({
                "specversion": "1.0", "id": "1", "source": "/a", "type": "fuzz.bell_rung",
            }),
        ),
        ("numbers as texts", with("eventversion", json!("1"))),
        ("depth as a text", with("causaldepth", json!("2147483647"))),
        (
            "a time before the epoch",
            with("time", json!("1969-12-31T23:59:59.5Z")),
        ),
        (
            "a time with an offset",
            with("time", json!("2024-05-01t12:00:60+02:00")),
        ),
        (
            "a time long ago",
            with("time", json!("-000001-01-01T00:00:00Z")),
        ),
        ("another id", with("id", json!("order-1"))),
        ("no text", with("type", json!(["fuzz.bell_rung"]))),
        (
            "another type of content",
            with("datacontenttype", json!("application/xml")),
        ),
        (
            "a subtype of JSON",
            with(
                "datacontenttype",
                json!("application/order+JSON; charset=utf-8"),
            ),
        ),
        ("binary", with("data_base64", json!("bnVsbA=="))),
        (
            "a version that is not known",
            with("eventversion", json!(9)),
        ),
        (
            "a name that is nearly known",
            with("type", json!("fuzz.bell_wrung")),
        ),
        (
            "an attribute of others",
            with("traceparent", json!({ "a": [1, 2] })),
        ),
        ("another specification", with("specversion", json!("0.3"))),
        (
            "forwarded by others",
            with("forwardedby", json!("/b  https://c.example/é")),
        ),
        (
            "forwarded by us",
            with("forwardedby", json!(format!("/b {SOURCE} /c"))),
        ),
        ("forwarded by none", with("forwardedby", json!(" \t\u{0} "))),
        (
            "forwarders that are no text",
            with("forwardedby", json!(["/b"])),
        ),
        (
            "forwarders beyond all measure",
            with("forwardedby", json!("/b ".repeat(4_000))),
        ),
        (
            "one forwarder beyond all measure",
            with("forwardedby", json!("b".repeat(9_000))),
        ),
        ("our own", with("source", json!(SOURCE))),
        ("a negative depth", with("causaldepth", json!(-1))),
        (
            "a depth of 32 bits",
            with("causaldepth", json!(1_u32 << 31)),
        ),
        ("a depth of more", with("causaldepth", json!(1_u64 << 32))),
        (
            "no object",
            json!([envelope("fuzz.bell_rung", 1, &Value::Null)]),
        ),
    ]);
    all
}

/// No text of an error grows with these.
fn long() -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    let long = "x\u{7f}`".repeat(1_000);
    for attribute in [
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "datacontenttype",
        "eventversion",
        "data",
    ] {
        all.push(("a long attribute", with(attribute, json!(long))));
    }
    all.extend([
        (
            "a long field",
            envelope("fuzz.said", 1, &json!({ long.clone(): 1 })),
        ),
        (
            "a long variant",
            envelope("fuzz.tagged", 1, &json!({ "t": long })),
        ),
        (
            "a long way",
            envelope(
                "fuzz.order_placed",
                3,
                &json!({ "labels": { long.clone(): 1 } }),
            ),
        ),
        (
            "long words",
            envelope(
                "fuzz.confided",
                1,
                &json!({ "token": null, "more": [{ "a": long }] }),
            ),
        ),
        (
            "long words of one",
            envelope("fuzz.boasted", 1, &json!({ "words": { "a": long } })),
        ),
    ]);
    all
}

/// What is not what `Value` writes.
fn texts() -> Vec<Seed> {
    let order = |data: &str| {
        format!(
            "{{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/a\",\"type\":\"fuzz.tree_grown\",\
             \"data\":{data}}}"
        )
    };
    let brackets = |many: usize| format!("{}{}", "[".repeat(many), "]".repeat(many));
    let tree = |many| order(&format!("{{\"root\":{}}}", brackets(many)));
    let said = |bytes: usize| {
        let text = order(&format!("{{\"root\":\"{}\"}}", "x".repeat(bytes)));
        text.into_bytes()
    };
    let marked = |marks: &str| format!("{marks}{}", order("{\"root\":1}")).into_bytes();
    let exactly = SIZE_LIMIT - said(0).len();
    let twice = order("{\"root\":1,\"root\":2}");
    let attribute_twice = order("1").replacen('{', "{\"id\":\"2\",", 1);
    let deep_attribute =
        order("{\"root\":1}").replacen('{', &format!("{{\"theirs\":{},", brackets(4_000)), 1);
    vec![
        ("as deep as it may be", tree(120).into_bytes()),
        ("too deep", tree(200).into_bytes()),
        ("much too deep", tree(8_000).into_bytes()),
        ("a deep attribute of others", deep_attribute.into_bytes()),
        ("as large as it may be", said(exactly)),
        ("too large", said(exactly + 1)),
        (
            "many little objects",
            order(&format!("{{\"root\":[{}0]}}", "{\"\":0},".repeat(2_000))).into_bytes(),
        ),
        ("a field twice", twice.into_bytes()),
        ("an attribute twice", attribute_twice.into_bytes()),
        (
            "brackets that do not match",
            order("{\"root\":[1,2").into_bytes(),
        ),
        ("not UTF-8", b"{\n\"id\": \"\xff\"}".to_vec()),
        ("with a mark at the start", b"\xef\xbb\xbf{}".to_vec()),
        ("an event behind a mark", marked("\u{feff}")),
        ("an event behind two marks", marked("\u{feff}\u{feff}")),
        (
            "escapes",
            order(r#"{"root":"\u0000\ud83d\ude00\/\b"}"#).into_bytes(),
        ),
        ("half of a pair", order(r#"{"root":"\ud83d"}"#).into_bytes()),
        (
            "a number that is too large",
            order("{\"root\":1e999}").into_bytes(),
        ),
        (
            "a long number",
            order(&format!("{{\"root\":1{}}}", "0".repeat(400))).into_bytes(),
        ),
        ("nothing", Vec::new()),
    ]
}
