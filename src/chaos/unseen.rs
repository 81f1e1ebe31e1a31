use super::Refusal;
use super::protocol::content_type;
use crate::cloud::Call;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

const QUEUE: &str = "AWS.SimpleQueueService.NonExistentQueue";

/// How a service answers this read while it does not see yet what was just created; `None` where that is not known.
pub(super) fn answer(call: &Call, request: &str, id: &str) -> Option<HttpResponse> {
    let refused = |status: u16, code: &str| Refusal::new(status, code, "It does not exist").answer(call, id);
    let asks_for = |name: &str| request.contains(&format!("{name}="));
    Some(match (&*call.service, &*call.operation) {
        ("ec2", operation) => {
            let set = match operation {
                "DescribeVpcs" => "vpcSet",
                "DescribeSubnets" => "subnetSet",
                "DescribeRouteTables" => "routeTableSet",
                "DescribeSecurityGroups" => "securityGroupInfo",
                "DescribeSecurityGroupRules" => "securityGroupRuleSet",
                "DescribeVpcEndpoints" => "vpcEndpointSet",
                _ => return None,
            };
            let text = format!(
                "<{operation}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
                 <requestId>{id}</requestId><{set}/></{operation}Response>"
            );
            good(call, text)
        }
        ("logs", "DescribeLogGroups") => good(call, "{\"logGroups\":[]}".to_owned()),
        ("iam", "GetRole" | "GetRolePolicy") => refused(404, "NoSuchEntity"),
        ("lambda", "GetFunction" | "GetFunctionConfiguration" | "GetPolicy") => {
            refused(404, "ResourceNotFoundException")
        }
        ("scheduler", "GetSchedule") => refused(404, "ResourceNotFoundException"),
        ("glue", "GetDatabase" | "GetTable") => refused(400, "EntityNotFoundException"),
        ("s3", "HeadBucket") => refused(404, "NotFound"),
        ("s3", "GetBucketVersioning" | "GetBucketTagging") => refused(404, "NoSuchBucket"),
        ("rds", "DescribeDBInstances") if asks_for("DBInstanceIdentifier") => {
            refused(404, "DBInstanceNotFound")
        }
        ("rds", "DescribeDBSubnetGroups") if asks_for("DBSubnetGroupName") => {
            refused(404, "DBSubnetGroupNotFoundFault")
        }
        ("secretsmanager", "DescribeSecret") => refused(400, "ResourceNotFoundException"),
        ("sqs", "GetQueueAttributes" | "GetQueueUrl") => refused(400, QUEUE),
        _ => return None,
    })
}

fn good(call: &Call, text: String) -> HttpResponse {
    let status = StatusCode::try_from(200).unwrap_or_else(|_| unreachable!("200 is a status"));
    let length = text.len().to_string();
    let mut response = HttpResponse::new(status, SdkBody::from(text));
    response.headers_mut().insert("content-type", content_type(&call.service));
    response.headers_mut().insert("content-length", length);
    response
}
