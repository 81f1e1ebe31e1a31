use crate::invocation::Test;

/// Twelve mistakes of twelve sorts, each on a line of its own that ends with its number.
const TWELVE: &str = r#"
[stack]
name = "Loans"                                # 1
region = "eu-west-1"

[params]
days = { type = "integer", default = "many" } # 2

[vpc.main]
cidr = "10.0.0.0/16"                          # 3 and 4: unknown attribute, missing cidr_block

[subnet.a]
vpc_id = "${vpc.man.id}"                      # 5
cidr_block = 24                               # 6

[queue.jobs]
visibility_timeout = 99999                    # 7
dead_letter = "${bucket.files.arn}"           # 8
depends_on = ["queue.nothing"]                # 9

[bucket.files]
tags = { owner = "${param.nobody}" }          # 10

[buket.more]                                  # 11

[outputs]
url = "${queue.jobs.uri}"                     # 12
"#;

#[test]
fn twelve_mistakes_are_twelve_diagnostics_in_one_run() {
    let answer = Test::new().stack(TWELVE).args(["validate"]).failure(1);
    assert!(answer.stderr.contains("12 mistakes"), "{}", answer.stderr);
    for (number, line) in TWELVE.lines().enumerate().filter(|(_, line)| line.contains("# ")) {
        let place = format!("stack.toml:{}:", number + 1);
        assert!(answer.stderr.contains(&place), "nothing points to line {}: {line}\n{}", number + 1, answer.stderr);
    }
    let remedies = answer.stderr.matches("help:").count();
    assert!(remedies >= 12, "{remedies} remedies for 12 mistakes\n{}", answer.stderr);
    assert!(answer.stderr.contains("Did you mean `vpc.main`") || answer.stderr.contains("vpc.main"), "{}", answer.stderr);
}

#[test]
fn a_cycle_is_shown_whole() {
    let stack = "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n\
                 [queue.a]\ndead_letter = \"${queue.b.arn}\"\n[queue.b]\ndead_letter = \"${queue.a.arn}\"\n";
    let answer = Test::new().stack(stack).args(["validate"]).failure(1);
    assert!(answer.stderr.contains("queue.a") && answer.stderr.contains("queue.b"), "{}", answer.stderr);
    assert!(answer.stderr.contains("1 mistake "), "{}", answer.stderr);
}
