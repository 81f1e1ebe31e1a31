use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use aws_smithy_runtime_api::client::{orchestrator::HttpRequest, result::ConnectorError};

use super::keys::Keys;

/// Signs a request of ours, or one of the SDK's that we have changed, anew.
pub(super) fn sign_again(
    request: &mut HttpRequest,
    keys: &Keys,
    region: &str,
    service: &str,
) -> Result<(), ConnectorError> {
    let headers = request.headers_mut();
    for name in ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"] {
        headers.remove(name);
    }
    let identity = Credentials::new(&keys.id, &keys.secret, None, None, "local cloud").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| ConnectorError::user(error.into()))?;
    let body = request.body().bytes().unwrap_or_default();
    let headers = request.headers().iter();
    let signable = SignableRequest::new(request.method(), request.uri(), headers, SignableBody::Bytes(body));
    let signed = signable
        .and_then(|signable| sign(signable, &params.into()))
        .map_err(|error| ConnectorError::user(error.into()))?;
    let (instructions, _) = signed.into_parts();
    for (name, value) in instructions.headers() {
        request.headers_mut().insert(name.to_owned(), value.to_owned());
    }
    Ok(())
}

/// The region that a signed request is for.
pub(super) fn region_of(request: &HttpRequest) -> String {
    let authorization = request.headers().get("authorization").unwrap_or_default();
    let scope = authorization.split_once("Credential=").map(|(_, scope)| scope).unwrap_or_default();
    scope.split('/').nth(2).unwrap_or("us-east-1").to_owned()
}
