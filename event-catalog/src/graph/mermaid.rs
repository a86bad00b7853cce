//! Writes a graph as a Mermaid flowchart.

use std::fmt::Write as _;

use super::{Graph, Grouping, Node, NodeKind};

pub(super) fn write(graph: &Graph) -> String {
    let mut out = "flowchart LR\n".to_owned();
    let mut links = 0;
    for (at, node) in graph.nodes.iter().enumerate() {
        match graph.grouping {
            Grouping::Handler => {
                let _ = writeln!(out, "  n{at}[\"{}\"]{}", title(node), class(node));
                for (row_at, row) in node.rows.iter().enumerate() {
                    let _ = writeln!(out, "  n{at}r{row_at}([\"{}\"])", escaped(&row.text()));
                    let _ = writeln!(out, "  n{at} --> n{at}r{row_at}");
                    links += 1;
                }
            }
            Grouping::Crate if node.rows.is_empty() => {
                let _ = writeln!(out, "  n{at}[\"{}\"]{}", title(node), class(node));
            }
            Grouping::Crate => {
                let _ = writeln!(out, "  subgraph n{at}[\"{}\"]", title(node));
                for (row_at, row) in node.rows.iter().enumerate() {
                    let _ = writeln!(out, "    n{at}r{row_at}([\"{}\"])", escaped(&row.text()));
                }
                out.push_str("  end\n");
            }
        }
    }
    let mut cyclic = Vec::new();
    for edge in &graph.edges {
        let (from, row, to) = (edge.from, edge.row, edge.to);
        let to_row = edge
            .to_row
            .map_or_else(String::new, |row| format!("r{row}"));
        let _ = writeln!(out, "  n{from}r{row} --> n{to}{to_row}");
        if edge.is_cyclic {
            cyclic.push(links.to_string());
        }
        links += 1;
    }
    if !cyclic.is_empty() {
        let _ = writeln!(
            out,
            "  linkStyle {} stroke:#cf222e,stroke-width:2px",
            cyclic.join(",")
        );
    }
    if graph.nodes.iter().any(|node| node.is_focus) {
        out.push_str("  classDef focus stroke-width:3px\n");
    }
    out
}

fn title(node: &Node) -> String {
    match (node.kind, node.note.as_str()) {
        (_, "") => escaped(&node.title),
        (NodeKind::Pattern, count) => escaped(&format!("{} ({count})", node.title)),
        (_, version) => escaped(&format!("{} {version}", node.title)),
    }
}

fn class(node: &Node) -> &'static str {
    if node.is_focus { ":::focus" } else { "" }
}

/// Escapes everything that Mermaid, or the Markdown and the HTML in its labels, gives a meaning.
fn escaped(text: &str) -> String {
    let mut label = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | ':' | '_' | ' ' | '(' | ')' | ',' | '-' => {
                label.push(character);
            }
            control if control.is_control() => label.push(' '),
            other => {
                let _ = write!(label, "#{};", u32::from(other));
            }
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_has_a_meaning_is_written_as_a_number() {
        assert_eq!(escaped("shop.order_placed"), "shop.order_placed");
        assert_eq!(escaped("Saved<\"a\">"), "Saved#60;#34;a#34;#62;");
        assert_eq!(escaped("`b` #1\n"), "#96;b#96; #35;1 ");
    }
}
