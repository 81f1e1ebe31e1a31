use crate::cloud::{Cloud, aws};
use crate::error::Result;
use crate::resource::Id;
use crate::resource::db_instance::Inputs;
use aws_sdk_rds::operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder as Modify;

/// One request, as far as it is known. RDS refuses one that changes nothing.
pub(super) struct Request {
    call: Modify,
    any: bool,
}

impl Request {
    pub fn new(cloud: &Cloud, id: &Id, after: &Inputs) -> Self {
        let call = cloud.rds().modify_db_instance().db_instance_identifier(&id.0);
        Self { call: call.apply_immediately(after.apply_immediately != Some(false)), any: false }
    }

    pub fn put(&mut self, set: impl FnOnce(Modify) -> Modify) {
        self.call = set(self.call.clone());
        self.any = true;
    }

    /// Puts what is wanted, unless RDS has it.
    pub fn unless<T>(&mut self, has: bool, wanted: &Option<T>, set: impl FnOnce(Modify, &T) -> Modify) {
        if let Some(wanted) = wanted.as_ref().filter(|_| !has) {
            self.put(|call| set(call, wanted));
        }
    }

    /// Whether anything was to be asked for.
    pub async fn send(self) -> Result<bool> {
        if self.any {
            self.call.send().await.map_err(aws("rds:ModifyDBInstance"))?;
        }
        Ok(self.any)
    }
}
