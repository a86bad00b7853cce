//! What `events outbox` says of a database, and does to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser;
use event_catalog::{Catalog, EventsArgs, Reply, Terminal};
use event_core::{Event, handler};
use event_outbox::store::{
    Burial, Due, Filter, Lease, NewDelivery, Owner, Retry, Sqlite, Store as _, Stored,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

#[derive(Event, Serialize, Deserialize)]
#[event(name = "post.parcel_sent", durable)]
struct ParcelSent {
    number: u64,
    #[event(redact)]
    sender: String,
}

#[handler(durable, id = "post.deliver", alias = "post.carry")]
async fn deliver(_event: &ParcelSent) {}

#[handler(durable, id = "post.bill")]
async fn bill(_event: &ParcelSent) {}

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    events: EventsArgs,
}

/// A database with an outbox.
struct Post {
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Post {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let post = Self {
            folder: tempfile::tempdir().expect("a folder"),
            runtime: { runtime }.enable_all().build().expect("a runtime"),
        };
        post.with(async |store| store.migrate().await.expect("the tables are made"));
        post
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("post.db")
    }

    fn with<T>(&self, work: impl AsyncFnOnce(&Sqlite) -> T) -> T {
        self.runtime.block_on(async {
            let store = Sqlite::open(self.path()).await.expect("the file is opened");
            let done = work(&store).await;
            store.close().await;
            done
        })
    }

    fn insert(&self, deliveries: Vec<NewDelivery>) {
        self.with(async |store| {
            store
                .insert(None, deliveries)
                .await
                .expect("they are inserted")
        });
    }

    /// Makes dead letters of all deliveries of a handler that are due.
    fn kill(&self, handler: &str, cause: &str) {
        self.with(async |store| {
            let lease = Lease {
                owner: Owner::new(),
                length: Duration::from_mins(1),
            };
            let claimed = store.claim(lease, &[handler], 1_000).await;
            let burials = claimed
                .expect("they are claimed")
                .into_iter()
                .map(|claimed| Burial {
                    fence: claimed.fence,
                    reason: "no attempts left".into(),
                    cause: cause.to_owned(),
                });
            let burials: Vec<_> = burials.collect();
            store.bury(&burials).await.expect("they are buried");
        });
    }

    fn stored(&self) -> Vec<Stored> {
        self.with(async |store| {
            let all = store.list(&Filter::default(), 0, 10_000).await;
            all.expect("they are listed")
        })
    }

    fn reply(&self, arguments: &[&str]) -> Reply {
        reply(Some(&self.path()), arguments)
    }

    /// Returns what a command prints that succeeds.
    fn output(&self, arguments: &[&str]) -> String {
        let reply = self.reply(arguments);
        let ended = (reply.status, reply.error.as_str());
        assert_eq!(ended, (0, ""), "{}", reply.output);
        reply.output
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.output(arguments)).expect("it is JSON")
    }
}

fn reply(database: Option<&Path>, arguments: &[&str]) -> Reply {
    let database = database.map_or_else(String::new, |path| format!("sqlite:{}", path.display()));
    let given = ["events", "outbox"]
        .into_iter()
        .chain(arguments.iter().copied());
    let given = given.chain(["--database", &database]);
    let parsed = Arguments::try_parse_from(given);
    let events = parsed.unwrap_or_else(|error| panic!("{error}")).events;
    events.command.reply(&Catalog::linked(), &Terminal::plain())
}

fn envelope(number: u64) -> Vec<u8> {
    let envelope = serde_json::json!({
        "specversion": "1.0",
        "id": Uuid::now_v7(),
        "source": "/outbox",
        "type": "post.parcel_sent",
        "dataversion": 1,
        "time": "2026-01-01T00:00:00Z",
        "data": ParcelSent { number, sender: "a secret".to_owned() },
    });
    envelope.to_string().into_bytes()
}

fn delivery(handler: &'static str, number: u64) -> NewDelivery {
    NewDelivery {
        event_id: Uuid::now_v7(),
        handler: handler.into(),
        event: "post.parcel_sent".into(),
        version: 1,
        key: None,
        body: envelope(number).into(),
        due: Due::Now,
    }
}

