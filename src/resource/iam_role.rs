//! `[iam_role.NAME]`: an IAM role with everything that is attached to it.

use super::taken::Taken;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit};
use crate::cloud::{Cloud, Gone, aws, built, tags};
use crate::error::Result;
use crate::path::Path;
use crate::schema::{has_unknown, policy};
use aws_sdk_iam::types::{Role, Tag};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};

pub struct IamRole;

/// An IAM role with its inline policies and the managed policies attached to it.
///
/// Both lists are exclusive: a policy that somebody else puts on the role is shown as drift and removed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the role; from stack and address when unset. IAM tells names apart without regard to case.
    #[schemars(
        length(min = 1, max = 64),
        regex(pattern = r"^[\w+=,.@-]+$"),
        extend("x-replace" = true, "x-name" = {"max": 64}, "examples" = ["loans-loader"])
    )]
    pub name: Option<String>,
    /// The one AWS service that may assume the role, such as `lambda.amazonaws.com`. Anything else: `trust`.
    #[schemars(regex(pattern = r"^[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$"), extend("x-trust" = "trust"))]
    pub assumed_by: Option<String>,
    /// Who may assume the role, as a policy document; where it is one service only, write `assumed_by`.
    #[schemars(extend("x-policy" = true))]
    pub trust: Option<Json>,
    /// Inline policies by name: what the role may do.
    #[serde(default)]
    pub policies: BTreeMap<String, Policy>,
    /// ARNs of managed policies to attach; AWS allows ten.
    #[serde(default)]
    #[schemars(extend("x-set" = true, "x-fact" = "managed_policy", "x-widens" = {
        "arn:aws:iam::aws:policy/AdministratorAccess": "may do anything on everything",
        "arn:aws:iam::aws:policy/PowerUserAccess": "may do anything on everything but IAM and the organization",
        "arn:aws:iam::aws:policy/IAMFullAccess": "may do anything with IAM, and so give itself everything else"
    }))]
    pub managed_policies: Vec<String>,
    /// Path of the role, with a slash at both ends.
    #[serde(default = "root")]
    #[schemars(length(max = 512), regex(pattern = r"^/([!-~]+/)?$"), extend("x-replace" = true))]
    pub path: String,
    /// What it is for.
    #[schemars(length(min = 1, max = 1000))]
    pub description: Option<String>,
    /// Longest session, in seconds.
    #[serde(default = "hour")]
    #[schemars(range(min = 3600, max = 43_200))]
    pub max_session_duration: u32,
    /// ARN of the managed policy that bounds what the role may do, whatever is attached.
    #[schemars(extend("x-widens" = { "null": "nothing bounds any more what it may do" }))]
    pub permissions_boundary: Option<String>,
    /// Tags of the role.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// An IAM policy document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("x-policy" = true))]
pub struct Policy(pub Json);

fn root() -> String {
    "/".to_owned()
}
fn hour() -> u32 {
    3600
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    pub arn: String,
    pub name: String,
    /// `AROA…`; another one after the role was made anew.
    pub unique_id: String,
}

const GONE: &[&str] = &["NoSuchEntity"];

const ROLE: &str = "iam::{account}:role{path}{name}";

