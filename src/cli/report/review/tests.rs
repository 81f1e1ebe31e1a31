//! Whatever a plan holds: nothing of it becomes markup, and nothing that differs is missing or uncounted.

use super::markdown::{self, LIMIT};
use super::story::Story;
use super::{fill, html};
use crate::cli::beside::Beside;
use crate::cli::places::Places;
use crate::cli::report::plan_tests::{plan, shape, stack, step, tokens};
use crate::cli::site::Site;
use crate::cost::{PlanCost, of_plan};
use crate::diff::diff;
use crate::plan::{Action, Gone, OutputChange, Plan, Reason, Refusal, Step};
use crate::resource::{Ailment, Id};
use crate::state::Document;
use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

fn site(text: &str) -> Site {
    Site {
        target: Some("prod".to_owned()),
        local: false,
        endpoint: None,
        account: "111122223333".to_owned(),
        identity: Some(format!("arn:aws:sts::111122223333:assumed-role/Deploy/{text}")),
        region: "eu-west-1".to_owned(),
        state: format!("s3://team-state/{text}.json"),
        protected: true,
        real: true,
    }
}

/// With what costs something, if little: its words stand in every page.
fn beside(plan: &Plan, site: &Site) -> Beside {
    Beside {
        site: site.clone(),
        places: Places::of(&stack(), plan),
        cost: Some(cost_of(plan)),
        goes: BTreeMap::new(),
    }
}

fn cost_of(plan: &Plan) -> PlanCost {
    let state = Document::new("shop", "111122223333", "eu-west-1");
    of_plan(plan, &state, "eu-west-1")
}

fn markdown_of(plan: &Plan, site: &Site) -> String {
    markdown::page(&Story::new(plan, &beside(plan, site)))
}

fn html_of(plan: &Plan, site: &Site) -> String {
    html::page(&Story::new(plan, &beside(plan, site)))
}

fn visitors(who: &Json, sid: &str, on: &str) -> Json {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": sid, "Effect": "Allow", "Principal": who, "Action": "s3:GetObject", "Resource": on } ] })
}

/// A database that goes, a bucket that is replaced and one that is opened, a queue that comes: with `text` wherever one may
/// stand.
fn everything(text: &str) -> Plan {
    let bucket = |who: &Json, name: &str, tag: &str| json!({ "name": name, "policy": visitors(who, text, text), "tags": { text: tag, "same": "x" } });
    let role = json!({ "AWS": "arn:aws:iam::111122223333:role/web" });
    let mut opened = step("bucket", &bucket(&role, "site", text), &bucket(&json!("*"), "site", "b"));
    opened.address.key = Some(text.to_owned());
    opened.drift = opened.changes.clone();
    let mut replaced = step("bucket", &bucket(&role, "old", "a"), &bucket(&role, "new", text));
    (replaced.address.name, replaced.holds_data, replaced.seconds) = ("moved".to_owned(), true, 90);
    let mut gone = step("db_instance", &json!({ "identifier": text }), &json!({ "identifier": "x" }));
    (gone.action, gone.reason, gone.holds_data, gone.protected, gone.seconds, gone.inputs) =
        (Action::Delete, Reason::Failed(text.to_owned()), true, true, 480, Json::Null);
    gone.changes.clear();
    let queue = json!({ "name": "jobs", "tags": { "text": text, "fence": "```", "details": "</details>", "pipe": "a | b", "who": "@team #1" } });
    let mut made = step("queue", &Json::Null, &queue);
    made.depends_on = vec![opened.address.clone()];
    made.belongs_to = Some(text.to_owned());
    opened.ailment = Some(Ailment { what: text.to_owned(), help: text.to_owned(), undone: false });
    let output =
        |before: Json, after: Json| OutputChange { name: "url".to_owned(), before, after, sensitive: false };
    let mut plan = plan(
        vec![opened, replaced, gone, made],
        vec![output(json!(text), json!("new")), output(Json::Null, json!([text, { text: text }]))],
    );
    plan.gone = vec![Gone { address: "queue.gone".parse().unwrap(), id: Id(text.to_owned()) }];
    plan.refused = vec![Refusal {
        address: "bucket.site".parse().unwrap(),
        why: text.to_owned(),
        help: text.to_owned(),
    }];
    plan.stack = text.to_owned();
    plan
}

