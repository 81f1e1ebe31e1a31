use crate::invocation::Test;
use crate::recorder::Recorder;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A service of queues that answers as it is told to: it refuses names with `deny` in them, and takes its time.
pub struct Queues {
    pub server: Recorder,
    world: Arc<Mutex<World>>,
}

#[derive(Default)]
struct World {
    /// Tags and attributes by name.
    queues: BTreeMap<String, (Json, Json)>,
    /// Before each answer to a call of that name.
    pauses: BTreeMap<String, Duration>,
    refused: usize,
}

const IDENTITY: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
    <Arn>arn:aws:iam::123456789012:user/ada</Arn><UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult>\
    </GetCallerIdentityResponse>";

impl Queues {
    pub fn new() -> Self {
        let world: Arc<Mutex<World>> = Arc::default();
        let mine = world.clone();
        let server = Recorder::answering(move |request| {
            let (call, pause) = {
                let world = mine.lock().unwrap();
                let call = call(request);
                let pause = world.pauses.get(&call).copied();
                (call, pause)
            };
            std::thread::sleep(pause.unwrap_or_default());
            mine.lock().unwrap().answer(&call, request)
        });
        Self { server, world }
    }

    pub fn pauses(&self, call: &str, pause: Duration) {
        self.world.lock().unwrap().pauses.insert(call.to_owned(), pause);
    }

    pub fn count(&self) -> usize {
        self.world.lock().unwrap().queues.len()
    }

    /// A stack of these blocks that goes here.
    pub fn stack(&self, blocks: &str) -> Test {
        let text = format!(
            "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[targets.there]\nendpoint_url = \"{}\"\n{blocks}",
            self.server.url
        );
        Test::new()
            .stack(&text)
            .env("STACKCTL_TARGET", "there")
            .env("AWS_ACCESS_KEY_ID", "a")
            .env("AWS_SECRET_ACCESS_KEY", "b")
    }
}

/// `CreateQueue`, `GetCallerIdentity`.
fn call(request: &str) -> String {
    let target = request.lines().find_map(|line| line.strip_prefix("x-amz-target: AmazonSQS."));
    target.map_or_else(|| "GetCallerIdentity".to_owned(), |call| call.trim().to_owned())
}

impl World {
    fn answer(&mut self, call: &str, request: &str) -> (u16, String) {
        if call == "GetCallerIdentity" {
            return (200, IDENTITY.to_owned());
        }
        let body: Json = serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap_or_default();
        let named = body["QueueName"].as_str().or_else(|| body["QueueUrl"].as_str()?.rsplit('/').next());
        let name = named.unwrap_or_default().to_owned();
        if call == "CreateQueue" && name.contains("deny") {
            self.refused += 1;
            let message = format!(
                "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: sqs:createqueue on resource: arn:aws:sqs:eu-west-1:123456789012:{name}"
            );
            return (403, json!({ "__type": "AccessDenied", "message": message }).to_string());
        }
        if call == "CreateQueue" {
            let part = |key: &str| body.get(key).cloned().unwrap_or_else(|| json!({}));
            self.queues.insert(name.clone(), (part("tags"), part("Attributes")));
        }
        let Some((tags, attributes)) = self.queues.get_mut(&name) else {
            let gone =
                json!({ "__type": "AWS.SimpleQueueService.NonExistentQueue", "message": "no such queue" });
            return (400, gone.to_string());
        };
        let answer = match call {
            "CreateQueue" | "GetQueueUrl" => {
                json!({ "QueueUrl": format!("http://queues/123456789012/{name}") })
            }
            "GetQueueAttributes" => {
                let mut all = json!({
                    "VisibilityTimeout": "30",
                    "MessageRetentionPeriod": "345600",
                    "QueueArn": format!("arn:aws:sqs:eu-west-1:123456789012:{name}"),
                });
                for (key, value) in attributes.as_object().into_iter().flatten() {
                    all[key] = value.clone();
                }
                json!({ "Attributes": all })
            }
            "ListQueueTags" => json!({ "Tags": tags }),
            "SetQueueAttributes" => {
                for (key, value) in body["Attributes"].as_object().into_iter().flatten() {
                    attributes[key] = value.clone();
                }
                json!({})
            }
            "DeleteQueue" => {
                self.queues.remove(&name);
                json!({})
            }
            other => panic!("the double has no {other}"),
        };
        (200, answer.to_string())
    }
}
