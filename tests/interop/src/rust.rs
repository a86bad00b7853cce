//! The official SDK for Rust.

use cloudevents::event::{Data, ExtensionValue};
use cloudevents::{AttributesReader, Event, EventBuilder, EventBuilderV10};
use serde_json::Value;

use crate::said::Said;

pub(crate) fn read(envelope: &str) -> Said {
    let event: Event = serde_json::from_str(envelope)
        .unwrap_or_else(|error| panic!("the SDK does not read {envelope}: {error}"));
    let extension = |(name, value): (&str, &ExtensionValue)| {
        let value = serde_json::to_value(value).expect("it is JSON");
        (name.to_owned(), value)
    };
    Said {
        id: event.id().to_owned(),
        source: event.source().clone(),
        r#type: event.ty().to_owned(),
        time: event.time().expect("it has one").to_rfc3339(),
        datacontenttype: event.datacontenttype().map(ToOwned::to_owned),
        extensions: event.iter_extensions().map(extension).collect(),
        data: match event.data() {
            Some(Data::Json(data)) => data.clone(),
            None => Value::Null,
            Some(other) => panic!("the data is no JSON: {other:?}"),
        },
        binary: None,
    }
}

pub(crate) fn write(said: &Said) -> String {
    let mut event = EventBuilderV10::new()
        .id(&said.id)
        .source(&said.source)
        .ty(&said.r#type)
        .time(said.time.as_str());
    for (name, value) in &said.extensions {
        let value: ExtensionValue = serde_json::from_value(value.clone()).expect("a plain value");
        event = event.extension(name, value);
    }
    let content = said.datacontenttype.clone().unwrap_or_default();
    let data = match &said.binary {
        None => Data::Json(said.data.clone()),
        // It is written in base 64 again.
        Some(binary) => Data::Binary(binary.clone().into_bytes()),
    };
    let event = event.data(content, data).build();
    serde_json::to_string(&event.expect("an event")).expect("it is JSON")
}
