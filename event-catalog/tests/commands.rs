//! What the commands print about a small program: this one.

mod program;

use clap::Parser;
use event_catalog::catalog::{Causality, Delivery};
use event_catalog::doctor::{FindingKind, Severity, examine};
use event_catalog::explanation::Explanation;
use event_catalog::graph::{Edge, Graph, Grouping, NodeKind};
use event_catalog::{Catalog, EventsArgs, Reply, Terminal};
use expect_test::expect_file;

/// A command line that has nothing but the commands.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    events: EventsArgs,
}

fn parse<const N: usize>(arguments: [&str; N]) -> EventsArgs {
    let arguments = std::iter::once("events").chain(arguments);
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments.events,
        Err(error) => panic!("{error}"),
    }
}

fn reply_to<const N: usize>(arguments: [&str; N], terminal: Terminal) -> Reply {
    let command = parse(arguments).command;
    command.reply(&Catalog::linked().with_schemas(), &terminal)
}

/// Returns what a command prints that succeeds.
fn output<const N: usize>(arguments: [&str; N]) -> String {
    let reply = reply_to(arguments, Terminal::plain());
    let ended = (reply.status, reply.error.as_str());
    assert_eq!(ended, (0, ""), "{}", reply.output);
    reply.output
}

/// Returns the error of a command that fails, and prints nothing.
fn error<const N: usize>(arguments: [&str; N]) -> String {
    let reply = reply_to(arguments, Terminal::plain());
    assert_eq!((reply.status, reply.output.as_str()), (1, ""));
    reply.error
}

/// Compares an output with a file. Places have slashes on every platform then.
macro_rules! check {
    ($found:expr, $file:literal) => {
        expect_file![concat!("snapshots/", $file)].assert_eq(&$found.replace('\\', "/"))
    };
}

#[test]
fn a_list_has_every_event_with_its_handlers_in_run_order() {
    check!(output(["list"]), "list.txt");
    check!(output(["list", "--md"]), "list.md");
}

#[test]
fn a_list_can_be_of_some_events() {
    let names = |list: String| -> Vec<String> {
        let titles = list.lines().filter(|line| !line.starts_with(' '));
        let titles = titles.filter(|line| line.contains(" v"));
        let names = titles.filter_map(|line| line.split(' ').next());
        names.map(str::to_owned).collect()
    };
    assert_eq!(names(output(["list", "LABEL"])), ["post.label_printed"]);
    let post = [
        "label_printed",
        "parcel_came",
        "parcel_lost",
        "parcel_sorted",
    ];
    assert_eq!(
        names(output(["list", "post.*"])),
        post.map(|name| format!("post.{name}"))
    );
    assert_eq!(
        names(output(["list", "--unhandled"])),
        ["bills.paid", "post.parcel_lost", "stamps.sold_out"],
        "a catch-all is no handler of its own"
    );
    let none = output(["list", "--unhandled", "parcel_came"]);
    assert_eq!(none, "0 events, 0 handlers\n");
}

#[test]
fn a_narrow_terminal_has_places_in_lines_of_their_own() {
    let narrow = Terminal::plain().with_width(60);
    check!(reply_to(["list"], narrow).output, "narrow.txt");
    check!(
        reply_to(["explain", "ParcelCame"], narrow).output,
        "narrow_explain.txt"
    );
    let shown = reply_to(["show", "ParcelCame"], Terminal::plain().with_width(10)).output;
    let documentation = "It is not yet known to which customer it\nbelongs.\n";
    assert!(
        shown.contains(documentation),
        "in 40 columns, the fewest: {shown}"
    );
}

#[test]
fn colours_change_nothing_else() {
    let colored = Terminal::plain().with_colors(true);
    for command in [
        ["list", "post"],
        ["show", "ParcelCame"],
        ["explain", "ParcelCame"],
        ["doctor", "--no-cargo"],
    ] {
        let mut text = reply_to(command, colored).output;
        assert!(text.contains("\x1b["), "{text}");
        for code in ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m"] {
            text = text.replace(code, "");
        }
        assert_eq!(text, reply_to(command, Terminal::plain()).output);
    }
}

#[test]
fn an_event_is_shown_with_all_that_is_known() {
    check!(output(["show", "post.parcel_came"]), "show.txt");
    check!(output(["show", "Sorted"]), "show_enum.txt");
}

