//! The names of spans' fields.
//!
//! The names of OpenTelemetry are from its semantic conventions 1.45.0, whose part on messaging is not
//! stable yet: a newer version may rename them, and only this file needs to change then.

/// Fields that layers which export spans to OpenTelemetry read, and that are no attributes.
pub(crate) const OTEL_NAME: &str = "otel.name";
pub(crate) const OTEL_KIND: &str = "otel.kind";
pub(crate) const OTEL_STATUS: &str = "otel.status_code";

/// The name since 1.45.0; it was `messaging.system` before.
pub(crate) const SYSTEM: &str = "messaging.system.name";
pub(crate) const OPERATION: &str = "messaging.operation.name";
pub(crate) const OPERATION_TYPE: &str = "messaging.operation.type";
pub(crate) const DESTINATION: &str = "messaging.destination.name";
pub(crate) const SUBSCRIPTION: &str = "messaging.destination.subscription.name";
pub(crate) const MESSAGE_ID: &str = "messaging.message.id";
pub(crate) const CONVERSATION_ID: &str = "messaging.message.conversation_id";
pub(crate) const FUNCTION: &str = "code.function.name";
pub(crate) const FILE: &str = "code.file.path";
pub(crate) const LINE: &str = "code.line.number";
pub(crate) const ERROR_TYPE: &str = "error.type";

/// A field of this crate.
pub(crate) const ENDED: &str = "event_core.ended";

#[cfg(test)]
mod tests {
    use crate::spans::conventions::*;

    #[test]
    fn the_documentation_lists_each_name() {
        let page = include_str!("mod.rs");
        let names = [
            OTEL_NAME,
            OTEL_KIND,
            OTEL_STATUS,
            SYSTEM,
            OPERATION,
            OPERATION_TYPE,
            DESTINATION,
            SUBSCRIPTION,
            MESSAGE_ID,
            CONVERSATION_ID,
            FUNCTION,
            FILE,
            LINE,
            ERROR_TYPE,
            ENDED,
        ];
        for name in names {
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
        assert!(page.contains("semantic conventions 1.45.0"));
    }
}
