use crate::fixture::{kinds, mistakes, read};
use stackctl::config::{Options, Source, load, parse};
use std::path::Path;

const TWELVE: &str = r#"
[params]
days = "thirty"
size = { type = "integr", default = 3 }

[bukket.archive]
versioning = true

[vpc.main]
cidr_blok = "10.0.0.0/16"

[subnet.private]
for_each = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
vpc_id = "${vpc.mian.id}"
cidr_block = "${each.value}"

[subnet.public]
vpc_id = "${subnet.private['a'].id}"
cidr_block = "10.0.3.0"

[bucket.loans]
versioning = "yes"
policy = '{"Statement": []}'

[database.loans]
class = "db.t4g.mikro"
subnet_ids = ["${subnet.private.id}"]
depends_on = ["bucket.archive", "queue.dead"]

[outputs]
size = "${param.size}"
archive = "${bucket.archive.arn}"
secret = "${database.loans.secret}"
"#;

#[test]
fn twelve_mistakes_are_twelve_diagnostics_in_one_run() {
    let all = mistakes(TWELVE);
    insta::assert_snapshot!(all, @r#"
4:17 wrong_value: `integr` is no type. Did you mean `integer`?
6:2 unknown_kind: there is no kind `bukket`. Did you mean `bucket`?
10:1 unknown_attribute: `vpc` has no attribute `cidr_blok`. Did you mean `cidr_block`?
14:11 unknown_resource: there is no `vpc.mian`. Did you mean `vpc.main`?
18:11 reference_kind: `vpc_id` takes vpc.id, not subnet.private["a"].id. Write `${vpc.main.id}`.
19:14 wrong_value: `cidr_block` does not have the right form. Write it as in "10.0.1.0/24".
22:14 wrong_type: `versioning` takes true or false, not a string. Write `true`.
23:10 wrong_type: `policy` takes a table, not a string. Write a table: `{ Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "…" }] }`.
26:9 wrong_value: `class` cannot be `db.t4g.mikro`. Did you mean `db.t4g.micro`? Allowed: `db.t4g.micro`, `db.t4g.small`.
27:16 missing_key: `subnet.private` has `for_each`: which one?. Write `${subnet.private['a'].id}` for one, `${subnet.private[*].id}` for a list of all.
28:33 unknown_resource: there is no `queue.dead`. Add `[queue.dead]`, or refer to another resource.
33:11 sensitive_output: output `secret` would show what is sensitive. Write `secret = { value = "…", sensitive = true }`.
"#);
    assert_eq!(all.lines().count(), 12);
}

#[test]
fn each_is_shown_where_it_stands() {
    let found = read(TWELVE, &Options::default()).unwrap_err();
    let rendered = found.render(100, false);
    let first_two: String = rendered.split_inclusive("\n\nstackctl::").take(2).collect();
    insta::assert_snapshot!(first_two, @r#"
stackctl::wrong_value

  × `integr` is no type
   ╭─[stack.toml:7:17]
 6 │ days = "thirty"
 7 │ size = { type = "integr", default = 3 }
   ·                 ────┬───
   ·                     ╰── unknown
 8 │ 
   ╰────
  help: Did you mean `integer`?

stackctl::unknown_kind

  × there is no kind `bukket`
    ╭─[stack.toml:9:2]
  8 │ 
  9 │ [bukket.archive]
    ·  ───┬──
    ·     ╰── unknown
 10 │ versioning = true
    ╰────
  help: Did you mean `bucket`?

stackctl::
"#);
}

#[test]
fn the_stack_table_is_checked() {
    let check = |text: &str| {
        let found = parse(Source::new("stack.toml", text), &Options::default(), &kinds()).unwrap_err();
        found.to_string()
    };
    assert_eq!(check("[vpc.a]\ncidr_block = 'x'"), "there is no `[stack]`");
    assert_eq!(
        check("[stack]\n"),
        "stack.toml:1:1: [stack] has no `name`\nstack.toml:1:1: [stack] has no `region`"
    );
    let all = check(
        "[stack]\nname = 'Loans'\nregion = 'eu-west1'\nacount = 'x'\naccount = 12\nstate = 'ftp://x'\n",
    );
    assert_eq!(
        all,
        "stack.toml:2:8: `Loans` is not a stack name\n\
         stack.toml:3:10: `eu-west1` is not a region\n\
         stack.toml:4:1: [stack] has no `acount`\n\
         stack.toml:5:11: `account` of [stack] takes a string, not an integer\n\
         stack.toml:6:9: `ftp://x` is not a place for the state"
    );
}

#[test]
fn tables_and_names_are_checked() {
    assert_eq!(
        mistakes("[vpc]\nmain = 1\n[vpc.\"a b\"]\ncidr_block = 'x'\n[outptus]\nx = 1\n"),
        "2:8 wrong_type: `vpc` takes a table for each resource, not an integer. Write a table for each resource.\n\
         3:6 bad_name: `a b` cannot be a name. A name has letters, digits, `_` and `-` and starts with a letter.\n\
         5:2 unknown_kind: there is no kind `outptus`. Did you mean `outputs`?"
    );
}

#[test]
fn lifecycle_and_tags_are_checked() {
    assert_eq!(
        mistakes(
            "[queue.a]\ntags = { 'aws:x' = 'y' }\n[queue.a.lifecycle]\nprevent_destory = true\n\
             create_before_destroy = 'yes'\nignore_changes = ['tags.x', 'nme']\n"
        ),
        "2:10 reserved_tag: a tag cannot begin with `aws:`. Choose another name.\n\
         4:1 unknown_key: `lifecycle` has no `prevent_destory`. Did you mean `prevent_destroy`?\n\
         5:25 wrong_type: `create_before_destroy` of `lifecycle` takes true or false, not a string. Write true or \
         false.\n\
         6:29 unknown_attribute: `ignore_changes`: there is no attribute `nme`. Did you mean `name`?"
    );
}

#[test]
fn an_ignored_path_leads_to_an_attribute() {
    assert_eq!(
        mistakes(
            "[queue.a]\n[queue.a.lifecycle]\nignore_changes = [\n'tags.kubernetes.io/role/elb',\n'tags.\"a.b\"',\n\
             'tags.nothing.here.nested',\n'name.x',\n'',\n'tags..x',\n'tags.\"a',\n]\n"
        ),
        "6:1 unknown_attribute: `ignore_changes`: `tags.nothing.here.nested` leads into what has no parts. If it is one \
         key with dots in it, write 'tags.\"nothing.here.nested\"'.\n\
         7:1 unknown_attribute: `ignore_changes`: there is no attribute `name.x`. Write 'name'.\n\
         8:1 unknown_attribute: `ignore_changes`: an empty text is no attribute. Remove it.\n\
         9:1 unknown_attribute: `ignore_changes`: `tags..x` is no path: a step of it is empty. Write it as in \
         `tags.owner`, `tags.\"a.b\"` or `rules.0.cidr`.\n\
         10:1 unknown_attribute: `ignore_changes`: `tags.\"a` is no path: a quote is not closed. Write it as in \
         `tags.owner`, `tags.\"a.b\"` or `rules.0.cidr`."
    );
}

#[test]
fn a_file_that_cannot_be_read_says_so() {
    let found = load(Path::new("/nowhere/stack.toml"), &Options::default(), &kinds()).unwrap_err();
    assert!(found.to_string().starts_with("/nowhere/stack.toml cannot be read: "), "{found}");
}
