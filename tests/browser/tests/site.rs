//! What a reader does with a site, and sees of it.

mod look;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use event_browser::{Browser, thousand_events};
use event_catalog::site::Options;
use serde_json::json;

use crate::look::{contrasts, overflow};

/// The site of a thousand events, written once.
static SITE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("site");
    let mut options = Options::default();
    "Store".clone_into(&mut options.title);
    let site = thousand_events().site(&options);
    site.write_to(&folder, false, |_, _| {})
        .expect("it is written");
    folder
});

/// One page of each kind.
const PAGES: [&str; 7] = [
    "index.html",
    "events/accounts.address_removed.html",
    "events/accounts.batch_added.v1.html",
    "graph.html",
    "crates.html",
    "crates/mail.html",
    "findings.html",
];

/// Where the pictures are, for people.
fn picture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder.join(name)
}

/// The site of the shop, as its own command writes it.
static SHOP: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shop");
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--package", "shop", "--"])
        .args(["events", "docs", "--title", "Shop", "--out"])
        .arg(&folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    folder
});

fn browser() -> Browser {
    let mut browser = Browser::start();
    browser.resize(1280, 900);
    browser
}

const SHOWN: &str = "[...document.querySelectorAll('#events tbody tr')].filter(row => !row.hidden)\
                     .map(row => row.querySelector('a').textContent)";

