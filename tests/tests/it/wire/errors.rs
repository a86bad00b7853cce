//! What cannot be read is an error that says where and what, and shows no value.

use event_core::wire::{Codec, DecodeError};
use serde_json::{Value, json};

use super::{ID, codec, decode, envelope, meta, order, problem, refused, sample, with, without};

#[test]
fn an_error_shows_no_value_of_the_data() {
    let fine = json!({
        "user/name": "ada", "pin": 1, "token": 2, "secrets": {}, "answers": {}, "kind": "Person",
    });
    let broken = |field: &str, value: Value| {
        let data = with(fine.clone(), field, value);
        problem(&envelope("wire.user_signed_up", 1, &data))
    };
    let start = "`wire.user_signed_up` version 1 does not fit at ";
    let expected = [
        (
            "pin",
            json!("4711"),
            "`data.pin`: invalid type: string, expected u16",
        ),
        (
            "pin",
            json!(314_159),
            "`data.pin`: invalid value: integer, expected u16",
        ),
        (
            "token",
            json!("4711"),
            "`data.token`: invalid type: string, expected u64",
        ),
        (
            "secrets",
            json!({ "hunter2": "4711" }),
            "`data.secrets`: invalid type: string, expected u64",
        ),
        (
            "answers",
            json!({ "hunter2": ", expected x" }),
            "`data.answers`: invalid type: string, expected u64",
        ),
        (
            "kind",
            json!("4711"),
            "`data.kind`: unknown variant, expected `Person` or `Company`",
        ),
    ];
    for (field, value, text) in expected {
        assert_eq!(broken(field, value), format!("{start}{text}"));
    }
    let data = without(fine, "pin");
    assert_eq!(
        problem(&envelope("wire.user_signed_up", 1, &data)),
        format!("{start}`data`: missing field `pin`"),
    );
    let talkative = refused(&envelope("wire.talkative", 1, &json!({ "pin": "hunter2" })));
    assert!(!format!("{talkative} {talkative:?}").contains("hunter2"));
    // Nothing is redacted here, and the type's own words are the best there are.
    assert_eq!(
        refused(&envelope("wire.open", 1, &json!({ "loud": "a whisper" }))).to_string(),
        "`wire.open` version 1 does not fit at `data.loud`: `a whisper` is not loud",
    );
}

#[test]
fn data_that_does_not_fit_says_event_version_and_path() {
    let data = json!({ "orderId": 1, "note": null, "lines": [
        { "item": "a", "price": 1 }, { "item": "b", "price": 2 }, { "item": "c", "price": "3" },
    ] });
    assert_eq!(
        problem(&order(&data)),
        "`wire.order_placed` version 3 does not fit at `data.lines[2].price`: invalid type: string, \
         expected u32",
    );
    assert_eq!(
        problem(&envelope("wire.order_placed", 2, &json!({}))),
        "`wire.order_placed` version 2 does not fit at `data`: missing field `order`",
    );
    assert_eq!(
        refused(&without(order(&Value::Null), "data")).to_string(),
        "`wire.order_placed` version 3 does not fit at `data`: invalid type: null, expected struct \
         OrderPlaced",
    );
    assert_eq!(
        problem(&envelope(
            "wire.payment",
            1,
            &json!({ "split": { "in_cash": [1, "x"] } })
        )),
        "`wire.payment` version 1 does not fit at `data.split.in_cash[1]`: invalid type: string, \
         expected f64",
    );
}

#[test]
fn an_unknown_event_or_version_says_which_are_known() {
    assert_eq!(
        refused(&envelope("wire.order_plcaed", 3, &Value::Null)).to_string(),
        "no linked event is named `wire.order_plcaed` (version 3); did you mean \
         `wire.order_placed`?",
    );
    assert_eq!(
        refused(&envelope("bank.paid_out", 1, &Value::Null)).to_string(),
        "no linked event is named `bank.paid_out` (version 1); link the crate that declares it, or \
         add the name as an `alias` to the event that has another now",
    );
    for (event, version, text) in [
        ("wire.order_placed", 9, "known are 1, 2 and 3; "),
        ("wire.stock_reserved", 0, "known is 1; "),
    ] {
        let text = format!("version {version} of `{event}` is not known; {text}");
        let said = refused(&envelope(event, version, &Value::Null)).to_string();
        assert!(said.starts_with(&text), "{said}");
    }
    // It has a name and is not `wire`.
    assert!(matches!(
        refused(&envelope("wire.stays_here", 1, &Value::Null)),
        DecodeError::UnknownEvent { .. }
    ));
}

