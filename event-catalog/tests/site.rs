//! The site about a small program, this one: its links, its escapes, and how it is written.

mod program;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::Parser;
use event_catalog::catalog::Text;
use event_catalog::site::{Options, Site, WriteError};
use event_catalog::{Catalog, EventsArgs, Reply, Terminal};
use expect_test::expect_file;

/// A command line that has nothing but the commands.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    events: EventsArgs,
}

fn site() -> Site {
    Catalog::linked().with_schemas().site(&Options::default())
}

/// Writes a site as the command does.
fn docs(folder: &Path, arguments: &[&str], catalog: &Catalog) -> Reply {
    let folder = folder.to_str().expect("it is text");
    let command = ["events", "docs", "--out", folder].into_iter();
    let arguments = Arguments::try_parse_from(command.chain(arguments.iter().copied()));
    let command = arguments.expect("they are right").events.command;
    assert!(command.needs_schemas());
    command.reply(catalog, &Terminal::plain())
}

/// Returns the files of a folder, with their paths below it.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let path = path.strip_prefix(folder).expect("it is inside");
            files.insert(path.to_string_lossy().replace('\\', "/"));
        }
    }
    files
}

/// Returns the pages of a site, with their paths.
fn pages(site: &Site) -> impl Iterator<Item = (&str, &str)> {
    site.files()
        .filter(|(_, text)| text.starts_with("<!doctype html>"))
}

/// A start of an element, with its attributes.
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
}

/// Reads the elements of a page, and sees that each ends, in order.
fn tags<'a>(path: &str, page: &'a str) -> Vec<Tag<'a>> {
    const EMPTY: [&str; 8] = ["meta", "link", "input", "br", "hr", "wbr", "rect", "circle"];
    let mut tags = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        assert!(!text.contains('>'), "{path}: a `>` in the text {text}");
        let end = rest[start..].find('>').expect("a tag ends") + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if tag.starts_with('!') {
            assert_eq!(tag, "!doctype html");
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{path}: near {rest:.80}");
            continue;
        }
        let is_closed = tag.ends_with('/');
        let tag = tag.trim_end_matches('/');
        let (name, mut list) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut attributes = Vec::new();
        while !list.is_empty() {
            let name_end = list.find(['=', ' ']).unwrap_or(list.len());
            let (name, value) = list.split_at(name_end);
            let (value, after) = match value.strip_prefix("=\"") {
                None => ("", value),
                Some(value) => value.split_once('"').expect("a value ends"),
            };
            attributes.push((name, value));
            list = after.trim_start();
        }
        let ends_itself = name == "path" && is_closed;
        if !EMPTY.contains(&name) && !ends_itself {
            open.push(name);
        }
        tags.push(Tag { name, attributes });
    }
    assert_eq!(open, Vec::<&str>::new(), "{path}");
    tags
}

/// Follows every link of a site.
fn check_links(site: &Site) -> usize {
    let mut followed = 0;
    for (path, page) in pages(site) {
        for tag in tags(path, page) {
            for (name, value) in tag.attributes {
                if !matches!(name, "href" | "src" | "action") || value == "data:," {
                    continue;
                }
                followed += 1;
                let (file, id) = value.split_once('#').unwrap_or((value, ""));
                let target = match (file.strip_prefix("../"), path.split_once('/')) {
                    (Some(file), Some(_)) => file.to_owned(),
                    (None, _) if file.is_empty() => path.to_owned(),
                    (None, Some((folder, _))) => format!("{folder}/{file}"),
                    (None, None) => file.to_owned(),
                    (Some(_), None) => panic!("{path}: {value} leads out of the site"),
                };
                let target = site.file(&target);
                let target = target.unwrap_or_else(|| panic!("{path}: {value} leads nowhere"));
                let is_there = id.is_empty() || target.contains(&format!(" id=\"{id}\""));
                assert!(is_there, "{path}: {value} has no such part");
            }
        }
    }
    followed
}

