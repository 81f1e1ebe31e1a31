//! Clients of AWS, made when they are first needed: a cold start that needs none pays for none.

use aws_config::{BehaviorVersion, SdkConfig};
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

    /// Secrets Manager.
    pub async fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(self.config().await)
    }

    async fn config(&self) -> &SdkConfig {
        self.config
            .get_or_init(|| async {
                let plain = std::env::var("AWS_ENDPOINT_URL").is_ok_and(|url| url.starts_with("http://"));
                // Reading the system's root certificates takes longer than anything else in a cold start.
                let client = if plain {
                    Builder::new().build_http()
                } else {
                    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
                };
                aws_config::defaults(BehaviorVersion::latest()).http_client(client).load().await
            })
            .await
    }
}