#[test]
fn a_search_finds_events_and_opens_the_first_one() {
    let mut browser = browser();
    browser.open(&SITE, "index.html");
    assert_eq!(browser.value(&format!("{SHOWN}.length")), 1000);
    browser.press("/");
    browser.type_text("Stock limit");
    let names = ["added", "changed", "closed", "refused", "removed"];
    let names = names.map(|verb| format!("stock.limit_{verb}"));
    assert_eq!(browser.value(&format!("{SHOWN}.slice(0, 5)")), json!(names));
    assert!(browser.text("#found").ends_with(" of 1000 events"));
    browser.follow(|browser| browser.press("Enter"));
    assert_eq!(browser.text("h1"), "stock.limit_added");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_search_looks_into_fields_handlers_and_aliases_after_names() {
    let mut browser = browser();
    browser.open(&SITE, "index.html?q=on_tax_total_added_0");
    let first = format!("{SHOWN}.slice(0, 3)");
    assert_eq!(browser.value(&first), json!(["tax.total_added"]));
    browser.open(&SITE, "index.html?q=before_the_names_of_all&only=unhandled");
    let found = browser.value(SHOWN);
    assert!(
        found
            .as_array()
            .is_some_and(|found| (1..20).contains(&found.len())),
        "{found}"
    );
    browser.open(&SITE, "index.html?q=nothing+of+the+kind");
    assert_eq!(browser.text("#found"), "0 of 1000 events");
    browser.click("#search");
    browser.press("Escape");
    assert_eq!(browser.text("#found"), "1000 events");
}

#[test]
fn filters_leave_out_the_others_and_are_in_the_address() {
    let mut browser = browser();
    browser.open(&SITE, "index.html");
    browser.click("input[value=unhandled]");
    let unhandled = thousand_events();
    let unhandled = unhandled
        .current()
        .filter(|it| it.own_handlers().next().is_none())
        .count();
    assert_eq!(browser.value(&format!("{SHOWN}.length")), unhandled);
    browser.click("input[value=wire]");
    let both = browser.value(&format!("{SHOWN}.length")).as_u64();
    assert!(
        both.is_some_and(|both| both > 0 && both < unhandled as u64),
        "{both:?}"
    );
    browser.value("document.querySelector('[name=crate]').value = 'mail_events'");
    browser.value("document.querySelector('[name=crate]').dispatchEvent(new Event('change', {bubbles: true}))");
    let names = browser.value(SHOWN);
    assert!(names.as_array().is_some_and(|names| {
        names
            .iter()
            .all(|it| it.as_str().is_some_and(|it| it.starts_with("mail.")))
    }));
    assert_eq!(
        browser.value("location.search"),
        "?only=unhandled&only=wire&crate=mail_events"
    );
    // It survives the way to a page and back.
    browser.follow(|browser| browser.click("#events tr:not([hidden]) a"));
    browser.follow(|browser| {
        browser.value("void history.back()");
    });
    assert_eq!(browser.value(SHOWN), names);
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn the_search_of_any_page_leads_to_the_list() {
    let mut browser = browser();
    browser.open(&SITE, "events/tax.total_added.html");
    browser.press("/");
    browser.type_text("fraud.session");
    browser.follow(|browser| browser.press("Enter"));
    assert_eq!(browser.value(&format!("{SHOWN}.length")), 5);
}

#[test]
fn the_graph_of_an_event_leads_to_its_neighbours_and_to_the_whole() {
    let mut browser = browser();
    browser.open(&SITE, "events/accounts.address_removed.html");
    assert_eq!(
        browser.value("document.querySelectorAll('.event-graph .focus').length"),
        1
    );
    let neighbour = browser
        .value("document.querySelector('.event-graph g.event:not(.focus) .title').textContent");
    browser.follow(|browser| browser.click(".event-graph g.event:not(.focus) a"));
    assert_eq!(json!(browser.text("h1")), neighbour);
    browser.follow(|browser| browser.click("a[href*='graph.html#']"));
    let box_of_it = "document.querySelector('.event-graph g:target')";
    assert_eq!(
        browser.value(&format!("{box_of_it}.querySelector('.title').textContent")),
        neighbour
    );
    let is_seen = format!(
        "(() => {{ const [box, view] = [{box_of_it}.getBoundingClientRect(), \
         document.querySelector('.canvas').getBoundingClientRect()]; \
         return box.top >= view.top && box.bottom <= view.bottom && box.left >= view.left && box.right <= view.right; }})()"
    );
    assert_eq!(browser.value(&is_seen), true);
    let width = "document.querySelector('.event-graph').getBoundingClientRect().width";
    let full = browser.value(width).as_f64().expect("a number");
    browser.click("[data-zoom=fit]");
    assert!(browser.value(width).as_f64().is_some_and(|fit| fit < full));
    browser.picture(&picture("graph-fit.png"));
    browser.click("[data-zoom=full]");
    assert_eq!(browser.value(width).as_f64(), Some(full));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn the_button_turns_a_page_dark_and_the_next_page_is_too() {
    let mut browser = browser();
    browser.prefer_dark(false);
    let paper = "getComputedStyle(document.body).backgroundColor";
    browser.open(&SITE, "index.html");
    assert_eq!(browser.value(paper), "rgb(255, 255, 255)");
    browser.click("#theme");
    assert_eq!(browser.value(paper), "rgb(13, 17, 23)");
    assert_eq!(
        browser.value("document.getElementById('theme').ariaPressed"),
        "true"
    );
    browser.follow(|browser| browser.click("#events a"));
    assert_eq!(browser.value(paper), "rgb(13, 17, 23)");
    browser.click("#theme");
    assert_eq!(browser.value(paper), "rgb(255, 255, 255)");
    browser.value("localStorage.clear()");
    browser.prefer_dark(true);
    browser.open(&SITE, "graph.html");
    assert_eq!(
        browser.value(paper),
        "rgb(13, 17, 23)",
        "as the system has it"
    );
}

#[test]
fn every_page_works_on_a_phone_and_a_desk_in_light_and_dark() {
    let mut browser = browser();
    for (is_dark, scheme) in [(false, "light"), (true, "dark")] {
        browser.prefer_dark(is_dark);
        for (width, height, device) in [(1280, 900, "desk"), (360, 740, "phone")] {
            browser.resize(width, height);
            for page in PAGES {
                browser.open(&SITE, page);
                let name = page.replace('/', "-").replace(".html", "");
                browser.picture(&picture(&format!("{name}-{device}-{scheme}.png")));
                let said = format!("{page} at {width} in {scheme}");
                assert_eq!(
                    browser.value(overflow()),
                    json!([]),
                    "{said}: what is wider than the page"
                );
                assert_eq!(
                    browser.value(contrasts()),
                    json!([]),
                    "{said}: what is hard to read"
                );
            }
        }
    }
    assert_eq!(browser.complaints(), [""; 0]);
    let requests = browser.requests();
    assert!(requests.len() > PAGES.len(), "{requests:?}");
    let foreign: Vec<_> = requests
        .iter()
        .filter(|url| !url.starts_with("file:") && !url.starts_with("data:,"))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn the_shop_writes_a_site_of_its_own() {
    let mut browser = browser();
    browser.open(&SHOP, "index.html");
    assert_eq!(browser.text("h1"), "Shop");
    browser.press("/");
    browser.type_text("send_receipt");
    assert_eq!(browser.value(SHOWN), json!(["shop.purchase_made"]));
    browser.follow(|browser| browser.press("Enter"));
    let handlers = browser.text(".handlers");
    assert!(
        handlers.contains("shop_receipts::send_receipt"),
        "{handlers}"
    );
    assert!(handlers.contains("5 attempts in all"), "{handlers}");
    browser.picture(&picture("shop-purchase.png"));
    browser.follow(|browser| browser.click(".handlers a[href*='customer_returned']"));
    assert!(browser.text("#causes + *").contains("notice_return"));
    browser.open(&SHOP, "crates.html");
    browser.picture(&picture("shop-crates.png"));
    assert_eq!(browser.value(contrasts()), json!([]));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn the_keyboard_reaches_the_content_and_shows_where_it_is() {
    let mut browser = browser();
    browser.open(&SITE, "events/accounts.address_removed.html");
    browser.press("Tab");
    assert_eq!(browser.value("document.activeElement.className"), "skip");
    let is_seen = "document.activeElement.getBoundingClientRect().left >= 0";
    assert_eq!(browser.value(is_seen), true);
    browser.press("Enter");
    assert_eq!(browser.value("document.activeElement.id"), "content");
    browser.press("Tab");
    let outline = "getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(browser.value("document.activeElement.tagName"), "A");
    assert_eq!(browser.value(outline), "solid");
    // What has no text has a name: fields, buttons and regions.
    let nameless = "[...document.querySelectorAll('input, select, button, nav, [role=region]')]\
                    .filter(it => !it.ariaLabel && !it.labels?.length && !it.textContent.trim())\
                    .map(it => it.outerHTML)";
    for page in PAGES {
        browser.open(&SITE, page);
        assert_eq!(browser.value(nameless), json!([]), "{page}");
    }
}

#[test]
fn a_page_is_printed_dark_on_light_without_what_is_clicked() {
    let mut browser = browser();
    browser.prefer_dark(true);
    browser.open(&SITE, "events/accounts.address_removed.html");
    browser.emulate_print();
    assert_eq!(
        browser.value("getComputedStyle(document.querySelector('header')).display"),
        "none"
    );
    assert_eq!(
        browser.value("getComputedStyle(document.body).backgroundColor"),
        "rgb(255, 255, 255)"
    );
    assert_eq!(browser.value(contrasts()), json!([]));
}

#[test]
fn a_page_without_scripts_has_everything_but_the_search() {
    let mut browser = browser();
    browser.without_scripts();
    browser.open(&SITE, "index.html");
    let shown = browser.shown_texts();
    assert!(!shown.contains(&"Show only".to_owned()));
}
