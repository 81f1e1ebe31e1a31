use crate::plan::STACK;
use crate::world::{Fault, Test};

/// AWS quotes the secret that it refuses, plain and in a document: neither the user nor the journal gets to see it.
#[tokio::test(start_paused = true)]
async fn what_aws_quotes_is_said_without_secrets() {
    for verb in ["create", "update"] {
        let test = Test::new();
        let secret = format!("canary-{verb}");
        let stack = |secret: &str| {
            STACK.replace("[db.loans]", &format!("[db.loans]\nsecret = 'a \"{secret}\"'\nsize = 3"))
        };
        if verb == "update" {
            assert!(test.apply(&stack("something else")).await.failed.is_empty());
        }
        test.fault(&format!("{verb} db.loans"), Fault::Quote);
        let summary = test.apply(&stack(&secret)).await;
        let told = summary.failed[0].error.to_string();
        assert!(told.contains("failed to satisfy constraint"), "{told}");
        let events = format!("{:?}", test.events.lock().unwrap());
        assert!(events.contains("failed to satisfy constraint"), "{events}");
        for text in [told, events, test.written()] {
            assert!(!text.contains(&secret), "{text}");
        }

        // The journal, before it is folded: another call hangs.
        test.fault(&format!("{verb} db.loans"), Fault::Quote);
        test.fault("create app.alone", Fault::HangBefore);
        test.apply_and_die(&(stack(&secret) + "[app.alone]\nlabel = \"alone\"\n")).await;
        let written = test.written();
        assert!(written.contains("\"entry\":\"intent\""), "{written}");
        assert_eq!(written.contains("failed to satisfy constraint"), verb == "create", "{written}");
        assert!(!written.contains(&secret), "{written}");
    }
}
