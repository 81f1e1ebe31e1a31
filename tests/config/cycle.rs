use crate::fixture::{mistakes, read};
use stackctl::config::Options;

#[test]
fn a_cycle_is_shown_whole_with_the_line_of_every_edge() {
    let text = r#"
[queue.a]
dead_letter = "${queue.b.arn}"

[queue.b]
tags = { next = "after ${queue.c.arn}" }

[queue.c]
depends_on = ["queue.a"]

[queue.d]
dead_letter = "${queue.a.arn}"
"#;
    let found = read(text, &Options::default()).unwrap_err();
    insta::assert_snapshot!(found.render(100, false), @r#"
stackctl::cycle

  × these need each other: queue.a → queue.b → queue.c → queue.a
    ╭─[stack.toml:6:16]
  5 │ [queue.a]
  6 │ dead_letter = "${queue.b.arn}"
    ·                ───────┬──────
    ·                       ╰── queue.a needs queue.b
  7 │ 
  8 │ [queue.b]
  9 │ tags = { next = "after ${queue.c.arn}" }
    ·                        ───────┬──────
    ·                               ╰── queue.b needs queue.c
 10 │ 
 11 │ [queue.c]
 12 │ depends_on = ["queue.a"]
    ·               ────┬────
    ·                   ╰── queue.c needs queue.a
 13 │ 
    ╰────
  help: Remove one of the references, or move it into a resource of its own.
"#);
}

#[test]
fn a_family_that_goes_round_is_reported_once() {
    let text = "[queue.a]\nfor_each = ['x', 'y']\ndead_letter = \"${queue.b[*].arn}\"\n\
                [queue.b]\nfor_each = ['x', 'y']\ndepends_on = ['queue.a']\n";
    let all = mistakes(&text.replace("dead_letter = \"${queue.b[*].arn}\"", "depends_on = ['queue.b']"));
    assert_eq!(all.lines().count(), 1, "{all}");
}

#[test]
fn a_family_that_refers_to_itself_is_one_mistake() {
    let all = mistakes("[queue.a]\nfor_each = ['x', 'y']\ndead_letter = '${queue.a[*].arn}'\n");
    assert!(all.starts_with("3:16 self_reference: ") && all.lines().count() == 1, "{all}");
}

#[test]
fn a_reference_to_itself_is_no_cycle() {
    assert_eq!(
        mistakes("[queue.a]\ndead_letter = '${queue.a.arn}'\ndepends_on = ['queue.a']\n"),
        "2:16 self_reference: `queue.a` refers to itself. Write the value itself, or refer to another resource or a \
         param.\n3:15 self_reference: `queue.a` refers to itself. Write the value itself, or refer to another \
         resource or a param."
    );
}
