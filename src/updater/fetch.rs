//! Downloads from the CMS site: the one place that knows reqwest.
//!
//! Every request is conditional where there is something to compare with, every body is counted while
//! it arrives, and a cut download goes on where it stopped as long as the server proves it is the same file.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{self, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use url::{Host, Url};

use super::settings::FetchSettings;
use crate::causes::with_causes;

/// What a server says to recognise a file by, sent back to ask whether it changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Validators {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// A body that arrived whole.
#[derive(Debug, Clone)]
pub struct Download {
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes, in small hexadecimal letters.
    pub sha256: String,
    pub validators: Validators,
    /// Where it came from after redirects.
    pub url: Url,
}

/// The answer to a conditional request.
#[derive(Debug, Clone)]
pub enum Answer {
    NotModified,
    New(Download),
}

/// What a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    Page,
    Archive,
    /// A file of our own, judged by its digest.
    Anything,
}

/// Why a download failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
    #[error("{url}: cannot be reached: {reason}")]
    Unreachable { url: String, reason: String },
    #[error("{url}: answers {status}")]
    Status { url: String, status: u16, wait: Option<Duration> },
    #[error("{url}: redirects where the updater does not follow: {reason}")]
    Redirect { url: String, reason: String },
    #[error("{url}: is {found}, not {expected}")]
    ContentType { url: String, found: String, expected: &'static str },
    #[error("{url}: is larger than the accepted {limit} bytes")]
    TooLarge { url: String, limit: u64 },
    #[error("{url}: the connection was cut after {received} bytes: {reason}")]
    Cut { url: String, received: usize, reason: String },
    #[error("{url}: fewer than {bytes} bytes in {seconds} s; given up")]
    TooSlow { url: String, bytes: u64, seconds: u64 },
    #[error("{url}: the answer to a resumed download does not fit: {reason}")]
    Resume { url: String, reason: String },
    #[error("{url}: not finished within {seconds} s")]
    OutOfTime { url: String, seconds: u64 },
}

impl FetchError {
    /// Whether the same request may succeed a moment later.
    fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Cut { .. } | Self::TooSlow { .. } | Self::Resume { .. } => true,
            Self::Status { status, .. } => *status >= 500 || matches!(status, 408 | 425 | 429),
            _ => false,
        }
    }

    /// Whether the server says that there is no such file.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Status { status: 404 | 410, .. })
    }
}

/// Downloads within the limits of the settings.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    settings: FetchSettings,
}

impl Fetcher {
    /// A fetcher for one site.
    ///
    /// # Errors
    /// [`FetchError::Client`] when the TLS configuration cannot be made, as without system certificates.
    pub fn new(settings: FetchSettings, origin: &Url) -> Result<Self, FetchError> {
        // The second installation fails because of the first, which is the one we want.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = Client::builder()
            .user_agent(settings.user_agent.as_str())
            .connect_timeout(Duration::from_secs(settings.connect_seconds))
            .redirect(same_host(settings.redirects));
        if is_loopback(origin) {
            // A proxy never answers for this machine itself.
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| FetchError::Client(with_causes(&error)))?;
        Ok(Self { client, settings })
    }

    /// Asks for a body unless it is the one already seen, telling `progress` the bytes received and expected.
    ///
    /// # Errors
    /// The [`FetchError`] of the last attempt.
    pub async fn fetch(
        &self,
        url: &Url,
        expect: Expect,
        seen: &Validators,
        progress: &(dyn Fn(u64, Option<u64>) + Sync),
    ) -> Result<Answer, FetchError> {
        let partial = Mutex::new(Partial::default());
        let attempt =
            || async { self.attempt(url, expect, seen, &mut *partial.lock().await, progress).await };
        let attempts = attempt
            .retry(self.backoff())
            .when(FetchError::is_transient)
            .adjust(|error, wait| match error {
                FetchError::Status { wait: Some(asked), .. } => {
                    wait.map(|_| (*asked).min(self.longest_wait()))
                }
                _ => wait,
            })
            .notify(|error, wait| tracing::warn!(%error, ?wait, "download is tried again"));
        let seconds = self.settings.total_seconds;
        timeout(Duration::from_secs(seconds), attempts)
            .await
            .unwrap_or_else(|_| Err(FetchError::OutOfTime { url: url.to_string(), seconds }))
    }

