use crate::fixture::{HEAD, kinds};
use proptest::prelude::*;
use stackctl::config::{Options, Source, parse};
use stackctl::reference::Expression;

fn run(text: String, options: &Options) {
    match parse(Source::new("stack.toml", text), options, &kinds()) {
        Ok(stack) => {
            for block in stack.blocks.values() {
                stack.resolve(block, &|_| stackctl::config::Resolved::Unknown);
                stack.dependencies(&block.address);
            }
        }
        Err(found) => {
            assert!(!found.is_empty());
            found.render(80, false);
        }
    }
}

/// Lines that are nearly right reach further than noise.
fn line() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "[queue.a]",
        "[queue.b]",
        "[subnet.a]",
        "[vpc.a]",
        "[params]",
        "[outputs]",
        "[targets.t]",
        "[tags]",
        "[stack]",
        "[queue.a.lifecycle]",
        "for_each = ",
        "name = ",
        "vpc_id = ",
        "depends_on = ",
        "x = ",
        "\"",
        "'",
        "${",
        "$${",
        "}",
        "queue.a.arn",
        "subnet.a[*].id",
        "vpc.a",
        "each.value",
        "file(Cargo.toml).package",
        "each.key",
        "param.x",
        "param.x.y",
        "{ a = 1 }",
        "['a', 'b']",
        "[{ key = 'ä' }]",
        "é",
        "\\u00e9",
        "\"\"\"",
        "-1",
        "1e400",
        "1979-05-27",
        "\n",
        "\n",
        "\n",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_a_stack_or_a_list_of_mistakes(text in ".*") {
        run(text, &Options::default());
    }

    #[test]
    fn nearly_right_text_too(text in line(), set in ".*") {
        let options = Options { target: Some("t".into()), set: vec![("x".into(), set)], ..Options::default() };
        run(format!("{HEAD}{text}"), &options);
    }

    #[test]
    fn a_reference_that_parses_prints_as_itself(text in "[a-z.\\[\\]*'\"]{0,24}") {
        if let Ok(expression) = text.parse::<Expression>() {
            prop_assert_eq!(expression.to_string().parse::<Expression>(), Ok(expression));
        }
    }
}
