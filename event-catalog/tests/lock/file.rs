//! The file.

use event_catalog::lock::{Lock, LockError};
use expect_test::expect_file;
use serde_json::Value;

use crate::events::catalog;

#[test]
fn the_file_has_a_block_for_each_event_and_is_read_as_it_was_written() {
    let lock = catalog("before").lock();
    let text = lock.to_string();
    expect_file!["snapshots/events.lock"].assert_eq(&text);
    assert_eq!(text.parse(), Ok(lock.clone()));
    assert_eq!(
        text.replace('\n', "\r\n").parse(),
        Ok(lock),
        "with the line ends of Windows"
    );
}

#[test]
fn all_keys_are_sorted_whatever_the_program_has_serde_json_do() {
    fn check(value: &Value) {
        if let Some(fields) = value.as_object() {
            assert!(fields.keys().is_sorted(), "{value}");
        }
        let items = value.as_array().into_iter().flatten();
        items
            .chain(value.as_object().into_iter().flat_map(|it| it.values()))
            .for_each(check);
    }
    let lock = catalog("after").lock();
    assert!(
        lock.events
            .is_sorted_by_key(|event| (event.name.clone(), event.version))
    );
    for event in &lock.events {
        if let Some(schemas) = &event.schemas {
            check(&schemas.writer);
            check(&schemas.reader);
        }
    }
}

#[test]
fn what_is_no_lock_or_a_newer_one_is_an_error_that_says_so() {
    let malformed = |text: &str| match text.parse::<Lock>() {
        Err(LockError::Malformed(why)) => why,
        other => panic!("{other:?}"),
    };
    let text = catalog("before").lock().to_string();
    malformed("");
    malformed("{}");
    malformed(&text[..text.len() / 2]);
    malformed("<<<<<<< HEAD\n");
    let misspelt = malformed(&text.replacen("\"type\":", "\"tipe\":", 1));
    assert!(
        misspelt.contains("tipe") && misspelt.contains("line "),
        "{misspelt}"
    );
    // A newer format may have anything.
    let newer = text.replacen("\"format\": 1", "\"format\": 2, \"more\": []", 1);
    assert_eq!(newer.parse::<Lock>(), Err(LockError::Format(2)));
    let newer = text.replacen("\"format\": 1", "\"format\": 3", 1);
    assert_eq!(newer.parse::<Lock>(), Err(LockError::Format(3)));
    assert_eq!(Lock::read("no/such/file"), Err(LockError::Missing));
}

#[test]
fn a_file_is_replaced_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.lock");
    for side in ["before", "after"] {
        let lock = catalog(side).lock();
        lock.write(&path).expect("it is written");
        assert_eq!(Lock::read(&path), Ok(lock));
    }
    let files = std::fs::read_dir(folder.path()).expect("it is there");
    assert_eq!(files.count(), 1);
    let missing = folder.path().join("none").join("events.lock");
    assert!(matches!(
        catalog("after").lock().write(missing),
        Err(LockError::Io(_))
    ));
}
