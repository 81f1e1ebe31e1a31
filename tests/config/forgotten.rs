use crate::fixture::{HEAD, kinds, mistakes, read, stack};
use proptest::prelude::*;
use stackctl::config::{Options, Source, parse};
use stackctl::diagnostic::{Diagnostic, Diagnostics};
use stackctl::resource::registry;

const BASE: &str = "[vpc.main]\ncidr_block = 'x'\n[queue.dead]\n[params]\ndays = 3\n[subnet.each]\n\
    for_each = ['a']\nvpc_id = '${vpc.main.id}'\ncidr_block = '10.0.${param.days}.0/24'\n";

/// What was found of one sort, in a stack or in the mistakes that stand in its place.
fn forgotten(found: Result<stackctl::config::Stack, Diagnostics>) -> Vec<Diagnostic> {
    let all = found.map_or_else(|found| found, |stack| stack.warnings);
    all.into_iter().filter(|one| one.code == "stackctl::forgotten_reference").collect()
}

#[test]
fn what_reads_like_a_reference_is_a_mistake_that_says_what_to_write() {
    assert_eq!(
        mistakes(&format!(
            "{BASE}[queue.a]\ndead_letter = 'queue.dead.arn'\n[queue.b]\ndead_letter = 'queue.dead'\n[queue.c]\n\
             dead_letter = 'queue.ded.arn'\nname = 'loans-stack.name'\n[queue.d]\nvisibility_timeout = 'param.days'\n\
             [database.x]\nclass = 'db.t4g.micro'\nsubnet_ids = ['subnet.each[\"a\"].id', 'subnet.each[*].id']\n\
             [database.x.environment]\nA = 'queue.dead.url'\nB = 'arn: ${{vpc.main.arn}}/queue.dead.arn/*'\n\
             [bucket.b.policy]\nStatement = [{{ Effect = 'Allow', Action = 'a:B', Resource = ['queue.dead.arn'] }}]\n\
             [outputs]\nurl = 'queue.dead.url'\n"
        )),
        "11:15 forgotten_reference: `queue.dead.arn` is text here, and refers to nothing. Write `\"${queue.dead.arn}\"`.\n\
         13:15 forgotten_reference: `queue.dead` is text here, and refers to nothing. Write `\"${queue.dead.arn}\"`.\n\
         15:15 forgotten_reference: `queue.ded.arn` is text here, and refers to nothing. Write `\"${queue.ded.arn}\"`.\n\
         16:15 forgotten_reference: `stack.name` is mere text in here, and refers to nothing. Write \
         `\"loans-${stack.name}\"`. If the text itself is meant, hand it over in a param.\n\
         18:23 forgotten_reference: `param.days` is text here, and refers to nothing. Write `\"${param.days}\"`. If the \
         text itself is meant, hand it over in a param.\n\
         21:15 forgotten_reference: `subnet.each[\"a\"].id` is text here, and refers to nothing. Write \
         `\"${subnet.each['a'].id}\"`.\n\
         21:38 forgotten_reference: `subnet.each[*].id` is text here, and refers to nothing. Write \
         `\"${subnet.each[*].id}\"`.\n\
         23:6 forgotten_reference: `queue.dead.url` is text here, and refers to nothing. Write `\"${queue.dead.url}\"`. \
         If the text itself is meant, hand it over in a param.\n\
         24:27 forgotten_reference: `queue.dead.arn` is mere text in here, and refers to nothing. Write `\"arn: \
         ${vpc.main.arn}/${queue.dead.arn}/*\"`. If the text itself is meant, hand it over in a param.\n\
         26:63 forgotten_reference: `queue.dead.arn` is text here, and refers to nothing. Write `\"${queue.dead.arn}\"`. \
         If the text itself is meant, hand it over in a param.\n\
         28:8 forgotten_reference: `queue.dead.url` is text here, and refers to nothing. Write `\"${queue.dead.url}\"`. \
         If the text itself is meant, hand it over in a param."
    );
}

