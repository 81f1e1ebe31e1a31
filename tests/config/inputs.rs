use crate::fixture::{mistakes, stack};
use serde_json::json;
use stackctl::config::Resolved;

#[test]
fn default_tags_go_into_every_kind_and_own_ones_win() {
    let stack = stack(
        "[tags]\nowner = 'data'\nstack = '${stack.name}'\n[queue.a]\n[queue.b]\ntags = { owner = 'me' }\n",
    );
    let tags: Vec<_> =
        stack.blocks.values().map(|b| stack.resolve(b, &|_| Resolved::Unknown)["tags"].clone()).collect();
    assert_eq!(
        tags,
        [json!({ "owner": "data", "stack": "loans" }), json!({ "owner": "me", "stack": "loans" })]
    );
    assert_eq!(stack.place(stack.blocks[0].span_of(&"tags.owner".parse().unwrap())), "stack.toml:5:9");
}

#[test]
fn a_misspelt_attribute_is_not_missing_on_top() {
    assert_eq!(
        mistakes("[vpc.a]\ncidrblock = 'x'\n[vpc.b]\n"),
        "2:1 unknown_attribute: `vpc` has no attribute `cidrblock`. Did you mean `cidr_block`?\n\
         3:1 missing_attribute: `cidr_block` is missing. Add `cidr_block = \"…\"`."
    );
}

#[test]
fn another_word_for_what_is_missing_is_one_mistake() {
    assert_eq!(
        mistakes("[database.a]\nsize = 'db.t4g.micro'\n[database.b]\nsize = 3\n"),
        "2:1 unknown_attribute: `database` has no attribute `size`. Did you mean `class`, which is missing?\n\
         3:1 missing_attribute: `class` is missing. Add `class = \"db.t4g.micro\"`.\n\
         4:1 unknown_attribute: `database` has no attribute `size`. Attributes: `class`, `storage`, `ratio`, \
         `subnet_ids`, `password`, `environment`, `tags`."
    );
}

#[test]
fn values_are_checked_at_every_depth() {
    assert_eq!(
        mistakes(
            "[bucket.a]\nname = 'x'\nversioning = 'true'\n[[bucket.a.lifecycle_rules]]\nexpire_days = 0\ndays = 1\n\
             [[bucket.a.lifecycle_rules]]\nexpire_days = 1.5\nprefix = 3\n\
             [queue.a]\nvisibility_timeout = 50000\nfifo = 'on'\n\
             [database.a]\nclass = 'db.t4g.small'\nsubnet_ids = ['a', 'a']\nratio = 1\n[database.b]\nclass = 'x'\n\
             subnet_ids = 'a'\n"
        ),
        "2:8 wrong_value: `name` is too short. Write at least 3 characters.\n\
         3:14 wrong_type: `versioning` takes true or false, not a string. Leave the quotes away: `true`.\n\
         5:15 wrong_value: `lifecycle_rules.0.expire_days` is too small. Write 1 or more.\n\
         6:1 unknown_attribute: `bucket` has no attribute `lifecycle_rules.0.days`. Attributes: `prefix`, \
         `expire_days`.\n\
         8:15 wrong_type: `lifecycle_rules.1.expire_days` takes an integer, not a float. Write a whole number, such \
         as `2`.\n\
         9:10 wrong_type: `lifecycle_rules.1.prefix` takes a string, not an integer. Put it in quotes: `\"3\"`.\n\
         11:22 wrong_value: `visibility_timeout` is too large. Write a number from 0 to 43200.\n\
         12:8 wrong_type: `fifo` takes true or false, not a string. Write `true`.\n\
         15:20 wrong_value: `subnet_ids` has an element twice. Remove one of the two.\n\
         18:9 wrong_value: `class` cannot be `x`. Allowed: `db.t4g.micro`, `db.t4g.small`.\n\
         19:14 wrong_type: `subnet_ids` takes a list, not a string. Put it in brackets: `[\"a\"]`."
    );
}

#[test]
fn policies_are_tables() {
    stack(
        "[bucket.a.policy]\nVersion = 2012-10-17\n[[bucket.a.policy.Statement]]\nEffect = 'Allow'\n\
         Principal = '*'\nAction = 's3:GetObject'\nResource = '*'\n",
    );
    assert_eq!(
        mistakes(
            "[bucket.a]\npolicy = { Statment = [] }\n[bucket.b]\npolicy = { Statement = [{ Effect = 'allow' }] }\n"
        ),
        "2:12 unknown_attribute: `bucket` has no attribute `policy.Statment`. Did you mean `Statement`?\n\
         4:36 wrong_value: `policy.Statement.0.Effect` cannot be `allow`. Did you mean `Allow`? Allowed: `Allow`, \
         `Deny`."
    );
}

#[test]
fn the_own_rules_of_a_kind_stand_at_their_attribute() {
    assert_eq!(
        mistakes("[queue.a]\nfifo = true\nname = 'a'\n"),
        "3:8 rule: a FIFO queue is named `….fifo`. Append `.fifo`."
    );
}
