//! Names that stack and block make, and that AWS would refuse.

use proptest::prelude::*;
use serde_json::json;
use stackctl::address::Address;
use stackctl::cloud::naming;
use stackctl::config::Source;
use stackctl::config::{Options, parse};
use stackctl::resource::registry;
use stackctl::schema::{properties, validate};

fn codes(text: &str) -> Vec<String> {
    match parse(Source::new("stack.toml", text.to_owned()), &Options::default(), registry()) {
        Ok(_) => vec![],
        Err(mistakes) => mistakes.iter().map(|one| one.code.to_string()).collect(),
    }
}

fn group(stack: &str, more: &str) -> String {
    format!(
        "[stack]\nname = \"{stack}\"\nregion = \"eu-west-1\"\n\n[security_group.database]\nvpc_id = \"vpc-1\"\n{more}"
    )
}

/// AWS keeps `sg-…` to itself.
#[test]
fn a_derived_name_is_held_against_the_rules_of_its_kind() {
    assert_eq!(codes(&group("sg", "")), ["stackctl::derived_name"]);
    assert_eq!(codes(&group("sg", "name = \"mine\"")), [""; 0]);
    assert_eq!(codes(&group("loans", "")), [""; 0]);
}

/// RDS takes passwords of 128 characters, and tells after the network is made.
#[test]
fn a_password_is_as_long_as_rds_takes_it() {
    let stack = |length: u32| {
        format!(
            "[stack]\nname = \"loans\"\nregion = \"eu-west-1\"\n\n[secret.database.generate]\nlength = {length}\nusername = \"loans\"\n\n\
             [db_instance.loans]\ninstance_class = \"db.t4g.micro\"\npassword_secret = \"${{secret.database.arn}}\"\n"
        )
    };
    assert_eq!(codes(&stack(129)), ["stackctl::unfit"]);
    assert_eq!(codes(&stack(128)), [""; 0]);
}

proptest! {
    /// Whatever stack, block and key are called, what RDS gets is an identifier to it.
    #[test]
    fn a_derived_identifier_is_one(stack in "[a-z][a-z0-9-]{0,30}", block in "[a-z][a-z0-9_]{0,20}", key in "[a-zA-Z0-9_.-]{0,40}") {
        let kind = registry().iter().find(|kind| kind.name() == "db_instance").unwrap();
        let rule = &properties(kind.inputs()).unwrap()["identifier"]["x-name"];
        let address = if key.is_empty() { Address::new("db_instance", &block) } else { Address::keyed("db_instance", &block, &key) };
        let name = naming::derived(&stack, &address, rule, None).unwrap();
        let inputs = json!({"identifier": name, "instance_class": "db.t4g.micro"});
        let wrong = validate::validate(kind.inputs(), &inputs);
        prop_assert!(wrong.is_empty(), "{name}: {wrong:?}");
        let said = kind.check(&inputs);
        prop_assert!(said.iter().all(|(path, _)| path != "identifier"), "{name}: {said:?}");
    }
}
