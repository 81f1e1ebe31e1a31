//! Where MiniStack (1.5.33, `AUTH=true`) checks otherwise than AWS does. It asks each call once, for one resource, where AWS asks
//! for each resource that a call touches.

use serde_json::{Value as Json, json};

/// It cannot tell on what a call is, and asks for it on everything.
const ON_EVERYTHING: &[&str] = &[
    "athena:CreateWorkGroup",
    "athena:ListTagsForResource",
    "athena:TagResource",
    "athena:UntagResource",
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListTagsForResource",
    "cloudwatch:TagResource",
    "cloudwatch:UntagResource",
    "ec2:CreateInternetGateway",
    "ec2:CreateTags",
    "ec2:CreateVpc",
    "ec2:DeleteTags",
    "ec2:DisassociateRouteTable",
    "ec2:ModifyVpcEndpoint",
    "lambda:CreateFunction",
    "rds:AddTagsToResource",
    "rds:CreateDBSubnetGroup",
    "rds:DeleteDBSubnetGroup",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSubnetGroups",
    "rds:ListTagsForResource",
    "rds:ModifyDBSubnetGroup",
    "rds:RemoveTagsFromResource",
];

/// It takes a call for one on something else.
const ON_SOMETHING_ELSE: &[(&str, &str)] = &[
    ("glue:DeleteDatabase", "arn:aws:glue:eu-west-1:000000000000:table/*"),
    ("glue:GetDatabase", "arn:aws:glue:eu-west-1:000000000000:table/*"),
    ("glue:GetTags", "arn:aws:glue:eu-west-1:000000000000:catalog"),
    ("glue:TagResource", "arn:aws:glue:eu-west-1:000000000000:catalog"),
    ("glue:UntagResource", "arn:aws:glue:eu-west-1:000000000000:catalog"),
    ("glue:UpdateDatabase", "arn:aws:glue:eu-west-1:000000000000:table/*"),
    ("iam:RemoveRoleFromInstanceProfile", "arn:aws:iam::000000000000:role/*"),
];

/// The policy as MiniStack has to read it to check what AWS would.
pub fn as_ministack_asks(policy: &Json) -> Json {
    let mut statements = vec![];
    for statement in policy["Statement"].as_array().unwrap() {
        let mut statement = statement.clone();
        // Of EC2 it knows no tags, neither those of an object nor those of a request, and no creating action.
        let is_of_ec2 = statement["Action"][0].as_str().unwrap().starts_with("ec2:");
        if is_of_ec2 {
            statement.as_object_mut().unwrap().remove("Condition");
        }
        for action in statement["Action"].as_array().unwrap() {
            let action = action.as_str().unwrap();
            let elsewhere = ON_SOMETHING_ELSE.iter().filter(|(quirk, _)| *quirk == action).map(|(_, on)| *on);
            let on = ON_EVERYTHING.iter().filter(|quirk| **quirk == action).map(|_| "*").chain(elsewhere);
            for resource in on {
                let mut more = json!({"Effect": "Allow", "Action": [action], "Resource": [resource]});
                if let Some(condition) = statement.get("Condition") {
                    more["Condition"] = condition.clone();
                }
                statements.push(more);
            }
        }
        statements.push(statement);
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}
