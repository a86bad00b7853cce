//! `JournalReader`, broken extensions, and networks of any form.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use event_core::Dispatcher;
use event_core::wire::journal::{JournalReader, JournalWriter};
use event_core::wire::{Codec, DecodeError};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Asked, Manner, Program, answer, run};

#[test]
fn a_record_of_what_was_emitted_and_received_is_replayed_with_the_same_meta() {
    let codec = Codec::new("/b").expect("a source");
    let recorder = JournalWriter::new(codec.clone(), Vec::new());
    let build = |recorder: &JournalWriter<Vec<u8>>| {
        Dispatcher::builder()
            .only(answer)
            .observe(recorder.clone())
            .build()
            .expect("wired")
    };
    let dispatcher = build(&recorder);
    dispatcher.emit(Asked(1));
    for forwarders in ["", "/x", "/x /y"] {
        let envelope = json!({
            "specversion": "1.0", "id": "1", "source": "/a", "type": "forwarding.asked", "data": 2,
            "causaldepth": 3, "forwardedby": forwarders, "time": "2024-05-01T10:20:30Z",
        });
        let envelope = codec.decode(envelope.to_string().as_bytes());
        assert!(dispatcher.emit(envelope.expect("it is read")).is_ok());
    }
    let record = recorder.into_inner().expect("the only one");

    let again = JournalWriter::new(codec.clone(), Vec::new());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let replaying = build(&again);
    let seeing = Arc::clone(&seen);
    let _guard = replaying.subscribe(move |_: &Asked| {
        seeing.lock().expect("seen").push(());
    });
    for envelope in JournalReader::new(codec, &*record) {
        assert!(
            replaying
                .replaying()
                .emit(envelope.expect("it is read"))
                .is_ok()
        );
    }
    assert_eq!(seen.lock().expect("seen").len(), 4);
    let again = again.into_inner().expect("the only one");
    assert_eq!(
        String::from_utf8_lossy(&again),
        String::from_utf8_lossy(&record),
    );
}

#[test]
fn a_broken_extension_is_an_error_or_an_event_and_never_a_panic() {
    let codec = Codec::new("/here").expect("a source").size_limit(4 << 20);
    let with = |name: &str, value: Value| {
        let mut envelope = json!({
            "specversion": "1.0", "id": "1", "source": "/there", "type": "forwarding.asked", "data": 1,
        });
        envelope[name] = value;
        codec.decode(envelope.to_string().as_bytes())
    };
    let dispatcher = Dispatcher::builder().only(answer).build().expect("wired");
    for value in [json!(7), json!(true), json!(["/a"]), json!({ "a": 1 })] {
        let error = with("forwardedby", value).expect_err("no text");
        assert!(
            matches!(error, DecodeError::NotCloudEvent { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("`forwardedby`"), "{error}");
    }
    for value in [
        json!(-1),
        json!(-2_147_483_649_i64),
        json!(1_u32 << 31),
        json!(u32::MAX),
        json!(4_294_967_296_u64),
        json!(1.5),
    ] {
        let error = with("causaldepth", value).expect_err("no depth");
        assert!(error.to_string().contains("`causaldepth`"), "{error}");
    }
    for depth in [257, i32::MAX] {
        let envelope = with("causaldepth", json!(depth)).expect("it is read");
        let report = dispatcher.emit(&envelope);
        assert_eq!((report.not_emitted(), report.failures().len()), (1, 1));
        let written = codec
            .encode(envelope.event(), envelope.meta())
            .expect("it is written");
        let written: Value = serde_json::from_str(&written).expect("it is JSON");
        assert_eq!(written["causaldepth"], depth);
    }
    let many = "/x ".repeat(1 << 20);
    let long = "x".repeat(2 << 20);
    let odd = " \t\n\u{0}\u{fffd}\u{1f600} /x\u{85} ";
    for forwarders in ["", " ", odd, &many, &long] {
        let envelope = with("forwardedby", json!(forwarders)).expect("it is read");
        assert!(!envelope.is_echo());
        assert_eq!(dispatcher.emit(&envelope).done(), 1);
        let written = codec
            .encode(envelope.event(), envelope.meta())
            .expect("it is written");
        assert!(written.len() < 4096);
        let read = codec.decode(written.as_bytes()).expect("it is read");
        assert!(read.is_echo());
        let json: Value = serde_json::from_str(&written).expect("it is JSON");
        let text = json["forwardedby"].as_str().expect("a text");
        assert!(
            text.ends_with("/here") && text.chars().all(|it| matches!(it, ' '..='~')),
            "{text}"
        );
    }
    // It is found wherever it stands.
    for forwarders in [
        format!("/here {many}"),
        format!("{many} /here"),
        "/here".to_owned(),
    ] {
        assert!(
            with("forwardedby", json!(forwarders))
                .expect("it is read")
                .is_echo()
        );
    }
    for other in ["/her", "/here/", "/here2", "x/here", "here"] {
        assert!(
            !with("forwardedby", json!(other))
                .expect("it is read")
                .is_echo(),
            "{other}"
        );
    }
}

fn manner() -> impl Strategy<Value = Manner> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    flags.prop_map(
        |(forwards_all, allows_echoes, answers, asks_again)| Manner {
            forwards_all,
            allows_echoes,
            answers,
            asks_again,
            depth_limit: Some(3),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn every_network_comes_to_rest_and_what_has_been_somewhere_is_handled_there_once_more_only_where_it_may(
        manners in prop::collection::vec(manner(), 2..4),
        links in prop::collection::vec(prop::collection::btree_set(0..3_usize, 0..3), 3),
    ) {
        let programs: Vec<_> = manners
            .iter()
            .enumerate()
            .map(|(index, manner)| Program::new(&format!("/{index}"), *manner))
            .collect();
        let links: Vec<Vec<usize>> = links
            .iter()
            .map(|to| to.iter().copied().filter(|to| *to < programs.len()).collect())
            .collect();
        programs[0].dispatcher.emit(Asked(1));
        run(&programs, &links);
        for (index, (program, manner)) in programs.iter().zip(&manners).enumerate() {
            let own = format!("/{index}");
            let seen = program.outbox.seen.lock().expect("seen");
            let mut emitted = HashSet::new();
            for meta in &*seen {
                if !meta.is_remote() {
                    prop_assert!(emitted.insert(meta.id()));
                }
                if !manner.allows_echoes && meta.is_remote() {
                    prop_assert!(!meta.forwarders().any(|it| it == own));
                    // A link to itself brings back what it has sent.
                    let is_own = meta.source() == Some(&*own);
                    prop_assert!(!is_own || meta.forwarders().next().is_none());
                    prop_assert_eq!(is_own, emitted.contains(&meta.id()));
                }
                prop_assert!(meta.depth() <= 3);
            }
        }
    }
}