#[test]
fn a_comment_as_it_is_written() {
    insta::assert_snapshot!(markdown_of(&everything("web"), &site("ada")));
}

#[test]
fn a_page_has_one_style_and_nothing_that_runs() {
    let page = html_of(&everything("web"), &site("ada"));
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    for part in ["<script", "http://", "https://", " src=", " onclick", " style=", "<link", "url("] {
        let found =
            page.match_indices(part).filter(|(at, _)| !page[*at..].starts_with("http://www.w3.org/2000/svg"));
        assert_eq!(found.count(), 0, "{part}");
    }
    assert!(page.contains("its data will be lost") && page.contains("anyone on the internet may read"));
    assert!(page.contains("How long it takes") && page.contains("<svg"));
}

/// Texts that try to get out of wherever they stand.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "```",
            "````diff",
            "~~~",
            "`",
            "``",
            "</details>",
            "<details open>",
            "</summary>",
            "</code>",
            "<script>alert(1)</script>",
            "<!--",
            "-->",
            "@team",
            "#1",
            "GH-1",
            "|",
            "\n",
            "\r\n",
            "\r",
            "\n\n",
            "\u{2028}",
            "\u{85}",
            "&lt;",
            "&#96;",
            "]]>",
            "</style>",
            "\"",
            "'",
            "![x](http://e.example/x)",
            "[a](b)",
            "<img src=x onerror=y>",
            "> ",
            "- ",
            "# ",
            "* ",
            "1. ",
            "\\",
            "\\`",
            "*",
            "_",
            "$x$",
            ":smile:",
            "\u{1f389}",
            "\u{202e}",
            "http://evil.example",
            "www.evil.example",
            "\0",
            " ",
            "    ",
            "\t",
            "(",
            ")",
            "may",
            "<",
            ">",
            "=",
            "---",
            "@@",
            "<a name=x>",
            "{{ x }}",
            "${{ x }}",
            "%0a",
            "::set-output name=x::y",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    prop::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

/// Fails if anything but ours is markup.
fn nothing_gets_out(markdown: &str) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let (mut open, mut code, mut html) = (0, false, String::new());
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                assert_eq!(&*info, "diff");
                code = true;
            }
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => code = false,
            Event::Text(text) if !code => {
                let plain = |c: char| c.is_ascii_alphanumeric() || " (),.:;-'…→·`*~".contains(c);
                // Ours; a backtick would only be left of code that is not closed.
                assert!(text.chars().all(plain) && !text.contains('`'), "{text:?} in {markdown}");
            }
            Event::Html(text) | Event::InlineHtml(text) => html.push_str(&text),
            Event::Start(
                Tag::Link { .. } | Tag::Image { .. } | Tag::Table(_) | Tag::FootnoteDefinition(_),
            )
            | Event::Rule
            | Event::TaskListMarker(_) => {
                panic!("{event:?} in {markdown}")
            }
            _ => {}
        }
    }
    for part in html.split_inclusive('>') {
        let tag = part.rsplit_once('<').map_or("", |(_, tag)| tag);
        let ours = ["details>", "/details>", "summary>", "/summary>", "code>", "/code>", "b>", "/b>"];
        assert!(
            ours.contains(&tag) || tag.starts_with("!-- stackctl plan ") || part.trim().is_empty(),
            "{part:?} in {markdown}"
        );
        open += i32::from(tag == "details>") - i32::from(tag == "/details>");
        assert!((0..=1).contains(&open), "{markdown}");
    }
    assert_eq!(open, 0, "{markdown}");
}

