//! Writes a graph in Graphviz' language. A box is an HTML table, whose cells are ports.

use std::fmt::Write as _;

use super::{Graph, Node, NodeKind};

pub(super) fn write(graph: &Graph) -> String {
    let mut out =
        "digraph events {\n  rankdir=LR;\n  node [shape=plain, fontname=\"monospace\"];\n  \
                   edge [color=\"#57606a\"];\n"
            .to_owned();
    for (at, node) in graph.nodes.iter().enumerate() {
        let _ = writeln!(out, "  n{at} [label=<{}>];", table(node));
    }
    for edge in &graph.edges {
        let port = edge
            .to_row
            .map_or_else(|| "t".to_owned(), |row| format!("r{row}"));
        let attributes = if edge.is_cyclic {
            " [color=\"#cf222e\", penwidth=2]"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "  n{}:r{}:e -> n{}:{port}:w{attributes};",
            edge.from, edge.row, edge.to
        );
    }
    out.push_str("}\n");
    out
}

fn table(node: &Node) -> String {
    let color = match node.kind {
        NodeKind::Root | NodeKind::Caused => "#ddf4ff",
        NodeKind::Pattern => "#eaeef2",
        NodeKind::Crate => "#dafbe1",
    };
    let border = if node.is_focus { 3 } else { 1 };
    let mut table = format!(
        "<TABLE BORDER=\"{border}\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"4\">\
         <TR><TD PORT=\"t\" BGCOLOR=\"{color}\" ALIGN=\"LEFT\"><B>{}</B> {}</TD></TR>",
        escaped(&node.title),
        escaped(&node.note)
    );
    for (at, row) in node.rows.iter().enumerate() {
        let _ = write!(
            table,
            "<TR><TD PORT=\"r{at}\" ALIGN=\"LEFT\">{}</TD></TR>",
            escaped(&row.text())
        );
    }
    table.push_str("</TABLE>");
    table
}

/// Escapes what Graphviz gives a meaning in an HTML-like label.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_has_a_meaning_is_written_as_an_entity() {
        assert_eq!(
            escaped("Saved<\"a\">&\n"),
            "Saved&lt;&quot;a&quot;&gt;&amp; "
        );
    }
}
