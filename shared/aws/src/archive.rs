//! Where ledgers are kept out of everybody's reach, and reports within it: a bucket that takes what is new, and with
//! Object Lock lets go of nothing.
//!
//! An object is written under a name that was never used (`If-None-Match: *`, S3 "Conditional writes"), and the roles may
//! put nothing without that (`s3:if-none-match`), so their right to put is no right to change. Retention is put with the object (`x-amz-object-lock-mode`), which needs a bucket
//! that was made with Object Lock and the right `s3:PutObjectRetention`.

use aws_sdk_s3::{Client, config::Builder, primitives::ByteStream, types::ObjectLockMode};
use aws_smithy_types::DateTime;
use aws_types::SdkConfig;
use domain::time::Timestamp;
use engine::trouble::Trouble;
use jiff::SignedDuration;

use crate::{
    client::{SetupError, endpoint},
    trouble::{code, trouble},
};

#[cfg(test)]
mod tests;

/// What became of an object that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is there now.
    Done,
    /// An object of that name was there before, and still is.
    Known,
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One JSON value a line.
    JsonLines,
    /// A report to be read as text.
    Markdown,
    /// A report as a page.
    Page,
}

impl Kind {
    /// Its media type.
    const fn media_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/x-ndjson",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Page => "text/html; charset=utf-8",
        }
    }
}

/// Where ledgers are kept.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Vault {
    /// Keeps a text under a name, unless something is there.
    async fn add(
        &self,
        name: &str,
        kind: Kind,
        text: String,
        now: Timestamp,
    ) -> Result<Added, Trouble>;
}

/// How long an object cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Whoever may delete may.
    None,
    /// By nobody for so many days (Object Lock, compliance mode).
    Days(u16),
}

impl Lock {
    /// Reads a number of days; nothing and 0 are no lock.
    pub fn parse(text: Option<&str>) -> Result<Self, SetupError> {
        match text.map(str::parse) {
            None | Some(Ok(0)) => Ok(Self::None),
            Some(Ok(days)) => Ok(Self::Days(days)),
            Some(Err(_)) => Err(SetupError::Wrong {
                name: "TIDEGATE_ARCHIVE_LOCK_DAYS",
                expected: "a whole number of days",
                found: text.unwrap_or_default().to_owned(),
            }),
        }
    }
}

/// A bucket, and what names in it begin with.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    name: String,
    prefix: String,
    lock: Lock,
}

impl Bucket {
    /// The bucket of that name.
    #[must_use]
    pub fn new(config: &SdkConfig, bucket: String, prefix: String, lock: Lock) -> Self {
        let mut builder = Builder::from(config);
        if let Some(url) = endpoint("S3").or_else(|| config.endpoint_url().map(str::to_owned)) {
            // Where one address serves all of AWS, a bucket is no host.
            builder = builder.endpoint_url(url).force_path_style(true);
        }
        Self {
            client: Client::from_conf(builder.build()),
            name: bucket,
            prefix,
            lock,
        }
    }
}

impl Vault for Bucket {
    async fn add(
        &self,
        name: &str,
        kind: Kind,
        text: String,
        now: Timestamp,
    ) -> Result<Added, Trouble> {
        let key = format!("{}{name}", self.prefix);
        let mut put = self.client.put_object().bucket(&self.name).key(key);
        put = put.if_none_match("*").content_type(kind.media_type());
        if let Lock::Days(days) = self.lock {
            let until = now.saturating_add(SignedDuration::from_hours(24 * i64::from(days)));
            let until = until.map_err(|error| Trouble::lasting(error.to_string()))?;
            put = put
                .object_lock_mode(ObjectLockMode::Compliance)
                .object_lock_retain_until_date(DateTime::from_secs(until.as_second()));
        }
        match put.body(ByteStream::from(text.into_bytes())).send().await {
            Ok(_) => Ok(Added::Done),
            Err(error) => match code(&error) {
                Some("PreconditionFailed") => Ok(Added::Known),
                // Somebody writes it at this moment.
                Some("ConditionalRequestConflict") => {
                    Err(Trouble::passing("PutObject: two write it at once"))
                }
                Some("AccessDenied") => Err(Trouble::lasting(format!(
                    "PutObject: the function's role may not put into {}; it needs s3:PutObject, and with a lock \
                     s3:PutObjectRetention",
                    self.name
                ))),
                Some("NoSuchBucket") => Err(Trouble::lasting(format!(
                    "there is no bucket {}",
                    self.name
                ))),
                Some("InvalidRequest") if self.lock != Lock::None => {
                    Err(Trouble::lasting(format!(
                        "PutObject: {} was made without Object Lock; make it with, or set archive_lock_days to 0",
                        self.name
                    )))
                }
                Some(_) | None => Err(trouble("PutObject", &error)),
            },
        }
    }
}
