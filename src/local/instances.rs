use std::{path::PathBuf, time::Duration};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use serde::de::DeserializeOwned;

use super::{
    answers,
    control::{self, Request, Silence},
    databases::{Prepared, Wanted},
    error::{Error, Result},
    form::Form,
    keys::Keys,
    managed::{self, Secrets},
    record::Role,
    sign::{region_of, sign_again},
    supervisor::Live,
};

/// Making a database takes seconds; on a loaded machine, many.
const PATIENCE: Duration = Duration::from_secs(180);
/// What MiniStack gets to see, and writes to its state, instead of a master password.
const PLACEHOLDER: &str = "kept-by-the-local-cloud";

type Reply = Result<HttpResponse, ConnectorError>;

/// The calls about `db_instance`s: the control plane's part and ours, in the order that loses nothing.
pub(super) struct Instances {
    inner: SharedHttpConnector,
    socket: PathBuf,
    keys: Keys,
}

impl Instances {
    pub(super) fn new(inner: SharedHttpConnector, socket: PathBuf, keys: Keys) -> Self {
        Self { inner, socket, keys }
    }

    /// What goes on to MiniStack in place of what the SDK has signed.
    fn change(&self, request: &mut HttpRequest, form: &Form) -> Result<(), ConnectorError> {
        form.put_into(request);
        sign_again(request, &self.keys, &region_of(request), "rds")
    }

    pub(super) async fn call(&self, mut request: HttpRequest, form: Form) -> Reply {
        // Read to its end at once: the SDK takes a body that nobody reads for a stalled upload, gives up after some
        // seconds and sends the call again.
        let bytes = read(request.take_body()).await?;
        *request.body_mut() = SdkBody::from(bytes);
        let identifier = form.get("DBInstanceIdentifier").map(str::to_owned);
        match (form.get("Action").unwrap_or_default(), identifier) {
            ("CreateDBInstance", Some(identifier)) if form.get("Engine") == Some("postgres") => {
                self.create(request, form, identifier).await
            }
            ("ModifyDBInstance", Some(identifier)) => self.modify(request, form, identifier).await,
            ("DeleteDBInstance", Some(identifier)) => self.delete(request, identifier).await,
            ("RebootDBInstance", Some(identifier)) => self.reboot(request, identifier).await,
            ("AddRoleToDBInstance", Some(identifier)) => self.associate(&form, identifier).await,
            ("RemoveRoleFromDBInstance", Some(identifier)) => self.dissociate(&form, identifier).await,
            ("DescribeDBInstances", _) => {
                let response = self.forward(request).await?;
                self.truthful(response).await
            }
            _ => self.inner.call(request).await,
        }
    }

    async fn create(&self, mut request: HttpRequest, mut form: Form, identifier: String) -> Reply {
        let user = form.get("MasterUsername").unwrap_or("postgres").to_owned();
        let managed = form.is_true("ManageMasterUserPassword");
        let password = match form.get("MasterUserPassword") {
            Some(password) if !managed => password.to_owned(),
            _ if managed => managed::password(),
            // The control plane refuses it.
            _ => return self.inner.call(request).await,
        };
        let wanted = Wanted {
            identifier: identifier.clone(),
            user: user.clone(),
            password: password.clone(),
            name: form.get("DBName").map(str::to_owned),
            version: form.get("EngineVersion").map(str::to_owned),
            port: form.get("Port").and_then(|port| port.parse().ok()),
        };
        let Prepared { port, created } = match self.ask(Request::Prepare(wanted)).await {
            Ok(prepared) => prepared,
            Err(error) => return Ok(refusal(&error)),
        };
        let secrets = Secrets::new(&self.inner, &request, &self.keys);
        let key = form.get("MasterUserSecretKmsKeyId").map(str::to_owned);
        let keep = async || self.keep_secret(&secrets, &identifier, &user, &password, key.as_deref()).await;
        if created
            && managed
            && let Err(error) = keep().await
        {
            let _ = self.ask::<()>(Request::Drop { identifier: identifier.clone() }).await;
            return Ok(refusal(&error));
        }
        form.set("Port", port.to_string());
        form.set("MasterUserPassword", PLACEHOLDER);
        form.remove("ManageMasterUserPassword");
        self.change(&mut request, &form)?;
        // Where nobody knows whether it arrived, the server stays: the SDK tries again, and finds it.
        let response = self.forward(request).await?;
        match (response.status().is_success(), created) {
            (true, true) => {}
            (true, false) => {
                let set = Request::Password { identifier: identifier.clone(), password: password.clone() };
                if let Err(error) = self.ask::<()>(set).await {
                    return Ok(refusal(&error));
                }
                if managed && let Err(error) = keep().await {
                    return Ok(refusal(&error));
                }
            }
            (false, true) => {
                let _ = self.ask::<()>(Request::Drop { identifier: identifier.clone() }).await;
                if managed {
                    let _ = secrets.delete(&identifier).await;
                }
            }
            (false, false) => {}
        }
        self.truthful(response).await
    }