/// The tags of a page in their order, and what has them.
fn tags(page: &str) -> Vec<String> {
    page.split('<').skip(1).map(|part| part.split('>').next().unwrap_or_default().to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_gets_out_of_a_comment(text in hostile()) {
        let page = markdown_of(&everything(&text), &site(&text));
        nothing_gets_out(&page);
        prop_assert!(!page.contains(|c| crate::visible::is_hidden(c) && c != '\n'));
        prop_assert!(fill::length(&page) <= LIMIT);
    }

    /// A page has the tags that it has with a harmless text of the same words.
    #[test]
    fn nothing_gets_out_of_a_page(text in hostile()) {
        let page = html_of(&everything(&text), &site(&text));
        for tag in tags(&page) {
            let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
            let ours = ["!DOCTYPE", "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "dl", "div", "dt", "dd", "ul", "li",
                "strong", "main", "svg", "rect", "text", "path", "section", "code", "span", "p", "g", "tspan", "details", "summary", "del", "ins", "footer", "wbr"];
            prop_assert!(ours.contains(&name), "{tag}");
        }
        prop_assert!(!page.contains(|c| crate::visible::is_hidden(c) && c != '\n'));
        let count = |tag: &str| page.matches(tag).count();
        prop_assert_eq!(count("<details"), count("</details>"));
        prop_assert_eq!(count("<details"), 6);
        prop_assert_eq!(count("<style>"), 1);
    }

    /// As on a terminal: the same leaves, in all forms.
    #[test]
    fn every_leaf_that_differs_is_told(
        (shape, before, after) in shape().prop_flat_map(|shape| (Just(shape.clone()), shape.value(), shape.value()))
    ) {
        let schema = json!({ "properties": { "top": shape.schema() } });
        let (before, after) = (json!({ "top": before }), json!({ "top": after }));
        let (mut b, mut a) = (BTreeSet::new(), BTreeSet::new());
        tokens(&before, &mut b);
        tokens(&after, &mut a);
        let changes = diff(&schema, &before, &after);
        // Of no kind, so without a schema: leaves are the finest there.
        let mut one = step("queue", &json!({}), &json!({ "name": "x" }));
        (one.address.kind, one.changes, one.inputs) = ("unknown".to_owned(), changes, after.clone());
        let plan = plan(vec![one], vec![]);
        let site = site("ada");
        let markdown = markdown_of(&plan, &site);
        let html = html_of(&plan, &site).replace("<wbr>", "").replace("&lt;", "<").replace("&gt;", ">");
        for token in b.symmetric_difference(&a) {
            prop_assert!(markdown.contains(token), "{token} is not in {markdown}");
            prop_assert!(html.contains(token), "{token} is not in {html}");
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Any number of resources, of any length of names and values.
    #[test]
    fn no_plan_is_longer_than_a_comment_and_what_is_missing_is_counted(
        sizes in prop::collection::vec((0usize..4, 0usize..8, prop::sample::select(vec![1usize, 20, 300, 5_000, 40_000])), 1..60),
        times in 1usize..40,
        unit in prop::sample::select(vec!["a", "é", "🎉", "`", "@", "<", "\n", "word "]),
    ) {
        let mut steps: Vec<Step> = vec![];
        let mut told = 0;
        for (at, (action, count, size)) in sizes.iter().cycle().take(sizes.len() * times).enumerate() {
            // Of the longest there are a few.
            let text = unit.repeat(if *size > 1_000 && at > 20 { 10 } else { *size });
            let before: Json = (0..*count).map(|n| (format!("k{n}"), json!(format!("a{text}")))).collect::<serde_json::Map<_, _>>().into();
            let after: Json = (0..*count).map(|n| (format!("k{n}"), json!(format!("b{text}")))).collect::<serde_json::Map<_, _>>().into();
            let mut one = step("bucket", &json!({ "tags": before }), &json!({ "tags": after }));
            one.address.name = format!("b{at}");
            one.address.key = (at % 3 == 0).then(|| text.chars().take(2_000).collect());
            one.action = [Action::Update, Action::Delete, Action::Replace, Action::ReplaceCreateFirst][*action];
            one.holds_data = at % 2 == 0;
            told += one.changes.len();
            steps.push(one);
        }
        let count = steps.len();
        let plan = plan(steps, vec![]);
        let page = markdown_of(&plan, &site("ada"));
        prop_assert!(fill::length(&page) <= LIMIT, "{} characters", page.chars().count());
        nothing_gets_out(&page);
        let number = |word: &str| -> usize {
            let said = page.lines().find(|line| line.contains("This is not all of the plan")).unwrap_or_default();
            let part = said.split([',', ':', '.']).map(str::trim).find(|part| part.ends_with(word));
            part.and_then(|part| part.split(' ').next()?.parse().ok()).unwrap_or(0)
        };
        let resources = number("resources") + number("resource");
        prop_assert_eq!(page.matches("<details>").count() - page.matches("Cost of each").count() + resources, count);
        // Each change adds a line; where a text has lines of its own there is one head.
        let shown = page.lines().filter(|line| line.starts_with("+ tags.k") || line.starts_with("  tags.k")).count();
        prop_assert_eq!(shown + number("changes") + number("change"), told);
    }
}
