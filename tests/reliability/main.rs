//! What an engineer on call relies on, with the real binary on the local cloud (MiniStack and a real PostgreSQL): signals,
//! two users at once, state in S3, secrets.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that says how far it is")]

mod by_hand;
mod canaries;
mod cloud;
#[path = "../shared/emulator.rs"]
mod emulator;
#[path = "../shared/environment.rs"]
mod environment;
mod interrupted;
mod late;
#[path = "../shared/listing.rs"]
mod listing;
#[path = "../pipeline/project.rs"]
#[expect(dead_code, reason = "the pipeline's tests need more of it")]
mod project;
mod proxy;
mod remote;
mod signals;
mod stage;

/// A database takes seconds to create: long enough to be interrupted.
pub const DATABASE: &str = r#"
[stack]
name = "night"
region = "eu-west-1"

[vpc.main]
cidr_block = "10.0.0.0/16"

[subnet.private]
for_each = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
vpc_id = "${vpc.main.id}"
cidr_block = "${each.value}"
availability_zone = "${stack.region}${each.key}"

[db_subnet_group.main]
subnet_ids = "${subnet.private[*].id}"

[secret.database]
generate = { username = "night" }
recovery_days = 0

[db_instance.main]
engine_version = "15"
instance_class = "db.t4g.micro"
allocated_storage = 20
username = "night"
password_secret = "${secret.database.arn}"
db_subnet_group = "${db_subnet_group.main.id}"
skip_final_snapshot = true

[queue.after]
depends_on = ["db_instance.main"]
"#;
