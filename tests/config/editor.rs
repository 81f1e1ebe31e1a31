use crate::fixture::kinds;
use stackctl::config::json_schema;
use stackctl::resource::registry;

#[test]
fn the_editor_schema_knows_every_kind_and_lets_references_stand_anywhere() {
    let schema = json_schema(&kinds());
    let queue = &schema["properties"]["queue"]["additionalProperties"];
    assert_eq!(queue["properties"]["visibility_timeout"]["anyOf"][1]["pattern"], r"\$\{");
    assert!(queue["properties"].get("for_each").is_some() && queue["properties"].get("lifecycle").is_some());
    assert!(schema["properties"]["targets"]["additionalProperties"]["properties"].get("queue").is_some());
}

#[test]
fn no_kind_has_an_input_that_every_block_has_already() {
    for kind in registry() {
        for name in ["for_each", "depends_on", "lifecycle"] {
            assert!(kind.inputs()["properties"].get(name).is_none(), "{} has `{name}`", kind.name());
        }
    }
}
