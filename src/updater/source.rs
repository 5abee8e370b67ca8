//! The ladder to a file's address: the page that lists the files, the names CMS uses, the address that worked last.
//!
//! A page that cannot be read or lists nothing is "cannot discover", never "no update": the ladder goes
//! on below it, and the notes say what was missing above.

use std::path::PathBuf;

use url::Url;

use super::discover::{Link, Target, is_media};
use super::fetch::FetchError;
use super::memory::{Memory, PageMemory};
use super::pages::Pages;
use super::quarter::{fill, read_quarter};
use super::settings::{Feed, FeedId};
use crate::domain::quarter::Quarter;

/// Where the files come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A site with the pages of the settings.
    Site(Url),
    /// A page that lists the code files, on a site with the pages of the settings.
    Page(Url),
    /// One code file.
    Archive(Url),
    /// One code file on this machine.
    File(PathBuf),
}

/// Why an address cannot be a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}: this is not a source: give an http or https address of the site, of its page or of a zip file, or a zip file here"
)]
pub struct SourceError(String);

impl Source {
    /// Reads an address: a host alone is a site, a `.zip` or `/media/<number>` an archive, anything else
    /// a page; a `file:` address or the path of a file that is there is that file.
    ///
    /// # Errors
    /// [`SourceError`] when it is none of them.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let wrong = || SourceError(text.to_owned());
        let has_scheme = text.contains("://") || text.starts_with("file:");
        if !has_scheme && std::path::Path::new(text).is_file() {
            return Ok(Self::File(text.into()));
        }
        let url = Url::parse(text).map_err(|_| wrong())?;
        if url.scheme() == "file" {
            return url.to_file_path().map(Self::File).map_err(|()| wrong());
        }
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong());
        }
        Ok(match url.path() {
            "" | "/" => Self::Site(url),
            path if path.to_lowercase().ends_with(".zip") || is_media(path) => Self::Archive(url),
            _ => Self::Page(url),
        })
    }

    /// The address that relative ones are resolved against; none for a file.
    pub const fn origin(&self) -> Option<&Url> {
        match self {
            Self::Site(url) | Self::Page(url) | Self::Archive(url) => Some(url),
            Self::File(_) => None,
        }
    }

    /// Whether it has pages that may list tables beside the codes.
    pub const fn has_pages(&self) -> bool {
        matches!(self, Self::Site(_) | Self::Page(_))
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

impl Rung {
    /// Whether nothing promises that there is a file.
    pub const fn is_tried(self) -> bool {
        matches!(self, Self::Template | Self::LastKnown)
    }
}

/// A file that may be there, and the addresses to try in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    pub quarter: Quarter,
    /// Whether nothing but the calendar names the quarter, so that the archive's content may.
    pub is_guess: bool,
    pub addresses: Vec<(Rung, Url)>,
    /// Where a page lists the file, and no link leads to it: what to tell the operator.
    pub lost: Option<String>,
}

impl Located {
    fn new(quarter: Quarter) -> Self {
        Self { quarter, is_guess: false, addresses: Vec::new(), lost: None }
    }