#[test]
fn each_and_for_each_too() {
    assert_eq!(
        mistakes(
            "[params]\nzones = ['a']\n[queue.a]\nfor_each = 'param.zones'\n[queue.b]\nfor_each = ['x']\n\
             name = 'each.key'\n[queue.c]\nname = 'each.key'\n"
        ),
        "4:13 forgotten_reference: `param.zones` is text here, and refers to nothing. Write `\"${param.zones}\"`. If the \
         text itself is meant, hand it over in a param.\n\
         7:9 forgotten_reference: `each.key` is text here, and refers to nothing. Write `\"${each.key}\"`. If the text \
         itself is meant, hand it over in a param."
    );
}

#[test]
fn a_param_holds_the_text_itself_but_no_address_where_an_id_belongs() {
    stack(
        &format!("{BASE}[queue.a]\nname = '${{param.text}}'\n[params.text]\ndefault = 'queue.dead.arn'\n")
            .replace("[params.text]", "[params.more]\ndefault = 1\n[params.text]"),
    );
    assert_eq!(
        mistakes(
            &format!("{BASE}where = 'queue.dead.arn'\n")
                .replace("days = 3", "days = 3\nplace = 'queue.dead.arn'",)
                .replace("where = 'queue.dead.arn'\n", "[queue.a]\ndead_letter = '${param.place}'\n")
        ),
        "12:15 forgotten_reference: `queue.dead.arn` is text here, and refers to nothing. Write `\"${queue.dead.arn}\"`."
    );
}

#[test]
fn where_people_write_for_people_it_is_a_warning() {
    let text = format!("{BASE}[queue.a]\ntags = {{ from = 'queue.dead.arn' }}\n[tags]\nof = 'stack.name'\n");
    let found = forgotten(read(&text, &Options::default()));
    let found: Vec<_> = found.iter().map(|one| format!("{:?} {one}", one.severity)).collect();
    assert_eq!(
        found,
        [
            "Warning `queue.dead.arn` is text here, and refers to nothing",
            "Warning `stack.name` is text here, and refers to nothing"
        ]
    );
}

#[test]
fn what_only_resembles_one_is_left_alone() {
    let text = format!(
        "{BASE}[database.x]\nclass = 'db.t4g.micro'\n[database.x.environment]\nA = 'https://queue.dead.example/arn'\n\
         B = '$${{queue.dead.arn}}'\nC = 'sqs.eu-west-1.amazonaws.com'\nD = 'queue.other.arn'\nE = 'queue.dead'\n\
         F = 'param.other'\nG = 'each.key'\nH = 'stack.toml'\nI = 'arn:aws:sqs:eu-west-1:1:queue'\nJ = 'vpc.main.ids'\n\
         K = 'file()'\n"
    );
    assert_eq!(
        forgotten(read(&text, &Options::default())).iter().map(|one| one.to_string()).collect::<Vec<_>>(),
        [
            // Letters right beside it: it may have been `${vpc.main.id}s`.
            "`vpc.main.id` is mere text in here, and refers to nothing",
        ]
    );
}

/// The text with each of its references, in turn, bare; comments and `$${` left alone.
fn bared(text: &str) -> Vec<(usize, String)> {
    let mut all = vec![];
    for (start, _) in text.match_indices("${") {
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        if text[line..start].contains('#') || text[..start].ends_with('$') {
            continue;
        }
        let inner = &text[start + 2..];
        let mut quote = None;
        let end = inner.char_indices().find(|(_, c)| match quote {
            Some(open) => {
                if *c == open {
                    quote = None;
                }
                false
            }
            None if matches!(c, '\'' | '"') => {
                quote = Some(*c);
                false
            }
            None => *c == '}',
        });
        let end = end.map(|(end, _)| end).expect("it is closed");
        all.push((start, format!("{}{}{}", &text[..start], &inner[..end], &inner[end + 1..])));
    }
    all
}

