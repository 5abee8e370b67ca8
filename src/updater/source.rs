//! The ladder to a file's address: the page that lists the files, the names CMS uses, the address that worked last.
//!
//! A page that cannot be read or lists nothing is "cannot discover", never "no update": the ladder goes
//! on below it, and the notes say what was missing above.

use url::Url;

use super::discover::{Link, Target, links};
use super::fetch::{Answer, Expect, FetchError, Fetcher, Validators};
use super::memory::{Memory, PageMemory};
use super::quarter::{fill, read_quarter};
use super::settings::{Feed, FeedId};
use crate::domain::quarter::Quarter;

/// Where the files come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A site with the pages of the settings.
    Site(Url),
    /// One page that lists the code files.
    Page(Url),
    /// One code file.
    Archive(Url),
}

/// Why an address cannot be a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}: this is not a source: give an http or https address of the site, of its page or of a zip file")]
pub struct SourceError(String);

impl Source {
    /// Reads an address: a host alone is a site, a `.zip` an archive, and anything else a page.
    ///
    /// # Errors
    /// [`SourceError`] when it is no http or https address.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let url = Url::parse(text).map_err(|_| SourceError(text.to_owned()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(SourceError(text.to_owned()));
        }
        Ok(match url.path() {
            "" | "/" => Self::Site(url),
            path if path.to_lowercase().ends_with(".zip") => Self::Archive(url),
            _ => Self::Page(url),
        })
    }

    /// The address that relative ones are resolved against.
    pub const fn origin(&self) -> &Url {
        match self {
            Self::Site(url) | Self::Page(url) | Self::Archive(url) => url,
        }
    }
}

/// How an address was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    Given,
    Page,
    Template,
    LastKnown,
}

/// A file that may be there, and the addresses to try in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    pub quarter: Quarter,
    pub addresses: Vec<(Rung, Url)>,
}

impl Located {
    fn new(quarter: Quarter) -> Self {
        Self { quarter, addresses: Vec::new() }
    }

    fn add(&mut self, rung: Rung, url: Url) {
        if !self.addresses.iter().any(|(_, known)| *known == url) {
            self.addresses.push((rung, url));
        }
    }
}

/// What the ladder found for a feed.
#[derive(Debug, Default)]
pub struct Survey {
    /// The newest quarter in effect first.
    pub located: Vec<Located>,
    /// Whether a page listed the files; without one, a missing file proves nothing.
    pub page_read: bool,
    /// What went wrong on the rungs that failed.
    pub notes: Vec<String>,
}

/// Which quarters are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// The quarter in effect and every later one that is posted.
    From(Quarter),
    /// These alone.
    Only(Vec<Quarter>),
}

/// Finds where the wanted files of a feed may be, remembering the pages that were read.
pub async fn survey(
    fetcher: &Fetcher,
    source: &Source,
    feed: &Feed,
    sought: &Sought,
    memory: &mut Memory,
) -> Survey {
    let mut survey = Survey::default();
    if let Source::Archive(url) = source {
        let quarter = read_quarter(url.path()).unwrap_or_else(|| newest_wanted(sought));
        survey.located.push(Located { quarter, addresses: vec![(Rung::Given, url.clone())] });
        return survey;
    }
    let listed = read_pages(fetcher, source, feed, memory, &mut survey).await;
    for quarter in wanted(sought, &listed) {
        let mut located = Located::new(quarter);
        for link in listed.iter().filter(|link| link.quarter == quarter) {
            for url in follow(fetcher, link, feed, &mut survey.notes).await {
                located.add(Rung::Page, url);
            }
        }
        let templates = feed.templates.iter().filter(|_| located.addresses.is_empty());
        let filled: Vec<Url> =
            templates.filter_map(|text| source.origin().join(&fill(text, quarter)).ok()).collect();
        filled.into_iter().for_each(|url| located.add(Rung::Template, url));
        let known = memory.file(feed.id, quarter).and_then(|file| Url::parse(&file.url).ok());
        let known = known.filter(|url| url.origin() == source.origin().origin());
        known.into_iter().for_each(|url| located.add(Rung::LastKnown, url));
        survey.located.push(located);
    }
    survey
}

