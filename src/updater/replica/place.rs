//! Where shipments lie: a folder, an HTTP address, or a bucket that speaks the protocol of S3.

use std::path::PathBuf;

use url::Url;

use super::bucket::Bucket;
use super::shipment::{BYTES_MAX, POINTER};
use crate::updater::fetch::{Answer, Expect, Fetcher, Validators};
use crate::updater::memory::write_whole;
use crate::updater::settings::{FetchSettings, Settings};

/// A place that is written by one updater and read by any number of replicas.
pub enum Place {
    Folder(PathBuf),
    /// Read only: whoever publishes there copies a folder.
    Http {
        base: Url,
        fetcher: Fetcher,
    },
    Bucket(Bucket),
}

/// Why a place cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error("`{0}` is no place: give a folder, an http or https address, or s3://BUCKET/PREFIX")]
    Unknown(String),
    #[error("{path}: {source}")]
    Folder { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Http(#[from] crate::updater::fetch::FetchError),
    #[error("{0} can only be read; publish to a folder or a bucket")]
    ReadOnly(String),
    #[error("{address}: {reason}")]
    Bucket { address: String, reason: String },
}

impl Place {
    /// Reads an address: one with `s3://` or `http`, and anything else as a folder.
    ///
    /// # Errors
    /// An address that is none, or a bucket whose credentials or region are not to be had.
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let unknown = || PlaceError::Unknown(text.to_owned());
        match text.split_once("://") {
            None => Ok(Self::Folder(text.into())),
            Some(("file", _)) => {
                let url = Url::parse(text).map_err(|_| unknown())?;
                url.to_file_path().map(Self::Folder).map_err(|()| unknown())
            }
            Some(("s3", _)) => Bucket::open(text).map(Self::Bucket),
            Some(("http" | "https", _)) => {
                let address = text.strip_suffix(POINTER).unwrap_or(text);
                let base = Url::parse(&format!("{}/", address.trim_end_matches('/')));
                let base = base.map_err(|_| unknown())?;
                let fetcher = Fetcher::new(patient(), &base)?;
                Ok(Self::Http { base, fetcher })
            }
            Some(_) => Err(unknown()),
        }
    }

    /// The bytes of a file; nothing where it is the one that `seen` tells of.
    ///
    /// # Errors
    /// A file that is not there or cannot be read.
    pub async fn read(&self, name: &str, seen: &mut Validators) -> Result<Option<Vec<u8>>, PlaceError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let read = tokio::fs::read(&path).await;
                read.map(Some).map_err(|source| PlaceError::Folder { path, source })
            }
            Self::Http { base, fetcher } => {
                let url = base.join(name).map_err(|_| PlaceError::Unknown(format!("{base}{name}")))?;
                match fetcher.fetch(&url, Expect::Anything, seen, &|_, _| ()).await? {
                    Answer::NotModified => Ok(None),
                    Answer::New(download) => {
                        *seen = download.validators;
                        Ok(Some(download.bytes))
                    }
                }
            }
            Self::Bucket(bucket) => bucket.read(name, seen).await,
        }
    }

    /// Writes a file so that a reader sees the old one or the new one whole.
    ///
    /// # Errors
    /// A place that is read only, or a write that fails.
    pub async fn write(&self, name: &str, bytes: Vec<u8>) -> Result<(), PlaceError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let written = write_whole(&path, &bytes);
                written.map_err(|source| PlaceError::Folder { path, source })
            }
            Self::Http { base, .. } => Err(PlaceError::ReadOnly(base.to_string())),
            Self::Bucket(bucket) => bucket.write(name, bytes).await,
        }
    }
}

/// A shipment is larger than a file of CMS, and comes from our own house.
fn patient() -> FetchSettings {
    FetchSettings { archive_bytes: BYTES_MAX, attempts: 2, ..Settings::embedded().fetch }
}