#[test]
fn a_schema_says_what_is_read_or_what_is_written() {
    let required = |arguments: [&str; 4]| -> serde_json::Value {
        let schema: serde_json::Value =
            serde_json::from_str(&output(arguments)).expect("it is JSON");
        schema["required"].clone()
    };
    let of = ["schema", "ParcelCame", "--for"];
    assert_eq!(
        required([of[0], of[1], of[2], "read"]),
        serde_json::json!(["no"])
    );
    assert_eq!(
        required([of[0], of[1], of[2], "write"]),
        serde_json::json!(["no", "sender"])
    );
    let all: serde_json::Value = serde_json::from_str(&output(["schema"])).expect("it is JSON");
    let names: Vec<_> = all.as_object().expect("by name").keys().collect();
    assert_eq!(
        names,
        ["bills.issued v1", "bills.paid v1", "post.parcel_came v2"]
    );
    let missing = error(["schema", "ParcelLost"]);
    assert!(
        missing.starts_with(
            "event `post.parcel_lost` has no schema; write `#[event(wire, schema)]` and \
             `#[derive(schemars::JsonSchema)]` above `ParcelLost`, at "
        ),
        "{missing}"
    );
}

#[test]
fn a_document_describes_what_leaves_the_program() {
    check!(output(["asyncapi"]), "asyncapi.json");
    let yaml = output([
        "asyncapi",
        "--format=yaml",
        "--spec=3.1",
        "--title=Post",
        "--api-version=2.0.0",
        "--unsigned-as-int64",
    ]);
    check!(yaml, "asyncapi.yaml");
}

#[test]
fn an_event_is_found_by_its_name_an_alias_or_its_type() {
    let by_name = output(["show", "post.parcel_came"]);
    let path = format!("{}::program::ParcelCame", module_path!());
    for name in ["post.parcel_arrived", "ParcelCame", &path] {
        assert_eq!(output(["show", name]), by_name, "{name}");
    }
}

#[test]
fn an_unknown_name_has_an_error_with_the_nearest_ones() {
    assert_eq!(
        error(["show", "post.parcel_lots"]),
        "no linked event is named `post.parcel_lots`; did you mean `post.parcel_lost`?"
    );
    for command in [["explain", "parcel_cme"], ["list", "parcel_cme"]] {
        let error = error(command);
        assert!(error.contains("did you mean `post.parcel_came`"), "{error}");
    }
    assert_eq!(
        error(["graph", "--focus", "something.else"]),
        "no linked event is named `something.else`; `events list` has all names"
    );
    let several = error(["show", "Twin"]);
    assert!(
        several.starts_with("several events are `Twin`: "),
        "{several}"
    );
}

#[test]
fn an_emit_is_explained_step_by_step() {
    check!(output(["explain", "post.parcel_came"]), "explain.txt");
    check!(output(["explain", "bills.issued"]), "explain_durable.txt");
    let nothing = output(["explain", "stamps.sold_out"]);
    assert!(nothing.contains("Nothing happens"), "{nothing}");
    let old = output(["explain", "ParcelCameV1"]);
    assert!(old.contains("superseded"), "{old}");
}

#[test]
fn an_explanation_is_written_as_data_with_what_the_words_have() {
    let json = output(["explain", "post.parcel_came", "--json"]);
    check!(
        json.replace(env!("CARGO_CRATE_NAME"), "commands"),
        "explain.json"
    );
    let read: Explanation = serde_json::from_str(&json).expect("JSON");
    let catalog = Catalog::linked();
    assert_eq!(
        read,
        catalog.explain(catalog.find("ParcelCame").expect("it is linked"))
    );
    for event in &catalog.events {
        let explanation = catalog.explain(event);
        let words = output(["explain", &event.type_name]);
        let stored = explanation.before_commit.iter().chain(&explanation.durable);
        let others = explanation.inline.iter().chain(&explanation.deferred);
        let steps: Vec<_> = stored.chain(others).collect();
        assert_eq!(steps.len(), event.handlers.len());
        let caused = explanation.caused.iter();
        let follows = caused.flat_map(|it| {
            let handlers = it.handlers.iter().map(|step| &*step.handler.name);
            std::iter::once(&*it.event.name).chain(handlers)
        });
        let names = steps.iter().map(|step| &*step.handler.name).chain(follows);
        for name in names {
            assert!(words.contains(name), "{name} is missing: {words}");
        }
    }
}

