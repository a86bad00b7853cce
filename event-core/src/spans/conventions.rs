//! The names of what spans carry.
//!
//! Those of OpenTelemetry are of its semantic conventions 1.45.0, in which nothing of messaging is stable
//! yet: a newer version may rename them, and this is the one place to follow it.

/// Fields that layers which export spans to OpenTelemetry read, and that are no attributes.
pub(super) const OTEL_NAME: &str = "otel.name";
pub(super) const OTEL_KIND: &str = "otel.kind";
pub(super) const OTEL_STATUS: &str = "otel.status_code";

/// Since 1.45.0; it was `messaging.system` before.
pub(super) const SYSTEM: &str = "messaging.system.name";
pub(super) const OPERATION: &str = "messaging.operation.name";
pub(super) const OPERATION_TYPE: &str = "messaging.operation.type";
pub(super) const DESTINATION: &str = "messaging.destination.name";
pub(super) const SUBSCRIPTION: &str = "messaging.destination.subscription.name";
pub(super) const MESSAGE_ID: &str = "messaging.message.id";
pub(super) const CONVERSATION_ID: &str = "messaging.message.conversation_id";
pub(super) const FUNCTION: &str = "code.function.name";
pub(super) const FILE: &str = "code.file.path";
pub(super) const LINE: &str = "code.line.number";
pub(super) const ERROR_TYPE: &str = "error.type";

/// Of ours.
pub(super) const ENDED: &str = "event_core.ended";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_each_name() {
        let page = include_str!("../spans.rs");
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
