use crate::fixture::{mistakes, mistakes_with, read, set, stack, target};
use serde_json::json;
use stackctl::config::{Options, Origin, ParamType, Resolved};

const TEXT: &str = r#"
[params]
days = 30
class = { type = "string", default = "db.t4g.micro", allowed = ["db.t4g.micro", "db.t4g.small"] }
ratio = { type = "float", default = 1 }
names = ["a"]
sizes = { small = 1, large = 2 }
prefix = "${stack.name}-x"
[database.a]
class = "${param.class}"
storage = "${param.days}"
ratio = "${param.ratio}"
subnet_ids = "${param.names}"
environment = { DAYS = "${param.days}", SIZE = "is ${param.sizes.large}", NAME = "${param.prefix}" }
[targets.t.params]
days = 40
"#;

#[test]
fn params_keep_their_type_and_numbers_become_text_where_text_is_wanted() {
    let stack = stack(TEXT);
    assert_eq!(
        stack.resolve(&stack.blocks[0], &|_| Resolved::Unknown),
        json!({ "class": "db.t4g.micro", "storage": 30, "ratio": 1.0, "subnet_ids": ["a"],
            "environment": { "DAYS": "30", "SIZE": "is 2", "NAME": "loans-x" } })
    );
    assert_eq!(stack.params["sizes"].ty, ParamType::Table);
}

#[test]
fn the_command_line_beats_the_environment_beats_the_target_beats_the_default() {
    let mut options = Options::default();
    let days = |options: &Options| {
        let stack = read(TEXT, options).unwrap();
        let param = &stack.params["days"];
        (stack.resolve(&stack.blocks[0], &|_| Resolved::Unknown)["storage"].clone(), param.origin)
    };
    assert_eq!(days(&options), (json!(30), Origin::Default));
    options.target = target("t").target;
    assert_eq!(days(&options), (json!(40), Origin::Target));
    options.env.insert("STACKCTL_PARAM_DAYS".into(), "50".into());
    assert_eq!(days(&options), (json!(50), Origin::Environment));
    options.set = set(&[("days", "60"), ("days", "70")]).set;
    assert_eq!(days(&options), (json!(70), Origin::CommandLine));
}

#[test]
fn lists_are_written_short_or_as_toml() {
    for text in ["a, b", r#"["a", "b"]"#] {
        let stack = read(TEXT, &set(&[("names", text)])).unwrap();
        let inputs = stack.resolve(&stack.blocks[0], &|_| Resolved::Unknown);
        assert_eq!(inputs["subnet_ids"], json!(["a", "b"]));
    }
}

#[test]
fn values_from_outside_are_checked() {
    assert_eq!(
        mistakes_with(
            TEXT,
            &set(&[("dyas", "1"), ("days", "many"), ("class", "big"), ("sizes", "{ small = 1")])
        ),
        "- unknown_param: `--set dyas`: there is no param `dyas`. Did you mean `days`?\n\
         3:1 param_type: `--set days` takes an integer, not `many`. Write it as in `30`.\n\
         4:1 wrong_value: param `class` cannot be \"big\" (from `--set`). Allowed: `\"db.t4g.micro\"`, \
         `\"db.t4g.small\"`.\n\
         7:1 param_type: `--set sizes` takes a table, not `{ small = 1`. Write it as in `{ a = 1 }`."
    );
}

#[test]
fn declarations_and_uses_are_checked() {
    assert_eq!(
        mistakes(
            "[params]\na = { type = 'string' }\nb = { type = 'integer', default = 'x' }\nc = { description = 'x' }\n\
             d = { type = 'text' }\ne = '${param.a}'\nf = { default = 1, defualt = 2 }\n\
             [queue.a]\nname = '${param.g}'\nvisibility_timeout = '${param.f}x'\n[queue.b]\nname = '${param.f.x}'\n\
             [queue.c]\nname = 'x${param.a}${param.b}${param.c}${param.d}'\n"
        ),
        "2:1 missing_param: param `a` has no value. Pass `--set a=…`, set `STACKCTL_PARAM_A`, or give it a \
         `default`.\n\
         3:35 param_type: param `b` takes an integer, not a string. Write an integer.\n\
         4:1 missing_key: param `c` has neither `type` nor `default`. Add `type = \"string\"`, or a `default`.\n\
         5:14 wrong_value: `text` is no type. Types: `string`, `integer`, `float`, `bool`, `list`, `table`.\n\
         6:6 misplaced_reference: a param cannot refer to params. Write the value itself, or `${stack.name}`, \
         `${stack.region}`, `${stack.account}`.\n\
         7:20 unknown_key: param `f` has no `defualt`. Did you mean `default`?\n\
         9:9 unknown_param: there is no param `g`. Params: `a`, `b`, `c`, `d`, `e`, `f`.\n\
         10:22 wrong_type: `visibility_timeout` takes an integer, not a string. Write an integer.\n\
         12:9 unknown_attribute: `param.f` has no `x`. It is an integer: refer to `${param.f}`."
    );
}

