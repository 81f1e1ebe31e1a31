//! The graph as inline SVG. Colours are classes, so that light and dark are the style's.

use super::graph::{Graph, Node};
use super::story::{done, sign};
use crate::plan::Action;
use maud::{Markup, html};

/// Of a node, and between them.
const HEIGHT: usize = 28;
const GAP_Y: usize = 12;
const GAP_X: usize = 52;
/// Of a letter at 12 px, monospaced.
const LETTER: f64 = 7.25;
/// Letters of a label; the whole one is its title.
const LONGEST: usize = 34;
const MARGIN: usize = 6;

pub fn class(action: Action) -> &'static str {
    match action {
        Action::Noop => "noop",
        Action::Create => "create",
        Action::Update => "update",
        Action::Replace | Action::ReplaceCreateFirst => "replace",
        Action::Delete => "delete",
    }
}

pub fn svg(graph: &Graph) -> Markup {
    let columns = graph.nodes.iter().map(|node| node.column + 1).max().unwrap_or(0);
    let tallest = (0..columns).map(|at| in_column(graph, at).count()).max().unwrap_or(0);
    let widths: Vec<usize> =
        (0..columns).map(|at| in_column(graph, at).map(width).max().unwrap_or(0)).collect();
    let left = |column: usize| MARGIN + widths[..column].iter().map(|width| width + GAP_X).sum::<usize>();
    let full = tallest * (HEIGHT + GAP_Y);
    // Short columns stand in the middle of the tall ones.
    let top = |node: &Node| {
        let own = in_column(graph, node.column).count() * (HEIGHT + GAP_Y);
        MARGIN + (full - own) / 2 + node.row * (HEIGHT + GAP_Y)
    };
    let (wide, high) = (left(columns).saturating_sub(GAP_X) + MARGIN, full - GAP_Y.min(full) + 2 * MARGIN);
    html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(wide) height=(high) viewBox={ "0 0 " (wide) " " (high) } role="img"
            aria-label="What changes, and what depends on it" {
            @for (from, to) in &graph.edges {
                @let (from, to) = (&graph.nodes[*from], &graph.nodes[*to]);
                @let (x, y) = (left(from.column) + widths[from.column].min(width(from)), top(from) + HEIGHT / 2);
                @let (to_x, to_y) = (left(to.column), top(to) + HEIGHT / 2);
                // Straight to the end of the column, then across.
                @let (start, half) = (left(from.column) + widths[from.column], GAP_X / 2);
                path class="edge" d={ "M" (x) " " (y) "H" (start) "C" (start + half) " " (y) " " (to_x.saturating_sub(half)) " " (to_y) " " (to_x) " " (to_y) } {}
            }
            @for node in &graph.nodes {
                @let (x, y) = (left(node.column), top(node));
                g class={ "node " (class(node.action)) } {
                    title { (node.label) ": " (done(node.action)) }
                    rect x=(x) y=(y) width=(width(node)) height=(HEIGHT) rx="6" {}
                    text x=(x + 10) y=(y + 18) { tspan class="sign" { (sign(node.action)) } " " (short(&node.label)) }
                }
            }
        }
    }
}

fn in_column(graph: &Graph, column: usize) -> impl Iterator<Item = &Node> {
    graph.nodes.iter().filter(move |node| node.column == column)
}

fn short(label: &str) -> String {
    super::super::cut(label, LONGEST)
}

fn width(node: &Node) -> usize {
    let letters = short(&node.label).chars().count() + sign(node.action).chars().count() + 1;
    (letters as f64 * LETTER) as usize + 22
}
