use crate::dice::Dice;
use std::fmt::Write;

/// What of the harbour is edited between two applies.
#[derive(Debug, Clone, PartialEq)]
pub struct Harbour {
    /// Second number of its network: another one replaces the VPC and all that is in it.
    pub network: usize,
    /// Text of a tag.
    pub tag: usize,
    /// How long logs are kept.
    pub days: usize,
    /// Queues.
    pub lanes: Vec<usize>,
    /// With a database, which takes seconds to make.
    pub database: bool,
}

/// Without the database, at first.
pub const RESOURCES: usize = 34;

impl Harbour {
    pub fn new(database: bool) -> Self {
        Self { network: 60, tag: 0, days: 7, lanes: vec![0, 1], database }
    }

    /// Something else of it.
    pub fn edit(&mut self, dice: &mut Dice) {
        match dice.below(6) {
            // A new network would take a database with it.
            0 if !self.database => self.network = 60 + (self.network - 60 + 1 + dice.below(3)) % 8,
            0 | 1 => self.tag += 1,
            2 => self.days = dice.pick(&[1, 3, 5, 14, 30, 60]),
            3 => self.lanes.push(dice.below(1000)),
            4 => drop(self.lanes.pop()),
            _ => {}
        }
        self.lanes.sort_unstable();
        self.lanes.dedup();
    }

    /// As stack.toml says it, without a target.
    pub fn text(&self) -> String {
        let Self { network, tag, days, .. } = self;
        let lanes: Vec<String> = self.lanes.iter().map(|lane| format!("\"lane{lane}\"")).collect();
        let mut text = HARBOUR
            .replace("NETWORK", &network.to_string())
            .replace("TAG", &tag.to_string())
            .replace("DAYS", &days.to_string())
            .replace("LANES", &lanes.join(", "));
        if self.database {
            text += DATABASE;
        }
        text
    }
}

/// So many VPCs: nothing of them has a name, so whatever is made twice is there twice.
pub fn berths(count: usize, state: &str) -> String {
    let mut text = format!(
        "[stack]\nname = \"berths\"\nregion = \"eu-west-1\"\nstate = \"{state}\"\n\n[vpc.berth]\nfor_each = ["
    );
    for berth in 0..count {
        write!(text, "\"b{berth}\", ").unwrap();
    }
    text + "]\ncidr_block = \"10.0.0.0/16\"\n"
}

/// Where the state is written, a little to keep in it.
pub fn buoys(state: &str) -> String {
    format!(
        "[stack]\nname = \"buoys\"\nregion = \"eu-west-1\"\nstate = \"{state}\"\n\n[queue.buoy]\nfor_each = [\"red\", \
         \"green\"]\n\n[vpc.bay]\ncidr_block = \"10.0.0.0/16\"\n"
    )
}

const HARBOUR: &str = r#"
[stack]
name = "harbour"
region = "eu-west-1"

[tags]
harbour = "tag TAG"

[vpc.port]
cidr_block = "10.NETWORK.0.0/16"

[subnet.quay]
for_each = { a = "10.NETWORK.1.0/24", b = "10.NETWORK.2.0/24", c = "10.NETWORK.3.0/24" }
vpc_id = "${vpc.port.id}"
cidr_block = "${each.value}"
availability_zone = "${stack.region}${each.key}"

[internet_gateway.sea]
vpc_id = "${vpc.port.id}"

[route_table.out]
vpc_id = "${vpc.port.id}"
subnet_ids = ["${subnet.quay[c].id}"]
routes = [{ destination = "0.0.0.0/0", gateway_id = "${internet_gateway.sea.id}" }]

[route_table.inner]
vpc_id = "${vpc.port.id}"
subnet_ids = ["${subnet.quay[a].id}", "${subnet.quay[b].id}"]

[security_group.cranes]
description = "Cranes"
vpc_id = "${vpc.port.id}"

[security_group.sheds]
description = "Sheds"
vpc_id = "${vpc.port.id}"

[security_group.doors]
description = "Endpoints"
vpc_id = "${vpc.port.id}"

[security_group_rule.cranes_to_sheds]
type = "egress"
security_group_id = "${security_group.cranes.id}"
security_group = "${security_group.sheds.id}"
port = 5432

[security_group_rule.sheds_from_cranes]
type = "ingress"
security_group_id = "${security_group.sheds.id}"
security_group = "${security_group.cranes.id}"
port = 5432

[security_group_rule.doors_from_port]
type = "ingress"
security_group_id = "${security_group.doors.id}"
cidr = "10.0.0.0/8"
port = 443

[security_group_rule.cranes_to_store]
type = "egress"
security_group_id = "${security_group.cranes.id}"
prefix_list = "${vpc_endpoint.store.prefix_list_id}"
port = 443

[vpc_endpoint.store]
vpc_id = "${vpc.port.id}"
service = "s3"
route_table_ids = ["${route_table.inner.id}"]

[vpc_endpoint.locker]
vpc_id = "${vpc.port.id}"
service = "secretsmanager"
subnet_ids = ["${subnet.quay[a].id}", "${subnet.quay[b].id}"]
security_group_ids = ["${security_group.doors.id}"]

[db_subnet_group.sheds]
subnet_ids = ["${subnet.quay[a].id}", "${subnet.quay[b].id}"]

[iam_role.crane]
assumed_by = "lambda.amazonaws.com"

[[iam_role.crane.policies.work.Statement]]
Sid = "TakeOrders"
Effect = "Allow"
Action = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
Resource = "${queue.orders.arn}"

[iam_role.clerk]
assumed_by = "ec2.amazonaws.com"
description = "Writes things down"

[iam_role.tides]
assumed_by = "scheduler.amazonaws.com"

[queue.lost]

[queue.arrivals]
dead_letter = "${queue.lost.arn}"
visibility_timeout = 45

[queue.orders]
name = "harbour-orders.fifo"
fifo = true

[queue.lane]
for_each = [LANES]
dead_letter = "${queue.lost.arn}"

[log_group.cranes]
retention_days = DAYS

[log_group.doors]
retention_days = 30

[secret.seal]
generate = { length = 30 }
recovery_days = 0

[secret.pass]
generate = { username = "harbour" }
recovery_days = 0

[bucket.cargo]
force_destroy = true

[alarm.lost]
namespace = "AWS/SQS"
metric = "ApproximateNumberOfMessagesVisible"
dimensions = { QueueName = "${queue.lost.name}" }
threshold = 0
comparison = "GreaterThanThreshold"

[schedule.tides]
expression = "rate(1 hour)"
target = "${queue.arrivals.arn}"
role = "${iam_role.tides.arn}"

[glue_database.manifest]

[athena_workgroup.clerks]
output_location = "s3://${bucket.cargo.name}/answers/"
"#;

const DATABASE: &str = r#"
[db_instance.ledger]
engine_version = "15"
instance_class = "db.t4g.micro"
allocated_storage = 20
username = "harbour"
password_secret = "${secret.pass.arn}"
db_subnet_group = "${db_subnet_group.sheds.id}"
skip_final_snapshot = true
"#;
