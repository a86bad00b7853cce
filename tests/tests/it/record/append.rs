//! A journal that exists is written on, however it ends.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use event_core::wire::journal::{
    JournalError, JournalReader, JournalSummary, JournalWriter, Rotation,
};
use event_core::{Dispatcher, Event};
use event_tests::{codec, record};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event(name = "append.noted", wire)]
struct Noted(String);

fn noted(text: &str) -> Noted {
    Noted(text.to_owned())
}

/// A journal of these events.
fn of(texts: &[String]) -> Vec<u8> {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let emit = || texts.iter().for_each(|it| drop(dispatcher.emit(noted(it))));
    record(&dispatcher, emit).into_bytes()
}

/// The journal with these events behind it.
fn appended(record: &[u8], texts: &[&str]) -> (Vec<u8>, JournalSummary) {
    let recorder = JournalWriter::builder(codec());
    let recorder = recorder.append(Cursor::new(record.to_vec()));
    let recorder = recorder.expect("it can be read");
    let builder = Dispatcher::empty().observe(recorder.clone());
    let dispatcher = builder.build().expect("wired");
    for text in texts {
        dispatcher.emit(noted(text));
    }
    let end = recorder.finish();
    assert!(end.is_complete(), "{end}");
    let record = recorder.into_inner().expect("nobody took it");
    (record.into_inner(), end)
}

/// What is in a journal, line by line; `None` for one that is cut off.
fn read(record: &[u8]) -> Vec<Option<String>> {
    let events = JournalReader::new(codec(), record).zip(1..);
    let texts = events.map(|(event, line)| match event {
        Ok(event) => Some(
            event
                .event()
                .downcast_ref::<Noted>()
                .expect("one")
                .0
                .clone(),
        ),
        Err(error @ JournalError::CutOff { .. }) => {
            assert_eq!(error.line(), line);
            None
        }
        Err(error) => panic!("{error}"),
    });
    texts.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn it_goes_on_behind_a_record_that_is_cut_off_anywhere_and_says_so(
        texts in vec("[a-z\u{e4}\u{1f600}\"\n]{0,20}", 1..4),
        cut in any::<Index>(),
        second_cut in any::<Index>(),
    ) {
        let whole = of(&texts);
        let before = &whole[..cut.index(whole.len() + 1)];
        let ends = || whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        // Where its end alone is missing, the event is whole.
        let is_whole = ends().any(|(end, _)| end == before.len());
        let torn = if is_whole { 0 } else { before.len() - start };

        let (once, end) = appended(before, &["b", "c"]);
        prop_assert!(once.starts_with(before), "what is there stays");
        prop_assert_eq!((end.written(), end.torn()), (2, torn as u64));
        let bytes = if torn == 1 { "byte" } else { "bytes" };
        let told = format!("\n  after {torn} {bytes} of an event that was not written whole");
        prop_assert_eq!(end.to_string().contains(&told), torn > 0);

        let whole_lines = ends().filter(|(end, _)| *end <= before.len()).count();
        let mut expected: Vec<_> = texts[..whole_lines].iter().cloned().map(Some).collect();
        if torn > 0 {
            expected.push(None);
        }
        let earlier = expected.len();
        expected.extend(["b", "c"].map(|text| Some(text.to_owned())));
        prop_assert_eq!(read(&once), expected.clone());

        // And again, with what was appended cut off.
        let ends: Vec<_> = once.iter().enumerate().filter(|(_, byte)| **byte == b'\n').collect();
        let last = ends[ends.len() - 2].0 + 1;
        let cut = last + 1 + second_cut.index(once.len() - last - 2);
        let (twice, end) = appended(&once[..cut], &["d"]);
        let torn = if cut == once.len() - 1 { 0 } else { cut - last };
        prop_assert_eq!(end.torn(), torn as u64);
        expected.truncate(earlier + 1);
        expected.push((end.torn() == 0).then(|| "c".to_owned()));
        expected.push(Some("d".to_owned()));
        prop_assert_eq!(read(&twice), expected);
    }
}

#[test]
fn what_a_power_failure_leaves_of_a_line_is_one_line_that_is_no_event() {
    // More than is read at once, and no JSON.
    for length in [1, 20_000, 3 << 20] {
        let before = [of(&["a".to_owned()]), vec![0; length]].concat();
        let (record, end) = appended(&before, &["b"]);
        assert_eq!(end.torn(), length as u64);
        let events: Vec<_> = JournalReader::new(codec(), &*record).collect();
        assert!(events[0].is_ok() && events[2].is_ok());
        assert_eq!(
            events[1].as_ref().map_err(JournalError::line).err(),
            Some(2)
        );
        assert_eq!(events.len(), 3);
    }
}

#[test]
fn a_record_that_is_full_already_has_room_for_no_event() {
    let before = of(&["a".to_owned()]);
    for (most, is_full) in [(before.len(), true), (10_000, false)] {
        let rotation = Rotation::bytes(most as u64);
        let recorder = JournalWriter::builder(codec());
        let recorder = recorder.rotate(rotation, || Ok(Cursor::default()));
        let recorder = recorder.append(Cursor::new(before.clone()));
        let recorder = recorder.expect("it can be read");
        let builder = Dispatcher::empty().observe(recorder.clone());
        builder.build().expect("wired").emit(noted("b"));
        let last = recorder.into_inner().expect("nobody took it").into_inner();
        let texts: Vec<_> = read(&last).into_iter().flatten().collect();
        assert_eq!(texts.join(" "), if is_full { "b" } else { "a b" });
    }
}

/// Opened for writing alone.
struct Unreadable;

impl Read for Unreadable {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("not open for reading"))
    }
}

impl Write for Unreadable {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        panic!("nothing is written")
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Unreadable {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(7)
    }
}

#[test]
fn what_cannot_be_read_is_not_appended_to_and_the_error_says_how_to_open_it() {
    let error = JournalWriter::builder(codec()).append(Unreadable);
    assert_eq!(
        error.expect_err("it cannot be read").to_string(),
        "cannot append to the journal: not open for reading; a file is opened with \
         `File::options().read(true).append(true).create(true)`",
    );
}