#[test]
fn two_events_with_one_name_are_an_error_wherever_a_name_is_meant() {
    let mut catalog = Catalog::linked().with_schemas();
    let mut double = catalog.find("ParcelLost").expect("it is linked").clone();
    double.name = "post.parcel_came".into();
    catalog.events.push(double);
    catalog
        .events
        .sort_by_key(|event| (event.name.to_string(), event.version));
    let reply = |arguments: &[&str]| {
        let arguments = std::iter::once("events").chain(arguments.iter().copied());
        let arguments = Arguments::try_parse_from(arguments).expect("they are right");
        arguments.events.command.reply(&catalog, &Terminal::plain())
    };
    let finding = &examine(&catalog)[0];
    assert_eq!(
        (finding.kind, finding.severity),
        (FindingKind::NameTwice, Severity::Error)
    );
    let types =
        ["ParcelLost", "ParcelCame"].map(|name| format!("{}::program::{name}", module_path!()));
    let said = format!(
        "2 event types are named `post.parcel_came`: `{}`, `{}`",
        types[0], types[1]
    );
    assert_eq!(finding.message, said);
    assert_eq!(finding.places.len(), 2);
    let doctor = reply(&["doctor", "--no-cargo"]);
    assert!(
        doctor.status == 1 && doctor.output.contains(&said),
        "{}",
        doctor.output
    );
    let ambiguous = format!(
        "several events are `post.parcel_came`: `{}`, `{}`",
        types[0], types[1]
    );
    for command in [
        &["show", "post.parcel_came"][..],
        &["explain", "post.parcel_came"],
        &["schema", "post.parcel_came"],
        &["graph", "--focus", "post.parcel_came"],
    ] {
        let reply = reply(command);
        assert_eq!(
            (reply.status, reply.error),
            (1, ambiguous.clone()),
            "{command:?}"
        );
    }
    for command in [&["schema"][..], &["asyncapi"]] {
        let reply = reply(command);
        assert_eq!(reply.status, 1);
        assert!(reply.error.starts_with(&said), "{}", reply.error);
    }
    // By its type each is found, and the list has both.
    for (name, is_caused) in [(&types[0], false), (&types[1], true)] {
        let graph = reply(&["graph", "--focus", name, "--depth=0"]).output;
        assert_eq!(graph.contains("::fetch"), is_caused, "{graph}");
    }
    assert_eq!(reply(&["show", &types[0]]).status, 0);
    let list = reply(&["list", "parcel_came"]).output;
    assert_eq!(list.matches("post.parcel_came v").count(), 2, "{list}");
}

#[test]
fn the_graph_is_written_in_every_format() {
    check!(output(["graph"]), "graph.mmd");
    check!(output(["graph", "--format", "dot"]), "graph.dot");
    check!(output(["graph", "--format", "svg"]), "graph.svg");
    check!(output(["graph", "--by", "crate"]), "crates.mmd");
}

#[test]
fn a_focus_leaves_out_what_is_far() {
    let catalog = Catalog::linked();
    let titles = |depth: usize| -> Vec<String> {
        let mut events = catalog.events.iter();
        let event = events.position(|it| it.name == "post.label_printed");
        let event = event.expect("it is linked");
        let graph = Graph::around(&catalog, Grouping::Handler, event, depth);
        assert!(graph.nodes.iter().any(|node| node.is_focus));
        let nodes = graph.nodes.into_iter();
        let events = nodes.filter(|it| it.kind != NodeKind::Pattern);
        events.map(|node| node.title).collect()
    };
    assert_eq!(titles(0), ["post.label_printed"]);
    assert_eq!(
        titles(1),
        [
            "post.label_printed",
            "post.parcel_came",
            "post.parcel_sorted"
        ]
    );
    let alone = output(["graph", "--focus", "post.label_printed", "--depth", "0"]);
    assert!(
        !alone.contains("parcel_came") && alone.contains(":::focus"),
        "{alone}"
    );
}

#[test]
fn the_edges_of_a_cycle_are_marked_and_no_others() {
    let catalog = Catalog::linked();
    let graph = Graph::new(&catalog, Grouping::Handler);
    let title = |at: usize| graph.nodes[at].title.as_str();
    let (cyclic, others): (Vec<&Edge>, Vec<&Edge>) =
        graph.edges.iter().partition(|it| it.is_cyclic);
    let ends: Vec<_> = cyclic
        .iter()
        .map(|it| (title(it.from), title(it.to)))
        .collect();
    assert_eq!(
        ends,
        [
            ("post.label_printed", "post.parcel_sorted"),
            ("post.parcel_sorted", "post.label_printed")
        ]
    );
    assert_eq!(others.len(), 5);

    let cycles = Causality::of(&catalog).cycles();
    let lengths: Vec<_> = cycles.iter().map(Vec::len).collect();
    assert_eq!(lengths, [2], "{cycles:?}");
}

