//! A file of purchases, in either layout.

use shop_events::PurchaseMade;

use crate::line::{Layout, Problem, parse_line};

/// What a file has.
#[derive(Debug)]
pub(crate) struct Purchases {
    /// Its purchases by date; those of one day in the order of their lines.
    pub(crate) valid: Vec<PurchaseMade>,
    /// How many lines it has, not counting blank ones and the header.
    pub(crate) lines: usize,
    /// Those of them that are no purchase, in order.
    pub(crate) malformed: Vec<Malformed>,
}

/// A line that is no purchase.
#[derive(Debug)]
pub(crate) struct Malformed {
    /// Its number, from 1, blank lines and the header counted.
    pub(crate) line: usize,
    /// What is wrong with it.
    pub(crate) problem: Problem,
}

impl Purchases {
    /// Reads a whole file. Nothing in it can make that fail.
    ///
    /// The number of lines of each layout decides which one the file has; a line of the other is
    /// malformed, since a column is missing in it, or one too many. A first line without a digit
    /// may be a header, and counts for the layout that has one.
    pub(crate) fn parse(file: &[u8]) -> Purchases {
        let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
        let mut parsed: Vec<_> = (1..)
            .zip(file.split(|byte| *byte == b'\n'))
            .filter(|(_, text)| !text.trim_ascii().is_empty())
            .map(|(line, text)| (line, text, parse_line(text)))
            .collect();

        let count = |wanted| {
            parsed
                .iter()
                .filter(|(_, _, result)| matches!(result, Ok((layout, _)) if *layout == wanted))
                .count()
        };
        let may_be_header = |text: &[u8]| !text.iter().any(u8::is_ascii_digit);
        let header = parsed
            .first()
            .is_some_and(|(_, text, _)| may_be_header(text));
        let layout = if count(Layout::Full) + usize::from(header) > count(Layout::Sample) {
            parsed.drain(..usize::from(header));
            Layout::Full
        } else {
            Layout::Sample
        };

        let lines = parsed.len();
        let (mut valid, mut malformed) = (Vec::with_capacity(lines), Vec::new());
        for (line, _, result) in parsed {
            match result {
                Ok((its, purchase)) if its == layout => valid.push(purchase),
                Ok((its, _)) => malformed.push(Malformed {
                    line,
                    problem: Problem::OtherLayout(its),
                }),
                Err(problem) => malformed.push(Malformed { line, problem }),
            }
        }
        valid.sort_by_key(|purchase| purchase.date); // stable: keeps the order of lines
        Purchases {
            valid,
            lines,
            malformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Purchases;

    /// The customers in order, and the malformed lines as `number: problem`.
    fn parse(file: &[u8]) -> (Vec<u64>, Vec<String>) {
        let Purchases {
            valid,
            lines,
            malformed,
        } = Purchases::parse(file);
        assert_eq!(
            lines,
            valid.len() + malformed.len(),
            "every line is one or the other"
        );
        let malformed = malformed
            .iter()
            .map(|bad| format!("{}: {}", bad.line, bad.problem));
        (
            valid.iter().map(|purchase| purchase.customer_id).collect(),
            malformed.collect(),
        )
    }

    #[test]
    fn purchases_are_ordered_by_date_and_then_by_line() {
        let file = b"3 19970201 1 1\n1 19970102 1 1\n2 19970201 1 1\n4 19970101 1 1\n";
        assert_eq!(parse(file).0, [4, 1, 3, 2]);
    }

    #[test]
    fn a_header_a_byte_order_mark_and_blank_lines_are_no_purchases_and_not_malformed() {
        let file =
            "\u{feff}customer id date CDs amount\r\n\r\n 1 19970101 1 1\r\n   \r\n\n2 19970101 1 1";
        assert_eq!(parse(file.as_bytes()), (vec![1, 2], vec![]));
    }

    #[test]
    fn a_malformed_line_has_its_own_number_and_the_rest_is_kept() {
        let file = b"id date cds usd\n\n1 19970101 1 1\n2 19970101 1\n\xff\n3 19970101 1 1\n\
            id date cds usd\n";
        let malformed = [
            "4: expected 4 or 5 columns, found 3",
            "5: not UTF-8 text",
            "7: customer `id` is not a number",
        ];
        assert_eq!(
            parse(file),
            (vec![1, 3], malformed.map(String::from).to_vec())
        );
    }

    #[test]
    fn a_line_in_the_other_layout_lacks_a_column_and_is_malformed() {
        let lacks_its_customer = b"1 19970101 1 1\n2 2 19970101 1 1\n3 3 19970101 1 1\n";
        let malformed = vec!["1: 4 columns, unlike the rest of the file".to_owned()];
        assert_eq!(parse(lacks_its_customer), (vec![2, 3], malformed));
    }

    #[test]
    fn of_one_line_in_each_layout_a_header_decides() {
        let lines = "1 1 19970101 1 1\n2 19970101 1 1\n";
        assert_eq!(parse(lines.as_bytes()).0, [1]);
        assert_eq!(parse(format!("id date cds usd\n{lines}").as_bytes()).0, [2]);
    }

    #[test]
    fn the_layout_without_a_header_takes_no_first_line_for_one() {
        let file = b"oops\n1 1 19970101 1 1\n";
        assert_eq!(
            parse(file),
            (
                vec![1],
                vec!["1: expected 4 or 5 columns, found 1".to_owned()]
            )
        );
    }

    #[test]
    fn a_file_of_nothing_has_no_line() {
        for file in [
            &b""[..],
            b"\n\r\n  \n",
            b"\xEF\xBB\xBF",
            b"id date cds usd\n",
        ] {
            assert_eq!(parse(file), (vec![], vec![]), "{file:?}");
        }
    }
}