/// The links of the first page that lists any.
async fn read_pages(
    fetcher: &Fetcher,
    source: &Source,
    feed: &Feed,
    memory: &mut Memory,
    survey: &mut Survey,
) -> Vec<Link> {
    let pages = match source {
        Source::Page(url) if feed.id == FeedId::Hcpcs => vec![url.clone()],
        _ => feed.pages.iter().filter_map(|path| source.origin().join(path).ok()).collect(),
    };
    for page in pages {
        let remembered = memory.pages.entry(feed.id).or_default().entry(page.to_string()).or_default();
        match read_page(fetcher, &page, feed, remembered).await {
            Ok(()) if !remembered.links.is_empty() => {
                survey.page_read = true;
                return remembered.links.clone();
            }
            Ok(()) => survey.notes.push(format!(
                "{page}: lists no file of {}; the page may have changed its shape",
                feed.title
            )),
            Err(error) => survey.notes.push(error.to_string()),
        }
    }
    Vec::new()
}

/// Reads a page again, unless it says that it has not changed.
async fn read_page(
    fetcher: &Fetcher,
    page: &Url,
    feed: &Feed,
    remembered: &mut PageMemory,
) -> Result<(), FetchError> {
    let seen =
        if remembered.links.is_empty() { Validators::default() } else { remembered.validators.clone() };
    if let Answer::New(page_now) = fetcher.fetch(page, Expect::Page, &seen, &|_, _| ()).await? {
        let html = String::from_utf8_lossy(&page_now.bytes);
        *remembered =
            PageMemory { links: links(&html, &page_now.url, feed), validators: page_now.validators };
    }
    Ok(())
}

/// The addresses of the files behind a link: its own, or those on the page it leads to.
async fn follow(fetcher: &Fetcher, link: &Link, feed: &Feed, notes: &mut Vec<String>) -> Vec<Url> {
    if link.target == Target::Archive {
        return vec![link.url.clone()];
    }
    let mut page = PageMemory::default();
    if let Err(error) = read_page(fetcher, &link.url, feed, &mut page).await {
        notes.push(error.to_string());
    }
    let files = page.links.into_iter().filter(|found| found.target == Target::Archive);
    files.filter(|found| found.quarter == link.quarter).map(|found| found.url).collect()
}

/// The quarters to fetch, the newest one in effect first.
///
/// When a page lists nothing for the quarter in effect, the newest listed before it is wanted as well:
/// an old catalog is better than none, and the notes of the refresh say how old it is.
fn wanted(sought: &Sought, listed: &[Link]) -> Vec<Quarter> {
    let current = match sought {
        Sought::Only(quarters) => return quarters.clone(),
        Sought::From(current) => *current,
    };
    let quarters = || listed.iter().map(|link| link.quarter);
    let in_effect = quarters().filter(|quarter| *quarter <= current).max().unwrap_or(current);
    let mut wanted = vec![in_effect, current, current.next()];
    wanted.extend(quarters().filter(|quarter| *quarter > current));
    wanted.sort();
    wanted.dedup();
    wanted
}

fn newest_wanted(sought: &Sought) -> Quarter {
    match sought {
        Sought::From(quarter) => *quarter,
        Sought::Only(quarters) => {
            quarters.iter().copied().max().expect("a list of wanted quarters is not empty")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(quarter: &str) -> Link {
        let url = Url::parse("https://www.cms.gov/media/1").unwrap();
        Link { quarter: quarter.parse().unwrap(), url, target: Target::Archive }
    }

    fn wanted_of(current: &str, listed: &[&str]) -> Vec<String> {
        let links: Vec<Link> = listed.iter().map(|quarter| link(quarter)).collect();
        let sought = Sought::From(current.parse().unwrap());
        wanted(&sought, &links).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_quarter_in_effect_and_the_next_are_wanted() {
        assert_eq!(wanted_of("2025Q4", &[]), ["2025Q4", "2026Q1"]);
        assert_eq!(wanted_of("2025Q4", &["2026Q1", "2025Q4", "2025Q3"]), ["2025Q4", "2026Q1"]);
    }

    #[test]
    fn a_page_behind_the_calendar_still_gives_its_newest() {
        assert_eq!(wanted_of("2025Q4", &["2025Q2", "2025Q1"]), ["2025Q2", "2025Q4", "2026Q1"]);
        let only = Sought::Only(vec!["2024Q1".parse().unwrap()]);
        assert_eq!(wanted(&only, &[link("2025Q4")]), ["2024Q1".parse().unwrap()]);
    }

    #[test]
    fn an_address_says_what_it_is() {
        assert!(matches!(Source::parse("http://127.0.0.1:8080"), Ok(Source::Site(_))));
        assert!(matches!(Source::parse("https://a.example/x.ZIP"), Ok(Source::Archive(_))));
        assert!(matches!(Source::parse("https://a.example/update"), Ok(Source::Page(_))));
        for wrong in ["", "a.zip", "file:///a.zip", "ftp://a/b"] {
            assert!(Source::parse(wrong).is_err(), "{wrong}");
        }
    }
}
