//! The words that inputs are made of.

use crate::check::SOURCE;
use crate::seeds;

/// Each of them as libFuzzer's dictionary has it.
#[must_use]
pub fn text() -> String {
    let attributes = [
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "datacontenttype",
        "eventversion",
        "correlationid",
        "causationid",
        "causaldepth",
        "forwardedby",
        "partitionkey",
        "data",
        "data_base64",
    ];
    let fields = [
        "orderId",
        "customer",
        "lines",
        "item",
        "price",
        "kind",
        "plain",
        "in-color",
        "color",
        "answers",
        "token",
        "more",
        "labels",
        "total",
        "card",
        "number",
        "pins",
        "secrets",
        "order",
        "Nothing",
        "Tuple",
        "New",
        "näme / ~x",
        "text",
        "inner",
        "t",
        "c",
        "A",
        "B",
        "x",
        "name",
        "root",
        "raw",
        "pin",
        "words",
    ];
    let values = [
        "1.0",
        "/b https://c.example",
        SOURCE,
        "application/json",
        "2024-05-01T10:20:30.123456789Z",
        "018f2f3c-1111-7000-8000-0123456789ab",
    ];
    let events: Vec<_> = seeds::data().iter().map(|(event, ..)| *event).collect();
    let strings = attributes
        .iter()
        .chain(&fields)
        .chain(&values)
        .chain(&events);
    let plain = [
        "null",
        "true",
        "false",
        "18446744073709551615",
        "-9223372036854775808",
        "1e308",
        "-0.0",
        "[[[[[[[[",
        "]]]]]]]]",
        "{\"\":",
        "\\u0000",
        "\u{feff}",
        "\\ud83d\\ude00",
    ];
    let mut words: Vec<_> = strings.map(|text| format!("\"{text}\"")).collect();
    words.extend(plain.map(str::to_owned));
    words.sort();
    words.dedup();
    let entry = |word: String| {
        let escaped: Vec<_> = word.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
        format!("\"{}\"\n", escaped.concat())
    };
    words.into_iter().map(entry).collect()
}
