//! Terraform's words: each gets an answer, and every answer is true of this stackctl.

use crate::invocation::Test;
use std::path::Path;

/// The page is made from the table that the errors use. `STACKCTL_BLESS=1` writes it anew.
#[test]
fn the_page_says_what_the_errors_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/from-terraform.md");
    let page = stackctl::terraform::page();
    if std::env::var_os("STACKCTL_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), page, "run it again with STACKCTL_BLESS=1");
}

#[test]
fn every_kind_and_attribute_that_an_answer_names_is_there() {
    let page = stackctl::terraform::page();
    let kinds: Vec<&str> = stackctl::resource::registry().iter().map(|kind| kind.name()).collect();
    let mut seen = 0;
    for (at, _) in page.match_indices("`[") {
        let name: String = page[at + 2..].chars().skip_while(|c| *c == '[').collect();
        let Some((kind, _)) = name.split_once(".") else { continue };
        if kind.contains(|c: char| !c.is_ascii_lowercase() && c != '_') || kind == "targets" {
            continue;
        }
        assert!(kinds.contains(&kind), "{kind}");
        seen += 1;
    }
    for line in page.lines() {
        // "`policy` of a `bucket`."
        let words: Vec<&str> = line.split('`').collect();
        for part in words.windows(3).filter(|part| matches!(part[1], " of a " | " of an " | " of the ")) {
            let kind = stackctl::resource::kind(part[2]).unwrap_or_else(|| panic!("{line}"));
            assert!(kind.inputs()["properties"].get(part[0]).is_some(), "{line}");
            seen += 1;
        }
        // "| `bucket` | `acl` | `policy` …": what stands first in the answer is an attribute.
        if let ["| ", kind, " | ", theirs, " | ", here, ..] = words.as_slice()
            && let Some(kind) = stackctl::resource::kind(kind)
        {
            let properties = &kind.inputs()["properties"];
            assert!(properties.get(theirs).is_none(), "`{theirs}` is there: {line}");
            let here = here.split([' ', '.']).next().unwrap_or_default();
            assert!(properties.get(here).is_some(), "{line}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn what_newcomers_type_is_answered() {
    let head = "[stack]\nname = \"t\"\nregion = \"eu-west-1\"\n";
    for (text, answer) in [
        ("[variable.x]\n", "[params]"),
        ("[locals]\na = 1\n", "[params]"),
        ("[data.aws_vpc.x]\n", "Nothing is looked up"),
        ("[module.x]\n", "There are no modules"),
        ("[[moved]]\nfrom = \"queue.a\"\nto = \"queue.b\"\n", "stackctl state mv"),
        ("[bucket_policy.x]\n", "`policy` of a `bucket`"),
        ("[bucket_notification.x]\n", "[trigger.NAME]"),
        ("[vpc_peering_connection.x]\n", "no kind for it yet"),
        ("[aws_s3_bucket.x]\n", "[bucket.NAME]"),
        ("[queue.x]\ncount = 2\n", "for_each"),
        ("[queue.x]\nredrive_policy = \"x\"\n", "dead_letter"),
        ("[queue.x]\nname = \"${var.name}\"\n", "${param.name}"),
        ("[queue.x]\nname = \"${var.names.a}\"\n", "${param.names}"),
        ("[queue.x]\nname = \"${local.name}\"\n", "There are no locals"),
        ("[queue.x]\nname = \"${join(\"-\", x)}\"\n", "Put references into the text"),
        ("[queue.x]\nname = '${join(\"-\", x)}'\n", "Put references into the text"),
        ("[queue.x]\nname = '${param.x ? \"a\" : \"b\"}'\n", "There are no conditions"),
        ("[queue.x]\ndead_letter = \"${aws_sqs_queue.y.arn}\"\n", "${queue.y.ATTRIBUTE}"),
        ("[queue.x]\nname = null\n", "leave the key away"),
        ("resource \"aws_s3_bucket\" \"a\" {\n}\n", "HCL"),
        ("[db_instance.x]\nsnapshot_identifier = \"x\"\n", "cannot be made from a snapshot"),
    ] {
        let stderr = Test::new().stack(&format!("{head}{text}")).args(["validate"]).failure(1).stderr;
        let words = stderr.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        assert!(words.contains(answer), "{text}\nshould say {answer:?}:\n{stderr}");
    }
}
