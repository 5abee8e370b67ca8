//! A bucket that speaks the protocol of S3: the one place that knows object_store.
//!
//! Credentials, region and endpoint come from the environment variables of every AWS tool
//! (`AWS_ACCESS_KEY_ID`, `AWS_REGION`, `AWS_ENDPOINT_URL` …) or from the machine's role.

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore, ObjectStoreExt};
use url::Url;

use super::place::PlaceError;
use crate::updater::fetch::Validators;

/// A prefix in a bucket.
pub struct Bucket {
    store: AmazonS3,
    prefix: Path,
    address: String,
}

impl Bucket {
    /// Opens `s3://BUCKET/PREFIX`; nothing is asked of it yet.
    ///
    /// # Errors
    /// An address without a bucket, or an environment that cannot be used.
    pub fn open(address: &str) -> Result<Self, PlaceError> {
        let wrong = |reason: String| PlaceError::Bucket { address: address.to_owned(), reason };
        let url = Url::parse(address).map_err(|error| wrong(error.to_string()))?;
        // The second installation fails because of the first, which is the one we want.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = AmazonS3Builder::from_env().with_url(address);
        if std::env::var("AWS_ENDPOINT_URL").is_ok_and(|endpoint| endpoint.starts_with("http://")) {
            // Whoever names an endpoint without TLS means it, as for a bucket of this machine.
            builder = builder.with_allow_http(true);
        }
        let store = builder.build().map_err(|error| wrong(error.to_string()))?;
        let prefix = Path::parse(url.path().trim_matches('/')).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { store, prefix, address: address.to_owned() })
    }

    /// The bytes of an object; nothing where it is the one that `seen` tells of.
    ///
    /// # Errors
    /// What the bucket answers.
    pub async fn read(&self, name: &str, seen: &mut Validators) -> Result<Option<Vec<u8>>, PlaceError> {
        let options = GetOptions { if_none_match: seen.etag.clone(), ..GetOptions::default() };
        let found = match self.store.get_opts(&self.path(name), options).await {
            Ok(found) => found,
            Err(Error::NotModified { .. }) => return Ok(None),
            Err(error) => return Err(self.error(&error)),
        };
        let etag = found.meta.e_tag.clone();
        let bytes = found.bytes().await.map_err(|error| self.error(&error))?;
        *seen = Validators { etag, last_modified: None };
        Ok(Some(bytes.to_vec()))
    }

    /// Writes an object whole.
    ///
    /// # Errors
    /// What the bucket answers.
    pub async fn write(&self, name: &str, bytes: Vec<u8>) -> Result<(), PlaceError> {
        let put = self.store.put(&self.path(name), bytes.into()).await;
        put.map(drop).map_err(|error| self.error(&error))
    }

    fn path(&self, name: &str) -> Path {
        self.prefix.clone().join(name)
    }

    fn error(&self, error: &Error) -> PlaceError {
        PlaceError::Bucket { address: self.address.clone(), reason: error.to_string() }
    }
}
