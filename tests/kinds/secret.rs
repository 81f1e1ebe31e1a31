use crate::emulator::{ministack, moto};
use crate::harness::{Subject, create, lifecycle, unique};
use serde_json::{Value as Json, json};

async fn value(secret: &Subject) -> String {
    let call = secret.cloud.secrets().get_secret_value().secret_id(&secret.id.0);
    call.send().await.unwrap().secret_string.unwrap()
}

async fn version(secret: &Subject) -> Json {
    secret.read().await.unwrap().outputs["version_id"].clone()
}

#[tokio::test]
async fn lives_on_both() {
    for cloud in [moto(), ministack()] {
        let changes = [
            json!({"description": "of the loans"}),
            json!({"description": null}),
            json!({"kms_key": "alias/loans"}),
            json!({"kms_key": null}),
            json!({"rotate": "2026-11"}),
            json!({"rotate": "2026-12"}),
            json!({"rotate": null}),
            json!({"generate": null, "value": "hunter2"}),
            json!({"value": "hunter3"}),
            json!({"tags": {"owner": "y", "new": "2"}}),
            json!({"tags": {}}),
        ];
        let inputs = json!({"name": unique("loans"), "generate": {"length": 40}, "recovery_days": 0,
            "tags": {"owner": "x"}});
        lifecycle("secret", &cloud, inputs, &changes).await;
    }
}

#[tokio::test]
async fn generates_its_value_and_shows_it_nowhere() {
    for cloud in [moto(), ministack()] {
        let inputs = json!({"name": unique("db"), "generate": {"username": "loans", "exclude_characters": "~"},
            "recovery_days": 0});
        let mut secret = create("secret", &cloud, inputs).await;
        let (first, first_version) = (value(&secret).await, version(&secret).await);
        let json: Json = serde_json::from_str(&first).unwrap();
        let password = json["password"].as_str().unwrap();
        assert_eq!((json["username"].as_str(), password.len()), (Some("loans"), 32));
        assert!(!password.contains('~'));
        let seen = format!("{:?}", secret.read().await.unwrap());
        assert!(!seen.contains(password), "{seen}");
        assert!(first_version.is_string(), "{first_version}");

        secret.change(&json!({"description": "no new value"})).await;
        secret.change(&json!({"generate": {"length": 20}})).await;
        assert_eq!((value(&secret).await, version(&secret).await), (first.clone(), first_version.clone()));
        secret.change(&json!({"rotate": "1"})).await;
        let second = value(&secret).await;
        assert_ne!(version(&secret).await, first_version);
        assert_ne!(second, first);
        assert_eq!(second.len(), 20);
        secret.delete().await;
    }
}

#[tokio::test]
async fn a_given_value_is_sent_and_never_read_back() {
    for cloud in [moto(), ministack()] {
        let mut secret = create(
            "secret",
            &cloud,
            json!({"name": unique("given"), "value": "hunter2", "recovery_days": 0}),
        )
        .await;
        assert_eq!(value(&secret).await, "hunter2");
        let seen = format!("{:?}", secret.read().await.unwrap());
        assert!(!seen.contains("hunter2"), "{seen}");
        secret.change(&json!({"value": "hunter3"})).await;
        // The harness knows of no state, so that the kind sees no value before; the engine does.
        let (before, mut after) = (secret.wanted.clone(), secret.wanted.clone());
        after["value"] = json!("hunter4");
        secret.kind.update(&cloud, &secret.id, before, after).await.unwrap();
        assert_eq!(value(&secret).await, "hunter4");
        secret.delete().await;
    }
}

/// With a recovery window the secret counts as gone, and its name stays taken.
#[tokio::test]
async fn a_deleted_secret_is_gone_and_its_name_is_not_free() {
    let cloud = moto();
    let name = unique("kept");
    let secret = create("secret", &cloud, json!({"name": name, "generate": {}})).await;
    let (kind, ctx_owner) = (secret.kind, crate::harness::owner("secret"));
    let wanted = secret.wanted.clone();
    secret.delete().await;
    let ctx = stackctl::resource::Create { cloud: &cloud, owner: &ctx_owner };
    let error = kind.create(&ctx, wanted).await.unwrap_err();
    assert!(error.to_string().contains("restore-secret"), "{error}");
    assert!(error.is(&["InvalidRequestException"]), "{error}");
}

/// A repeated create of the same owner finds what the first made, though its random value differs.
#[tokio::test]
async fn a_repeated_create_is_no_second_secret() {
    for cloud in [moto(), ministack()] {
        let secret =
            create("secret", &cloud, json!({"name": unique("twice"), "generate": {}, "recovery_days": 0}))
                .await;
        let ctx = stackctl::resource::Create { cloud: &cloud, owner: &secret.owner };
        assert_eq!(secret.kind.create(&ctx, secret.wanted.clone()).await.unwrap(), secret.id);
        let other = crate::harness::owner("secret");
        let ctx = stackctl::resource::Create { cloud: &cloud, owner: &other };
        let error = secret.kind.create(&ctx, secret.wanted.clone()).await.unwrap_err();
        assert!(error.to_string().contains("another `name`"), "{error}");
        secret.delete().await;
    }
}
