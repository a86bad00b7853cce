//! What is read of a journal that is damaged or cut off.

use std::io::{self, BufReader, Read};

use event_core::wire::DecodeError;
use event_core::wire::journal::{JournalError, JournalReader};
use event_tests::codec;

use super::{line, results};

#[test]
fn a_bad_line_is_one_error_with_its_number_and_the_next_line_is_read() {
    let mut record = line(1);
    record += "\n  \t\n";
    record += &line(2).replace('\n', "\r\n");
    let mut record = record.into_bytes();
    record.extend(b"{\"caf\xe9\": 1}\n\r\nnot JSON\n");
    record.extend(line(3).replace("\"step\":3", "\"step\":-3").bytes());
    record.extend(line(3).replace("record.moved", "record.move").bytes());
    record.extend("x".repeat(5_000).bytes().chain([b'\n']));
    record.extend(b"\x00\x00\x00\n");
    record.extend(line(4).trim_end().bytes());

    let results = results(&*record);
    let texts = [
        "2: line 2 is empty",
        "3: line 3 is empty",
        "5: line 5: the input is not JSON: it is not UTF-8",
        "6: line 6 is empty",
        "7: line 7: the input is not JSON",
        "8: line 8: `record.moved` version 1 does not fit at `data.step`",
        "9: line 9: no linked event is named `record.move` (version 1); did you mean `record.moved`?",
        "10: line 10: the input is 5001 bytes, and the limit is 2000",
        "11: line 11: the input is not JSON",
    ];
    let mut texts = texts.iter();
    for result in &results {
        if let Err(error) = result {
            let text = texts.next().expect("one text for each error");
            assert!(error.starts_with(text), "{error}\nand not\n{text}");
        }
    }
    assert_eq!(texts.next(), None);
    let steps: Vec<_> = results.into_iter().filter_map(Result::ok).collect();
    assert_eq!(
        steps,
        [1, 2, 4],
        "a last line without an end is good if it is whole"
    );
}

#[test]
fn a_record_that_is_cut_off_anywhere_is_read_up_to_there() {
    let lines = [line(1), line(2)];
    let (record, first) = (lines.concat(), lines[0].len());
    for cut in 0..=record.len() {
        let results = results(&record.as_bytes()[..cut]);
        let whole = match cut {
            cut if cut < first - 1 => 0,
            cut if cut < record.len() - 1 => 1,
            _ => 2,
        };
        let (read, rest) = results.split_at(whole);
        assert!(read.iter().all(Result::is_ok), "{cut}");
        match rest {
            [] => assert!([0, first - 1, first, record.len() - 1, record.len()].contains(&cut)),
            [Err(error)] => {
                let number = whole + 1;
                let text = format!("{number}: line {number} is cut off: ");
                assert!(error.starts_with(&text), "{cut}: {error}");
            }
            more => panic!("{cut}: {more:?}"),
        }
    }
}

#[test]
fn a_line_of_the_largest_size_is_read_and_one_byte_more_is_not() {
    let record = line(1);
    let size = record.trim_end().len();
    for end in ["", "\n", "\r\n"] {
        let text = format!("{}{end}", record.trim_end());
        let read = |limit| {
            let mut records = JournalReader::new(codec().size_limit(limit), text.as_bytes());
            (records.next().expect("a line"), records.next().is_none())
        };
        assert!(matches!(read(size), (Ok(_), true)), "{end:?}");
        let (error, was_last) = read(size - 1);
        let error = error.expect_err("it is too large");
        assert!(was_last);
        let JournalError::Line { error, .. } = error else {
            panic!("{end:?}: {error}")
        };
        let whole = size + end.len();
        let limit = size - 1;
        assert_eq!(
            error,
            DecodeError::TooLarge { size: whole, limit },
            "{end:?}"
        );
    }
}

/// Which is interrupted before each byte, and fails in the end.
struct Fails<'a>(&'a [u8], bool);

impl Read for Fails<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match self.0.read(&mut into[..1])? {
            0 => Err(io::Error::other("the disk is gone")),
            some => Ok(some),
        }
    }
}

#[test]
fn an_input_that_fails_is_the_last_item_and_one_that_is_interrupted_goes_on() {
    let record = [&line(1), "{\"half\":"].concat();
    let results = results(BufReader::new(Fails(record.as_bytes(), false)));
    let error = Err("2: line 2 cannot be read: the disk is gone".to_owned());
    assert_eq!(results, [Ok(1), error]);
}

#[test]
fn an_empty_record_has_no_events_and_says_how_many_lines_were_read() {
    let mut records = JournalReader::new(codec(), &b""[..]);
    assert!(records.next().is_none() && records.next().is_none());
    assert_eq!(records.lines(), 0);
    let text = [line(1), line(2)].concat();
    let mut records = JournalReader::new(codec(), text.as_bytes());
    assert_eq!((records.by_ref().count(), records.lines()), (2, 2));
}
