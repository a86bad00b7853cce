//! The causes of an error are shown once each.

use std::fmt;

use crate::lines::Lines;
use event_core::{Dispatcher, handler};
use event_tests::runtime;
use tracing::Level;

use super::{Case, Heard, Paid, THREAD, paid, quiet};

/// An error with causes, of which some show their own.
#[derive(Debug)]
struct Why(&'static str, Option<Box<Why>>);

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Why {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

fn why() -> Why {
    let refused = Why("connection refused", None);
    let network = Why("no network: connection refused", Some(Box::new(refused)));
    Why("cannot charge", Some(Box::new(network)))
}

#[handler]
fn charge(_event: &Paid) -> Result<(), Why> {
    Err(why())
}

#[handler]
fn charge_boxed(_event: &Paid) -> Result<(), event_core::error::BoxError> {
    Err(Box::new(why()))
}

#[handler]
fn charge_anyhow(_event: &Paid) -> anyhow::Result<()> {
    use anyhow::Context;
    Err(Why("connection refused", None))
        .context("no network")
        .context("cannot charge")
}

#[handler(queue = THREAD)]
fn charge_queued(_event: &Paid) -> anyhow::Result<()> {
    use anyhow::Context;
    Err(Why("connection refused", None))
        .context("no network")
        .context("cannot charge")
}

#[handler]
async fn charge_async(_event: &Paid) -> Result<(), Why> {
    Err(why())
}

#[test]
fn logs_failures_and_reports_show_the_causes_of_an_error_once_each() {
    let cases: [Case; 5] = [
        ("own", |it| it.handler(charge)),
        ("boxed", |it| it.handler(charge_boxed)),
        ("anyhow", |it| it.handler(charge_anyhow)),
        ("queued", |it| it.handler(charge_queued)),
        ("async", |it| it.handler(charge_async)),
    ];
    for (case, choose) in cases {
        let (lines, _listening) = Lines::listen();
        let runtime = runtime();
        let heard = Heard::default();
        let dispatcher = choose(Dispatcher::empty())
            .runtime(runtime.handle().clone())
            .on_failure(heard.hook())
            .spans()
            .build()
            .expect("a dispatcher");
        let report = pollster::block_on(dispatcher.emit_async(paid(7)));
        runtime.block_on(quiet(&dispatcher));
        let mut texts: Vec<_> = heard.take().into_iter().map(|said| said.text).collect();
        for failure in report.failures() {
            texts.extend([
                failure.to_string(),
                format!("{failure:#}"),
                report.to_string(),
            ]);
        }
        texts.extend(
            lines
                .take_of(Level::ERROR)
                .iter()
                .map(|it| it.message().to_owned()),
        );
        assert!(texts.len() >= 2, "{case}: {texts:?}");
        for text in texts {
            let end = "`shop.paid`: cannot charge: no network: connection refused";
            assert!(text.ends_with(end), "{case}: {text}");
        }
    }
}

#[test]
fn what_try_emit_answers_shows_the_causes_once_however_it_is_shown() {
    let dispatcher = Dispatcher::empty()
        .handler(charge_anyhow)
        .build()
        .expect("a dispatcher");
    let error = dispatcher
        .fail_fast()
        .emit(paid(7))
        .into_result()
        .expect_err("a failure");
    let shown = error.to_string();
    assert!(
        shown.ends_with("cannot charge: no network: connection refused"),
        "{shown}"
    );
    // As a reporter shows it, which walks along the sources.
    assert_eq!(format!("{:#}", anyhow::Error::from(error)), shown);
}