#[test]
fn what_is_no_cloud_event_says_which_attribute_is_wrong() {
    let fine = envelope("wire.stock_reserved", 1, &Value::Null);
    assert!(decode(&fine).is_ok());
    let start = "the input is not a CloudEvent: ";
    let broken = [
        (without(fine.clone(), "id"), "`id`: it is missing"),
        (without(fine.clone(), "source"), "`source`: it is missing"),
        (without(fine.clone(), "type"), "`type`: it is missing"),
        (
            without(fine.clone(), "specversion"),
            "`specversion`: it is missing",
        ),
        (with(fine.clone(), "id", json!(null)), "`id`: it is missing"),
        (with(fine.clone(), "id", json!("")), "`id`: it is empty"),
        (
            with(fine.clone(), "id", json!(5)),
            "`id`: invalid type: integer, expected a string",
        ),
        (
            with(fine.clone(), "type", json!(["wire.order_placed"])),
            "`type`: invalid type: sequence, expected a string",
        ),
        (
            with(fine.clone(), "time", json!("yesterday")),
            "`time`: it is no time as RFC 3339 writes it",
        ),
        (
            with(fine.clone(), "eventversion", json!(-1)),
            "`eventversion`: invalid type: integer, expected an integer from 0 to 2147483647",
        ),
        (
            with(fine.clone(), "causaldepth", json!("deep")),
            "`causaldepth`: invalid value: string, expected an integer from 0 to 2147483647",
        ),
        (
            with(fine.clone(), "causaldepth", json!(1_u32 << 31)),
            "`causaldepth`: invalid value: integer, expected an integer from 0 to 2147483647",
        ),
        (
            with(fine.clone(), "eventversion", json!("2147483648")),
            "`eventversion`: invalid value: string, expected an integer from 0 to 2147483647",
        ),
        (json!([fine]), "it is no JSON object"),
        (json!("1.0"), "it is no JSON object"),
    ];
    for (envelope, text) in broken {
        assert_eq!(refused(&envelope).to_string(), format!("{start}{text}"));
    }
    assert_eq!(
        refused(&with(fine.clone(), "specversion", json!("0.3"))).to_string(),
        "`specversion` is `0.3`, and only `1.0` is read",
    );
    let twice = fine.to_string().replacen('{', "{\"id\":\"x\",", 1);
    assert_eq!(
        codec()
            .decode(twice.as_bytes())
            .expect_err("twice")
            .to_string(),
        format!("{start}duplicate field `id`"),
    );
}

#[test]
fn a_type_that_panics_while_it_is_read_is_an_error() {
    assert_eq!(
        refused(&envelope("wire.panics", 1, &Value::Null)).to_string(),
        "reading `wire.panics` version 1 panicked",
    );
}

#[test]
fn what_is_larger_than_the_limit_is_not_parsed() {
    // Neither JSON nor UTF-8, of which nothing is said.
    let input = vec![0xff; 64 << 20];
    assert_eq!(
        codec().decode(&input).expect_err("too large").to_string(),
        "the input is 67108864 bytes, and the limit is 1048576; `codec.size_limit(bytes)` sets \
         another",
    );
    let fine = order(&json!({ "orderId": 1, "lines": [] })).to_string();
    let exactly = codec().size_limit(fine.len());
    assert!(exactly.decode(fine.as_bytes()).is_ok());
    let less = codec().size_limit(fine.len() - 1);
    assert!(matches!(
        less.decode(fine.as_bytes()),
        Err(DecodeError::TooLarge { .. })
    ));
}

#[test]
fn deep_nesting_is_an_error_or_ignored_and_never_overflows() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}0{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    for deep in [&deep, &objects] {
        let of = |attribute: &str, event: &str, inside: &str| {
            format!(
                "{{\"{attribute}\":{inside},\"specversion\":\"1.0\",\"source\":\"/a\",\
                 \"id\":\"{ID}\",\"type\":\"{event}\"}}"
            )
        };
        let tree = of("data", "wire.tree", &format!("{{\"root\":{deep}}}"));
        let error = codec().decode(tree.as_bytes()).expect_err("too deep");
        assert!(matches!(error, DecodeError::TooDeep { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.starts_with("`wire.tree` version 1 is nested too deep at `data.root"),
            "{text}"
        );
        assert!(text.len() < 300, "{text}");
        let wrong = of("data", "wire.order_placed", deep);
        assert!(codec().decode(wrong.as_bytes()).is_err());
        let extension = of("theirs", "wire.stock_reserved", deep);
        assert!(codec().decode(extension.as_bytes()).is_ok());
        let attribute = of("time", "wire.stock_reserved", deep);
        assert!(codec().decode(attribute.as_bytes()).is_err());
        assert!(codec().decode(deep.as_bytes()).is_err());
        assert!(codec().decode(&deep.as_bytes()[..9_999]).is_err());
    }
}

#[test]
fn an_envelope_that_is_cut_off_anywhere_says_that_it_is_not_json() {
    let written = codec().encode(&sample(), &meta()).expect("it is written");
    for end in 0..written.len() {
        let error = codec()
            .decode(&written.as_bytes()[..end])
            .expect_err("cut off");
        assert!(
            matches!(error, DecodeError::NotJson { .. }),
            "{end}: {error}"
        );
        assert!(
            error.to_string().contains(" at line 1 column "),
            "{end}: {error}"
        );
    }
    let more = format!("{written} x");
    assert!(matches!(
        codec().decode(more.as_bytes()),
        Err(DecodeError::NotJson { .. })
    ));
}

#[test]
fn what_is_not_utf_8_says_where() {
    assert_eq!(
        codec()
            .decode(b"{\n\"id\": \"\xff\"}")
            .expect_err("not UTF-8")
            .to_string(),
        "the input is not JSON: it is not UTF-8 at line 2 column 8",
    );
}

#[test]
fn an_error_does_not_grow_with_its_input() {
    let long = "x\n".repeat(100_000);
    let map = json!({ "orderId": 1, "lines": long });
    for envelope in [
        envelope(&long, 1, &Value::Null),
        with(order(&map), "specversion", long.clone().into()),
        with(order(&map), "datacontenttype", long.clone().into()),
        with(order(&map), "time", long.clone().into()),
        order(&map),
        envelope("wire.open", 1, &json!({ "loud": long })),
        envelope("wire.payment", 1, &json!({ long.clone(): 1 })),
    ] {
        let text = refused(&envelope).to_string();
        assert!(text.len() < 500 && !text.contains('\n'), "{text}");
    }
    assert!(Codec::new(&long).expect_err("no URI").to_string().len() < 500);
}
