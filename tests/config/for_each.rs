use crate::fixture::{mistakes, set, stack};
use serde_json::json;
use stackctl::config::Resolved;

const SUBNETS: &str = r#"
[vpc.main]
cidr_block = "10.0.0.0/16"
[subnet.private]
for_each = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
vpc_id = "${vpc.main.id}"
cidr_block = "${each.value}"
availability_zone = "${stack.region}${each.key}"
[database.loans]
class = "db.t4g.micro"
subnet_ids = "${subnet.private[*].id}"
depends_on = ["subnet.private"]
"#;

#[test]
fn a_table_makes_one_resource_for_each_entry() {
    let stack = stack(SUBNETS);
    let addresses: Vec<String> = stack.blocks.keys().map(ToString::to_string).collect();
    assert_eq!(addresses, ["vpc.main", r#"subnet.private["a"]"#, r#"subnet.private["b"]"#, "database.loans"]);
    let b = &stack.blocks[2];
    let inputs = stack.resolve(b, &|_| Resolved::Unknown);
    assert_eq!(
        inputs,
        json!({ "vpc_id": { "$unknown": "vpc.main.id" }, "cidr_block": "10.0.2.0/24", "availability_zone": "eu-west-1b" })
    );
    assert_eq!(stack.place(b.span_of(&"cidr_block".parse().unwrap())), "stack.toml:10:14");
}

#[test]
fn a_splat_is_a_list_of_all_and_depends_on_all() {
    let stack = stack(SUBNETS);
    let database = &stack.blocks[3];
    let inputs = stack.resolve(database, &|reference| Resolved::Known(json!(reference.to_string())));
    assert_eq!(inputs["subnet_ids"], json!([r#"subnet.private["a"].id"#, r#"subnet.private["b"].id"#]));
    let needs: Vec<String> = stack.dependencies(&database.address).keys().map(ToString::to_string).collect();
    assert_eq!(needs, [r#"subnet.private["a"]"#, r#"subnet.private["b"]"#]);
}

#[test]
fn lists_of_strings_and_of_tables_work_too() {
    let stack = stack(
        "[queue.plain]\nfor_each = ['x']\nname = '${each.key}-${each.value}'\n\
         [queue.tables]\nfor_each = [{ key = 'y', wait = 5, more = { z = 'deep' } }]\n\
         visibility_timeout = '${each.value.wait}'\nname = '${each.value.more.z}'\n",
    );
    let inputs: Vec<_> = stack.blocks.values().map(|b| stack.resolve(b, &|_| Resolved::Unknown)).collect();
    assert_eq!(inputs, [json!({ "name": "x-x" }), json!({ "visibility_timeout": 5, "name": "deep" })]);
}

#[test]
fn values_may_refer_to_resources_and_come_from_params() {
    let text = "[params]\nnames = ['x']\n[queue.dead]\n[queue.all]\nfor_each = '${param.names}'\n\
                [queue.others]\nfor_each = { x = '${queue.dead.arn}' }\ndead_letter = '${each.value}'\n";
    let one = stack(text);
    assert_eq!(one.blocks[2].references()[0].reference.to_string(), "queue.dead.arn");
    let none = crate::fixture::read(text, &set(&[("names", "")])).unwrap();
    assert_eq!(none.blocks.len(), 2);
}

#[test]
fn keys_must_be_known_unique_and_there() {
    assert_eq!(
        mistakes(
            "[vpc.a]\ncidr_block = 'x'\n[queue.a]\nfor_each = '${vpc.a.zones}'\n[queue.b]\nfor_each = ['x', 'x']\n\
             [queue.c]\nfor_each = [{ name = 'x' }]\n[queue.d]\nfor_each = 3\n[queue.e]\nname = '${each.key}'\n\
             [queue.f]\nfor_each = { x = { a = 1 } }\nvisibility_timeout = '${each.value.b}'\n\
             [queue.g]\ndead_letter = '${queue.a.arn}'\n"
        ),
        "4:13 misplaced_reference: the keys of `for_each` have to be known before apply. Write the keys themselves, \
         or refer to a param; values may refer to resources.\n\
         6:18 wrong_value: `for_each` has \"x\" twice. Write a table `{ a = …, b = … }`, a list of strings, or a list \
         of tables with `key`.\n\
         8:13 missing_key: an element of `for_each` has no `key`. Write a table `{ a = …, b = … }`, a list of \
         strings, or a list of tables with `key`.\n\
         10:12 wrong_type: `for_each` takes a table or a list, not an integer. Write a table `{ a = …, b = … }`, a \
         list of strings, or a list of tables with `key`.\n\
         12:9 misplaced_reference: there is no `each` here. `each` belongs into a block with `for_each`; add one, or \
         write the value itself.\n\
         15:23 unknown_attribute: `each.value` has no `b`. It has: `a`."
    );
}

#[test]
fn keys_of_references_are_checked() {
    assert_eq!(
        mistakes(&format!(
            "{SUBNETS}[outputs]\na = \"${{subnet.private['c'].id}}\"\nb = '${{vpc.main[*].id}}'\n\
             c = '${{subnet.private.id}}'\nd = 'all ${{subnet.private[*].id}}'\n"
        )),
        "14:6 unknown_key: `subnet.private` has no \"c\". Keys of its `for_each`: `a`, `b`.\n\
         15:6 no_for_each: `vpc.main` has no `for_each`, so there is only one. Write `${vpc.main.id}`.\n\
         16:6 missing_key: `subnet.private` has `for_each`: which one?. Write `${subnet.private['a'].id}` for one, \
         `${subnet.private[*].id}` for a list of all.\n\
         17:10 reference_type: `${subnet.private[*].id}` is a list and cannot stand in text. Let the reference be the \
         whole string, or refer to a part of it."
    );
}
