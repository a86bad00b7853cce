//! What all pages have: the head, the links to the other pages, and the styles.

use super::html::{Html, html};
use super::subject::Subject;
use crate::graph::RULES;

/// A page of the site.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Events,
    Graph,
    Crates,
    Findings,
    /// One that no list of pages has.
    Other,
}

/// Returns a page. `root` leads from it to the folder of the site, and is empty or `../`.
pub(super) fn page(
    subject: &Subject<'_>,
    root: &str,
    page: Page,
    title: &str,
    content: &Html,
) -> String {
    let site = &subject.options.title;
    let title = if title == site {
        site.clone()
    } else {
        format!("{title} · {site}")
    };
    let search = if page == Page::Events {
        html!("<script src=\"{}assets/search.js\" defer></script>\n", root)
    } else {
        Html::default()
    };
    let html = html!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"{}assets/site.css\">\n\
         <script src=\"{}assets/theme.js\"></script>\n\
         {}<script src=\"{}assets/site.js\" defer></script>\n\
         </head>\n\
         <body>\n\
         <a class=\"skip\" href=\"#content\">Skip to the content</a>\n\
         {}\
         <main id=\"content\" tabindex=\"-1\">\n{}</main>\n\
         <footer>What the linker collected: what code outside of handlers emits is not known here.</footer>\n\
         </body>\n\
         </html>\n",
        title,
        root,
        root,
        search,
        root,
        header(site, root, page),
        content
    );
    html.into_string()
}

fn header(site: &str, root: &str, page: Page) -> Html {
    let pages = [
        (Page::Events, "index.html", "Events"),
        (Page::Graph, "graph.html", "Graph"),
        (Page::Crates, "crates.html", "Crates"),
        (Page::Findings, "findings.html", "Findings"),
    ];
    let links = pages.iter().map(|(of, file, name)| {
        let current = if *of == page {
            html!(" aria-current=\"page\"")
        } else {
            Html::default()
        };
        html!("<a href=\"{}{}\"{}>{}</a>\n", root, *file, current, *name)
    });
    html!(
        "<header>\n\
         <a class=\"brand\" href=\"{}index.html\">{}</a>\n\
         <nav aria-label=\"Pages\">\n{}</nav>\n\
         <form role=\"search\" action=\"{}index.html\" class=\"scripted\">\n\
         <label class=\"unseen\" for=\"search\">Search events</label>\n\
         <input id=\"search\" name=\"q\" type=\"search\" placeholder=\"Search events ( / )\" autocomplete=\"off\" \
         spellcheck=\"false\">\n\
         </form>\n\
         <button type=\"button\" id=\"theme\" class=\"scripted\" aria-pressed=\"false\">Dark</button>\n\
         </header>\n",
        root,
        site,
        links.collect::<Html>(),
        root
    )
}

/// Returns the style sheet, with that of drawings.
pub(super) fn style() -> String {
    format!("{}\n{RULES}", include_str!("assets/site.css"))
}

/// Returns a part of a page with a heading that can be linked to.
pub(super) fn section(id: &'static str, heading: &'static str, content: &Html) -> Html {
    html!(
        "<section aria-labelledby=\"{}\">\n<h2 id=\"{}\">{}</h2>\n{}</section>\n",
        id,
        id,
        heading,
        content
    )
}
