//! The page of what is probably wrong.

use super::frame::{self, Page};
use super::html::{Html, html};
use super::subject::{Subject, coded};
use crate::doctor::{Finding, Severity, examine};

pub(super) fn page(subject: &Subject<'_>) -> String {
    let findings = examine(subject.catalog);
    let items: Html = findings.iter().map(|it| item(subject, it)).collect();
    let list = if items.is_empty() {
        html!("<p>Nothing was found.</p>\n")
    } else {
        html!("<ul class=\"findings\">\n{}</ul>\n", items)
    };
    let content = html!(
        "<h1>Findings</h1>\n<p class=\"lead\">What <code>events doctor</code> finds in what is linked. Whether \
         packages of the workspace are linked is not looked at here.</p>\n{}",
        list
    );
    frame::page(subject, "", Page::Findings, "Findings", &content)
}

fn item(subject: &Subject<'_>, finding: &Finding) -> Html {
    let class = match finding.severity {
        Severity::Error => "problem",
        Severity::Warning => "warn",
        Severity::Note => "quiet",
    };
    let help = if finding.help.is_empty() {
        Html::default()
    } else {
        html!("<p>Help: {}</p>\n", coded(&finding.help))
    };
    let places = finding.places.iter().map(|place| subject.place(place));
    html!(
        "<li><p><span class=\"mark {}\">{}</span> {}</p>\n{}<p>{}</p></li>\n",
        class,
        finding.severity.as_str(),
        coded(&finding.message),
        help,
        Html::joined(places, "<br>")
    )
}