impl Resource for IamRole {
    const KIND: &'static str = "iam_role";
    const PROFILE: Profile = Profile {
        // IAM is eventually consistent, and answers come from several places: one sighting proves nothing.
        create: Wait::secs(0, 1, 3, 120),
        update: Wait::secs(0, 1, 1, 120).equal(3, 2),
        delete: Wait::secs(0, 1, 3, 120),
        typical: Typical { create: 5, update: 2, delete: 3 },
        gone: GONE,
        retries: &[
            Retry::secs("MalformedPolicyDocument", "Invalid principal in policy", 120),
            Retry::secs("ConcurrentModification", "", 120),
            Retry::secs("DeleteConflict", "", 120),
            // The role was read a moment ago, but not from the place that takes the update.
            Retry::secs("NoSuchEntity", "role with name", 120),
        ],
        fixed_name: true,
        identity: &["name"],
        actions: Actions {
            arn: ROLE,
            read: &[Permit::on(
                &["iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"],
                &[ROLE],
            )],
            create: &[
                Permit::on(&["iam:CreateRole"], &[ROLE]),
                Permit::on(&["iam:TagRole"], &[ROLE]).along("CreateRole tags the role"),
            ],
            update: &[Permit::on(
                &[
                    "iam:UpdateAssumeRolePolicy",
                    "iam:UpdateRole",
                    "iam:PutRolePermissionsBoundary",
                    "iam:DeleteRolePermissionsBoundary",
                    "iam:PutRolePolicy",
                    "iam:DeleteRolePolicy",
                    "iam:AttachRolePolicy",
                    "iam:DetachRolePolicy",
                    "iam:TagRole",
                    "iam:UntagRole",
                ],
                &[ROLE],
            )],
            delete: &[
                Permit::on(
                    &["iam:ListInstanceProfilesForRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:DeleteRole"],
                    &[ROLE],
                ),
                Permit::on(&["iam:RemoveRoleFromInstanceProfile"], &["iam::{account}:instance-profile/*"]),
            ],
        },
    };
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let name = inputs.name.clone().unwrap_or_default();
        let call = ctx
            .cloud
            .iam()
            .create_role()
            .role_name(&name)
            .path(&inputs.path)
            .assume_role_policy_document(policy::text(&trust(inputs)))
            .set_description(inputs.description.clone())
            .max_session_duration(inputs.max_session_duration.cast_signed())
            .set_permissions_boundary(inputs.permissions_boundary.clone())
            .set_tags(Some(iam_tags(ctx.tags(&inputs.tags))?));
        call.send()
            .await
            .map_err(aws("iam:CreateRole"))
            .taken(&["EntityAlreadyExists"], "a role", Some(&name), "name")?;
        Ok(Id(name))
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let id = Id(inputs.name.clone().unwrap_or_default());
        let found = role(cloud, &id).await?;
        Ok(found.is_some_and(|role| owner.owns(&all_tags(&role))).then_some(id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        super::each(cloud, ids, |id| read_one(cloud, id)).await
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after, iam) = (change.before, change.after, cloud.iam());
        if !policy::same(&trust(before), &trust(after)) {
            let text = policy::text(&trust(after));
            let call = iam.update_assume_role_policy().role_name(&id.0).policy_document(text);
            call.send().await.map_err(aws("iam:UpdateAssumeRolePolicy"))?;
        }
        if (&before.description, before.max_session_duration)
            != (&after.description, after.max_session_duration)
        {
            // Both go together: what is left out is reset.
            let call = iam
                .update_role()
                .role_name(&id.0)
                .description(after.description.clone().unwrap_or_default())
                .max_session_duration(after.max_session_duration.cast_signed());
            call.send().await.map_err(aws("iam:UpdateRole"))?;
        }
        match &after.permissions_boundary {
            boundary if *boundary == before.permissions_boundary => {}
            Some(boundary) => {
                let call = iam.put_role_permissions_boundary().role_name(&id.0).permissions_boundary(boundary);
                call.send().await.map_err(aws("iam:PutRolePermissionsBoundary"))?;
            }
            None => {
                let call = iam.delete_role_permissions_boundary().role_name(&id.0);
                call.send().await.map_err(aws("iam:DeleteRolePermissionsBoundary")).gone(GONE)?;
            }
        }
        for (name, Policy(document)) in &after.policies {
            if !before.policies.get(name).is_some_and(|old| policy::same(&old.0, document)) {
                let call = iam.put_role_policy().role_name(&id.0).policy_name(name);
                let call = call.policy_document(policy::text(document));
                call.send().await.map_err(aws("iam:PutRolePolicy"))?;
            }
        }
        for arn in after.managed_policies.iter().filter(|arn| !before.managed_policies.contains(arn)) {
            let call = iam.attach_role_policy().role_name(&id.0).policy_arn(arn);
            call.send().await.map_err(aws("iam:AttachRolePolicy"))?;
        }
        // What goes, goes last: the role is never without the permission that a new policy gives under another name.
        remove_policies(cloud, id, before.policies.keys().filter(|name| !after.policies.contains_key(*name))).await?;
        detach(cloud, id, before.managed_policies.iter().filter(|arn| !after.managed_policies.contains(arn))).await?;
        let (removed, set) = tags::changes(&before.tags, &after.tags);
        if !removed.is_empty() {
            let call = iam.untag_role().role_name(&id.0).set_tag_keys(Some(removed));
            call.send().await.map_err(aws("iam:UntagRole"))?;
        }
        if !set.is_empty() {
            let call = iam.tag_role().role_name(&id.0).set_tags(Some(iam_tags(set)?));
            call.send().await.map_err(aws("iam:TagRole"))?;
        }
        Ok(())
    }