#[test]
fn a_page_has_all_that_is_known_of_its_event() {
    let site = site();
    let page = |path: &str| {
        let page = site.file(path);
        let page = page.unwrap_or_else(|| panic!("{path} is missing"));
        page.replace('\\', "/")
    };
    expect_file!["snapshots/site_event.html"].assert_eq(&page("events/post.parcel_came.html"));
    expect_file!["snapshots/site_index.html"].assert_eq(&page("index.html"));
    expect_file!["snapshots/site_search.js"].assert_eq(&page("assets/search.js"));
    let old = page("events/post.parcel_came.v1.html");
    assert!(old.contains("This version is superseded"), "{old}");
    assert!(!old.contains("Caused by"), "it is never emitted: {old}");
    let sorted = page("events/post.parcel_sorted.html");
    assert!(sorted.contains("It goes to another town."), "{sorted}");
    let raised = page("events/stamps.fee_raised.html");
    assert!(raised.contains("wait for each other"), "{raised}");
    assert!(raised.contains("says how many it must have"), "{raised}");
    let findings = page("findings.html");
    assert!(
        findings.contains("which matches no linked event"),
        "{findings}"
    );
}

#[test]
fn every_link_of_every_page_leads_somewhere_in_the_site() {
    assert!(check_links(&site()) > 200);
    assert!(check_links(&Catalog::default().site(&Options::default())) > 20);
}

#[test]
fn the_same_catalogue_makes_the_same_bytes() {
    assert_eq!(site(), site());
}

#[test]
fn no_text_of_the_program_is_more_than_text() {
    const EVIL: &str = "</script></style></title><script>alert(1)</script><img src=x onerror='alert(2)'>\
                        \" onclick=\"alert(3)\" [a](javascript:alert(4)) `</code>` <!-- & --> \u{1b}";
    let evil = || Text::from(EVIL);
    let mut catalog = Catalog::linked().with_schemas();
    let (event, others) = catalog.events.split_at_mut(3);
    let event = &mut event[2];
    event.name = evil();
    event.type_name = evil();
    event.documentation = Some(evil());
    event.aliases = vec![evil()];
    event.key = Some(evil());
    event.crate_name = evil();
    event.place.file = evil();
    event.waiting = vec![evil()];
    for field in &mut event.fields {
        field.name = evil();
        field.type_name = evil();
        field.documentation = Some(evil());
        field.pointer = Some(evil());
    }
    if let Some(schemas) = &mut event.schemas {
        schemas.writer["description"] = EVIL.into();
        schemas.reader["description"] = EVIL.into();
    }
    for handler in &mut event.handlers {
        handler.name = evil();
        handler.documentation = Some(evil());
        handler.pattern = handler.pattern.as_ref().map(|_| evil());
        handler.filter = Some(evil());
        handler.after = vec![evil()];
        handler.before = vec![evil()];
        handler.crate_name = evil();
        handler.place.file = evil();
        if let Some(queue) = &mut handler.queue {
            queue.name = evil();
        }
    }
    for event in others {
        for variant in &mut event.variants {
            variant.name = evil();
            variant.documentation = Some(evil());
        }
        for id in event.handlers.iter_mut().flat_map(|it| &mut it.causes) {
            id.name = evil();
        }
    }
    catalog.unmatched.iter_mut().for_each(|it| it.name = evil());
    let options = {
        let mut options = Options::default();
        options.title = EVIL.to_owned();
        options.source = Some(
            "https://example.org/{file}#L{line}"
                .parse()
                .expect("it is one"),
        );
        options
    };
    let site = catalog.site(&options);

    let known: BTreeSet<&str> = [
        "html", "head", "meta", "title", "link", "script", "body", "a", "header", "nav", "form",
        "label", "input", "button", "main", "footer", "p", "h1", "h2", "h3", "h4", "h5", "h6",
        "section", "div", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "ol",
        "ul", "li", "code", "pre", "span", "wbr", "br", "hr", "details", "summary", "em", "strong",
        "fieldset", "legend", "select", "option", "svg", "defs", "marker", "path", "rect",
        "circle", "g", "text",
    ]
    .into();
    let mut shown = 0;
    for (path, page) in pages(&site) {
        let tags = tags(path, page);
        for tag in &tags {
            assert!(known.contains(tag.name), "{path}: <{}>", tag.name);
            for (name, value) in &tag.attributes {
                let is_script =
                    name.starts_with("on") || value.trim_start().starts_with("javascript:");
                assert!(!is_script, "{path}: {name}=\"{value}\"");
            }
        }
        let scripts = tags.iter().filter(|tag| tag.name == "script");
        assert_eq!(
            scripts.count(),
            if path == "index.html" { 3 } else { 2 },
            "{path}"
        );
        shown += page
            .matches("&lt;script&gt;alert(1)&lt;/script&gt;")
            .count();
    }
    assert!(shown > 40, "{shown}");
    assert!(
        site.files()
            .all(|(path, _)| path.len() < 200 && !path.contains(".."))
    );
}

