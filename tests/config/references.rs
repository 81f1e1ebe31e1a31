use crate::fixture::{mistakes, stack};
use stackctl::config::Value;
use stackctl::path::Path;

const BASE: &str = "[vpc.main]\ncidr_block = 'x'\n[database.loans]\nclass = 'db.t4g.micro'\n[queue.dead]\n";

#[test]
fn references_print_back_as_they_were_parsed() {
    let stack = stack(&format!(
        "{BASE}[database.x]\nclass = 'db.t4g.micro'\n[database.x.environment]\n\
         A = '${{vpc.main.id}}'\nB = 'a $${{b}} ${{database.loans.endpoint.port}}!'\nC = '${{vpc.main.dns}}'\n"
    ));
    let block = stack.blocks.last().unwrap().1;
    let mut printed = vec![];
    block.inputs.walk(&Path::default(), &mut |path, node| {
        if let Value::String(template) = &node.value {
            printed.push(format!("{path}: {template}"));
        }
    });
    assert_eq!(
        printed,
        [
            "class: db.t4g.micro",
            "environment.A: ${vpc.main.id}",
            "environment.B: a $${b} ${database.loans.endpoint.port}!",
            "environment.C: ${vpc.main.dns}",
        ]
    );
    let used = block.references();
    assert_eq!(used[1].path.to_string(), "environment.B");
    assert_eq!(stack.source.snippet(used[1].span), "${database.loans.endpoint.port}");
}

#[test]
fn attributes_are_checked_at_every_depth() {
    assert_eq!(
        mistakes(&format!(
            "{BASE}[outputs]\na = '${{vpc.main.anr}}'\nb = '${{database.loans.endpoint.prt}}'\nc = '${{vpc.main.id.x}}'\n\
             d = '${{vpc.main.arn.x}}'\ne = '${{vpc.main}}'\nf = '${{vcp.main.id}}'\ng = '${{aws:username}}'\n\
             h = '${{vpc.main.id'\ni = '${{queue.main.id}}'\n"
        )),
        "7:6 unknown_attribute: `vpc.main` has no `anr`. Did you mean `arn`?\n\
         8:6 unknown_attribute: `database.loans.endpoint` has no `prt`. Did you mean `port`?\n\
         9:6 unknown_attribute: `vpc.main.id` has no `x`. Refer to `vpc.main.id` itself.\n\
         10:6 unknown_attribute: `vpc.main.arn` has no `x`. Refer to `vpc.main.arn` itself.\n\
         11:6 bad_reference: `${vpc.main}` names no attribute. Add one, as in `${vpc.main.id}`.\n\
         12:6 unknown_resource: there is no `vcp.main`. Did you mean `vpc.main`?\n\
         13:6 bad_reference: `${aws:username}` is no reference. Write `${KIND.NAME.ATTRIBUTE}`, `${param.NAME}`, \
         `${stack.name}`, `${stack.region}`, `${stack.account}`, `${each.key}`, `${each.value}` or `${file(PATH)}`; a \
         literal `${` is written `$${`.\n\
         14:6 bad_reference: a reference is not closed. Add the `}`; a literal `${` is written `$${`.\n\
         15:6 unknown_resource: there is no `queue.main`. Add `[queue.main]`, or refer to another resource."
    );
}

#[test]
fn what_a_reference_is_must_fit_where_it_stands() {
    assert_eq!(
        mistakes(&format!(
            "{BASE}[database.x]\nclass = 'db.t4g.micro'\nstorage = '${{vpc.main.id}}'\nsubnet_ids = '${{vpc.main.id}}'\n\
             ratio = 'x${{database.loans.endpoint.port}}'\npassword = '${{vpc.main.zones}}'\n\
             environment = {{ PORT = '${{database.loans.endpoint.port}}', X = '${{database.loans.endpoint}}' }}\n\
             tags = {{ x = 'a ${{vpc.main.zones}}' }}\n[queue.x]\ndead_letter = '${{queue.dead.url}}'\n\
             [queue.y]\ndead_letter = '${{queue.x.dead_letter}}'\n"
        )),
        "8:12 reference_type: `storage` takes an integer, not a string. Refer to an attribute that is an integer.\n\
         9:15 reference_type: `subnet_ids` takes a list, not a string. Put it in brackets: `[\"${vpc.main.id}\"]`.\n\
         10:11 reference_type: `ratio` takes a number, not text. Let the reference be the whole string, or refer to a \
         part of it.\n\
         11:13 reference_type: `password` takes a string, not a list. Choose one element: `${vpc.main.zones.0}`.\n\
         12:64 reference_type: `environment.X` takes a string, not a table. Refer to an attribute that is a string.\n\
         13:17 reference_type: `${vpc.main.zones}` is a list and cannot stand in text. Let the reference be the whole \
         string, or refer to a part of it.\n\
         15:16 reference_kind: `dead_letter` takes queue.arn, not queue.dead.url. Write `${queue.dead.arn}`."
    );
}

#[test]
fn a_list_of_all_where_one_is_wanted_is_one_mistake() {
    let text = "[vpc.a]\nfor_each = ['x']\ncidr_block = 'x'\n[queue.a]\nname = '${vpc.a[*].id}'\n\
                [database.a]\nclass = 'db.t4g.micro'\nsubnet_ids = ['${vpc.a[*].id}']\n";
    assert_eq!(
        mistakes(text),
        "5:9 reference_type: `name` takes a string, not a list. Choose one: `${vpc.a['x'].id}`.\n\
         8:16 reference_type: `subnet_ids.0` takes a string, not a list. It is a list already, so leave the brackets \
         away: `\"${vpc.a[*].id}\"`."
    );
}

#[test]
fn depends_on_takes_addresses_that_exist() {
    assert_eq!(
        mistakes("[queue.a]\ndepends_on = ['queue.b', 'queue.b.arn', '${queue.c.arn}', 3]\n[queue.bb]\n"),
        "2:15 unknown_resource: there is no `queue.b`. Did you mean `queue.bb`? Otherwise add `[queue.b]`.\n\
         2:26 bad_reference: `queue.b.arn` is not an address. Write `KIND.NAME` or `KIND.NAME['KEY']`, without an \
         attribute.\n\
         2:42 misplaced_reference: `${queue.c.arn}` cannot stand here. Write the value itself, or refer to a param.\n\
         2:59 wrong_type: `depends_on` takes a string, not an integer. Write a string."
    );
}
