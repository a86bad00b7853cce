//! What `cargo run -p signals_orm` does.

mod shop;

use std::path::Path;
use std::process::Command;

use models::{order, user};
use sea_orm::{EntityTrait, PaginatorTrait};

fn run(file: Option<&Path>) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_signals_orm"))
        .args(file)
        .output()
        .expect("the program starts");
    let words = |bytes| String::from_utf8(bytes).expect("UTF-8");
    assert!(output.status.success(), "{}", words(output.stderr));
    words(output.stdout)
}

/// What comes between two headings of the story, sorted: a durable handler runs beside those in memory.
fn chapter<'a>(story: &'a str, heading: &str) -> Vec<&'a str> {
    let (_, rest) = story.split_once(heading).expect("such a heading");
    let mut lines = rest.split('\n').skip(1);
    let lines = lines.by_ref().take_while(|line| !line.is_empty());
    let mut lines: Vec<_> = lines.collect();
    lines.sort_unstable();
    lines
}

#[test]
fn the_story_tells_each_commit_and_no_rollback() {
    let story = run(None);
    let model = r#"Model { id: 1, name: "Ada Lovelace", is_regular: false }"#;
    assert_eq!(
        chapter(&story, "Ada is called Ada Lovelace now."),
        [
            r#"  event   AccountChanged { user_id: 1, name: "Ada Lovelace" }"#.to_owned(),
            format!("  event   PostSave {{ model: {model}, created: false }}"),
            "  mail    to Ada Lovelace: your account was changed".to_owned(),
        ]
    );
    assert_eq!(
        chapter(&story, "Linus signs up and orders,"),
        [
            "  saved   user 3 with an order",
            "  undone  his card was declined"
        ]
    );
    let free = chapter(&story, "Grace orders something free.");
    let [.., failed, receipt] = free[..] else {
        panic!("{free:?}");
    };
    assert!(
        failed.starts_with("  failed  handler notifications::check_price"),
        "{failed}"
    );
    assert_eq!(receipt, "  mail    to user 2: receipt for order 5: 0.00");
    let welcomes = story.matches(": welcome\n").count();
    assert_eq!(welcomes, 2, "{story}");
    assert!(
        story.ends_with("\nThe database has 2 users and 5 orders.\n"),
        "{story}"
    );
}

#[tokio::test]
async fn a_file_of_ones_own_is_kept_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("my shop.sqlite");
    run(Some(&file));
    let story = run(Some(&file));
    assert!(
        story.ends_with("\nThe database has 4 users and 10 orders.\n"),
        "{story}"
    );
    let connection = shop::connect(file).await;
    let users = user::Entity::find().count(&connection).await;
    let orders = order::Entity::find().count(&connection).await;
    assert_eq!(
        (users.expect("readable"), orders.expect("readable")),
        (4, 10)
    );
}
