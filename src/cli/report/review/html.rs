//! A plan as one page that needs nothing else: no network, no script. Whatever a plan holds is text in it.

use super::super::notes::AILING;
use super::drawing::{class, svg};
use super::graph::Graph;
use super::signed::Entry;
use super::story::{Resource, Story, done};
use super::timeline::timeline;
use crate::detail::Turn;
use crate::plan::Tally;
use crate::visible::visible;
use base64::{Engine, prelude::BASE64_STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("style.css");
/// Resources of a page that are unfolded from the start.
const FEW: usize = 12;

pub fn page(story: &Story<'_>) -> String {
    // The one style that a browser takes, by its hash: nothing in a plan can bring another one, or a script.
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    let title = format!("Plan for {}", visible(&story.plan.stack));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    (place(story))
                    (numbers(story))
                }
                main {
                    (loud(story))
                    (cost(story))
                    (picture(story))
                    (durations(story))
                    (resources(story))
                    (others(story))
                }
                footer { "Made by stackctl " (env!("CARGO_PKG_VERSION")) " from the state with serial " (story.plan.serial) "." }
            }
        }
    };
    page.into_string()
}

fn place(story: &Story<'_>) -> Markup {
    let site = story.site;
    let row = |name: &str, value: &str| html! { div { dt { (name) } dd { (visible(value)) } } };
    html! {
        dl.place.protected[site.protected] {
            (row("Target", &format!("{}{}", site.target.as_deref().unwrap_or("AWS, as [stack] says"), if site.protected { " (protected)" } else { "" })))
            @if site.local {
                (row("Where", "the local cloud on this machine"))
            } @else {
                @if let Some(endpoint) = &site.endpoint { (row("Where", endpoint)) }
                (row("Account", &site.account))
                @if let Some(identity) = &site.identity { (row("Identity", identity)) }
            }
            (row("Region", &site.region))
            (row("State", &site.state))
        }
    }
}

/// How many of what, as far as there are any.
fn numbers(story: &Story<'_>) -> Markup {
    let tally = Tally::of(story.plan);
    let counts = [
        ("create", tally.creates, "to create"),
        ("update", tally.updates, "to update"),
        ("replace", tally.replaces, "to replace"),
        ("delete", tally.deletes, "to delete"),
        ("delete", tally.leftovers, "left over to delete"),
        ("move", tally.moves, "to move"),
        ("noop", tally.outputs, if tally.outputs == 1 { "output to change" } else { "outputs to change" }),
    ];
    html! {
        ul.numbers {
            @if story.plan.is_empty() { li.plain { "No changes. " (tally) } } @else {
                @for (class, count, words) in counts.into_iter().filter(|(_, count, _)| *count > 0) {
                    li class=(class) { strong { (count) } " " (words) }
                }
                @if let Some(rest) = tally.rest() { li.plain { (rest) } }
            }
        }
    }
}

/// What nobody may overlook.
fn loud(story: &Story<'_>) -> Markup {
    let refused = &story.plan.refused;
    let mut gone: Vec<_> = story.deletions().chain(story.replacements()).collect();
    gone.sort_by_key(|one| !one.loses_data());
    let wide: Vec<_> = story.widened().collect();
    html! {
        @if !refused.is_empty() {
            section.alert.danger {
                h2 { "AWS would refuse this plan" }
                ul { @for one in refused { li { (visible(&one.why)) " " span.quiet { (visible(&one.help)) } } } }
            }
        }
        @if !gone.is_empty() {
            section.alert.danger {
                h2 { "What goes" }
                ul { @for one in gone { (doomed(one)) } }
            }
        }
        @if !wide.is_empty() {
            section.alert.warning {
                h2 { "More is let through than before" }
                ul {
                    @for one in wide {
                        @for widens in &one.widens {
                            li {
                                code { (one.address) }
                                @if !widens.path.is_root() { " " code { (breakable(&widens.path.to_string())) } }
                                ": " (visible(&widens.says))
                            }
                        }
                    }
                }
            }
        }
        @if !story.ailing.is_empty() {
            section.alert.warning {
                h2 { (AILING) }
                ul { @for one in &story.ailing { li { (visible(one)) } } }
            }
        }
    }
}

fn doomed(one: &Resource<'_>) -> Markup {
    let causes = one.causes();
    html! {
        li {
            code { (one.address) } " is " (done(one.step.action))
            @if one.step.action.replaces() && !causes.is_empty() {
                ", because of "
                @for (at, path) in causes.iter().enumerate() {
                    @if at > 0 { ", " }
                    code { (visible(path)) }
                }
            }
            @for note in &one.notes {
                "; " @if note.loud { strong { (visible(&note.text)) } } @else { (visible(&note.text)) }
            }
        }
    }
}

/// What it costs, each resource folded.
fn cost(story: &Story<'_>) -> Markup {
    html! {
        @if let Some(bill) = &story.bill {
            section {
                h2 { "What it costs" }
                p.cost { (visible(&bill.says)) "." }
                details.resource {
                    summary { "Each resource" }
                    dl.diff {
                        @for item in &bill.items {
                            div {
                                dt { code { (breakable(&item.address)) } }
                                dd {
                                    @match item.sign {
                                        '+' => span.more { (item.change) },
                                        '-' => span.less { (item.change) },
                                        _ => span { (item.change) },
                                    }
                                    @for line in &item.lines { span.context { (line) } }
                                }
                            }
                        }
                    }
                    p.quiet { (bill.foot) }
                }
            }
        }
    }
}