#[test]
fn every_reference_of_our_own_stacks_is_missed_when_its_braces_are() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tried = 0;
    for name in [
        "stack.toml",
        "examples/private-network/stack.toml",
        "examples/website-logs/stack.toml",
        "examples/work-queue/stack.toml",
    ] {
        let path = root.join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        let run = |text: String| {
            parse(Source::new(path.display().to_string(), text), &Options::default(), registry())
        };
        assert_eq!(forgotten(run(text.clone())), [], "{name}");
        for (start, bare) in bared(&text) {
            let line = bare[..start].matches('\n').count() + 1;
            let found = forgotten(run(bare.clone()));
            let lines: Vec<_> = found.iter().filter_map(Diagnostic::place).collect();
            assert!(
                lines.iter().any(|place| place.contains(&format!("stack.toml:{line}:"))),
                "{name}:{line} {:?}: {lines:?}",
                bare.lines().nth(line - 1)
            );
            tried += 1;
        }
    }
    assert!(tried > 150, "{tried}");
}

/// A stack in which one string of some attribute holds a reference between random texts.
fn referring() -> impl Strategy<Value = String> {
    let name = "[a-z][a-z0-9_-]{0,6}[a-z0-9]";
    let around = "[-a-zA-Z0-9 :/.*@_é]{0,6}";
    let place = prop::sample::select(vec![
        "[queue.z]\nfor_each = ['k']\nname = \"HERE\"\n",
        "[queue.z]\nfor_each = ['k']\ndead_letter = \"HERE\"\n",
        "[queue.z]\nfor_each = ['k']\ntags = { a = \"HERE\" }\n",
        "[database.z]\nfor_each = ['k']\nclass = 'db.t4g.micro'\nenvironment = { A = \"HERE\" }\n",
        "[database.z]\nfor_each = ['k']\nclass = 'db.t4g.micro'\nsubnet_ids = [\"HERE\"]\n",
        "[bucket.z]\nfor_each = ['k']\npolicy = { Statement = [{ Effect = 'Deny', Resource = [\"HERE\"] }] }\n",
    ]);
    let reference = prop::sample::select(vec![
        "queue.NAME.arn",
        "queue.NAME.url",
        "queue.NAME.id",
        "database.NAME.endpoint.port",
        "bucket.NAME.tags.a",
        "subnet.NAME['k k'].arn",
        "subnet.NAME[*].id",
        "param.NAME",
        "param.NAME.a.0",
        "each.key",
        "each.value",
        "stack.name",
        "stack.region",
        "file(Cargo.toml).package.name",
    ]);
    (name, around, around, place, reference).prop_map(|(name, before, after, place, reference)| {
        let reference = reference.replace("NAME", &name);
        let place = place.replace("HERE", &format!("{before}${{{reference}}}{after}"));
        format!(
            "{HEAD}[params]\n{name} = {{ default = {{ a = ['x'] }} }}\n[queue.{name}]\n[database.{name}]\nclass = 'db.t4g.micro'\n\
             [bucket.{name}]\n[vpc.v]\ncidr_block = 'x'\n[subnet.{name}]\nfor_each = ['k k']\nvpc_id = '${{vpc.v.id}}'\n\
             cidr_block = '10.0.0.0/24'\n{place}"
        )
    })
}

proptest! {
    #[test]
    fn every_reference_is_missed_when_its_braces_are(text in referring()) {
        let run = |text: String| parse(Source::new("stack.toml", text), &Options::default(), &kinds());
        let (_, bare) = bared(&text).pop().unwrap();
        prop_assert!(!forgotten(run(bare.clone())).is_empty(), "{}", bare);
    }

    #[test]
    fn with_them_nothing_is_missed(text in referring()) {
        let run = |text: String| parse(Source::new("stack.toml", text), &Options::default(), &kinds());
        let found = forgotten(run(text.clone()));
        prop_assert!(found.is_empty(), "{}: {:?}", text, found);
    }
}
