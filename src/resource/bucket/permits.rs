//! What a bucket asks of IAM: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>

use crate::resource::{Actions, Permit};

const BUCKET: &str = "s3:::{name}";
const OBJECTS: &str = "s3:::{name}/*";

pub(super) const ACTIONS: Actions = Actions {
    arn: BUCKET,
    read: &[Permit::on(
        &[
            "s3:ListBucket",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicy",
            "s3:GetLifecycleConfiguration",
            "s3:GetBucketTagging",
        ],
        &[BUCKET],
    )],
    create: &[
        // The tags go into a call of their own where the create call did not take them.
        Permit::on(&["s3:CreateBucket", "s3:PutBucketTagging"], &[BUCKET]),
        Permit::on(&["s3:TagResource"], &[BUCKET]).along("CreateBucket tags the bucket"),
    ],
    update: &[Permit::on(
        &[
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPolicy",
            "s3:DeleteBucketPolicy",
            "s3:PutLifecycleConfiguration",
            "s3:PutBucketTagging",
        ],
        &[BUCKET],
    )],
    delete: &[
        Permit::on(&["s3:DeleteBucket"], &[BUCKET]),
        // Emptied only where the block says so.
        Permit::on(&["s3:ListBucketVersions", "s3:ListBucketMultipartUploads"], &[BUCKET]).only("force_destroy", "true"),
        Permit::on(&["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"], &[OBJECTS])
            .only("force_destroy", "true"),
    ],
};
