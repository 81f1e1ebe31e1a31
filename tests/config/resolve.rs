use crate::fixture::stack;
use serde_json::json;
use stackctl::config::Resolved;

#[test]
fn unknown_values_are_placeholders_and_swallow_the_text_around_them() {
    let stack = stack(
        "[vpc.main]\ncidr_block = 'x'\n[database.a]\nclass = 'db.t4g.micro'\n[database.b]\nclass = 'db.t4g.micro'\n\
         storage = '${database.a.endpoint.port}'\n[database.b.environment]\nHOST = 'db://${database.a.endpoint.host}'\n\
         PORT = '${database.a.endpoint.port}'\nVPC = '${vpc.main.id}/x'\n[outputs]\n\
         all = '${vpc.main.zones}'\n",
    );
    let b = &stack.blocks[2];
    let inputs = stack.resolve(b, &|reference| match reference.path.to_string().as_str() {
        "endpoint.port" => Resolved::Known(json!(5432)),
        _ => Resolved::Unknown,
    });
    assert_eq!(
        inputs,
        json!({ "class": "db.t4g.micro", "storage": 5432, "environment": {
            "HOST": { "$unknown": "database.a.endpoint.host" }, "PORT": "5432", "VPC": { "$unknown": "vpc.main.id" } } })
    );
    let output = &stack.outputs["all"];
    assert_eq!(stack.resolve_output(output, &|_| Resolved::Known(json!(["z"]))), json!(["z"]));
}
