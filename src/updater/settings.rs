//! What the updater is told: addresses, name patterns and limits, read from `catalog/updater.toml`.
//!
//! CMS changes its page and its names about once a year; those changes are data, not code.

use std::time::Duration;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::gate::GateLimits;
use super::unpack::UnpackLimits;
use crate::catalog::release::ReleaseKind;

/// The settings compiled in.
const EMBEDDED: &str = include_str!("../../catalog/updater.toml");

/// One thing CMS publishes each quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedId {
    /// The codes: the only feed that makes a release.
    Hcpcs,
    AspLimits,
    NdcCrosswalk,
    /// Unit limits on practitioners' claims.
    Mue,
    /// Unit limits on outpatient hospitals' claims.
    MueOutpatient,
    /// Unit limits on claims of suppliers of durable medical equipment.
    MueDme,
    AddOnCodes,
}

impl FeedId {
    /// Every feed.
    pub const ALL: [Self; 7] = [
        Self::Hcpcs,
        Self::AspLimits,
        Self::NdcCrosswalk,
        Self::Mue,
        Self::MueOutpatient,
        Self::MueDme,
        Self::AddOnCodes,
    ];

    /// The name in settings, reports and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hcpcs => "hcpcs",
            Self::AspLimits => "asp-limits",
            Self::NdcCrosswalk => "ndc-crosswalk",
            Self::Mue => "mue",
            Self::MueOutpatient => "mue-outpatient",
            Self::MueDme => "mue-dme",
            Self::AddOnCodes => "add-on-codes",
        }
    }

    /// The kind of release that its files become.
    pub const fn release_kind(self) -> ReleaseKind {
        match self {
            Self::Hcpcs => ReleaseKind::Hcpcs,
            Self::AspLimits => ReleaseKind::Asp,
            Self::NdcCrosswalk => ReleaseKind::Crosswalk,
            Self::Mue => ReleaseKind::MuePractitioner,
            Self::MueOutpatient => ReleaseKind::MueOutpatient,
            Self::MueDme => ReleaseKind::MueDme,
            Self::AddOnCodes => ReleaseKind::AddOnCodes,
        }
    }
}

/// A regular expression that ignores case.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(Regex);

impl Pattern {
    /// Whether any part of the text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(text: String) -> Result<Self, regex::Error> {
        RegexBuilder::new(&text).case_insensitive(true).build().map(Self)
    }
}

/// How one feed is found and opened.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    pub id: FeedId,
    pub title: String,
    /// Pages that list the files, the present one first.
    pub pages: Vec<String>,
    /// What the address, title or text of a link must match, and must not.
    pub link: Pattern,
    pub link_ignored: Pattern,
    /// Addresses to try when no page can be read.
    pub templates: Vec<String>,
    /// What the file name of an archive's member must match, and must not.
    pub member: Pattern,
    pub member_ignored: Pattern,
    /// Extensions of members, the preferred one first.
    pub formats: Vec<String>,
    /// Fewest rows of a plausible file; the codes have limits of their own.
    #[serde(default)]
    pub rows_min: usize,
    /// Whether CMS posts one each quarter, so that one of the quarter in effect must be there.
    #[serde(default = "is_posted_each_quarter")]
    pub every_quarter: bool,
}

const fn is_posted_each_quarter() -> bool {
    true
}

/// Limits and manners of downloads.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetchSettings {
    pub user_agent: String,
    pub connect_seconds: u64,
    /// Longest wait for the beginning of an answer.
    pub answer_seconds: u64,
    /// Longest silence between two pieces of a body.
    pub read_seconds: u64,
    /// Longest time for one attempt at a file.
    pub total_seconds: u64,
    /// Fewest bytes in one slow window before the attempt is given up.
    pub slow_bytes: u64,
    pub slow_window_seconds: u64,
    pub page_bytes: u64,
    pub archive_bytes: u64,
    pub redirects: usize,
    pub attempts: usize,
    pub first_wait_milliseconds: u64,
    pub longest_wait_seconds: u64,
}

impl FetchSettings {
    /// The first wait between two attempts.
    pub const fn first_wait(&self) -> Duration {
        Duration::from_millis(self.first_wait_milliseconds)
    }
}

/// Everything the updater is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Scheme and host that relative addresses belong to.
    pub origin: String,
    /// The last year whose files of codes were annual, so that their names tell no month.
    pub annual_until: i16,
    pub fetch: FetchSettings,
    pub unpack: UnpackLimits,
    pub gate: GateLimits,
    #[serde(rename = "feed")]
    pub feeds: Vec<Feed>,
}

impl Settings {
    /// The settings compiled into the program.
    ///
    /// # Panics
    /// Never in a build that passed its tests: the embedded file is read by one of them.
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("the embedded updater.toml is read by a test")
    }

    /// Reads settings.
    ///
    /// # Errors
    /// A text that is not TOML, an unknown key, or a pattern that is not a regular expression.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The feed with an id, where it is configured.
    pub fn feed(&self, id: FeedId) -> Option<&Feed> {
        self.feeds.iter().find(|feed| feed.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_settings_name_every_feed_once() {
        let settings = Settings::embedded();
        let all = [
            FeedId::Hcpcs,
            FeedId::AspLimits,
            FeedId::NdcCrosswalk,
            FeedId::Mue,
            FeedId::MueOutpatient,
            FeedId::MueDme,
            FeedId::AddOnCodes,
        ];
        assert_eq!(settings.feeds.iter().map(|feed| feed.id).collect::<Vec<_>>(), all);
        for feed in &settings.feeds {
            assert_eq!(serde_json::json!(feed.id), feed.id.name());
        }
    }

    #[test]
    fn a_misspelt_key_or_pattern_is_refused() {
        assert!(Settings::parse(&EMBEDDED.replace("redirects =", "redirect =")).is_err());
        assert!(Settings::parse(&EMBEDDED.replace("member = 'aoc'", "member = '('")).is_err());
    }
}