#[test]
fn two_events_with_one_name_have_a_page_each_that_says_so() {
    let mut catalog = Catalog::linked();
    let sold_out = catalog.events.iter_mut();
    let sold_out = { sold_out }.find(|event| event.name == "stamps.sold_out");
    sold_out.expect("it is linked").name = "post.parcel_lost".into();
    catalog
        .events
        .sort_by_key(|event| (event.name.to_string(), event.version));
    let site = catalog.site(&Options::default());
    let page = |path: &str| site.file(path).expect("a page").to_owned();
    let pages = [
        page("events/post.parcel_lost.html"),
        page("events/post.parcel_lost~2.html"),
    ];
    for (page, other) in pages.iter().zip(["SoldOut", "ParcelLost"]) {
        let (_, said) = page
            .split_once("another event type has this name: ")
            .expect("it says so");
        assert!(
            said.lines().next().is_some_and(|line| line.contains(other)),
            "{page}"
        );
    }
    assert!(page("findings.html").contains("2 event types are named"));
    let fetches = page("events/post.parcel_came.html");
    assert_eq!(
        fetches
            .matches("href=\"../events/post.parcel_lost~2.html\"")
            .count(),
        fetches
            .matches("href=\"../events/post.parcel_lost.html\"")
            .count(),
        "what may be caused is either of them"
    );
    check_links(&site);
}

#[test]
fn a_place_is_a_link_if_it_is_known_where_the_source_is() {
    let mut options = Options::default();
    options.source = Some(
        "https://example.org/{file}#L{line}"
            .parse()
            .expect("it is one"),
    );
    let site = Catalog::linked().site(&options);
    let page = site.file("events/post.parcel_lost.html").expect("a page");
    let place =
        "<a class=\"place\" href=\"https://example.org/event-catalog/tests/program/mod.rs#L";
    assert!(page.contains(place), "{page}");
}

#[test]
fn a_site_is_written_again_without_what_it_has_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("deep/site");
    let catalog = Catalog::linked();
    let first = docs(&out, &[], &catalog);
    assert_eq!((first.status, first.error.as_str()), (0, ""));
    let site = catalog.site(&Options::default());
    let count = site.files().count();
    let start = format!("10 events in {count} files, {count} changed, 0 removed: ");
    assert!(first.output.starts_with(&start), "{}", first.output);
    for (path, text) in site.files() {
        let written = fs::read_to_string(out.join(path)).expect("it is written");
        assert_eq!(written, text, "{path}");
    }
    assert_eq!(
        files(&out).len(),
        count + 1,
        "and the marker: {:?}",
        files(&out)
    );

    let own = out.join("events/own.txt");
    fs::write(&own, "mine").expect("it is written");
    let again = docs(&out, &[], &catalog);
    assert!(
        again.output.contains(", 0 changed, 0 removed: "),
        "{}",
        again.output
    );

    let mut less = catalog.clone();
    less.events.retain(|event| event.name != "post.parcel_lost");
    let less_written = docs(&out, &[], &less);
    assert!(
        less_written.output.contains(", 1 removed: "),
        "{}",
        less_written.output
    );
    assert!(!out.join("events/post.parcel_lost.html").exists());
    let none = docs(&out, &[], &Catalog::default());
    assert_eq!(none.status, 0, "{}", none.error);
    assert!(!out.join("crates").exists(), "an empty folder goes, too");
    assert_eq!(fs::read_to_string(&own).expect("it stays"), "mine");
    let empty = Catalog::default().site(&Options::default());
    assert_eq!(files(&out).len(), empty.files().count() + 2);
}

