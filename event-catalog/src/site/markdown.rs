//! Doc comments, which are Markdown, as HTML. HTML in them is text.

use pulldown_cmark::{
    BrokenLink, CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd,
};

use super::html::{Html, html};

/// Returns a documentation as HTML. Its headings are of the level `below` and lower.
///
/// Links lead to other pages, or by mail: one that leads to a script, to an item of the source or to a file is its
/// text alone. An image is what is said of it.
pub(super) fn rendered(text: &str, below: usize) -> Html {
    let mut out = Html::default();
    let mut open = Vec::new();
    let parser = Parser::new_with_broken_link_callback(
        text,
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH,
        // `[OrderPlaced]` is the name of an item.
        Some(|_: BrokenLink<'_>| Some((CowStr::from(""), CowStr::from("")))),
    );
    for event in parser {
        match event {
            Event::Start(tag) => {
                let (start, end) = element(&tag, below, &open);
                out.push(&start);
                open.push(end);
            }
            Event::End(_) => {
                if let Some(end) = open.pop() {
                    out.push(&end.html());
                }
            }
            Event::Code(code) => out.push(&html!("<code>{}</code>", &*code)),
            Event::SoftBreak => out.push_text("\n"),
            Event::HardBreak => out.push(&html!("<br>")),
            Event::Rule => out.push(&html!("<hr>")),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => out.push_text(&text),
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                out.push_text(&text);
            }
            Event::TaskListMarker(_) => {}
        }
    }
    out
}

/// Returns the first paragraph as plain text.
pub(super) fn summary(text: &str) -> String {
    let mut summary = String::new();
    for event in Parser::new(text) {
        match event {
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_)) if !summary.is_empty() => break,
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                summary.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak => summary.push(' '),
            _ => {}
        }
    }
    summary.trim().to_owned()
}

/// What ends an element.
#[derive(Clone, Copy)]
enum End {
    Nothing,
    Tag(&'static str),
    /// Of a table's head, after which its body begins.
    Head,
    /// Of a table, with its body.
    Table,
}

impl End {
    fn html(self) -> Html {
        match self {
            Self::Nothing => Html::default(),
            Self::Tag(name) => html!("</{}>", name),
            Self::Head => html!("</tr></thead><tbody>"),
            Self::Table => html!("</tbody></table></div>"),
        }
    }
}

fn element(tag: &Tag<'_>, below: usize, open: &[End]) -> (Html, End) {
    let named = |name: &'static str| (html!("<{}>", name), End::Tag(name));
    match tag {
        Tag::Paragraph => named("p"),
        Tag::Heading { level, .. } => named(heading(*level, below)),
        Tag::BlockQuote(_) => named("blockquote"),
        Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => named("pre"),
        Tag::List(None) => named("ul"),
        Tag::List(Some(first)) => (
            html!("<ol start=\"{}\">", first.to_string()),
            End::Tag("ol"),
        ),
        Tag::Item => named("li"),
        Tag::Table(_) => (html!("<div class=\"wide\"><table>"), End::Table),
        Tag::TableHead => (html!("<thead><tr>"), End::Head),
        Tag::TableRow => named("tr"),
        Tag::TableCell if matches!(open.last(), Some(End::Head)) => named("th"),
        Tag::TableCell => named("td"),
        Tag::Emphasis => named("em"),
        Tag::Strong => named("strong"),
        Tag::Strikethrough => named("del"),
        Tag::Link { dest_url, .. } if is_page(dest_url) => (
            html!("<a href=\"{}\" rel=\"noreferrer\">", &**dest_url),
            End::Tag("a"),
        ),
        _ => (Html::default(), End::Nothing),
    }
}

fn heading(level: HeadingLevel, below: usize) -> &'static str {
    const NAMES: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];
    let level = below - 1 + level as usize - 1;
    NAMES[level.min(NAMES.len() - 1)]
}

fn is_page(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| lower.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::{rendered, summary};

    fn html(text: &str) -> String {
        rendered(text, 3).into_string()
    }

    #[test]
    fn html_is_text() {
        assert_eq!(
            html("a <script>alert(1)</script>\n\n<img src=x onerror=alert(1)>"),
            "<p>a &lt;script&gt;alert(1)&lt;/script&gt;</p>&lt;img src=x onerror=alert(1)&gt;"
        );
        assert_eq!(html("![<b>](x.png)"), "<p>&lt;b&gt;</p>");
        assert_eq!(
            html("```<x>\n</pre><script>\n```"),
            "<pre>&lt;/pre&gt;&lt;script&gt;\n</pre>"
        );
    }

    #[test]
    fn a_link_leads_to_a_page_or_is_its_text() {
        assert_eq!(
            html("[a](https://example.org/?a=1&b=\"2\")"),
            "<p><a href=\"https://example.org/?a=1&amp;b=&quot;2&quot;\" rel=\"noreferrer\">a</a></p>"
        );
        for text in [
            "[a](javascript:alert(1))",
            "[a](JavaScript&colon;alert(1))",
            "[a](data:text/html,x)",
            "[a](crate::Order)",
            "[a]",
        ] {
            assert_eq!(html(text), "<p>a</p>", "{text}");
        }
        assert_eq!(html("[`a`](super::A)"), "<p><code>a</code></p>");
    }

    #[test]
    fn blocks_are_elements() {
        assert_eq!(
            html("# A\n\n* b *c*\n* d\n\n3. e"),
            "<h3>A</h3><ul><li>b <em>c</em></li><li>d</li></ul><ol start=\"3\"><li>e</li></ol>"
        );
        assert_eq!(
            html("| a |\n| - |\n| `b` |"),
            "<div class=\"wide\"><table><thead><tr><th>a</th></tr></thead><tbody><tr><td><code>b</code></td></tr>\
             </tbody></table></div>"
        );
    }

    #[test]
    fn a_summary_is_the_first_paragraph_without_marks() {
        assert_eq!(
            summary("A *new*\n`Order` <b>.\n\nMore."),
            "A new Order <b>."
        );
        assert_eq!(summary(""), "");
    }
}
