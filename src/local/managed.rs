use aws_smithy_runtime_api::client::{
    http::{HttpConnector, SharedHttpConnector},
    orchestrator::HttpRequest,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use rand::Rng;
use serde_json::{Value, json};

use super::{
    error::{Error, Result},
    keys::Keys,
    sign::{region_of, sign_again},
};

/// As RDS does: letters and digits, and signs that no shell, URL or SQL makes anything of.
const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

pub(super) fn password() -> String {
    let mut random = rand::rng();
    (0..32).map(|_| char::from(SIGNS[random.random_range(0..SIGNS.len())])).collect()
}

/// Secrets Manager of the local cloud, called on behalf of RDS in the region of the call to RDS.
pub(super) struct Secrets {
    inner: SharedHttpConnector,
    uri: String,
    keys: Keys,
    region: String,
}

impl Secrets {
    pub(super) fn new(inner: &SharedHttpConnector, call: &HttpRequest, keys: &Keys) -> Self {
        Self { inner: inner.clone(), uri: call.uri().to_owned(), keys: keys.clone(), region: region_of(call) }
    }

    /// Makes the secret of a managed master password, or gives it a new value, and returns its ARN.
    pub(super) async fn put(
        &self,
        identifier: &str,
        user: &str,
        password: &str,
        key: Option<&str>,
    ) -> Result<String> {
        let value = json!({ "username": user, "password": password }).to_string();
        let name = name(identifier);
        let mut create = json!({
            "Name": name,
            "Description": format!("Secret associated with primary RDS DB instance: {identifier}"),
            "SecretString": value,
            "Tags": [{ "Key": "aws:secretsmanager:owningService", "Value": "rds" }],
        });
        if let Some(key) = key {
            create["KmsKeyId"] = json!(key);
        }
        let answer = match self.call("CreateSecret", create).await {
            Err(Refused { code, .. }) if code.contains("ResourceExists") => {
                self.call("PutSecretValue", json!({ "SecretId": name, "SecretString": value })).await
            }
            answer => answer,
        };
        let answer = answer.map_err(|Refused { code, message }| Error::Remote {
            message: format!(
                "the secret `{name}` of the master password could not be kept: {code} {message}"
            ),
        })?;
        Ok(answer["ARN"].as_str().unwrap_or_default().to_owned())
    }

    pub(super) async fn delete(&self, identifier: &str) -> Result<()> {
        let delete = json!({ "SecretId": name(identifier), "ForceDeleteWithoutRecovery": true });
        self.call("DeleteSecret", delete).await.map(drop).map_err(|Refused { code, message }| Error::Remote {
            message: format!("the secret of the master password could not be deleted: {code} {message}"),
        })
    }

    async fn call(&self, operation: &str, body: Value) -> Result<Value, Refused> {
        let refused = |code: &str, message: String| Refused { code: code.to_owned(), message };
        let body = body.to_string();
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(self.uri.as_str()).map_err(|error| refused("Uri", error.to_string()))?;
        request.set_method("POST").map_err(|error| refused("Method", error.to_string()))?;
        let headers = request.headers_mut();
        headers.insert("content-type", "application/x-amz-json-1.1");
        headers.insert("content-length", body.len().to_string());
        headers.insert("x-amz-target", format!("secretsmanager.{operation}"));
        *request.body_mut() = SdkBody::from(body);
        sign_again(&mut request, &self.keys, &self.region, "secretsmanager")
            .map_err(|error| refused("Signature", error.to_string()))?;
        let mut response =
            self.inner.call(request).await.map_err(|error| refused("Connection", error.to_string()))?;
        let bytes = ByteStream::new(response.take_body())
            .collect()
            .await
            .map_err(|error| refused("Connection", error.to_string()))?
            .into_bytes();
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if response.status().is_success() {
            return Ok(answer);
        }
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        Err(Refused { code: text("__type"), message: text("message") })
    }
}

struct Refused {
    code: String,
    message: String,
}

/// RDS takes a random name. This one is found again when a call is repeated.
fn name(identifier: &str) -> String {
    format!("rds!db-{identifier}")
}