#[test]
fn a_folder_with_other_files_is_refused_unless_it_is_forced() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, thesis) = (folder.path(), folder.path().join("thesis.txt"));
    fs::write(&thesis, "years of work").expect("it is written");
    let refused = docs(out, &[], &Catalog::linked());
    let error = format!(
        "`{}` has files of which no site is known to have written them, such as `thesis.txt`; choose an empty \
         folder, or write among them with `--force`",
        out.display()
    );
    assert_eq!((refused.status, refused.error), (1, error));
    assert_eq!(files(out).len(), 1, "nothing was written");
    assert_eq!(docs(out, &["--force"], &Catalog::linked()).status, 0);
    assert_eq!(
        docs(out, &[], &Catalog::default()).status,
        0,
        "it is a site now"
    );
    assert_eq!(
        fs::read_to_string(&thesis).expect("it stays"),
        "years of work"
    );

    let file = docs(&thesis, &[], &Catalog::linked());
    assert_eq!(file.status, 1, "a file is no folder");
    assert!(file.error.contains("thesis.txt`: "), "{}", file.error);
}

#[test]
fn what_the_marker_names_outside_of_the_folder_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("site");
    assert_eq!(docs(&out, &[], &Catalog::linked()).status, 0);
    let outside = folder.path().join("outside.txt");
    fs::write(&outside, "mine").expect("it is written");
    let marker = out.join(".event-catalog-site");
    let text = fs::read_to_string(&marker).expect("it is there");
    let text = format!("{text}../outside.txt\n{}\n\n", outside.display());
    fs::write(&marker, text).expect("it is written");
    assert_eq!(docs(&out, &[], &Catalog::linked()).status, 0);
    assert!(outside.exists());
}

#[test]
fn a_run_that_was_killed_is_completed_by_the_next_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path();
    let catalog = Catalog::linked();
    let mut less = catalog.clone();
    less.events.retain(|event| event.name != "post.parcel_lost");
    assert_eq!(docs(out, &[], &less).status, 0);
    // It ends as a panic ends it: with pages of both sites there, and before it names what it wrote.
    let more = catalog.site(&Options::default());
    let killed = std::panic::catch_unwind(|| {
        more.write_to(out, false, |done, all| assert!(done + 1 < all, "killed"))
    });
    assert!(killed.is_err());
    let page = out.join("events/post.parcel_lost.html");
    assert!(page.exists());
    assert_eq!(docs(out, &[], &less).status, 0);
    assert!(!page.exists());
    let all = less.site(&Options::default()).files().count();
    assert_eq!(files(out).len(), all + 1);
}

#[test]
fn two_runs_do_not_write_into_one_folder_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = site();
    let mut refused = None;
    let written = site.write_to(folder.path(), false, |done, _| {
        if done == 1 {
            refused = Some(site.write_to(folder.path(), false, |_, _| {}));
        }
    });
    let written = written.expect("the first one is written");
    assert_eq!(written.files, written.changed);
    let is_busy = matches!(refused, Some(Err(WriteError::Busy { .. })));
    assert!(is_busy, "{refused:?}");
}

#[test]
fn progress_comes_to_all_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = site();
    let mut seen = Vec::new();
    let written = site.write_to(folder.path(), false, |done, all| seen.push((done, all)));
    let all = written.expect("it is written").files;
    assert_eq!(seen, (1..=all).map(|done| (done, all)).collect::<Vec<_>>());
}
