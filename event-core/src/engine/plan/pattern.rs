//! Patterns for declared event names: `*` matches one segment, `**` the rest.

use crate::event::info::EventInfo;

/// Whether `name` matches `pattern`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let mut names = name.split('.');
    for segment in pattern.split('.') {
        match (segment, names.next()) {
            ("**", Some(_)) => return true,
            ("*", Some(_)) => {}
            (segment, Some(name)) if segment == name => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

/// Whether a catch-all with this pattern, or without one, sees an event.
pub(crate) fn sees(pattern: Option<&str>, event: &EventInfo) -> bool {
    match (pattern, event.declared_name()) {
        (None, _) => true,
        (Some(pattern), Some(name)) => matches(pattern, name),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::plan::pattern::matches;

    #[test]
    fn a_star_is_one_segment_and_two_are_the_rest() {
        for (pattern, name, expected) in [
            ("shop.order_placed", "shop.order_placed", true),
            ("shop.order_placed", "shop.order_paid", false),
            ("shop.*", "shop.order_placed", true),
            ("shop.*", "shop.order.placed", false),
            ("shop.*", "bank.paid", false),
            ("*.paid", "bank.paid", true),
            ("shop.**", "shop.order.placed", true),
            ("shop.**", "shop.placed", true),
            ("shop.**", "shop", false),
            ("**", "shop.placed", true),
            ("shop", "shop.placed", false),
            ("shop.placed.now", "shop.placed", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
        }
    }
}