    async fn modify(&self, mut request: HttpRequest, mut form: Form, identifier: String) -> Reply {
        let secrets = Secrets::new(&self.inner, &request, &self.keys);
        let known = self.database(&identifier).await;
        let Some(known) = known else { return self.inner.call(request).await };
        let given = form.get("MasterUserPassword").map(str::to_owned);
        let managed = form.is_true("ManageMasterUserPassword") && known.secret_arn.is_none()
            || form.is_true("RotateMasterUserPassword");
        let unmanaged = form.get("ManageMasterUserPassword") == Some("false") && known.secret_arn.is_some();
        let key = form.get("MasterUserSecretKmsKeyId").map(str::to_owned);
        if given.is_some() {
            form.set("MasterUserPassword", PLACEHOLDER);
        }
        // Ports are this machine's affair: the server keeps the one that it has.
        for name in ["DBPortNumber", "ManageMasterUserPassword", "RotateMasterUserPassword"] {
            form.remove(name);
        }
        self.change(&mut request, &form)?;
        let response = self.forward(request).await?;
        if response.status().is_success() {
            let password = if managed { Some(managed::password()) } else { given };
            if let Some(password) = password {
                let set = Request::Password { identifier: identifier.clone(), password: password.clone() };
                let done = async {
                    if managed {
                        self.keep_secret(&secrets, &identifier, &known.user, &password, key.as_deref())
                            .await?;
                    }
                    self.ask::<()>(set).await
                };
                if let Err(error) = done.await {
                    return Ok(refusal(&error));
                }
            }
            if unmanaged {
                let _ = self.ask::<()>(Request::Secret { identifier: identifier.clone(), arn: None }).await;
                let _ = secrets.delete(&identifier).await;
            }
        }
        self.truthful(response).await
    }

    async fn delete(&self, request: HttpRequest, identifier: String) -> Reply {
        let secrets = Secrets::new(&self.inner, &request, &self.keys);
        let managed = self.database(&identifier).await.is_some_and(|known| known.secret_arn.is_some());
        let response = self.forward(request).await?;
        let agreed = response.status().is_success();
        let response = self.truthful(response).await?;
        if agreed || answers::is_not_found(&response) {
            if let Err(error) = self.ask::<()>(Request::Drop { identifier: identifier.clone() }).await {
                return Ok(refusal(&error));
            }
            if managed {
                let _ = secrets.delete(&identifier).await;
            }
        }
        Ok(response)
    }

    async fn reboot(&self, request: HttpRequest, identifier: String) -> Reply {
        let known = self.database(&identifier).await.is_some();
        let response = self.forward(request).await?;
        if response.status().is_success()
            && known
            && let Err(error) = self.ask::<()>(Request::Reboot { identifier }).await
        {
            return Ok(refusal(&error));
        }
        self.truthful(response).await
    }