    fn backoff(&self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(self.settings.first_wait_milliseconds))
            .with_max_delay(self.longest_wait())
            .with_max_times(self.settings.attempts.saturating_sub(1))
    }

    const fn longest_wait(&self) -> Duration {
        Duration::from_secs(self.settings.longest_wait_seconds)
    }

    async fn attempt(
        &self,
        url: &Url,
        expect: Expect,
        seen: &Validators,
        partial: &mut Partial,
        progress: &(dyn Fn(u64, Option<u64>) + Sync),
    ) -> Result<Answer, FetchError> {
        let request = self.client.get(url.clone()).headers(partial.conditions(seen));
        let seconds = self.settings.answer_seconds;
        let sent = timeout(Duration::from_secs(seconds), request.send()).await;
        let silent = |_| FetchError::Unreachable {
            url: url.to_string(),
            reason: format!("no answer within {seconds} s"),
        };
        let response = sent.map_err(silent)?.map_err(|error| request_error(url, &error))?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(Answer::NotModified);
        }
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            *partial = Partial::default();
            let reason = "it holds fewer bytes than arrived before".to_owned();
            return Err(FetchError::Resume { url: url.to_string(), reason });
        }
        if !response.status().is_success() {
            return Err(status_error(url, &response));
        }
        partial.begin(&response).map_err(|reason| FetchError::Resume { url: url.to_string(), reason })?;
        check_type(url, expect, response.headers())?;
        let from = response.url().clone();
        self.receive(url, expect, response, partial, progress).await?;
        let bytes = std::mem::take(&mut partial.bytes);
        let sha256 = hex(&Sha256::digest(&bytes));
        Ok(Answer::New(Download { bytes, sha256, validators: partial.validators.clone(), url: from }))
    }

    async fn receive(
        &self,
        url: &Url,
        expect: Expect,
        mut response: Response,
        partial: &mut Partial,
        progress: &(dyn Fn(u64, Option<u64>) + Sync),
    ) -> Result<(), FetchError> {
        let settings = &self.settings;
        let limit = match expect {
            Expect::Page => settings.page_bytes,
            Expect::Archive | Expect::Anything => settings.archive_bytes,
        };
        let too_large = || FetchError::TooLarge { url: url.to_string(), limit };
        let slow = || FetchError::TooSlow {
            url: url.to_string(),
            bytes: settings.slow_bytes,
            seconds: settings.slow_window_seconds,
        };
        let cut = |received, reason| FetchError::Cut { url: url.to_string(), received, reason };
        if partial.total.is_some_and(|total| total > limit) {
            return Err(too_large());
        }
        let mut window = Window { start: Instant::now(), bytes: 0 };
        loop {
            let chunk = timeout(Duration::from_secs(settings.read_seconds), response.chunk()).await;
            let chunk =
                chunk.map_err(|_| slow())?.map_err(|error| cut(partial.bytes.len(), with_causes(&error)))?;
            let Some(chunk) = chunk else { break };
            if (partial.bytes.len() + chunk.len()) as u64 > limit {
                return Err(too_large());
            }
            partial.bytes.extend_from_slice(&chunk);
            progress(partial.bytes.len() as u64, partial.total);
            if window.is_slow(chunk.len() as u64, settings) {
                return Err(slow());
            }
        }
        match partial.total {
            Some(total) if partial.bytes.len() as u64 != total => {
                Err(cut(partial.bytes.len(), format!("{total} bytes were announced")))
            }
            _ => Ok(()),
        }
    }
}

/// What arrived of a body before the connection was cut.
#[derive(Default)]
struct Partial {
    bytes: Vec<u8>,
    validators: Validators,
    total: Option<u64>,
}

impl Partial {
    /// The proof that a later answer continues the same file: only a strong tag or a date is one.
    fn proof(&self) -> Option<&str> {
        let strong = self.validators.etag.as_deref().filter(|tag| !tag.starts_with("W/"));
        strong.or(self.validators.last_modified.as_deref()).filter(|_| !self.bytes.is_empty())
    }

