//! What Lambda says of a function, and what its role is: Lambda is played, since emulators give no grants and no change up.

use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::diff::{complete, diff};
use stackctl::resource::{self, Id, Kind, Observed};
use std::sync::{Arc, Mutex};

const ROLE: &str = "arn:aws:iam::123456789012:role/loader";

#[derive(Clone)]
struct Lambda {
    /// As `GetFunction` has it.
    configuration: Arc<Mutex<Json>>,
    /// The changes of it that were asked for.
    asked: Arc<Mutex<Vec<Json>>>,
}

impl Lambda {
    fn new(more: Json) -> Self {
        let mut configuration = json!({
            "FunctionName": "loader", "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:loader",
            "Role": ROLE, "Runtime": "provided.al2023", "Handler": "bootstrap", "MemorySize": 256, "Timeout": 30,
            "State": "Active", "LastUpdateStatus": "Successful", "Environment": {"Variables": {"A": "1"}},
        });
        configuration.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Self { configuration: Arc::new(Mutex::new(configuration)), asked: Arc::default() }
    }

    fn cloud(&self) -> Cloud {
        let lambda = self.clone();
        let http = infallible_client_fn(move |request: http::Request<SdkBody>| {
            let path = request.uri().path().to_owned();
            let mut configuration = lambda.configuration.lock().unwrap();
            if request.method() == "PUT" && path.ends_with("/configuration") {
                let asked: Json = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
                for (name, value) in asked.as_object().unwrap() {
                    configuration[name] = value.clone();
                }
                configuration["LastUpdateStatus"] = json!("Successful");
                lambda.asked.lock().unwrap().push(asked);
            }
            let (status, body) = match path.as_str() {
                path if path.ends_with("/event-invoke-config") => (404, json!({"Message": "none"})),
                path if path.ends_with("/configuration") => (200, configuration.clone()),
                _ => (200, json!({"Configuration": *configuration, "Tags": {}})),
            };
            let response = http::Response::builder().status(status);
            let response = response.header("x-amzn-errortype", "ResourceNotFoundException");
            response.body(SdkBody::from(body.to_string())).unwrap()
        });
        let mut cloud = Cloud::emulator("http://aws.invalid", "eu-west-1", http);
        cloud.emulated = false;
        cloud
    }

    async fn read(&self) -> Observed {
        let (kind, id) = (kind(), Id::from("loader"));
        kind.read(&self.cloud(), std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap()
    }

    async fn update(&self, before: Json, after: Json) -> Vec<Json> {
        kind().update(&self.cloud(), &Id::from("loader"), before, after).await.unwrap();
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn kind() -> &'static dyn Kind {
    resource::kind("lambda_function").unwrap()
}

fn with(inputs: &Json, more: &Json) -> Json {
    let mut inputs = inputs.clone();
    inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    inputs
}

/// The variables go and come back, each by a call that says nothing else: then the role that is there now has the grant.
#[tokio::test]
async fn a_role_made_anew_gets_the_key_of_the_variables() {
    let lambda = Lambda::new(json!({}));
    let inputs = lambda.read().await.inputs;
    let (before, after) = (
        with(&inputs, &json!({"role_identity": "AROA1"})),
        with(&inputs, &json!({"role_identity": "AROA2"})),
    );
    assert_eq!(diff(kind().inputs(), &before, &after).len(), 1);
    let none = json!({"Environment": {"Variables": {}}});
    assert_eq!(lambda.update(before.clone(), after.clone()).await, [none]);
    // As the engine comes back: what was written counts as recorded.
    let seen = complete(kind().inputs(), &lambda.read().await.inputs, &after);
    assert_eq!(lambda.update(seen, after.clone()).await, [json!({"Environment": {"Variables": {"A": "1"}}})]);
    let seen = complete(kind().inputs(), &lambda.read().await.inputs, &after);
    assert!(diff(kind().inputs(), &seen, &after).is_empty());
    // Without variables there is no grant, and another ARN gets its own.
    let plain =
        |inputs: &Json| with(inputs, &json!({"environment": {}, "tags": {"a": inputs["role_identity"]}}));
    assert_eq!(lambda.update(plain(&before), plain(&after)).await, Vec::<Json>::new());
    let other = with(&after, &json!({"role": format!("{ROLE}2")}));
    assert_eq!(lambda.update(before, other).await, [json!({"Role": format!("{ROLE}2")})]);
    // What nobody knows of is no difference.
    assert!(
        diff(kind().inputs(), &inputs, &after).is_empty()
            && diff(kind().inputs(), &after, &inputs).is_empty()
    );
}

/// Another group is an update of it, and where nothing differs all of its configuration is sent again.
#[tokio::test]
async fn what_lambda_gave_up_is_asked_for_again() {
    let failed = json!({"LastUpdateStatus": "Failed", "LastUpdateStatusReasonCode": "InvalidSecurityGroup",
        "LastUpdateStatusReason": "sg-1 is gone", "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}});
    let lambda = Lambda::new(failed);
    let observed = lambda.read().await;
    let ailment = observed.status.ailment().unwrap();
    assert!(ailment.undone && ailment.what == "InvalidSecurityGroup: sg-1 is gone", "{ailment}");
    let wanted = with(&observed.inputs, &json!({"security_group_ids": ["sg-2"]}));
    let changes = diff(kind().inputs(), &observed.inputs, &wanted);
    assert!(changes.iter().all(|change| change.is_of("security_group_ids")) && changes.len() == 1);
    let asked = lambda.update(observed.inputs.clone(), wanted).await;
    assert_eq!(asked[0]["VpcConfig"]["SecurityGroupIds"], json!(["sg-2"]));
    let asked = lambda.update(observed.inputs.clone(), observed.inputs.clone()).await;
    for name in ["Role", "Runtime", "Handler", "MemorySize", "Timeout", "Environment", "VpcConfig"] {
        assert!(!asked[0][name].is_null(), "{name}: {asked:?}");
    }
}

/// Whoever may not decrypt the variables sees a function that ails, with the variables that were written last.
#[tokio::test]
async fn variables_that_cannot_be_read_are_those_that_were_written() {
    let denied = json!({"Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no kms:Decrypt"}}});
    let observed = Lambda::new(denied).read().await;
    let ailment = observed.status.ailment().unwrap();
    assert!(!ailment.undone && ailment.what.contains("AccessDeniedException: no kms:Decrypt"), "{ailment}");
    assert_eq!(observed.inputs["environment"], Json::Null);
    let recorded = with(&observed.inputs, &json!({"environment": {"A": "1"}}));
    let seen = complete(kind().inputs(), &observed.inputs, &recorded);
    assert!(diff(kind().inputs(), &seen, &recorded).is_empty());
    let wanted = with(&recorded, &json!({"environment": {"A": "2"}}));
    assert_eq!(diff(kind().inputs(), &seen, &wanted).len(), 1);
}
