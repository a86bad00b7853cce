//! Bars of text.

/// A bar for `value`, in a chart whose largest value has `width` cells; drawn to an eighth of a
/// cell.
pub(crate) fn bar(value: u64, largest: u64, width: u64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if largest == 0 {
        return String::new();
    }
    // In 128 bits, since a sum of money times the width may need more than 64. A value that is not
    // zero is never invisible.
    let eighths = u128::from(value) * u128::from(width) * 8 / u128::from(largest);
    let eighths = usize::try_from(eighths)
        .unwrap_or(0)
        .max(usize::from(value > 0));
    "█".repeat(eighths / 8) + PARTS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn the_largest_value_fills_the_width_and_the_others_are_in_proportion() {
        assert_eq!(bar(80, 80, 4), "████");
        assert_eq!(bar(40, 80, 4), "██");
        assert_eq!(bar(45, 80, 4), "██▎");
        assert_eq!(bar(u64::MAX, u64::MAX, 2), "██");
    }

    #[test]
    fn a_small_value_is_visible_and_nothing_is_not() {
        assert_eq!(bar(1, 1_000_000, 4), "▏");
        assert_eq!(bar(0, 1_000_000, 4), "");
        assert_eq!(bar(0, 0, 4), "");
    }
}
