//! Finds the links to a feed's files in a page of the CMS site.
//!
//! The page has changed its shape about once a year. So nothing of its structure is relied on: every
//! link is read, by its address, its title and its text, whichever names the file and the quarter.

use regex::Regex;
use scraper::{ElementRef, Html, Selector};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use url::Url;

use super::posting::{Newness, copy_number, posting};
use super::quarter::read_quarter;
use super::settings::Feed;
use crate::domain::quarter::Quarter;

/// What is behind a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The file itself.
    Archive,
    /// A page about one release, which links to the file.
    Page,
}

/// A link that speaks of a feed and a quarter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub quarter: Quarter,
    #[serde(with = "address")]
    pub url: Url,
    pub target: Target,
}

/// Addresses as text, in what the updater remembers.
mod address {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use url::Url;

    pub(super) fn serialize<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(url.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
        Url::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Items of the news feed that announced files until 2019 name their page in plain text.
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"https?://[^\s"'<>]+"#).expect("a constant expression"));

/// An address that leads to a file though it does not end in `.zip`.
static MEDIA: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^/media/\d+/?$").expect("a constant expression"));

/// Whether a path is one of a file by its number.
pub fn is_media(path: &str) -> bool {
    MEDIA.is_match(path)
}

/// The links of a page to a feed's files, the newest quarter first and of a quarter the newest posting first.
///
/// Relative addresses are resolved against `page`. A link to another host is left out.
pub fn links(html: &str, page: &Url, feed: &Feed) -> Vec<Link> {
    let document = Html::parse_document(html);
    let mut found: Vec<(Link, Posting)> = Vec::new();
    for anchor in document.select(&selector("a[href]")) {
        let title = anchor.attr("title").unwrap_or_default();
        found.extend(anchor.attr("href").and_then(|href| link(href, title, &text_of(anchor), page, feed)));
    }
    for item in document.select(&selector("item")) {
        let text = text_of(item);
        found.extend(ADDRESS.find(&text).and_then(|href| link(href.as_str(), "", &text, page, feed)));
    }
    found.sort_by(|(a, posting_a), (b, posting_b)| b.quarter.cmp(&a.quarter).then(posting_b.cmp(posting_a)));
    let mut links: Vec<Link> = found.into_iter().map(|(link, _)| link).collect();
    links.dedup_by(|later, earlier| later.url == earlier.url);
    links
}

/// What a link's names say of the posting together, and the number behind the file's own.
type Posting = (Newness, u32);

fn link(href: &str, title: &str, text: &str, page: &Url, feed: &Feed) -> Option<(Link, Posting)> {
    let url = page.join(href.trim()).ok()?;
    let same_host = url.host_str() == page.host_str() && url.scheme().starts_with("http");
    let target = target(&url)?;
    let last = url.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    // The number of a media item may look like a date.
    let file = if is_media(url.path()) { String::new() } else { last.to_owned() };
    let names = [file.as_str(), title, text];
    let ours = names.iter().any(|name| feed.link.matches(name));
    let ignored = names.iter().any(|name| feed.link_ignored.matches(name));
    let quarter = names.iter().find_map(|name| read_quarter(name))?;
    let newness = names.map(|name| posting(name).newness());
    let newness = newness[0].with(newness[1]).with(newness[2]);
    (same_host && ours && !ignored).then_some((Link { quarter, url, target }, (newness, copy_number(&file))))
}

/// Whether an address leads to a file, to another page, or to something else such as a document.
fn target(url: &Url) -> Option<Target> {
    let path = url.path().to_lowercase();
    let last = path.rsplit('/').next().unwrap_or_default();
    if path.ends_with(".zip") || MEDIA.is_match(&path) {
        return Some(Target::Archive);
    }
    (!last.contains('.') || last.ends_with(".html")).then_some(Target::Page)
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn selector(text: &'static str) -> Selector {
    Selector::parse(text).expect("a constant selector")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::updater::settings::{FeedId, Settings};

    fn found(html: &str, id: FeedId) -> Vec<String> {
        let settings = Settings::embedded();
        let page = Url::parse("https://www.cms.gov/medicare/coding-billing/quarterly-update").unwrap();
        let describe = |link: Link| format!("{} {:?} {}", link.quarter, link.target, link.url.path());
        links(html, &page, settings.feed(id).unwrap()).into_iter().map(describe).collect()
    }

    fn codes(html: &str) -> Vec<String> {
        found(html, FeedId::Hcpcs)
    }

    #[test]
    fn the_feed_of_2019_leads_to_a_page_and_the_page_to_the_file() {
        let feed = r#"<?xml version="1.0"?><rss><channel><item><title>2019 Alpha-Numeric HCPCS File</title>
            <link>https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets/2019-Alpha-Numeric-HCPCS-File.html</link></item></channel></rss>"#;
        let expected = "2019Q1 Page /Medicare/Coding/HCPCSReleaseCodeSets/2019-Alpha-Numeric-HCPCS-File.html";
        assert_eq!(codes(feed), [expected]);
        let page = r#"<h2>Downloads</h2><ul><li><a type="application/zip"
            href="/Medicare/Coding/HCPCSReleaseCodeSets/Downloads/2019-Alpha-Numeric-HCPCS-File.zip">2019 Alpha-Numeric HCPCS File [ZIP, 2MB]</a></li></ul>"#;
        let expected = "2019Q1 Archive /Medicare/Coding/HCPCSReleaseCodeSets/Downloads/2019-Alpha-Numeric-HCPCS-File.zip";
        assert_eq!(codes(page), [expected]);
    }

    #[test]
    fn the_item_pages_of_2020_are_followed() {
        let page = r#"<td><a href="/Medicare/Coding/HCPCSReleaseCodeSets/Alpha-Numeric-HCPCS-Items/2020-Alpha-Numeric-HCPCS-File">
            2020 Alpha-Numeric HCPCS File</a></td><a href="/Medicare/Coding/HCPCSReleaseCodeSets/Alpha-Numeric-HCPCS">Alpha-Numeric HCPCS</a>"#;
        let expected = "2020Q1 Page /Medicare/Coding/HCPCSReleaseCodeSets/Alpha-Numeric-HCPCS-Items/2020-Alpha-Numeric-HCPCS-File";
        assert_eq!(codes(page), [expected]);
    }

    #[test]
    fn the_lists_of_2021_to_2023_are_read_by_title_or_address() {
        let page = r#"<h1 id="t" class="page-title"><span class="f">HCPCS Quarterly Update</span></h1><ul>
            <li><a data-entity-substitution="canonical" data-entity-type="media" data-entity-uuid="1"
              href="/files/zip/october-2021-alpha-numeric-hcpcs-file.zip" title="October 2021 Alpha-Numeric HCPCS File">October 2021</a></li>
            <li>Updated 03/01/2022: <a href="/files/zip/april-2022-hcpcs.zip" title="April 2022 Alpha-Numeric HCPCS File">here</a></li>
            <li><a href="/files/zip/october-2023-alpha-numeric-hcpcs-files.zip"
              title="October 2023 Alpha-Numeric HCPCS Files">Files</a></li></ul>"#;
        assert_eq!(
            codes(page),
            [
                "2023Q4 Archive /files/zip/october-2023-alpha-numeric-hcpcs-files.zip",
                "2022Q2 Archive /files/zip/april-2022-hcpcs.zip",
                "2021Q4 Archive /files/zip/october-2021-alpha-numeric-hcpcs-file.zip",
            ]
        );
    }

    #[test]
    fn media_links_are_read_by_their_text() {
        let page = r#"<ul><li><a href="/media/123456" data-x="1">January 2024 Alpha-Numeric HCPCS Files</a></li>
            <li><a href="/media/99"><span>October <b>2023</b></span> <span>Alpha-Numeric HCPCS Files (ZIP)</span></a></li>
            <li><a href="/media/7">January 2024 Alpha-Numeric HCPCS Corrections</a></li></ul>"#;
        assert_eq!(codes(page), ["2024Q1 Archive /media/123456", "2023Q4 Archive /media/99"]);
    }

    #[test]
    fn the_list_of_today_leaves_out_what_is_not_the_code_file() {
        let page = r#"<ul>
            <li><a href="/files/zip/january-2026-alpha-numeric-hcpcs-file.zip" title="January 2026 Alpha-Numeric HCPCS File">January 2026 Alpha-Numeric HCPCS File (ZIP)</a></li>
            <li><a href="/files/zip/january-2026-alpha-numeric-hcpcs-corrections.zip">January 2026 Alpha-Numeric HCPCS Corrections (ZIP)</a></li>
            <li><a href="/files/zip/january-2026-alpha-numeric-hcpcs-record-layout.zip">January 2026 Alpha-Numeric HCPCS Record Layout</a></li>
            <li><a href="/files/zip/2026-hcpcs-noc-codes.zip">2026 Alpha-Numeric HCPCS NOC codes</a></li>
            <li><a href="/files/document/2026-alpha-numeric-hcpcs-index.pdf">2026 Alpha-Numeric HCPCS Index</a></li>
            <li><a href="/files/zip/hcpc2026_apr_anweb_0.zip">April</a></li>
            <li><a href="https://elsewhere.example/files/zip/july-2026-alpha-numeric-hcpcs-file.zip">July 2026 Alpha-Numeric HCPCS File</a></li>
            <li><a href="javascript:void(0)">July 2026 Alpha-Numeric HCPCS File</a></li></ul>"#;
        assert_eq!(
            codes(page),
            [
                "2026Q2 Archive /files/zip/hcpc2026_apr_anweb_0.zip",
                "2026Q1 Archive /files/zip/january-2026-alpha-numeric-hcpcs-file.zip",
            ]
        );
    }

    #[test]
    fn the_newest_posting_of_a_quarter_comes_first() {
        let page = r#"<a href="/files/zip/hcpc2026_jan_anweb_12082025.zip">a</a>
            <a href="/files/zip/hcpc2026_jan_anweb_01122026.zip">b</a>
            <a href="/files/zip/hcpc2026_jan_anweb_01122026.zip">again</a>"#;
        let expected = ["hcpc2026_jan_anweb_01122026.zip", "hcpc2026_jan_anweb_12082025.zip"];
        assert_eq!(codes(page), expected.map(|file| format!("2026Q1 Archive /files/zip/{file}")));
    }

    #[test]
    fn the_final_file_comes_before_the_preliminary_one() {
        let page = r#"<a href="/files/zip/october-2026-ndc-hcpcs-crosswalk.zip">a</a>
            <a href="/files/zip/october-2026-ndc-hcpcs-crosswalk-final.zip">b</a>
            <a href="/files/zip/july-2026-ndc-hcpcs-crosswalk.zip">NDC-HCPCS crosswalk, preliminary</a>
            <a href="/media/7">July 2026 NDC-HCPCS Crosswalk - Final (ZIP)</a>"#;
        let expected = [
            "2026Q4 Archive /files/zip/october-2026-ndc-hcpcs-crosswalk-final.zip",
            "2026Q4 Archive /files/zip/october-2026-ndc-hcpcs-crosswalk.zip",
            "2026Q3 Archive /media/7",
            "2026Q3 Archive /files/zip/july-2026-ndc-hcpcs-crosswalk.zip",
        ];
        assert_eq!(found(page, FeedId::NdcCrosswalk), expected);
        // A page that cannot be read leaves the names, of which the final one is tried first.
        for feed in Settings::embedded().feeds {
            let mut finals = feed.templates.iter().map(|name| name.contains("final"));
            let last_final = feed.templates.iter().rposition(|name| name.contains("final")).unwrap_or(0);
            assert!(
                finals.position(|is_final| !is_final).is_none_or(|first| first >= last_final),
                "{}",
                feed.title
            );
        }
    }

    #[test]
    fn the_newest_of_dated_postings_comes_first_wherever_the_date_stands() {
        let files = [
            ("october-2026-ndc-hcpcs-crosswalk-final.zip", "October 2026 - Final"),
            ("october-2026-ndc-hcpcs-crosswalk-09-19-2026-final-file.zip", "b"),
            ("october-2026-ndc-hcpcs-crosswalk-final-0.zip", "October 2026 - Final"),
            ("october-2026-ndc-hcpcs-crosswalk-09-30-2026-final-file.zip", "a"),
            ("october-2026-ndc-hcpcs-crosswalk-1.zip", "Updated 11/15/2026"),
        ];
        let page: String =
            files.iter().map(|(file, text)| format!("<a href=\"/files/zip/{file}\">{text}</a>")).collect();
        let expected = [4, 3, 1, 2, 0].map(|at: usize| format!("2026Q4 Archive /files/zip/{}", files[at].0));
        assert_eq!(found(&page, FeedId::NdcCrosswalk), expected);
    }

    #[test]
    fn what_cms_posts_beside_a_table_is_not_taken_for_it() {
        let page = r#"<a href="/files/zip/october-2026-ndc-hcpcs-crosswalk-seasonal-vaccines.zip">Seasonal</a>
            <a href="/media/9">October 2026 NDC-HCPCS Crosswalk, vaccines</a>
            <a href="/files/zip/october-2026-drugs-not-payable-under-part-b-payment-limit-files.zip">Drugs Not Payable</a>
            <a href="/media/10">October 2026 Alpha-Numeric HCPCS File, Corrections</a>
            <a href="/files/zip/hcpc2026_oct_anweb_corrections_09102026.zip">October</a>
            <a href="/media/11">Corrections to the October 2026 Alpha-Numeric HCPCS File</a>
            <a href="/media/12">October 2026 Alpha-Numeric HCPCS File with corrections (ZIP)</a>"#;
        assert_eq!(found(page, FeedId::NdcCrosswalk), [""; 0]);
        assert_eq!(found(page, FeedId::AspLimits), [""; 0]);
        assert_eq!(codes(page), ["2026Q4 Archive /media/12"], "a file may be posted with its corrections");
    }

    #[test]
    fn each_quarterly_file_is_found_among_its_neighbours() {
        let page = r#"<a href="/files/zip/january-2026-medicare-part-b-payment-limit-files.zip">January 2026 Payment Limit Files</a>
            <a href="/files/zip/january-2026-ndc-hcpcs-crosswalk.zip">January 2026 NDC-HCPCS Crosswalk</a>
            <a href="/files/zip/october-2025-asp-noc-pricing-file.zip">October 2025 ASP NOC Pricing File</a>
            <a href="/files/zip/october-2025-asp-pricing-final-file.zip">October 2025 ASP Pricing File</a>
            <a href="/files/zip/medicare-ncci-2026-q4-practitioner-services-mue-table.zip">Practitioner Services MUE Table – Effective October 1, 2026</a>
            <a href="/files/zip/medicare-ncci-2026-q4-dme-supplier-services-mue-table.zip">DME Supplier Services MUE Table</a>
            <a href="/files/zip/medicare-ncci-add-code-edits-v2026q2.zip">Add-on Code Edits effective April 1, 2026</a>"#;
        assert_eq!(
            found(page, FeedId::AspLimits),
            [
                "2026Q1 Archive /files/zip/january-2026-medicare-part-b-payment-limit-files.zip",
                "2025Q4 Archive /files/zip/october-2025-asp-pricing-final-file.zip",
            ]
        );
        assert_eq!(
            found(page, FeedId::NdcCrosswalk),
            ["2026Q1 Archive /files/zip/january-2026-ndc-hcpcs-crosswalk.zip"]
        );
        let mue = "2026Q4 Archive /files/zip/medicare-ncci-2026-q4-practitioner-services-mue-table.zip";
        assert_eq!(found(page, FeedId::Mue), [mue]);
        let aoc = "2026Q2 Archive /files/zip/medicare-ncci-add-code-edits-v2026q2.zip";
        assert_eq!(found(page, FeedId::AddOnCodes), [aoc]);
    }

    #[test]
    fn every_name_that_a_payment_file_has_had_is_known() {
        for (id, quarter, path) in [
            (FeedId::AspLimits, "2025Q1", "/files/zip/january-2025-asp-pricing-file.zip"),
            (
                FeedId::AspLimits,
                "2026Q4",
                "/files/zip/october-2026-medicare-part-b-payment-limit-files-final.zip",
            ),
            (
                FeedId::AspLimits,
                "2017Q1",
                "/Medicare/Medicare-Fee-for-Service-Part-B-Drugs/McrPartBDrugAvgSalesPrice/Downloads/2017-January-ASP-Pricing-File.zip",
            ),
            (FeedId::NdcCrosswalk, "2022Q4", "/files/zip/october-2022-asp-ndc-hcpcs-crosswalks.zip"),
            (FeedId::NdcCrosswalk, "2025Q2", "/files/zip/april-2025-asp-ndc-hcpcs-crosswalk.zip"),
            (
                FeedId::NdcCrosswalk,
                "2025Q4",
                "/files/zip/october-2025-asp-ndc-hcpcs-crosswalk-final-file.zip",
            ),
            (FeedId::NdcCrosswalk, "2026Q4", "/files/zip/october-2026-ndc-hcpcs-crosswalk-final.zip"),
            (
                FeedId::MueOutpatient,
                "2026Q3",
                "/files/zip/medicare-ncci-2026-q3-facility-outpatient-hospital-services-mue-table.zip",
            ),
            (
                FeedId::MueDme,
                "2026Q3",
                "/files/zip/medicare-ncci-2026-q3-dme-supplier-services-mue-table.zip",
            ),
        ] {
            let link = format!("<a href=\"{path}\">here</a>");
            assert_eq!(found(&link, id), [format!("{quarter} Archive {path}")]);
        }
    }

    #[test]
    fn a_page_without_links_gives_none() {
        for page in
            ["", "<html><title>Access denied</title></html>", "\u{0}<<<a href=", "<a href='http://['>x</a>"]
        {
            assert!(codes(page).is_empty(), "{page}");
        }
    }
}