fn picture(story: &Story<'_>) -> Markup {
    let graph = Graph::of(story.plan);
    html! {
        @if !graph.nodes.is_empty() {
            section {
                h2 { "What is touched, and what depends on it" }
                div.scroll { (svg(&graph)) }
                p.quiet {
                    "Lines lead from what is needed, left, to what needs it, right. Pale: it stays, and depends on what changes."
                    @if graph.left_out > 0 { " " (graph.left_out) " more are not drawn." }
                }
            }
        }
    }
}

fn durations(story: &Story<'_>) -> Markup {
    html! {
        @if let Some(picture) = timeline(story.plan).filter(|_| story.site.is_aws()) {
            section { h2 { "How long it takes" } (picture) }
        }
    }
}

fn resources(story: &Story<'_>) -> Markup {
    let few = story.resources.len() <= FEW;
    html! {
        @if !story.resources.is_empty() {
            section {
                h2 { "Every change" }
                @for one in &story.resources {
                    @let heavy = one.step.action.deletes() || !one.widens.is_empty();
                    (resource(one, few || heavy))
                }
            }
        }
    }
}

fn resource(one: &Resource<'_>, open: bool) -> Markup {
    html! {
        details class={ "resource " (class(one.step.action)) } open[open] {
            summary {
                span.sign { (one.sign()) } " " code.address { (one.address) }
                span.what { " " (done(one.step.action)) }
                @if one.loses_data() { " " span.badge.danger { "its data will be lost" } }
                @if !one.widens.is_empty() { " " span.badge.warning { "lets more through" } }
                @if let Some(place) = &one.place { " " span.where { (visible(place)) } }
            }
            @if !one.notes.is_empty() {
                p.notes {
                    @for (at, note) in one.notes.iter().enumerate() {
                        @if at > 0 { "; " }
                        @if note.loud { strong { (visible(&note.text)) } } @else { (visible(&note.text)) }
                    }
                }
            }
            @for widens in &one.widens {
                p.widens { "! " @if !widens.path.is_root() { code { (breakable(&widens.path.to_string())) } ": " } (visible(&widens.says)) }
            }
            (entries(&one.entries))
            @if one.defaults > 0 { p.quiet { "and " (one.defaults) " attributes by default" } }
        }
    }
}

fn entries(all: &[Entry]) -> Markup {
    html! {
        @if !all.is_empty() {
            dl.diff {
                @for entry in all {
                    @match entry {
                        Entry::Unchanged(count) => { div.same { dt { } dd { "… " (count) " unchanged" } } },
                        Entry::Leaf { path, turn, note, within, lines } => {
                            div class=(turned(*turn)) {
                                dt {
                                    code { (breakable(path)) }
                                    @if let Some(note) = note { " " span.badge.replace { (visible(note)) } }
                                    @if let Some(within) = within { " " span.quiet { (within) } }
                                }
                                dd { @for (sign, line) in lines { (signed(*sign, line)) } }
                            }
                        },
                    }
                }
            }
        }
    }
}

/// A path that a line may break before its steps.
fn breakable(path: &str) -> Markup {
    let path = visible(path);
    html! {
        @for (at, step) in path.split_inclusive('.').enumerate() {
            @if at > 0 { wbr; }
            @for (at, part) in step.split('[').enumerate() {
                @if at > 0 { wbr; "[" }
                (part)
            }
        }
    }
}

/// The sign is in the text: whoever sees no colours, or listens, has it too.
fn signed(sign: char, line: &str) -> Markup {
    html! {
        @match sign {
            '-' => del { span.sign { "−" } (line) },
            '+' => ins { span.sign { "+" } (line) },
            _ => span.context { (line) },
        }
    }
}

fn turned(turn: Turn) -> &'static str {
    match turn {
        Turn::Same => "same",
        Turn::Added => "added",
        Turn::Removed => "removed",
        Turn::Changed => "changed",
    }
}

fn others(story: &Story<'_>) -> Markup {
    let list = |title: &str, all: &[String]| {
        html! {
            @if !all.is_empty() {
                section { h2 { (title) } ul { @for one in all { li { (visible(one)) } } } }
            }
        }
    };
    html! {
        @if !story.drift.is_empty() || !story.gone.is_empty() {
            section {
                h2 { "Changed outside of stackctl" }
                @if !story.gone.is_empty() { ul { @for gone in &story.gone { li { (visible(gone)) } } } }
                @for (address, all) in &story.drift {
                    details.resource.update open {
                        summary { span.sign { "!" } " " code.address { (address) } }
                        (entries(all))
                    }
                }
            }
        }
        (list("Moved: nothing is made or deleted", &story.moves))
        (list("Deleted, from earlier", &story.left))
        @if !story.outputs.is_empty() { section { h2 { "Outputs" } div.resource { (entries(&story.outputs)) } } }
        (list("Renamed?", &story.renames))
    }
}
