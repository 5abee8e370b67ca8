//! The pages that list files, each asked for once in a run, however many feeds it lists.

use std::collections::BTreeMap;

use url::Url;

use super::discover::links;
use super::fetch::{Answer, Expect, FetchError, Fetcher, Validators};
use super::memory::PageMemory;
use super::settings::Feed;

/// What the pages of a site said in one run. Every body is kept until the run ends, since the next feed
/// may read other links from it; `FetchSettings::page_bytes` bounds each.
pub struct Pages<'a> {
    fetcher: &'a Fetcher,
    said: BTreeMap<Url, Said>,
}

/// The answer of a page.
struct Said {
    /// What it was compared with.
    seen: Validators,
    answer: Result<Answer, FetchError>,
}

impl<'a> Pages<'a> {
    /// Nothing was asked yet.
    pub const fn new(fetcher: &'a Fetcher) -> Self {
        Self { fetcher, said: BTreeMap::new() }
    }

    /// Brings what is remembered of a page for a feed up to date.
    ///
    /// # Errors
    /// Why the page cannot be read, as it was told the first time.
    pub async fn read(
        &mut self,
        page: &Url,
        feed: &Feed,
        remembered: &mut PageMemory,
    ) -> Result<(), FetchError> {
        // A page that listed nothing is read again whole: the settings may know its links by now.
        let seen =
            if remembered.links.is_empty() { Validators::default() } else { remembered.validators.clone() };
        if let Answer::New(now) = self.answer(page, seen).await? {
            let html = String::from_utf8_lossy(&now.bytes);
            *remembered =
                PageMemory { links: links(&html, &now.url, feed), validators: now.validators.clone() };
        }
        Ok(())
    }

    async fn answer(&mut self, page: &Url, seen: Validators) -> Result<&Answer, FetchError> {
        let answers = self.said.get(page).is_some_and(|said| match &said.answer {
            // That it is still the one another feed remembers says nothing to a feed that remembers another.
            Ok(Answer::NotModified) => said.seen == seen,
            Ok(Answer::New(_)) | Err(_) => true,
        });
        if !answers {
            let answer = self.fetcher.fetch(page, Expect::Page, &seen, &|_, _| ()).await;
            self.said.insert(page.clone(), Said { seen, answer });
        }
        let said = self.said.get(page).expect("an answer was put there where none was");
        said.answer.as_ref().map_err(Clone::clone)
    }
}
