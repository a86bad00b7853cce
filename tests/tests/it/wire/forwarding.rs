//! Programs that send to each other what they emit and receive.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use event_core::wire::record::{Recorder, Records};
use event_core::wire::{Codec, DecodeError, EncodeError, Envelope};
use event_core::{AnyEvent, Dispatcher, Event, Meta, handler};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "forwarding.asked", wire)]
struct Asked(u32);

#[derive(Event, Serialize, Deserialize)]
#[event(name = "forwarding.answered", wire)]
struct Answered(u32);

/// What a program sends, and whether it also sends what came from outside.
struct Outbox {
    codec: Codec,
    forwards_all: bool,
    sent: Mutex<Vec<String>>,
    seen: Mutex<Vec<Meta>>,
}

#[handler]
#[allow(
    clippy::needless_pass_by_value,
    reason = "a handler takes its `Meta` by value"
)]
fn send(event: &dyn AnyEvent, outbox: &Outbox, meta: Meta) -> Result<(), EncodeError> {
    outbox.seen.lock().expect("seen").push(meta.clone());
    if outbox.forwards_all || !meta.is_remote() {
        let envelope = outbox.codec.encode(event, &meta)?;
        outbox.sent.lock().expect("sent").push(envelope);
    }
    Ok(())
}

#[handler]
fn answer(event: &Asked) -> Answered {
    Answered(event.0)
}

#[handler]
fn ask_again(event: &Answered) -> Asked {
    Asked(event.0)
}

struct Program {
    dispatcher: Dispatcher,
    outbox: Arc<Outbox>,
}

/// How a program behaves.
#[derive(Clone, Copy, Debug, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is independent of the others"
)]
struct Manner {
    forwards_all: bool,
    allows_echoes: bool,
    answers: bool,
    asks_again: bool,
    depth_limit: Option<u32>,
}

impl Program {
    fn new(source: &str, manner: Manner) -> Self {
        let mut codec = Codec::new(source).expect("a source");
        if manner.allows_echoes {
            codec = codec.allow_echoes();
        }
        let outbox = Arc::new(Outbox {
            codec,
            forwards_all: manner.forwards_all,
            sent: Mutex::default(),
            seen: Mutex::default(),
        });
        let mut builder = Dispatcher::builder().only(send);
        if manner.answers {
            builder = builder.only(answer);
        }
        if manner.asks_again {
            builder = builder.only(ask_again);
        }
        let dispatcher = builder
            .provide_arc(Arc::clone(&outbox))
            .depth_limit(manner.depth_limit.unwrap_or(256))
            .build()
            .expect("wired");
        Self { dispatcher, outbox }
    }

    fn take_sent(&self) -> Vec<String> {
        std::mem::take(&mut *self.outbox.sent.lock().expect("sent"))
    }

    fn decode(&self, envelope: &str) -> Envelope {
        let read = self.outbox.codec.decode(envelope.as_bytes());
        read.expect("it is read")
    }

    /// Delivers an envelope; returns what the failures say.
    fn receive(&self, envelope: &str) -> Vec<String> {
        let report = self.dispatcher.deliver(&self.decode(envelope));
        report.failures().iter().map(ToString::to_string).collect()
    }
}

/// What happened in a network until nothing was under way.
#[derive(Debug, Default)]
struct Traffic {
    deliveries: usize,
    failures: Vec<String>,
}

/// Carries what each program sends to those that its list names, until all is quiet.
fn run(programs: &[Program], links: &[Vec<usize>]) -> Traffic {
    let mut traffic = Traffic::default();
    let mut under_way = VecDeque::new();
    loop {
        for (from, program) in programs.iter().enumerate() {
            for envelope in program.take_sent() {
                under_way.extend(links[from].iter().map(|to| (*to, envelope.clone())));
            }
        }
        let Some((to, envelope)) = under_way.pop_front() else {
            return traffic;
        };
        traffic.deliveries += 1;
        assert!(traffic.deliveries < 100_000, "it does not end: {envelope}");
        traffic.failures.extend(programs[to].receive(&envelope));
    }
}

const FORWARDS_ALL: Manner = Manner {
    forwards_all: true,
    allows_echoes: false,
    answers: false,
    asks_again: false,
    depth_limit: None,
};

#[test]
fn two_programs_that_forward_to_each_other_stop_where_the_event_has_been_before() {
    let programs =
        ["https://a.example", "https://b.example"].map(|it| Program::new(it, FORWARDS_ALL));
    programs[0].dispatcher.emit(Asked(1));
    let traffic = run(&programs, &[vec![1], vec![0]]);
    assert_eq!(traffic.deliveries, 2);
    assert_eq!(
        traffic.failures,
        [
            "`forwarding.asked` was not emitted: it has been here before, as an event that \
          `https://a.example` sent, and somebody forwarded it back; forward nothing that came from \
          outside (`meta.is_remote()`), or let it in with `codec.allow_echoes()`"
        ],
    );
}