/// A block that is switched off this time uses it next time.
#[test]
fn what_a_block_without_elements_refers_to_is_used() {
    let stack = stack(
        "[params]\nwhich = []\nname = 'jobs'\n[queue.q]\nfor_each = '${param.which}'\nname = '${param.name}'\n",
    );
    assert!(stack.blocks.is_empty() && stack.warnings.is_empty(), "{:?}", stack.warnings);
}

#[test]
fn an_unused_param_is_a_warning() {
    let stack = stack("[params]\nx = 1\n");
    assert_eq!(stack.warnings.to_string(), "stack.toml:5:1: param `x` is not used");
}

#[test]
fn a_sensitive_param_stands_only_where_its_value_is_shown_nowhere() {
    let declared = "[params]\nkey = { type = 'string', sensitive = true, allowed = ['canary', 'other'] }\n";
    let given = set(&[("key", "canary")]);
    let fine = format!(
        "{declared}[database.a]\nclass = 'db.t4g.micro'\npassword = 'x${{param.key}}'\n\
         [outputs]\nkey = {{ value = '${{param.key}}', sensitive = true }}\n"
    );
    let stack = read(&fine, &given).unwrap();
    assert_eq!(stack.resolve(&stack.blocks[0], &|_| Resolved::Unknown)["password"], "xcanary");
    let shown = format!(
        "{declared}[database.a]\nclass = '${{param.key}}'\n[tags]\nkey = 'a ${{param.key}}'\n\
         [outputs]\nkey = '${{param.key}}'\n"
    );
    let found = mistakes_with(&shown, &given);
    assert_eq!(found.matches("sensitive_param: param `key` is sensitive").count(), 3, "{found}");
    let wrong = mistakes_with(&fine, &set(&[("key", "secret-text")]));
    assert!(
        wrong.contains("param `key` cannot be what was given") && !wrong.contains("secret-text"),
        "{wrong}"
    );
    let number = fine.replace("'string'", "'integer'").replace(", allowed = ['canary', 'other']", "");
    let wrong = mistakes_with(&number, &set(&[("key", "secret-text")]));
    assert!(wrong.contains("not what was given") && !wrong.contains("secret-text"), "{wrong}");
}

#[test]
fn a_secret_on_the_command_line_is_warned_of_and_one_in_a_file_is_not() {
    let text = "[params]\npin = { type = 'string', sensitive = true, default = 'd' }\nname = 'n'\n";
    let warned = |options: &Options| {
        let warnings = read(text, options).unwrap().warnings;
        let warnings: Vec<_> = warnings.iter().filter(|w| w.code == "stackctl::visible_secret").collect();
        warnings.iter().map(|warning| format!("{warning} {}", warning.help)).collect::<Vec<_>>()
    };
    let [told] = warned(&set(&[("pin", "canary-1")])).try_into().unwrap();
    assert!(told.contains("STACKCTL_PARAM_PIN") && told.contains("--set-file pin=PATH"), "{told}");
    assert!(!told.contains("canary"), "{told}");
    assert_eq!(warned(&set(&[("name", "open")])), [""; 0]);
    let filed = Options { set_file: vec![("pin".into(), "canary-2".into())], ..Options::default() };
    assert_eq!(warned(&filed), [""; 0]);
    let stack = read(text, &filed).unwrap();
    assert!(stack.secrets().any(|secret| secret == "canary-2"));
    let unknown = Options { set_file: vec![("pim".into(), "x".into())], ..Options::default() };
    assert!(mistakes_with(text, &unknown).contains("there is no param `pim`"));
}
