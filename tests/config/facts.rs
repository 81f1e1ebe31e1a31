use stackctl::config::{Options, Source, parse};
use stackctl::resource::registry;

/// Of a stack in eu-west-1: mistakes, or warnings if there is no mistake; line, code, message and remedy.
fn said_to(text: &str, target: Option<&str>) -> String {
    let options = Options { target: target.map(str::to_owned), ..Options::default() };
    let found = parse(Source::new("stack.toml", text), &options, registry());
    let found = found.map_or_else(|found| found, |stack| stack.warnings);
    let lines = found.into_iter().map(|one| {
        let place = one.place().unwrap_or_default().replace("stack.toml:", "");
        format!("{place} {}: {one}. {}", one.code.trim_start_matches("stackctl::"), one.help)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn said(text: &str) -> String {
    said_to(&format!("[stack]\nname = 'loans'\nregion = 'eu-west-1'\n{text}"), None)
}

#[test]
fn a_region_that_aws_has_not_is_a_mistake_on_aws_alone() {
    let stack = |region: &str, more: &str| {
        format!(
            "[stack]\nname = 'loans'\nregion = '{region}'\n{more}[targets.here]\nendpoint_url = 'http://h:1'\n[targets.live]\nregion = 'us-wst-2'\n"
        )
    };
    let all = said_to(&stack("eu-wst-1", ""), None);
    assert_eq!(
        all,
        "3:10 not_at_aws: there is no region `eu-wst-1`. Did you mean `eu-west-1`? If AWS has it by now: `new = \
         [\"eu-wst-1\"]` in `[stack]`.\n\
         7:10 not_at_aws: there is no region `us-wst-2`. Did you mean `us-west-2`? If AWS has it by now: `new = \
         [\"us-wst-2\"]` in `[stack]`."
    );
    let fixed = |text: String| text.replace("us-wst-2", "us-west-2");
    assert_eq!(said_to(&fixed(stack("eu-wst-1", "")), Some("local")), "");
    assert_eq!(said_to(&fixed(stack("eu-wst-1", "")), Some("here")), "");
    assert_eq!(said_to(&fixed(stack("eu-wst-1", "")), Some("live")), "");
    assert_eq!(said_to(&fixed(stack("eu-wst-1", "new = ['eu-wst-1']\n")), None), "");
}

#[test]
fn values_are_looked_up_wherever_they_come_from() {
    assert_eq!(
        said(
            "[params]\nclass = 'db.t4g.mikro'\n[vpc.v]\ncidr_block = '10.0.0.0/16'\n[subnet.s]\nfor_each = { a = 'us-east-1a' }\n\
             vpc_id = '${vpc.v.id}'\ncidr_block = '10.0.0.0/24'\navailability_zone = '${each.value}'\n\
             [db_instance.d]\ninstance_class = '${param.class}'\nengine_version = '9.6'\n\
             [iam_role.r]\nassumed_by = 'lambda.amazonaws.com'\nmanaged_policies = ['ReadOnlyAccess']\n\
             [lambda_function.f]\nrole = '${iam_role.r.arn}'\nartifact = 'f.zip'\nruntime = 'python3.7'\nhandler = 'app'\n"
        ),
        "12:21 not_at_aws: `us-east-1a` is a zone of us-east-1, and the stack is in eu-west-1. Write `eu-west-1a`, or \
         `\"${stack.region}a\"`, which moves with the stack.\n\
         14:18 not_at_aws: there is no instance class `db.t4g.mikro`. Did you mean `db.t4g.micro`? If AWS has it by now: \
         `new = [\"db.t4g.mikro\"]` in `[stack]`.\n\
         15:18 not_at_aws: RDS has no PostgreSQL 9 any more. Take one that is supported, such as `18`.\n\
         18:21 not_at_aws: `ReadOnlyAccess` is not the ARN of a policy. Write `arn:aws:iam::aws:policy/ReadOnlyAccess`.\n\
         22:11 not_at_aws: Lambda makes no functions with `python3.7` since 2024-01-09. Take `python3.14`.\n\
         23:11 rule: `app` is no handler of python3.7. Write it as `FILE.FUNCTION`, such as `app.handler` for `def handler` \
         in app.py."
    );
}

#[test]
fn what_aws_is_about_to_take_away_is_a_warning() {
    assert_eq!(
        said("[db_instance.d]\ninstance_class = 'db.m5.large'\nengine_version = '13'\n"),
        "6:18 outdated: AWS supports PostgreSQL 13 since 2026-02-28 against payment only. Take one that is supported, such \
         as `18`."
    );
}

#[test]
fn subnets_lie_in_their_vpc_and_beside_each_other() {
    assert_eq!(
        said(
            "[vpc.v]\ncidr_block = '10.0.0.0/16'\n[vpc.w]\ncidr_block = '10.1.0.0/15'\n\
             [subnet.a]\nvpc_id = '${vpc.v.id}'\ncidr_block = '10.1.0.0/24'\n\
             [subnet.b]\nvpc_id = '${vpc.v.id}'\ncidr_block = '10.0.4.0/22'\n\
             [subnet.c]\nfor_each = ['10.0.5.0/24', '10.0.8.0/24']\nvpc_id = '${vpc.v.id}'\ncidr_block = '${each.key}'\n\
             [subnet.d]\nvpc_id = '${vpc.w.id}'\ncidr_block = '10.1.4.0/22'\n"
        ),
        "7:14 rule: `cidr_block`: /15 is out of range. AWS takes /16 to /28 here.\n\
         10:14 outside_network: `cidr_block`: 10.1.0.0/24 is not in the network of vpc.v, which is 10.0.0.0/16. Take a part \
         of 10.0.0.0/16, such as `10.0.0.0/24`, or widen that.\n\
         17:14 twins: subnet.b and subnet.c[\"10.0.5.0/24\"] overlap: 10.0.4.0/22 and 10.0.5.0/24. Give one of them a network \
         beside the other."
    );
}

#[test]
fn two_of_one_name_and_what_can_be_in_one_place_only() {
    assert_eq!(
        said(
            "[queue.jobs]\n[queue.more]\nname = 'loans-jobs'\n[log_group.a]\nname = 'x'\n[log_group.b]\nfor_each = ['1', '2']\n\
             name = 'y'\n[vpc.v]\ncidr_block = '10.0.0.0/16'\n[subnet.s]\nfor_each = { a = 1, b = 2 }\nvpc_id = '${vpc.v.id}'\n\
             cidr_block = '10.0.${each.value}.0/24'\n\
             [route_table.one]\nvpc_id = '${vpc.v.id}'\nsubnet_ids = ['${subnet.s[\"a\"].id}']\n\
             [route_table.two]\nvpc_id = '${vpc.v.id}'\nsubnet_ids = '${subnet.s[*].id}'\n\
             [internet_gateway.g]\nvpc_id = '${vpc.v.id}'\n[internet_gateway.h]\nvpc_id = '${vpc.v.id}'\n"
        ),
        "6:8 twins: queue.jobs and queue.more are both called `loans-jobs`. Give one of them another name; names that nobody \
         gives are told apart by stackctl.\n\
         11:8 twins: log_group.b[\"1\"] and log_group.b[\"2\"] are both called `y`. Give one of them another name; names that \
         nobody gives are told apart by stackctl.\n\
         23:14 twins: `subnet_ids` of route_table.one and of route_table.two both name subnet.s[\"a\"].id. AWS takes it in one \
         route_table only: remove it from the other.\n\
         27:10 twins: internet_gateway.g and internet_gateway.h are the same to AWS: equal in `vpc_id`. Remove one of them, or \
         change what they have in common."
    );
}

#[test]
fn names_have_the_form_of_their_kind() {
    let all = said(
        "[queue.a]\nname = 'has space$'\n[queue.b]\nname = 'x.fifo'\n[queue.c]\nfifo = true\n[queue.d]\nfifo = true\nname = 'y'\n\
         [bucket.b]\nname = 'Loans_files'\n[log_group.g]\nname = 'a b'\n[alarm.a]\nname = \"a\\u0001b\"\nnamespace = 'x'\nmetric = 'y'\n\
         [security_group.s]\nname = 'a\"b'\ndescription = 'x'\nvpc_id = 'vpc-1'\n\
         [iam_role.r]\nname = 'a b'\nassumed_by = 'lambda.amazonaws.com'\n\
         [db_instance.d]\nidentifier = 'Loans'\ninstance_class = 'db.t4g.micro'\n\
         [lambda_function.f]\nname = 'a b'\nrole = 'arn:aws:iam::1:role/x'\nartifact = 'x.zip'\n",
    );
    let places: Vec<&str> = all
        .lines()
        .filter(|line| line.contains("`name`") || line.contains("identifier") || line.contains("FIFO"))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(
        places,
        ["5:8", "7:8", "9:8", "12:8", "14:8", "16:8", "18:8", "22:8", "26:8", "29:14", "32:8"],
        "{all}"
    );
}

/// The attribute that holds the name which stackctl makes where none is given.
fn named()
-> impl Iterator<Item = (&'static dyn stackctl::resource::Kind, &'static str, &'static serde_json::Value)> {
    registry().iter().copied().filter_map(|kind| {
        let (name, schema) = kind.inputs()["properties"]
            .as_object()?
            .iter()
            .find(|(_, schema)| schema.get("x-name").is_some())?;
        Some((kind, name.as_str(), schema))
    })
}

fn codes(text: &str) -> Vec<&'static str> {
    let text = format!("[stack]\nname = 'loans'\nregion = 'eu-west-1'\n{text}");
    let found = parse(Source::new("stack.toml", text), &Options::default(), registry());
    found.map_or_else(|found| found, |stack| stack.warnings).into_iter().map(|one| one.code).collect()
}

#[test]
fn every_name_has_a_form_and_is_had_once() {
    let mut tried = 0;
    for (kind, name, schema) in named() {
        let kind = kind.name();
        assert!(schema.get("pattern").is_some() && schema.get("maxLength").is_some(), "{kind}.{name}");
        let wrong = codes(&format!("[{kind}.a]\n{name} = \"a\\u0001$\"\n"));
        assert!(wrong.contains(&"stackctl::wrong_value"), "{kind}: {wrong:?}");
        let two = codes(&format!("[{kind}.a]\n{name} = 'same'\n[{kind}.b]\n{name} = 'same'\n"));
        assert!(two.contains(&"stackctl::twins"), "{kind}: {two:?}");
        let each = codes(&format!("[{kind}.a]\nfor_each = ['x', 'y']\n{name} = 'same'\n"));
        assert!(each.contains(&"stackctl::twins"), "{kind}: {each:?}");
        let others = codes(&format!(
            "[{kind}.a]\n{name} = 'one'\n[{kind}.b]\n{name} = 'other'\n[{kind}.c]\n[{kind}.d]\nfor_each = ['x', 'y']\n"
        ));
        assert!(!others.contains(&"stackctl::twins"), "{kind}: {others:?}");
        tried += 1;
    }
    assert!(tried >= 12, "{tried}");
}