#[test]
fn programs_that_forward_what_was_emitted_there_alone_have_no_failure() {
    let polite = Manner {
        forwards_all: false,
        answers: true,
        ..FORWARDS_ALL
    };
    let programs = ["/a", "/b"].map(|it| Program::new(it, polite));
    programs[0].dispatcher.emit(Asked(1));
    let traffic = run(&programs, &[vec![1], vec![0]]);
    // The question and A's own answer to B; B's answer to A.
    assert_eq!((traffic.deliveries, traffic.failures.len()), (3, 0));
}

#[test]
fn what_is_sent_back_is_refused_in_every_way_of_delivering() {
    let [here, there] = ["/a", "/b"].map(|it| Program::new(it, FORWARDS_ALL));
    here.dispatcher.emit(Asked(1));
    let sent = here.take_sent().remove(0);
    assert!(there.receive(&sent).is_empty());
    let sent_back = there.take_sent().remove(0);
    for envelope in [&sent_back] {
        let envelope = here.decode(envelope);
        assert!(envelope.is_echo());
        let reports = [
            here.dispatcher.deliver(&envelope),
            pollster::block_on(here.dispatcher.deliver_async(&envelope)),
        ];
        for report in reports {
            let counts = (report.done(), report.events(), report.not_emitted());
            assert_eq!(counts, (0, 0, 1));
            assert!(report.failures()[0].is_echo() && !report.is_ok());
            assert_eq!(report.failures()[0].ended(), None);
        }
    }
    assert_eq!(here.outbox.seen.lock().expect("seen").len(), 1);
}

#[test]
fn an_event_keeps_its_source_and_id_and_says_who_forwarded_it() {
    let names = ["/a", "/b", "/c", "/d"];
    let programs = names.map(|it| Program::new(it, FORWARDS_ALL));
    programs[0].dispatcher.emit(Asked(1));
    let first = programs[0].outbox.seen.lock().expect("seen")[0].clone();
    assert_eq!((first.is_remote(), first.source()), (false, None));
    assert_eq!(first.forwarders().count(), 0);
    let mut envelope = programs[0].take_sent().remove(0);
    for (index, program) in programs.iter().enumerate().skip(1) {
        let json: Value = serde_json::from_str(&envelope).expect("it is JSON");
        let before = &names[1..index];
        assert_eq!(json["source"], "/a");
        assert_eq!(json["id"], json!(first.id()));
        assert_eq!(json["causaldepth"], 0);
        let forwarders = (!before.is_empty()).then(|| json!(before.join(" ")));
        assert_eq!(json.get("forwardedby"), forwarders.as_ref());

        assert!(program.receive(&envelope).is_empty());
        let meta = program.outbox.seen.lock().expect("seen")[0].clone();
        assert_eq!(meta, first);
        assert_eq!((meta.is_remote(), meta.source()), (true, Some("/a")));
        assert!(meta.forwarders().eq(before.iter().copied()));
        envelope = program.take_sent().remove(0);
    }
}

#[test]
fn an_answer_comes_home_and_is_an_event_of_who_answers() {
    let here = Program::new("/a", FORWARDS_ALL);
    let there = Program::new(
        "/b",
        Manner {
            answers: true,
            ..FORWARDS_ALL
        },
    );
    here.dispatcher.emit(Asked(1));
    assert!(there.receive(&here.take_sent()[0]).is_empty());
    let sent = there.take_sent();
    let answer = here.decode(&sent[1]);
    assert!(answer.event().is::<Answered>());
    assert!(!answer.is_echo() && here.decode(&sent[0]).is_echo());
    assert_eq!((answer.source(), answer.meta().depth()), ("/b", 1));
    assert!(here.receive(&sent[1]).is_empty());
    let seen = here.outbox.seen.lock().expect("seen");
    assert_eq!(seen[1].causation(), Some(seen[0].id()));
    assert_eq!((seen[1].source(), seen[1].depth()), (Some("/b"), 1));
    let remote: Vec<_> = there
        .outbox
        .seen
        .lock()
        .expect("seen")
        .iter()
        .map(Meta::is_remote)
        .collect();
    // What a handler makes of an event from outside is emitted there.
    assert_eq!(remote, [true, false]);
}

