//! Every shape that the page of the code files has had, every address it lay at, and every name of a file:
//! each is discovered by a whole refresh.

use infusion_coder::updater::refresh::Outcome;

use super::stores::{House, PAGE};
use crate::support::anweb::Posting;
use crate::support::site::Fault;

/// What a site published at one time.
struct Shape {
    /// When, and what was particular.
    era: &'static str,
    pages: &'static [(&'static str, &'static str)],
    /// The file's address, and the member in it.
    file: (&'static str, &'static str),
    /// The quarter in effect on the day of the refresh.
    current: &'static str,
    found: &'static str,
}

const SHAPES: &[Shape] = &[
    Shape {
        era: "until 2019: a news feed, a page of one file, and the file",
        pages: &[
            (
                "/Medicare/Coding/HCPCSReleaseCodeSets/Alpha-Numeric-HCPCS.html",
                r#"<?xml version="1.0"?><rss><channel><item><title>2019 Alpha-Numeric HCPCS File</title><link>SITE/Medicare/Coding/HCPCSReleaseCodeSets/2019-Alpha-Numeric-HCPCS-File.html</link></item></channel></rss>"#,
            ),
            (
                "/Medicare/Coding/HCPCSReleaseCodeSets/2019-Alpha-Numeric-HCPCS-File.html",
                r#"<h2>Downloads</h2><ul><li><a type="application/zip" href="/Medicare/Coding/HCPCSReleaseCodeSets/Downloads/2019-Alpha-Numeric-HCPCS-File.zip">2019 Alpha-Numeric HCPCS File [ZIP, 2MB]</a></li></ul>"#,
            ),
        ],
        file: (
            "/Medicare/Coding/HCPCSReleaseCodeSets/Downloads/2019-Alpha-Numeric-HCPCS-File.zip",
            "HCPC2019_CONTR_ANWEB.txt",
        ),
        current: "2019Q1",
        found: "2019Q1",
    },
    Shape {
        era: "2012 to 2014: a short name",
        pages: &[(
            "/Medicare/Coding/HCPCSReleaseCodeSets/Alpha-Numeric-HCPCS.html",
            r#"<a href="/Medicare/Coding/HCPCSReleaseCodeSets/Downloads/14anweb.zip">2014 Alpha-Numeric HCPCS File</a><a href="/Medicare/Coding/HCPCSReleaseCodeSets/Downloads/13anweb.zip">2013</a>"#,
        )],
        file: ("/Medicare/Coding/HCPCSReleaseCodeSets/Downloads/14anweb.zip", "HCPC2014_ANWEB.txt"),
        current: "2014Q1",
        found: "2014Q1",
    },
    Shape {
        era: "2019 to 2021: a list of pages, each with its file",
        pages: &[
            (
                "/Medicare/Coding/HCPCSReleaseCodeSets/Alpha-Numeric-HCPCS",
                r#"<td><a href="/Medicare/Coding/HCPCSReleaseCodeSets/Alpha-Numeric-HCPCS-Items/2020-Alpha-Numeric-HCPCS-File">2020 Alpha-Numeric HCPCS File</a></td>"#,
            ),
            (
                "/Medicare/Coding/HCPCSReleaseCodeSets/Alpha-Numeric-HCPCS-Items/2020-Alpha-Numeric-HCPCS-File",
                r#"<a href="/Medicare/Coding/HCPCSReleaseCodeSets/Downloads/2020-Alpha-Numeric-HCPCS-File.zip">2020 Alpha-Numeric HCPCS File (ZIP)</a>"#,
            ),
        ],
        file: (
            "/Medicare/Coding/HCPCSReleaseCodeSets/Downloads/2020-Alpha-Numeric-HCPCS-File.zip",
            "HCPC2020_ANWEB_w_disclaimer.txt",
        ),
        current: "2020Q1",
        found: "2020Q1",
    },
    Shape {
        era: "September 2021: media entities with a title, at the address of that time",
        pages: &[(
            "/Medicare/Coding/HCPCSReleaseCodeSets/HCPCS-Quarterly-Update",
            r#"<h1 id="p" class="page-title">HCPCS Quarterly Update</h1><ul><li><a data-entity-substitution="canonical" data-entity-type="media" data-entity-uuid="u" href="/files/zip/october-2021-alpha-numeric-hcpcs-file.zip" title="October 2021 Alpha-Numeric HCPCS File">October 2021</a></li></ul>"#,
        )],
        file: ("/files/zip/october-2021-alpha-numeric-hcpcs-file.zip", "HCPC2021_OCT_ANWEB.txt"),
        current: "2021Q4",
        found: "2021Q4",
    },
    Shape {
        era: "April 2022: an address that names no kind of file",
        pages: &[(
            "/Medicare/Coding/HCPCSReleaseCodeSets/HCPCS-Quarterly-Update",
            r#"<ul><li><a href="/files/zip/april-2022-hcpcs.zip" title="April 2022 Alpha-Numeric HCPCS File">here</a></li></ul>"#,
        )],
        file: ("/files/zip/april-2022-hcpcs.zip", "HCPC2022_APR_ANWEB.txt"),
        current: "2022Q2",
        found: "2022Q2",
    },
    Shape {
        era: "March 2023: text before the link",
        pages: &[(
            "/Medicare/Coding/HCPCSReleaseCodeSets/HCPCS-Quarterly-Update",
            r#"<ul><li>Updated 03/01/2023: <a href="/files/zip/january-2023-alpha-numeric-hcpcs-file.zip" title="January 2023 Alpha-Numeric HCPCS File">file</a></li></ul>"#,
        )],
        file: ("/files/zip/january-2023-alpha-numeric-hcpcs-file.zip", "HCPC2023_JAN_ANWEB_v3.txt"),
        current: "2023Q1",
        found: "2023Q1",
    },
    Shape {
        era: "September 2023: the title in a span, and several files",
        pages: &[(
            PAGE,
            r#"<h1><span class="f">HCPCS Quarterly Update</span></h1><ul><li><a href="/files/zip/october-2023-alpha-numeric-hcpcs-files.zip" title="October 2023 Alpha-Numeric HCPCS Files">October</a></li></ul>"#,
        )],
        file: ("/files/zip/october-2023-alpha-numeric-hcpcs-files.zip", "HCPC2023_OCT_ANWEB.txt"),
        current: "2023Q4",
        found: "2023Q4",
    },
    Shape {
        era: "November 2023: a number in place of a name, which leads to the file",
        pages: &[(
            PAGE,
            r#"<ul><li><a href="/media/123456"><span>January</span> 2024 Alpha-Numeric HCPCS Files</a></li><li><a href="/media/7">January 2024 Alpha-Numeric HCPCS Corrections</a></li></ul>"#,
        )],
        file: ("/files/zip/january-2024-anweb.zip", "HCPC2024_JAN_ANWEB_v4.txt"),
        current: "2024Q1",
        found: "2024Q1",
    },
    Shape {
        era: "since May 2024: every quarter, the newest first, with its neighbours",
        pages: &[(
            PAGE,
            r#"<ul><li><a href="/files/zip/october-2026-alpha-numeric-hcpcs-file.zip" title="October 2026 Alpha-Numeric HCPCS File">October 2026 Alpha-Numeric HCPCS File (ZIP)</a></li><li><a href="/files/zip/october-2026-alpha-numeric-hcpcs-corrections.zip">October 2026 Alpha-Numeric HCPCS Corrections (ZIP)</a></li><li><a href="/files/zip/july-2024-alpha-numeric-hcpcs-file.zip" title="July 2024 Alpha-Numeric HCPCS File">July 2024</a></li></ul>"#,
        )],
        file: ("/files/zip/october-2026-alpha-numeric-hcpcs-file.zip", "f/HCPC2026_OCT_ANWEB_v2.txt"),
        current: "2026Q4",
        found: "2026Q4",
    },
    Shape {
        era: "the name under which a browser saves the file",
        pages: &[(PAGE, r#"<a href="/files/zip/hcpc2026_apr_anweb_0.zip">April</a>"#)],
        file: ("/files/zip/hcpc2026_apr_anweb_0.zip", "HCPC2026_APR_ANWEB.txt"),
        current: "2026Q2",
        found: "2026Q2",
    },
    Shape {
        era: "the code set's own address",
        pages: &[(
            "/Medicare/Coding/HCPCSReleaseCodeSets",
            r#"<a href="/files/zip/july-2024-alpha-numeric-hcpcs-files.zip">July 2024 Alpha-Numeric HCPCS Files</a>"#,
        )],
        file: ("/files/zip/july-2024-alpha-numeric-hcpcs-files.zip", "HCPC2024_JUL_ANWEB_v3.txt"),
        current: "2024Q3",
        found: "2024Q3",
    },
    Shape {
        era: "the mirror of the department",
        pages: &[(
            "/guidance/document/hcpcs-quarterly-update",
            r#"<a href="/files/zip/july-2024-alpha-numeric-hcpcs-file.zip">July 2024 Alpha-Numeric HCPCS File</a>"#,
        )],
        file: ("/files/zip/july-2024-alpha-numeric-hcpcs-file.zip", "HCPC2024_JUL_ANWEB_v3.txt"),
        current: "2024Q3",
        found: "2024Q3",
    },
    Shape {
        era: "no page: the name of one file",
        pages: &[],
        file: ("/files/zip/january-2025-alpha-numeric-hcpcs-file.zip", "HCPC2025_JAN_ANWEB_12172024.txt"),
        current: "2025Q1",
        found: "2025Q1",
    },
    Shape {
        era: "no page: the name of several files",
        pages: &[],
        file: ("/files/zip/april-2024-alpha-numeric-hcpcs-files.zip", "HCPC2024_APR_ANWEB_v5.txt"),
        current: "2024Q2",
        found: "2024Q2",
    },
    Shape {
        era: "no page: the file of a year",
        pages: &[],
        file: (
            "/Medicare/Coding/HCPCSReleaseCodeSets/Downloads/2018-Alpha-Numeric-HCPCS-File.zip",
            "HCPC2018_CONTR_ANWEB_disc.txt",
        ),
        current: "2018Q1",
        found: "2018Q1",
    },
    Shape {
        era: "a page a quarter behind the calendar",
        pages: &[(
            PAGE,
            r#"<a href="/files/zip/april-2026-alpha-numeric-hcpcs-file.zip">April 2026 Alpha-Numeric HCPCS File</a>"#,
        )],
        file: ("/files/zip/april-2026-alpha-numeric-hcpcs-file.zip", "HCPC2026_APR_ANWEB.txt"),
        current: "2026Q3",
        found: "2026Q2",
    },
];

#[tokio::test]
async fn every_shape_of_the_page_is_discovered() {
    for shape in SHAPES {
        let house = House::new(&[]).await;
        house.site.remove(PAGE);
        for (path, html) in shape.pages {
            let origin = house.site.url("").to_string();
            house.site.put(path, html.replace("SITE", origin.trim_end_matches('/')));
        }
        let (address, member) = shape.file;
        house.site.put(address, Posting::plausible().zip(member));
        house.site.fail_always("/media/123456", Fault::Redirect(address.to_owned()));
        // A list of the quarter before is no word on the one in effect.
        let is_behind = shape.found != shape.current;
        let or_behind = |outcome| if is_behind { Outcome::SourceUnreachable } else { outcome };
        let report = house.refresh_on(shape.current).await;
        assert_eq!(report.outcome, or_behind(Outcome::Updated), "{}: {report:?}", shape.era);
        let found: Vec<_> = report.releases.iter().map(|header| header.quarter.to_string()).collect();
        assert_eq!(found, [shape.found], "{}", shape.era);
        let again = house.refresh_on(shape.current).await;
        assert_eq!(again.outcome, or_behind(Outcome::AlreadyCurrent), "{}: {again:?}", shape.era);
    }
}

#[tokio::test]
async fn a_page_that_refuses_or_says_nothing_is_not_taken_for_no_update() {
    for fault in [Fault::Status(403), Fault::Html, Fault::Status(404)] {
        let house = House::new(&[]).await;
        house.site.fail_always(PAGE, fault.clone());
        let report = house.refresh_on("2026Q1").await;
        assert_eq!(report.outcome, Outcome::SourceUnreachable, "{fault:?}: {report:?}");
        let file = "/files/zip/january-2026-alpha-numeric-hcpcs-file.zip";
        house.site.put(file, Posting::plausible().zip("HCPC2026_JAN_ANWEB.txt"));
        let report = house.refresh_on("2026Q1").await;
        assert_eq!(report.outcome, Outcome::Updated, "{fault:?}: {report:?}");
    }
}