    /// Notes the links that lead to no file, as one to the terms of a licence, where there is no other and none of the
    /// addresses is that of the file which the link names.
    fn lose(&mut self, links: &[&Url]) {
        let is_named = |url: &Url| links.iter().any(|link| link.as_str().contains(url.path()));
        let is_reached = self.addresses.iter().any(|(rung, url)| *rung == Rung::Page || is_named(url));
        if let Some(link) = links.first().filter(|_| !is_reached) {
            let quarter = self.quarter;
            self.lost = Some(format!(
                "the file of {quarter} is listed as {link}, which leads to no archive: fetch it by hand and `import` it"
            ));
        }
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
    /// Whether the host does not answer at all.
    pub unreachable: bool,
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
    pages: &mut Pages<'_>,
    source: &Source,
    feed: &Feed,
    sought: &Sought,
    memory: &mut Memory,
) -> Survey {
    let mut survey = Survey::default();
    let given = match source {
        Source::Archive(url) => Some((url.path().to_owned(), vec![(Rung::Given, url.clone())])),
        Source::File(path) => Some((path.to_string_lossy().into_owned(), Vec::new())),
        Source::Site(_) | Source::Page(_) => None,
    };
    if let Some((path, addresses)) = given {
        let named = read_quarter(path.rsplit('/').next().unwrap_or_default());
        let quarter = named.unwrap_or_else(|| newest_wanted(sought));
        survey.located.push(Located { quarter, is_guess: named.is_none(), addresses, lost: None });
        return survey;
    }
    let Some(origin) = source.origin() else { return survey };
    let listed = read_pages(pages, source, feed, memory, &mut survey).await;
    if survey.unreachable {
        return survey;
    }
    for quarter in wanted(sought, &listed) {
        let (mut located, mut leads_nowhere) = (Located::new(quarter), Vec::new());
        for link in listed.iter().filter(|link| link.quarter == quarter) {
            let files = follow(pages, link, feed, &mut survey.notes).await;
            if files.is_empty() {
                leads_nowhere.push(&link.url);
            }
            files.into_iter().for_each(|url| located.add(Rung::Page, url));
        }
        let is_guessed =
            located.addresses.is_empty() && may_be_guessed(feed, quarter, sought, survey.page_read);
        let templates = feed.templates.iter().filter(|_| is_guessed);
        let filled: Vec<Url> = templates
            .filter(|template| is_quarterly(template) || quarter.number() == 1)
            .filter_map(|template| origin.join(&fill(template, quarter)).ok())
            .collect();
        filled.into_iter().for_each(|url| located.add(Rung::Template, url));
        let known = memory.file(feed.id, quarter).and_then(|file| Url::parse(&file.url).ok());
        let known = known.filter(|url| url.origin() == origin.origin());
        known.into_iter().for_each(|url| located.add(Rung::LastKnown, url));
        located.lose(&leads_nowhere);
        survey.located.push(located);
    }
    survey
}

/// Whether names are tried for a quarter that no page lists. A page that lists other files beside the codes
/// would list one of a coming quarter too; the codes are worth the question.
fn may_be_guessed(feed: &Feed, quarter: Quarter, sought: &Sought, page_read: bool) -> bool {
    let is_coming = matches!(sought, Sought::From(current) if quarter > *current);
    feed.id == FeedId::Hcpcs || !page_read || !is_coming
}

/// The links of the first page that lists any.
async fn read_pages(
    pages: &mut Pages<'_>,
    source: &Source,
    feed: &Feed,
    memory: &mut Memory,
    survey: &mut Survey,
) -> Vec<Link> {
    for page in addresses(source, feed) {
        let remembered = memory.pages.entry(feed.id).or_default().entry(page.to_string()).or_default();
        match pages.read(&page, feed, remembered).await {
            Ok(()) if !remembered.links.is_empty() => {
                survey.page_read = true;
                return remembered.links.clone();
            }
            Ok(()) => survey.notes.push(format!(
                "{page}: lists no file of {}; the page may have changed its shape",
                feed.title
            )),
            Err(error) => {
                survey.notes.push(error.to_string());
                if matches!(error, FetchError::Unreachable { .. }) {
                    survey.unreachable = true;
                    break;
                }
            }
        }
    }
    Vec::new()
}

/// The pages to read: the one that was given, those of the settings, and for the codes the site's own
/// front page, which on a mirror lists the files themselves.
fn addresses(source: &Source, feed: &Feed) -> Vec<Url> {
    let Some(origin) = source.origin() else { return Vec::new() };
    let is_codes = feed.id == FeedId::Hcpcs;
    let given = match source {
        Source::Page(url) if is_codes => Some(url.clone()),
        _ => None,
    };
    let known = feed.pages.iter().map(String::as_str).chain(is_codes.then_some("/"));
    let mut pages: Vec<Url> =
        given.into_iter().chain(known.filter_map(|path| origin.join(path).ok())).collect();
    let mut seen = Vec::new();
    pages.retain(|page| {
        !seen.contains(page) && {
            seen.push(page.clone());
            true
        }
    });
    pages
}

/// Whether a name belongs to a quarter; one without its month or number is that of a whole year.
fn is_quarterly(template: &str) -> bool {
    template.contains("{month}") || template.contains("{quarter}")
}

/// The addresses of the files behind a link: its own, or those on the page it leads to.
async fn follow(pages: &mut Pages<'_>, link: &Link, feed: &Feed, notes: &mut Vec<String>) -> Vec<Url> {
    if link.target == Target::Archive {
        return vec![link.url.clone()];
    }
    let mut page = PageMemory::default();
    if let Err(error) = pages.read(&link.url, feed, &mut page).await {
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
    fn a_link_that_leads_to_no_file_is_lost_unless_the_file_it_names_is_tried() {
        let url = |path: &str| Url::parse("https://www.cms.gov").and_then(|site| site.join(path)).unwrap();
        let link = url("/license/ama?file=/files/zip/a-10-02-2026.zip");
        for (rung, path, is_lost) in [
            (Rung::Template, "/files/zip/a.zip", true),
            (Rung::LastKnown, "/files/zip/a.zip", true),
            (Rung::Template, "/files/zip/a-10-02-2026.zip", false),
            (Rung::Page, "/files/zip/b.zip", false),
        ] {
            let mut located = Located::new("2026Q4".parse().unwrap());
            located.add(rung, url(path));
            located.lose(&[&link]);
            assert_eq!(located.lost.is_some_and(|note| note.contains("/license/ama")), is_lost, "{path}");
            let mut located = Located::new("2026Q4".parse().unwrap());
            located.lose(&[]);
            assert_eq!(located.lost, None, "what is not listed is not lost");
        }
    }

    #[test]
    fn an_address_says_what_it_is() {
        assert!(matches!(Source::parse("http://127.0.0.1:8080"), Ok(Source::Site(_))));
        assert!(matches!(Source::parse("https://a.example/x.ZIP"), Ok(Source::Archive(_))));
        assert!(matches!(Source::parse("https://a.example/update"), Ok(Source::Page(_))));
        assert!(matches!(Source::parse("https://a.example/media/123456"), Ok(Source::Archive(_))));
        assert_eq!(Source::parse("file:///a.zip"), Ok(Source::File("/a.zip".into())));
        for wrong in ["", "a.zip", "ftp://a/b"] {
            assert!(Source::parse(wrong).is_err(), "{wrong}");
        }
    }
}