    async fn delete(cloud: &Cloud, id: &Id, live: &Live<Self>) -> Result<()> {
        let iam = cloud.iam();
        let mut pages = iam.list_instance_profiles_for_role().role_name(&id.0).into_paginator().items().send();
        while let Some(profile) = pages.next().await {
            let Some(profile) = profile.map_err(aws("iam:ListInstanceProfilesForRole")).gone(GONE)? else { break };
            let call = iam.remove_role_from_instance_profile().role_name(&id.0);
            let call = call.instance_profile_name(profile.instance_profile_name);
            call.send().await.map_err(aws("iam:RemoveRoleFromInstanceProfile")).gone(GONE)?;
        }
        detach(cloud, id, live.inputs.managed_policies.iter()).await?;
        remove_policies(cloud, id, live.inputs.policies.keys()).await?;
        iam.delete_role().role_name(&id.0).send().await.map_err(aws("iam:DeleteRole")).gone(GONE)?;
        Ok(())
    }

    fn check(inputs: &Json) -> Vec<(String, String)> {
        let mut complaints = vec![];
        let mut complain = |path: String, text: &str| complaints.push((path, text.to_owned()));
        let set = |name: &str| inputs.get(name).filter(|value| !value.is_null());
        match (set("assumed_by"), set("trust")) {
            (None, None) => complain(
                "assumed_by".to_owned(),
                "nobody could assume the role: write assumed_by = \"lambda.amazonaws.com\", or a policy as `trust`",
            ),
            (Some(_), Some(_)) => {
                complain("trust".to_owned(), "says what `assumed_by` says too: keep one of the two");
            }
            (None, Some(document)) => match short(document) {
                Some(service) => {
                    let text = format!("is what assumed_by = {service:?} means: write that instead");
                    complain("trust".to_owned(), &text);
                }
                None => document_complaint(document, "trust", &mut complain),
            },
            (Some(_), None) => {}
        }
        for (name, document) in inputs.get("policies").and_then(Json::as_object).into_iter().flatten() {
            document_complaint(document, &Path::key("policies").with(name).to_string(), &mut complain);
        }
        complaints
    }
}

fn document_complaint(document: &Json, path: &str, complain: &mut impl FnMut(String, &str)) {
    if !has_unknown(document) && document.get("Statement").is_none() {
        complain(path.to_owned(), "is no policy document: it needs at least one [[….Statement]]");
    }
}

/// The wanted trust policy in full.
fn trust(inputs: &Inputs) -> Json {
    match (&inputs.trust, &inputs.assumed_by) {
        (Some(document), _) => document.clone(),
        (None, Some(service)) => long(service),
        (None, None) => json!({ "Statement": [] }),
    }
}

