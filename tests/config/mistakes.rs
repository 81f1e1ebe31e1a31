use crate::fixture::{HEAD, kinds, mistakes, read};
use stackctl::config::{Options, Source, load, parse};
use std::path::Path;

const TWELVE: &str = r#"
[params]
days = "thirty"
size = { type = "integr", default = 3 }

[bukket.archive]
versioning = true

[vpc.main]
cidr_blok = "10.0.0.0/16"

[subnet.private]
for_each = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
vpc_id = "${vpc.mian.id}"
cidr_block = "${each.value}"

[subnet.public]
vpc_id = "${subnet.private['a'].id}"
cidr_block = "10.0.3.0"

[bucket.loans]
versioning = "yes"
policy = '{"Statement": []}'

[database.loans]
class = "db.t4g.mikro"
subnet_ids = ["${subnet.private.id}"]
storage = 10
depends_on = ["bucket.archive", "queue.dead"]

[outputs]
size = "${param.size}"
archive = "${bucket.archive.arn}"
secret = "${database.loans.secret}"
"#;

#[test]
fn twelve_mistakes_are_twelve_diagnostics_in_one_run() {
    let all = mistakes(TWELVE);
    insta::assert_snapshot!(all);
    assert_eq!(all.lines().count(), 12);
}

#[test]
fn they_look_like_this() {
    let found = read(TWELVE, &Options::default()).unwrap_err();
    insta::assert_snapshot!(found.render(100, false));
}
