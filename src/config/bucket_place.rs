/// Where a state in a bucket lies, and what S3 has to be told about it: `s3://BUCKET/KEY?region=…&sse=…&kms_key=…`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketPlace {
    pub bucket: String,
    /// The whole key, or a folder.
    pub key: String,
    /// Of the bucket, where it is not that of the stack; S3 says it to who asks in another.
    pub region: Option<String>,
    /// `AES256`, `aws:kms` or `aws:kms:dsse`, in words that a bucket policy may demand; none: as the bucket does it.
    pub sse: Option<String>,
    /// The key of KMS that it is encrypted with; none: the one of the account.
    pub kms_key: Option<String>,
}

const SSE: [&str; 3] = ["AES256", "aws:kms", "aws:kms:dsse"];

impl BucketPlace {
    /// None for what is no address of a bucket.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Option<Result<Self, String>> {
        text.strip_prefix("s3://").map(Self::of)
    }

    fn of(rest: &str) -> Result<Self, String> {
        // A key may have a question mark of its own.
        let (address, parameters) = match rest.rsplit_once('?') {
            Some((address, parameters)) if parameters.contains('=') => (address, parameters),
            _ => (rest, ""),
        };
        let (bucket, key) = address.split_once('/').unwrap_or((address, ""));
        let mut place = Self {
            bucket: bucket.to_owned(),
            key: key.trim_start_matches('/').to_owned(),
            ..Self::default()
        };
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let slot = match name {
                "region" => &mut place.region,
                "sse" => &mut place.sse,
                "kms_key" => &mut place.kms_key,
                _ => return Err(format!("`{name}` is none of `region`, `sse` and `kms_key`")),
            };
            if value.is_empty() {
                return Err(format!("`{name}` has no value"));
            }
            *slot = Some(value.to_owned());
        }
        match (&place.sse, &place.kms_key) {
            (Some(sse), _) if !SSE.contains(&sse.as_str()) => {
                Err(format!("`sse={sse}` is none of {}", SSE.join(", ")))
            }
            (Some(sse), Some(_)) if sse == "AES256" => Err("a `kms_key` is for sse=aws:kms".to_owned()),
            (None, Some(_)) => Ok(Self { sse: Some("aws:kms".to_owned()), ..place }),
            _ => Ok(place),
        }
    }

    /// Of its object, for people: what S3 is told besides is no part of it.
    pub fn name(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<BucketPlace, String> {
        BucketPlace::parse(text).unwrap()
    }

    #[test]
    fn an_address_says_bucket_key_and_what_s3_is_told() {
        assert_eq!(BucketPlace::parse("state"), None);
        let plain = parsed("s3://team/loans.json").unwrap();
        assert_eq!((plain.bucket.as_str(), plain.key.as_str()), ("team", "loans.json"));
        assert_eq!((&plain.region, &plain.sse), (&None, &None));
        // As it was before there were parameters.
        assert_eq!(parsed("s3://team/what?.json").unwrap().key, "what?.json");
        let key = "arn:aws:kms:eu-central-1:123456789012:key/0a-1";
        let place = parsed(&format!("s3://team/loans?region=eu-central-1&kms_key={key}")).unwrap();
        assert_eq!((place.key.as_str(), place.region.as_deref()), ("loans", Some("eu-central-1")));
        assert_eq!((place.sse.as_deref(), place.kms_key.as_deref()), (Some("aws:kms"), Some(key)));
        assert_eq!(place.name(), "s3://team/loans");
    }

    #[test]
    fn what_nobody_knows_is_refused() {
        for (text, says) in [
            ("s3://team/loans?regoin=x", "`regoin` is none of"),
            ("s3://team/loans?region=", "`region` has no value"),
            ("s3://team/loans?sse=kms", "`sse=kms` is none of"),
            ("s3://team/loans?sse=AES256&kms_key=k", "is for sse=aws:kms"),
        ] {
            assert!(parsed(text).unwrap_err().contains(says), "{text}");
        }
    }
}