    fn conditions(&self, seen: &Validators) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut set = |name, value: &str| {
            if let Ok(value) = value.parse() {
                headers.insert(name, value);
            }
        };
        if let Some(proof) = self.proof() {
            set(header::RANGE, &format!("bytes={}-", self.bytes.len()));
            set(header::IF_RANGE, proof);
            return headers;
        }
        if let Some(tag) = &seen.etag {
            set(header::IF_NONE_MATCH, tag);
        }
        if let Some(date) = &seen.last_modified {
            set(header::IF_MODIFIED_SINCE, date);
        }
        headers
    }

    /// Goes on after what is held when the answer continues it, and starts anew when it does not.
    fn begin(&mut self, response: &Response) -> Result<(), String> {
        let text =
            |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if response.status() == StatusCode::PARTIAL_CONTENT {
            let range = text(header::CONTENT_RANGE).unwrap_or_default();
            let expected = format!("bytes {}-", self.bytes.len());
            let total = range.rsplit('/').next().and_then(|total| total.parse().ok());
            if range.starts_with(&expected) && (self.total.is_none() || self.total == total) {
                return Ok(());
            }
            *self = Self::default();
            return Err(format!("its range is {range:?} where {expected:?} was asked for"));
        }
        *self = Self {
            bytes: Vec::new(),
            validators: Validators { etag: text(header::ETAG), last_modified: text(header::LAST_MODIFIED) },
            total: response.content_length(),
        };
        Ok(())
    }
}

/// Bytes of the running slow window.
struct Window {
    start: Instant,
    bytes: u64,
}

impl Window {
    fn is_slow(&mut self, received: u64, settings: &FetchSettings) -> bool {
        self.bytes += received;
        if self.start.elapsed() < Duration::from_secs(settings.slow_window_seconds) {
            return false;
        }
        let slow = self.bytes < settings.slow_bytes;
        *self = Self { start: Instant::now(), bytes: 0 };
        slow
    }
}

/// Follows redirects within the host that was asked, and never to a weaker scheme.
fn same_host(limit: usize) -> Policy {
    Policy::custom(move |attempt| {
        let Some(first) = attempt.previous().first() else { return attempt.follow() };
        let next = attempt.url();
        let reason = if attempt.previous().len() > limit {
            format!("more than {limit} redirects")
        } else if next.host() != first.host() || next.port_or_known_default() != first.port_or_known_default()
        {
            format!("to another host, {next}")
        } else if first.scheme() == "https" && next.scheme() != "https" {
            format!("to an address without TLS, {next}")
        } else {
            return attempt.follow();
        };
        attempt.error(reason)
    })
}

fn request_error(url: &Url, error: &reqwest::Error) -> FetchError {
    let reason = with_causes(error);
    if error.is_redirect() {
        return FetchError::Redirect { url: url.to_string(), reason };
    }
    FetchError::Unreachable { url: url.to_string(), reason }
}

fn status_error(url: &Url, response: &Response) -> FetchError {
    let asked =
        response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let status = response.status().as_u16();
    FetchError::Status { url: url.to_string(), status, wait: asked.map(Duration::from_secs) }
}

/// Refuses a body that says it is something else; an answer without a type is judged by its content later.
fn check_type(url: &Url, expect: Expect, headers: &HeaderMap) -> Result<(), FetchError> {
    let Some(found) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let found = String::from_utf8_lossy(found.as_bytes()).to_lowercase();
    let (wanted, expected) = match expect {
        Expect::Page => (["html", "xml", "text/plain"], "a page"),
        Expect::Archive => (["zip", "octet-stream", "binary"], "a zip archive"),
        Expect::Anything => return Ok(()),
    };
    if wanted.iter().any(|part| found.contains(part)) {
        return Ok(());
    }
    Err(FetchError::ContentType { url: url.to_string(), found, expected })
}

fn is_loopback(origin: &Url) -> bool {
    match origin.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Small hexadecimal letters of a digest.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