    /// MiniStack does not know the call. The association is all that there is of it here: nothing takes the role on.
    async fn associate(&self, form: &Form, identifier: String) -> Reply {
        let Some(known) = self.database(&identifier).await else {
            return Ok(answers::no_instance(&identifier));
        };
        let role = role(form);
        if known.roles.iter().any(|there| there.feature == role.feature) {
            let message = format!("{} has a role for {} already", known.identifier, role.feature);
            return Ok(answers::refused("DBInstanceRoleAlreadyExists", &message));
        }
        let roles = known.roles.into_iter().chain([role]).collect();
        self.keep_roles("AddRoleToDBInstance", identifier, roles).await
    }

    async fn dissociate(&self, form: &Form, identifier: String) -> Reply {
        let Some(known) = self.database(&identifier).await else {
            return Ok(answers::no_instance(&identifier));
        };
        let role = role(form);
        let roles: Vec<Role> = known.roles.iter().filter(|there| **there != role).cloned().collect();
        if roles.len() == known.roles.len() {
            let message = format!("{} has no role {} for {}", known.identifier, role.arn, role.feature);
            return Ok(answers::refused("DBInstanceRoleNotFound", &message));
        }
        self.keep_roles("RemoveRoleFromDBInstance", identifier, roles).await
    }

    async fn keep_roles(&self, action: &str, identifier: String, roles: Vec<Role>) -> Reply {
        Ok(match self.ask::<()>(Request::Roles { identifier, roles }).await {
            Ok(()) => answers::done(action),
            Err(error) => refusal(&error),
        })
    }

    async fn keep_secret(
        &self,
        secrets: &Secrets,
        identifier: &str,
        user: &str,
        password: &str,
        key: Option<&str>,
    ) -> Result<()> {
        let arn = secrets.put(identifier, user, password, key).await?;
        self.ask(Request::Secret { identifier: identifier.to_owned(), arn: Some(arn) }).await
    }

    /// Forwards, and reads the whole answer, so that it can be looked at and changed.
    async fn forward(&self, request: HttpRequest) -> Reply {
        let mut response = self.inner.call(request).await?;
        let bytes = read(response.take_body()).await?;
        *response.body_mut() = SdkBody::from(bytes);
        Ok(response)
    }

    /// Puts the ports that the servers have and the secrets of their passwords into the control plane's answer.
    async fn truthful(&self, mut response: HttpResponse) -> Reply {
        let text =
            response.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        if response.status().is_success()
            && text.contains("<DBInstanceIdentifier>")
            && let Ok(live) = self.ask::<Live>(Request::Status).await
        {
            let text = answers::correct(text, &live.databases);
            response.headers_mut().insert("content-length", text.len().to_string());
            *response.body_mut() = SdkBody::from(text);
        }
        Ok(response)
    }

    async fn database(&self, identifier: &str) -> Option<super::Database> {
        let live = self.ask::<Live>(Request::Status).await.ok()?;
        live.databases.into_iter().find(|database| database.identifier == identifier)
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        match control::ask(&self.socket, &request, PATIENCE).await {
            Ok(answer) => answer,
            Err(Silence(reason)) => {
                Err(Error::NotUp { reason: format!("its supervisor does not answer: {reason}") })
            }
        }
    }
}

async fn read(body: SdkBody) -> Result<Vec<u8>, ConnectorError> {
    let read = ByteStream::new(body).collect().await;
    read.map(|bytes| bytes.to_vec()).map_err(|error| ConnectorError::io(error.into()))
}

fn role(form: &Form) -> Role {
    let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
    Role { arn: text("RoleArn"), feature: text("FeatureName") }
}

/// Its message reaches the user like any other, and it is not tried again.
fn refusal(error: &Error) -> HttpResponse {
    answers::refused("LocalDatabase", &error.to_string())
}