fn long(service: &str) -> Json {
    let statement = json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" });
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// The service, where the document says no more than that this one may assume the role. A document has one spelling
/// only, so `read` answers `assumed_by` exactly where `check` insists on it.
fn short(document: &Json) -> Option<&str> {
    let statement = match document.get("Statement")? {
        Json::Array(all) if all.len() == 1 => &all[0],
        other => other,
    };
    let service = match &statement.get("Principal")?["Service"] {
        Json::Array(all) if all.len() == 1 => all[0].as_str()?,
        other => other.as_str()?,
    };
    let mut versioned = document.clone();
    versioned.as_object_mut()?.entry("Version").or_insert_with(|| json!("2012-10-17"));
    policy::same(&versioned, &long(service)).then_some(service)
}

fn iam_tags(tags: BTreeMap<String, String>) -> Result<Vec<Tag>> {
    tags.into_iter().map(|(key, value)| built(Tag::builder().key(key).value(value).build())).collect()
}

fn all_tags(role: &Role) -> BTreeMap<String, String> {
    role.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

async fn role(cloud: &Cloud, id: &Id) -> Result<Option<Role>> {
    let call = cloud.iam().get_role().role_name(&id.0);
    Ok(call.send().await.map_err(aws("iam:GetRole")).gone(GONE)?.and_then(|found| found.role))
}

async fn remove_policies(cloud: &Cloud, id: &Id, names: impl Iterator<Item = &String>) -> Result<()> {
    for name in names {
        let call = cloud.iam().delete_role_policy().role_name(&id.0).policy_name(name);
        call.send().await.map_err(aws("iam:DeleteRolePolicy")).gone(GONE)?;
    }
    Ok(())
}

async fn detach(cloud: &Cloud, id: &Id, arns: impl Iterator<Item = &String>) -> Result<()> {
    for arn in arns {
        let call = cloud.iam().detach_role_policy().role_name(&id.0).policy_arn(arn);
        call.send().await.map_err(aws("iam:DetachRolePolicy")).gone(GONE)?;
    }
    Ok(())
}

async fn inline(cloud: &Cloud, id: &Id) -> Result<BTreeMap<String, Policy>> {
    let iam = cloud.iam();
    let mut policies = BTreeMap::new();
    let mut names = iam.list_role_policies().role_name(&id.0).into_paginator().items().send();
    while let Some(name) = names.next().await {
        let name = name.map_err(aws("iam:ListRolePolicies"))?;
        let call = iam.get_role_policy().role_name(&id.0).policy_name(&name);
        let found = call.send().await.map_err(aws("iam:GetRolePolicy")).gone(GONE)?;
        if let Some(document) = found.and_then(|found| policy::parse(&found.policy_document)) {
            policies.insert(name, Policy(document));
        }
    }
    Ok(policies)
}

async fn attached(cloud: &Cloud, id: &Id) -> Result<Vec<String>> {
    let mut pages =
        cloud.iam().list_attached_role_policies().role_name(&id.0).into_paginator().items().send();
    let mut arns = vec![];
    while let Some(policy) = pages.next().await {
        arns.extend(policy.map_err(aws("iam:ListAttachedRolePolicies"))?.policy_arn);
    }
    arns.sort();
    Ok(arns)
}

async fn read_one(cloud: &Cloud, id: Id) -> Result<Option<Live<IamRole>>> {
    let Some(role) = role(cloud, &id).await? else { return Ok(None) };
    // The role may go between the calls.
    let parts = futures::try_join!(inline(cloud, &id), attached(cloud, &id)).gone(GONE)?;
    Ok(parts.map(|(policies, managed_policies)| live(role, policies, managed_policies)))
}

fn live(role: Role, policies: BTreeMap<String, Policy>, managed_policies: Vec<String>) -> Live<IamRole> {
    let tags = tags::read(&all_tags(&role));
    let document = role.assume_role_policy_document.as_deref().and_then(policy::parse);
    let assumed_by = document.as_ref().and_then(short).map(str::to_owned);
    // Shortly after creation, and for ever where a principal was deleted, unique ids stand where ARNs should.
    let status = match role.arn.starts_with("arn:") {
        true => Status::Ready,
        false => Status::Pending("its ARN is not assigned yet".to_owned()),
    };
    let inputs = Inputs {
        name: Some(role.role_name.clone()),
        trust: document.filter(|_| assumed_by.is_none()),
        assumed_by,
        policies,
        managed_policies,
        path: role.path,
        description: role.description.filter(|text| !text.is_empty()),
        max_session_duration: role.max_session_duration.map_or(hour(), i32::cast_unsigned),
        permissions_boundary: role.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn),
        tags,
    };
    Live { inputs, outputs: Outputs { arn: role.arn, name: role.role_name, unique_id: role.role_id }, status }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trust_policy_has_one_spelling() {
        let lambda = json!({"Statement": {"Action": ["sts:assumerole"], "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com"]}}});
        assert_eq!(short(&lambda), Some("lambda.amazonaws.com"));
        assert_eq!(short(&long("lambda.amazonaws.com")), Some("lambda.amazonaws.com"));
        let mut bound = long("lambda.amazonaws.com");
        bound["Statement"][0]["Condition"] = json!({"StringEquals": {"aws:SourceAccount": "1"}});
        assert_eq!(short(&bound), None);
        assert_eq!(short(&json!({"Statement": {"Principal": "*"}})), None);
    }

    #[test]
    fn one_way_to_say_who_assumes_it() {
        let paths = |inputs: Json| {
            IamRole::check(&inputs).into_iter().map(|(path, _)| path).collect::<Vec<_>>()
        };
        assert_eq!(paths(json!({})), ["assumed_by"]);
        assert_eq!(paths(json!({"assumed_by": "a.amazonaws.com", "trust": {"Statement": []}})), ["trust"]);
        assert_eq!(paths(json!({"trust": long("lambda.amazonaws.com")})), ["trust"]);
        assert_eq!(paths(json!({"trust": {"$unknown": "x.y.z"}})), [""; 0]);
        let loose = json!({"assumed_by": "a.amazonaws.com", "policies": {"s3": {"Effect": "Allow"}}});
        assert_eq!(paths(loose), ["policies.s3"]);
    }
}