#[test]
fn a_status_counts_what_each_handler_has_and_says_what_to_do() {
    let post = Post::new();
    let empty = post.output(&["status"]);
    let lines: Vec<_> = empty.lines().map(str::trim_end).collect();
    assert_eq!(
        lines,
        [
            "HANDLER       WAITING  RUNNING  DELAYED     DEAD  OLDEST",
            "post.bill           0        0        0        0  -",
            "post.deliver        0        0        0        0  -",
        ]
    );
    post.insert(vec![
        delivery("post.deliver", 1),
        delivery("post.deliver", 2),
    ]);
    post.kill("post.deliver", "nobody is there");
    post.insert(vec![
        delivery("post.carry", 3),
        delivery("post.elsewhere", 4),
    ]);
    let status = post.json(&["status", "--json"]);
    let found = status.as_array().expect("a list").iter().map(|it| {
        let count = |key: &str| it[key].as_u64().unwrap_or_default();
        let handler = it["handler"].as_str().unwrap_or_default();
        (
            handler,
            it["is_known"] == true,
            count("waiting"),
            count("dead"),
        )
    });
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            ("post.bill", true, 0, 0),
            ("post.carry", true, 1, 0),
            ("post.deliver", true, 0, 2),
            ("post.elsewhere", false, 1, 0),
        ]
    );
    let text = post.output(&["status"]);
    assert!(
        text.contains("`post.elsewhere` is the id of no linked handler"),
        "{text}"
    );
    assert!(
        text.contains("2 dead letters: `events outbox list --dead`"),
        "{text}"
    );
}

#[test]
fn a_status_fails_where_an_alarm_is_to_ring() {
    let post = Post::new();
    let status = |arguments: &[&str]| post.reply(arguments).status;
    assert_eq!(status(&["status", "--strict", "--max-age", "0s"]), 0);
    post.insert(vec![delivery("post.bill", 1)]);
    assert_eq!(status(&["status", "--strict", "--max-age", "1h"]), 0);
    let deadline = Instant::now() + Duration::from_secs(20);
    while status(&["status", "--max-age", "1ms"]) == 0 {
        assert!(
            Instant::now() < deadline,
            "it is no older than a millisecond"
        );
    }
    post.kill("post.bill", "");
    assert_eq!(status(&["status"]), 0);
    assert_eq!(status(&["status", "--strict"]), 1);
    assert_eq!(status(&["redeliver", "--all"]), 0);
    assert_eq!(status(&["status", "--strict"]), 0);
    post.insert(vec![delivery("post.elsewhere", 2)]);
    assert_eq!(status(&["status", "--strict"]), 1);
}