#[test]
fn two_programs_that_answer_each_other_end_at_the_limit_of_depth() {
    let asker = Manner {
        asks_again: true,
        depth_limit: Some(40),
        forwards_all: false,
        ..FORWARDS_ALL
    };
    let answerer = Manner {
        answers: true,
        asks_again: false,
        ..asker
    };
    let programs = [Program::new("/a", asker), Program::new("/b", answerer)];
    programs[0].dispatcher.emit(Asked(1));
    let traffic = run(&programs, &[vec![1], vec![0]]);
    assert_eq!(traffic.failures.len(), 1, "{traffic:?}");
    assert!(
        traffic.failures[0].contains("was not emitted: more than 40 causes lie before it"),
        "{traffic:?}"
    );
    assert_eq!(traffic.deliveries, 41);
    for program in &programs {
        let seen = program.outbox.seen.lock().expect("seen");
        assert_eq!(seen.iter().map(Meta::depth).max(), Some(40));
    }
}

#[test]
fn a_loop_that_lets_everything_in_ends_at_the_limit_of_depth() {
    let careless = Manner {
        allows_echoes: true,
        depth_limit: Some(20),
        ..FORWARDS_ALL
    };
    let programs = ["/a", "/b", "/c"].map(|it| Program::new(it, careless));
    programs[0].dispatcher.emit(Asked(1));
    let traffic = run(&programs, &[vec![1], vec![2], vec![0]]);
    assert_eq!(traffic.failures.len(), 1);
    assert!(
        traffic.failures[0].contains("more than 20 causes"),
        "{traffic:?}"
    );
    // Its route does not grow.
    let seen = programs[0].outbox.seen.lock().expect("seen");
    let last = seen.last().expect("the last");
    assert_eq!(last.forwarders().collect::<Vec<_>>(), ["/b", "/c", "/a"]);
}

#[test]
fn a_program_that_reads_and_writes_under_different_sources_stops_where_it_writes_again() {
    // What reads knows nothing of what writes, so nothing is an echo.
    let link = |to: &str| {
        (
            Codec::new(&format!("{to}/in")),
            Codec::new(&format!("{to}/out")),
        )
    };
    let programs = ["/a", "/b"].map(link);
    let dispatcher = Dispatcher::builder()
        .only(answer)
        .depth_limit(10)
        .build()
        .expect("wired");
    let mut envelope = json!({
        "specversion": "1.0", "id": "1", "source": "/a/out", "type": "forwarding.asked", "data": 1,
    })
    .to_string();
    for round in 0.. {
        assert!(round < 100, "it does not end");
        let (input, output) = &programs[(round + 1) % 2];
        let (input, output) = (
            input.as_ref().expect("a source"),
            output.as_ref().expect("a source"),
        );
        let read = input.decode(envelope.as_bytes()).expect("it is read");
        assert!(!read.is_echo());
        let report = dispatcher.deliver(&read);
        if !report.is_ok() {
            assert!(
                report.failures()[0]
                    .to_string()
                    .contains("more than 10 causes")
            );
            break;
        }
        envelope = output
            .encode(read.event(), read.meta())
            .expect("it is written");
    }
}

#[test]
fn an_own_event_that_a_broker_brings_back_as_it_was_is_delivered_and_forwarded_no_second_time() {
    let programs = [
        Program::new("/a", FORWARDS_ALL),
        Program::new("/a", FORWARDS_ALL),
    ];
    programs[0].dispatcher.emit(Asked(1));
    // Each receives what any of them sends.
    let traffic = run(&programs, &[vec![0, 1], vec![0, 1]]);
    assert_eq!((traffic.deliveries, traffic.failures.len()), (6, 4));
    let seen = programs.map(|it| it.outbox.seen.lock().expect("seen").clone());
    assert_eq!([seen[0].len(), seen[1].len()], [2, 1]);
    assert_eq!(seen[1][0].source(), Some("/a"));
    assert_eq!(seen[0][0], seen[1][0]);
}

// Records.

#[test]
fn a_record_of_what_was_emitted_and_received_is_replayed_with_the_same_meta() {
    let codec = Codec::new("/b").expect("a source");
    let recorder = Recorder::new(codec.clone(), Vec::new());
    let build = |recorder: &Recorder<Vec<u8>>| {
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
        assert!(dispatcher.deliver(&envelope.expect("it is read")).is_ok());
    }
    let record = recorder.into_inner().expect("the only one");

    let again = Recorder::new(codec.clone(), Vec::new());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let replaying = build(&again);
    let seeing = Arc::clone(&seen);
    let _guard = replaying.subscribe(move |_: &Asked| {
        seeing.lock().expect("seen").push(());
    });
    for envelope in Records::new(codec, &*record) {
        assert!(replaying.replay(&envelope.expect("it is read")).is_ok());
    }
    assert_eq!(seen.lock().expect("seen").len(), 4);
    let again = again.into_inner().expect("the only one");
    assert_eq!(
        String::from_utf8_lossy(&again),
        String::from_utf8_lossy(&record),
    );
}

// Input of any kind.

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
        let report = dispatcher.deliver(&envelope);
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
        assert_eq!(dispatcher.deliver(&envelope).done(), 1);
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

// Networks.

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
