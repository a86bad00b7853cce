//! Where events stop that programs forward to each other.

use event_core::wire::Codec;
use event_core::{Dispatcher, Meta};
use serde_json::{Value, json};

use super::{Answered, Asked, Manner, Program, answer, run};

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
            "`forwarding.asked` was not emitted: this program has emitted it before, as an event \
          of the source `https://a.example`, and it was forwarded back; do not forward events that came from \
          outside (`meta.is_remote()`), or accept them with `codec.allow_echoes()`"
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
            here.dispatcher.emit(&envelope),
            pollster::block_on(here.dispatcher.emit_async(&envelope)),
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
        let report = dispatcher.emit(&read);
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
