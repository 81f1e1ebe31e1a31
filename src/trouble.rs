use crate::error::Error;
use crate::veil::veiled;

/// An error in its parts, as it is told: once, to people or to programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Without code and request.
    pub message: String,
    /// What was called, as in IAM policies: `sqs:CreateQueue`.
    pub call: Option<String>,
    /// AWS's code.
    pub code: Option<String>,
    /// What AWS's support asks for.
    pub request: Option<String>,
}

impl From<&Error> for Trouble {
    fn from(error: &Error) -> Self {
        match error {
            Error::Aws(aws) => Self {
                message: veiled(&aws.message).into_owned(),
                call: Some(aws.operation.to_owned()),
                code: aws.code.clone(),
                request: aws.request_id.clone(),
            },
            other => Self { message: other.to_string(), call: None, code: None, request: None },
        }
    }
}

impl Trouble {
    /// In one word or two: `AccessDenied from sqs:CreateQueue`.
    pub fn title(&self) -> Option<String> {
        match (&self.code, &self.call) {
            (Some(code), Some(call)) => Some(format!("{code} from {call}")),
            (None, Some(call)) => Some(format!("no answer from {call}")),
            _ => self.code.clone(),
        }
    }

    /// The same for all that failed for one reason: names, numbers, ARNs and whatever is quoted are not part of it.
    pub fn cause(&self) -> String {
        let is_plain = |word: &&str| {
            let word = word.trim_end_matches([',', '.', ';', ':']);
            !word.is_empty() && word.chars().all(char::is_alphabetic)
        };
        let words: Vec<&str> = self.message.split_whitespace().filter(is_plain).collect();
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        format!("{} {} {}", part(&self.call), part(&self.code), words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::AwsError;

    fn denied(name: &str, request: &str) -> Trouble {
        Trouble::from(&Error::Aws(AwsError {
            operation: "sqs:CreateQueue",
            code: Some("AccessDenied".to_owned()),
            message: format!(
                "User: arn:aws:iam::1:user/ada is not authorized to perform: sqs:createqueue on resource: arn:aws:sqs:eu-west-1:1:{name}"
            ),
            request_id: Some(request.to_owned()),
            status: Some(403),
        }))
    }

    #[test]
    fn what_failed_for_one_reason_has_one_cause() {
        assert_eq!(denied("jobs", "1").cause(), denied("mail-2", "2").cause());
        let other = Trouble { code: Some("Throttling".to_owned()), ..denied("jobs", "1") };
        assert_ne!(denied("jobs", "1").cause(), other.cause());
        let other = Trouble { message: "The queue name is too long".to_owned(), ..denied("jobs", "1") };
        assert_ne!(denied("jobs", "1").cause(), other.cause());
        assert_eq!(denied("jobs", "1").title().unwrap(), "AccessDenied from sqs:CreateQueue");
    }
}
