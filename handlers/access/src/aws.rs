//! Clients of AWS, made when they are first needed: a cold start that needs none pays for none.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::sync::OnceCell;

/// The account that the environment names.
#[derive(Default)]
pub struct Aws {
    config: OnceCell<SdkConfig>,
    s3: OnceCell<aws_sdk_s3::Client>,
}

impl Aws {
    /// S3.
    pub async fn s3(&self) -> &aws_sdk_s3::Client {
        self.s3
            .get_or_init(|| async {
                let config = self.config().await;
                // Emulators and MinIO know buckets by path only.
                let by_path =
                    config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
                let config = aws_sdk_s3::config::Builder::from(config).force_path_style(by_path).build();
                aws_sdk_s3::Client::from_conf(config)
            })
            .await
    }

    /// The region that the environment names.
    pub async fn region(&self) -> Option<String> {
        self.config().await.region().map(ToString::to_string)
    }

    /// Secrets Manager.
    pub async fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(self.config().await)
    }

    async fn config(&self) -> &SdkConfig {
        self.config
            .get_or_init(|| async {
                // Reading the system's root certificates takes longer than anything else in a cold start.
                let client = if all_endpoints_are_plain() {
                    Builder::new().build_http()
                } else {
                    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
                };
                aws_config::defaults(BehaviorVersion::latest()).http_client(client).load().await
            })
            .await
    }
}

/// True where an emulator without TLS stands for all of AWS.
fn all_endpoints_are_plain() -> bool {
    std::env::var_os("AWS_ENDPOINT_URL").is_some()
        && std::env::vars_os()
            .filter(|(name, _)| name.as_encoded_bytes().starts_with(b"AWS_ENDPOINT_URL"))
            .all(|(_, url)| url.as_encoded_bytes().starts_with(b"http://"))
}

/// What a service answered, without the SDK's details, and what to do about it where that is known.
pub fn explain<E: ProvideErrorMetadata + std::error::Error + 'static>(
    error: &SdkError<E, HttpResponse>,
) -> String {
    let SdkError::ServiceError(answer) = error else {
        return crate::error::chain(error);
    };
    let status = answer.raw().status().as_u16();
    let what = match (answer.err().code(), answer.err().message()) {
        (Some(code), Some(message)) => format!("{code} ({status}): {message}"),
        (Some(code), None) => format!("{code} ({status})"),
        (None, _) => format!("status {status}"),
    };
    match remedy(status) {
        Some(remedy) => format!("{what}; {remedy}"),
        None => what,
    }
}

fn remedy(status: u16) -> Option<&'static str> {
    match status {
        403 => Some("check the policies of the role, the bucket or secret, and the key that encrypts it"),
        404 => Some("it is not there (any more)"),
        412 => Some("it was replaced while it was read; load it again"),
        _ => None,
    }
}