#[test]
fn a_list_has_deliveries_and_dead_letters_and_no_data() {
    let post = Post::new();
    post.insert(vec![delivery("post.deliver", 1)]);
    post.kill("post.deliver", "nobody is there\nat all");
    let keyed = NewDelivery {
        key: Some("7".into()),
        due: Due::After(Duration::from_hours(2)),
        ..delivery("post.bill", 2)
    };
    post.insert(vec![keyed, delivery("post.bill", 3)]);
    let text = post.output(&["list"]);
    assert!(text.contains("post.bill  due in 1h 59m"), "{text}");
    assert!(
        text.contains("post.parcel_sent v1, key 7, attempts 0"),
        "{text}"
    );
    assert!(text.contains("\n2 deliveries\n"), "{text}");
    assert!(text.contains("(no attempts left)"), "{text}");
    assert!(
        text.contains("\n  nobody is there\n\n1 dead letter\n"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
    assert!(
        post.output(&["list", "--dead"])
            .ends_with("\n1 dead letter\n")
    );
    let few = post.output(&["list", "--waiting", "--limit", "1"]);
    assert!(
        few.ends_with("1 delivery and more: a larger `--limit` lists them\n"),
        "{few}"
    );
    let json = post.json(&["list", "--json", "--handler", "post.bill"]);
    assert_eq!(json["dead"], serde_json::json!([]));
    assert_eq!(json["deliveries"][0]["state"]["is"], "delayed");
    assert_eq!(json["deliveries"][1]["state"]["is"], "waiting");
    assert_eq!(json["deliveries"][0]["key"], "7");
    assert_eq!(
        post.json(&["list", "--json", "--waiting", "--event", "no"])["deliveries"],
        serde_json::json!([])
    );
}

#[test]
fn what_is_shown_is_masked_unless_it_is_asked_for_as_it_is_stored() {
    let post = Post::new();
    let sent = delivery("post.deliver", 8);
    let id = sent.event_id.to_string();
    let billed = NewDelivery {
        handler: "post.bill".into(),
        ..sent.clone()
    };
    post.insert(vec![sent, billed]);
    post.kill("post.bill", "the purse is empty");
    let text = post.output(&["show", &id]);
    for part in [
        "post.parcel_sent v1",
        "post.deliver  due for",
        "post.bill  dead for",
        "the purse is empty",
        "\"number\": 8",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("a secret"), "{text}");
    let json = post.json(&["show", &id, "--json"]);
    assert_eq!(json["data"]["number"], 8);
    assert_eq!(json["handlers"].as_array().map(Vec::len), Some(2));
    assert!(post.output(&["show", &id, "--raw"]).contains("a secret"));
    let nothing = post.reply(&["show", &Uuid::now_v7().to_string()]);
    assert_eq!(nothing.status, 1);
    assert!(
        nothing.error.starts_with("nothing is stored of the event "),
        "{}",
        nothing.error
    );
}

#[test]
fn data_that_cannot_be_read_is_not_shown() {
    let post = Post::new();
    let unread = NewDelivery {
        body: b"{\"password\": \"a secret\"}".to_vec().into(),
        ..delivery("post.bill", 1)
    };
    let id = unread.event_id.to_string();
    post.insert(vec![unread]);
    let text = post.output(&["show", &id]);
    assert!(text.contains("The data is not shown"), "{text}");
    assert!(!text.contains("a secret"), "{text}");
    let json = post.json(&["show", &id, "--json"]);
    assert_eq!(json["data"], Value::Null);
    assert!(json["unreadable"].is_string(), "{json}");
    let raw = post.json(&["show", &id, "--json", "--raw"]);
    assert_eq!(raw["data"]["password"], "a secret");
}

#[test]
fn a_dead_letter_is_delivered_again_with_its_id() {
    let post = Post::new();
    let first = delivery("post.bill", 1);
    let id = first.event_id;
    post.insert(vec![
        first,
        delivery("post.bill", 2),
        delivery("post.deliver", 3),
    ]);
    post.kill("post.bill", "");
    post.kill("post.deliver", "");
    let counted = post.output(&["redeliver", "--all", "--dry-run"]);
    assert_eq!(counted, "3 dead letters would be delivered again\n");
    assert_eq!(post.stored(), []);
    let one = post.output(&["redeliver", &id.to_string()]);
    assert_eq!(one, "1 dead letter is a delivery again\n");
    let ids: Vec<_> = post.stored().iter().map(|it| it.event_id).collect();
    assert_eq!(ids, [id]);
    let again = post.reply(&["redeliver", &id.to_string()]);
    assert_eq!(again.status, 1);
    assert_eq!(
        again.error,
        format!("no dead letter fits of the event {id}: `events outbox list --dead` has all")
    );
    let rest = post.output(&["redeliver", "--handler", "post.deliver"]);
    assert_eq!(rest, "1 dead letter is a delivery again\n");
    let all = post.output(&["redeliver", "--all"]);
    assert_eq!(all, "1 dead letter is a delivery again\n");
    assert_eq!(post.stored().len(), 3);
}

#[test]
fn more_than_a_batch_is_delivered_again() {
    let post = Post::new();
    post.insert((0..1_200).map(|at| delivery("post.bill", at)).collect());
    post.kill("post.bill", "");
    post.kill("post.bill", "");
    let all = post.output(&["redeliver", "--all"]);
    assert_eq!(all, "1200 dead letters are deliveries again\n");
    assert_eq!(post.stored().len(), 1_200);
}

#[test]
fn purged_letters_are_in_the_archive_first() {
    let post = Post::new();
    post.insert(vec![delivery("post.bill", 1), delivery("post.deliver", 2)]);
    post.kill("post.bill", "empty");
    post.kill("post.deliver", "");
    let young = post.output(&["purge", "--older-than", "1h"]);
    assert_eq!(young, "0 dead letters deleted\n");
    let archive = post.folder.path().join("dead.jsonl");
    let file = archive.to_str().expect("a path of letters");
    let purged = post.output(&["purge", "--handler", "post.bill", "--archive", file]);
    assert_eq!(purged, "1 dead letter deleted\n");
    let kept = fs::read_to_string(&archive).expect("it is written");
    let kept: Vec<Value> = kept
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["error"], "empty");
    assert!(
        kept[0]["body"]
            .as_str()
            .is_some_and(|body| body.contains("a secret"))
    );
    let nowhere = post.reply(&["purge", "--all", "--archive", "/dev/null/dead.jsonl"]);
    assert_eq!(nowhere.status, 1);
    assert!(
        nowhere.error.contains("cannot be opened"),
        "{}",
        nowhere.error
    );
    assert_eq!(
        post.output(&["purge", "--all", "--dry-run"]),
        "1 dead letter would be deleted\n"
    );
    assert_eq!(post.output(&["purge", "--all"]), "1 dead letter deleted\n");
}

#[test]
fn a_delivery_that_waits_for_its_next_attempt_says_why() {
    let post = Post::new();
    post.insert(vec![delivery("post.bill", 1)]);
    post.with(async |store| {
        let lease = Lease {
            owner: Owner::new(),
            length: Duration::from_mins(1),
        };
        let claimed = store
            .claim(lease, &["post.bill"], 1)
            .await
            .expect("it is claimed");
        let retry = Retry {
            fence: claimed[0].fence,
            wait: Duration::from_mins(5),
            error: "the bank is closed".to_owned(),
        };
        store.retry(&[retry]).await.expect("it is given back");
    });
    let text = post.output(&["list", "--waiting"]);
    assert!(text.contains("post.bill  due in 4m "), "{text}");
    assert!(
        text.contains("attempts 1\n  the bank is closed\n"),
        "{text}"
    );
}

#[test]
fn what_must_be_chosen_is_said() {
    for command in ["redeliver", "purge"] {
        let parsed = Arguments::try_parse_from(["events", "outbox", command]);
        let error = parsed.err().map(|error| error.to_string());
        let error = error.unwrap_or_default();
        assert!(error.contains("<EVENT_ID|--handler <ID>|"), "{error}");
    }
}

#[test]
fn a_database_that_is_not_there_or_no_outbox_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.db");
    let absent = reply(Some(&path), &["status"]);
    assert_eq!(absent.status, 1);
    assert!(
        absent.error.contains("`events outbox migrate` makes it"),
        "{}",
        absent.error
    );
    assert!(!path.exists());
    fs::write(&path, "").expect("it is written");
    let empty = reply(Some(&path), &["status"]);
    assert_eq!(empty.status, 1);
    assert!(
        empty.error.contains("has no tables of an outbox"),
        "{}",
        empty.error
    );
    let migrated = reply(Some(&path), &["migrate"]);
    assert_eq!((migrated.status, migrated.error.as_str()), (0, ""));
    assert_eq!(reply(Some(&path), &["status"]).status, 0);
    fs::write(
        &path,
        "no database at all, only a text that is long enough".repeat(99),
    )
    .expect("it is written");
    assert_eq!(reply(Some(&path), &["status"]).status, 1);
    let unnamed = reply(None, &["status"]).error;
    assert!(unnamed.contains("`DATABASE_URL`"), "{unnamed}");
}

#[test]
fn the_statements_are_printed_without_a_database() {
    let printed = reply(Some(Path::new("nowhere.db")), &["migrate", "--print"]);
    assert_eq!((printed.status, printed.error.as_str()), (0, ""));
    assert!(
        printed.output.starts_with("-- 1: deliveries\nCREATE TABLE"),
        "{}",
        printed.output
    );
    assert!(!Path::new("nowhere.db").exists());
}

#[test]
fn a_command_runs_inside_of_a_runtime() {
    let post = Post::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let reply = runtime
        .expect("a runtime")
        .block_on(async { post.reply(&["status"]) });
    assert_eq!(reply.status, 0, "{}", reply.error);
}
