//! What the page says of Django, by `django/checks.py`.

mod common;

use std::process::Command;

use common::{folder, source};
use event_peers::page::Page;
use event_peers::{Checked, assert_section};
use event_registries::{python_at_least, python_environment};

#[test]
fn what_the_page_says_of_django_is_what_django_does() {
    let page = Page::read();
    let section = page.section("Django");
    let python = python_at_least(3, 12); // Django 6 asks for it
    let environment = folder("django-python");
    let requirements = source("django/requirements.txt");
    let python = python_environment(&python, &environment, &requirements);

    let sample = common::write("django-sample", "signals.py", &section.sample);
    let checked = Checked::by(
        Command::new(python)
            // Without bytecode, so that a check that has changed is what runs.
            .arg("-B")
            .arg(source("django/checks.py"))
            .arg(sample.parent().expect("it is in a folder")),
    );
    assert_section(section, &checked);
}
