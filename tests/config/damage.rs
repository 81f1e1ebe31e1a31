use crate::fixture::mistakes;
use stackctl::config::{Options, Source, parse};
use stackctl::resource::registry;

#[test]
fn lines_that_are_no_toml_hide_nothing_else() {
    assert_eq!(
        mistakes(
            "[vpc.a]\nx = 1\nx = 2\n[queue.b]\nvisibility_timeout = yes\nnme = 'x'\n[bucket.c]\nversioning = 'on'\n\
             [subnet.d]\nvpc_id = \"${vpc.x[\"a\"].id}\"\n[queue.e\nname = 'e'\n[queue.f]\ndead_letter = '${queue.g.arn}'\n\
             [outputs]\na = '${vpc.a.id}'\nb = '${queue.e.arn}'\n"
        ),
        "2:1 unknown_attribute: `vpc` has no attribute `x`. Attributes: `cidr_block`, `dns`, `tags`.\n\
         3:1 syntax: a key stands here twice. Remove one of the two, or give it another name.\n\
         5:22 syntax: this is not TOML. Text stands in quotes: `key = \"text\"`.\n\
         6:1 unknown_attribute: `queue` has no attribute `nme`. Did you mean `name`?\n\
         8:14 wrong_type: `versioning` takes true or false, not a string. Write `true`.\n\
         10:20 syntax: this is not TOML. Quotes end the string. Write the key in single quotes: \
         `\"${subnet.private['a'].id}\"`.\n\
         11:9 syntax: this is not TOML. Correct the line.\n\
         14:16 unknown_resource: there is no `queue.g`. Did you mean `queue.b`? Otherwise add `[queue.g]`."
    );
}

#[test]
fn a_param_with_a_mistake_hides_none_of_the_block_that_it_would_multiply() {
    assert_eq!(
        mistakes(
            "[params]\nzones = { type = 'map', default = {} }\nnames = { type = 'list', default = 3 }\n\
             [queue.a]\nfor_each = '${param.zones}'\nname = '${each.value.name}'\nvisibility_timeout = 'long'\nnme = 'x'\n\
             dead_letter = '${queue.nobody.arn}'\n[vpc.b]\nfor_each = '${param.names}'\ncidr_block = 3\n\
             [subnet.c]\nvpc_id = '${vpc.b[*].id}'\ncidr_block = '${each.key}'\n"
        ),
        "2:18 wrong_value: `map` is no type. Types: `string`, `integer`, `float`, `bool`, `list`, `table`.\n\
         3:36 param_type: param `names` takes a list, not an integer. Write a list.\n\
         7:22 wrong_type: `visibility_timeout` takes an integer, not a string. Write an integer.\n\
         8:1 unknown_attribute: `queue` has no attribute `nme`. Attributes: `name`, `fifo`, `visibility_timeout`, \
         `dead_letter`, `tags`.\n\
         9:16 unknown_resource: there is no `queue.nobody`. Add `[queue.nobody]`, or refer to another resource.\n\
         12:14 wrong_type: `cidr_block` takes a string, not an integer. Put it in quotes: `\"3\"`.\n\
         15:15 misplaced_reference: there is no `each` here. `each` belongs into a block with `for_each`; add one, or write \
         the value itself."
    );
}

#[test]
fn the_rules_of_a_kind_are_told_beside_other_mistakes() {
    assert_eq!(
        mistakes(
            "[queue.a]\nfifo = true\nname = 'a'\nvisibility_timeout = 'x'\n[queue.b]\nfifo = 'yes'\nname = 'b'\n"
        ),
        "3:8 rule: a FIFO queue is named `….fifo`. Append `.fifo`.\n\
         4:22 wrong_type: `visibility_timeout` takes an integer, not a string. Write an integer.\n\
         6:8 wrong_type: `fifo` takes true or false, not a string. Write `true`."
    );
    let text = "[stack]\nname = 'a'\nregion = 'eu-west-1'\n[lambda_function.f]\nrole = 'arn:aws:iam::1:role/x'\nfilename = 'f.zip'\n";
    let found = parse(Source::new("stack.toml", text), &Options::default(), registry()).unwrap_err();
    let found: Vec<String> = found.iter().map(|one| format!("{one}. {}", one.help)).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().any(|one| one.contains("a function needs code")), "{found:?}");
    assert!(found.iter().any(|one| one.contains("From Terraform: `artifact` for a zip")), "{found:?}");
}

#[test]
fn hcl_is_one_mistake() {
    let all =
        mistakes("resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"x\"\n  tags = {\n    a = \"b\"\n  }\n}\n");
    assert!(
        all.starts_with("1:10 syntax: this is not TOML. This is HCL") && all.lines().count() == 1,
        "{all}"
    );
}

/// Ways to break a line, where they change it.
fn broken(line: &str) -> Vec<String> {
    let without =
        |what: &str| line.rfind(what).map(|at| format!("{}{}", &line[..at], &line[at + what.len()..]));
    let mut all: Vec<String> = ["\"", "=", "]", "}", "["].into_iter().filter_map(without).collect();
    all.push(format!("{line} ?"));
    all.push(format!("{} \"", line.replace('"', "'")));
    all.retain(|broken| !broken.trim_start().starts_with('#') && broken.trim() != line.trim());
    all
}

/// Our own stack with one line broken: what is said is that it is no TOML, and nothing that only follows from it. With a
/// mistake in another table, that is said too.
#[test]
fn a_broken_line_is_no_other_mistake_and_hides_none() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/private-network/stack.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (mut tried, mut wrong) = (0, vec![]);
    for (number, line) in lines.iter().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        for line in broken(line) {
            let mut all: Vec<&str> = lines.clone();
            all[number] = &line;
            // Behind everything, so that nothing above moves.
            let text = format!("{}\n[queue.zzz]\nvisibility_timeout = 'long'\n", all.join("\n"));
            let source = Source::new(path.display().to_string(), text);
            let Err(found) = parse(source, &Options::default(), registry()) else { panic!("{line}") };
            let codes: Vec<&str> = found.iter().map(|one| one.code).collect();
            if !codes.contains(&"stackctl::syntax") {
                // It is TOML still, and says something else.
                continue;
            }
            let others: Vec<String> =
                found.iter().filter(|one| one.code != "stackctl::syntax").map(ToString::to_string).collect();
            if others != ["`visibility_timeout` takes an integer, not a string"] {
                wrong.push(format!("{}: {line}: {others:?}", number + 1));
            }
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