#[test]
fn a_catalogue_is_read_as_it_was_written() {
    let catalog = Catalog::linked().with_schemas();
    let read: Catalog = serde_json::from_str(&output(["list", "--json"])).expect("JSON");
    assert_eq!(read, catalog);
    assert_eq!((catalog.events.len(), catalog.unmatched.len()), (11, 1));
    let shown = output(["show", "ParcelCame", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["handlers"][0]["delivery"], "inline");
    assert_eq!(shown["fields"][0]["type_name"], "u64");
}

#[test]
fn the_data_has_what_declarations_say() {
    let catalog = Catalog::linked();
    let came = catalog.find("post.parcel_came").expect("it is linked");
    let previous = came.previous.as_ref().and_then(|id| catalog.get(id));
    let previous = previous.expect("it is linked");
    assert_eq!((previous.version, previous.is_superseded), (1, true));
    assert!(
        previous.handlers.is_empty(),
        "what is never emitted is seen by no catch-all"
    );
    let [number, sender] = came.fields.as_slice() else {
        panic!("{:?}", came.fields)
    };
    assert_eq!(number.pointer.as_deref(), Some("/no"));
    assert!(sender.is_redacted);
    let mut handlers = came.handlers.iter();
    let fetch = handlers.find(|it| it.name.ends_with("::fetch"));
    let fetch = fetch.expect("it is linked");
    assert_eq!(
        (fetch.delivery, fetch.timeout_ms),
        (Delivery::Queued, Some(5_000))
    );
    let retry = fetch.retry.as_ref().expect("it is tried again");
    assert_eq!(
        (retry.attempts, retry.first_wait_ms, retry.last_wait_ms),
        (3, 100, 1_000)
    );
    assert_eq!(fetch.causes[0].name, "post.parcel_lost");
    assert_eq!(fetch.package.as_deref(), Some("event-catalog"));
}

#[test]
fn the_data_has_what_a_store_knows_a_handler_by() {
    let catalog = Catalog::linked();
    let issued = catalog.find("bills.issued").expect("it is linked");
    assert!(issued.is_durable && issued.is_wire);
    let handlers = issued.handlers.iter();
    let deliveries: Vec<_> = handlers.map(|it| it.delivery).collect();
    let expected = [Delivery::Durable, Delivery::Inline, Delivery::BeforeCommit];
    assert_eq!(deliveries, expected);
    let collect = &issued.handlers[0];
    assert_eq!(collect.id.as_deref(), Some("bills.collect"));
    assert_eq!(collect.aliases, ["bills.draw"]);
    assert_eq!(collect.retry.as_ref().map(|it| it.attempts), Some(7));
    assert!(issued.handlers[1].id.is_none());
}

#[test]
fn the_doctor_finds_what_is_wrong_and_says_what_to_do() {
    let reply = reply_to(["doctor", "--no-cargo"], Terminal::plain());
    check!(reply.output, "doctor.txt");
    assert_eq!(reply.status, 1);
    let findings = examine(&Catalog::linked());
    let kinds: Vec<_> = findings.iter().map(|finding| finding.kind).collect();
    assert!(
        kinds.contains(&FindingKind::PatternWithoutMatch),
        "{kinds:?}"
    );
    assert!(findings.is_sorted_by_key(|finding| finding.severity));
}

#[test]
fn the_kind_of_a_finding_has_the_name_that_json_has() {
    for finding in examine(&Catalog::linked().with_schemas()) {
        let name = serde_json::to_value(finding.kind).expect("a text");
        assert_eq!(name, finding.kind.as_str());
    }
    let kinds = [FindingKind::NotLinked, FindingKind::PackagesUnknown];
    let names = serde_json::to_value(kinds).expect("texts");
    assert_eq!(names, serde_json::json!(kinds.map(FindingKind::as_str)));
}

#[test]
fn the_doctor_fails_with_an_error_and_strictly_with_a_warning() {
    let status = |catalog: &Catalog, how: &str| {
        let command = parse(["doctor", "--no-cargo", how]).command;
        command.reply(catalog, &Terminal::plain()).status
    };
    let mut catalog = Catalog::linked();
    assert_eq!(status(&catalog, "--json"), 1);
    catalog.unmatched.clear();
    catalog.events.retain(|event| event.waiting.is_empty());
    let worst = examine(&catalog).first().map(|finding| finding.severity);
    assert_eq!(worst, Some(Severity::Warning));
    assert_eq!(status(&catalog, "--json"), 0);
    assert_eq!(status(&catalog, "--strict"), 1);
    assert_eq!(status(&Catalog::default(), "--strict"), 0);
}

#[test]
fn every_command_has_a_help_with_an_example() {
    for command in [
        "list", "show", "explain", "graph", "docs", "doctor", "check",
    ] {
        let help = Arguments::try_parse_from(["events", command, "--help"]);
        let text = help.err().map(|error| error.to_string());
        let text = text.unwrap_or_default();
        assert!(text.contains("\nExamples:\n"), "{text}");
        assert!(text.contains("\nExit status: "), "{text}");
    }
}

#[test]
fn a_command_line_without_events_is_left_to_the_program() {
    assert!(event_catalog::run(["shop", "purchases.txt", "events"]).is_none());
    assert!(event_catalog::run(["shop"]).is_none());
}
