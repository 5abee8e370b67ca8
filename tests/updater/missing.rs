//! What is listed and not reached, asked for and not held, refused, or older than what serves.

use infusion_coder::domain::quarter::Quarter;
use infusion_coder::updater::refresh::Outcome;
use infusion_coder::updater::settings::FeedId;
use infusion_coder::updater::source::Sought;

use super::stores::{House, PAGE, THIRD, list, zip_of};
use crate::support::anweb::Posting;
use crate::support::site::Fault;

/// A posting that cannot be fetched, or is refused, is no reason to go back to an older one of its quarter.
#[tokio::test]
async fn an_older_posting_that_is_still_listed_never_takes_the_place_of_what_serves() {
    let (older, newer) = (
        "/files/zip/july-2024-alpha-numeric-hcpcs-file-06-10-2024.zip",
        "/files/zip/july-2024-alpha-numeric-hcpcs-file-06-24-2024.zip",
    );
    let house = House::new(&[older]).await;
    let posting = |unit: &str| Posting::plausible().with("J9901", unit, "20240701");
    house.site.put(older, posting("Injection, testdrug, 44 mg").zip("HCPC2024_JUL_ANWEB.txt"));
    house.refresh().await;
    list(&house.site, &[older, newer]);
    house.site.put(newer, posting("Injection, testdrug, 4 mg").zip("HCPC2024_JUL_ANWEB_v2.txt"));
    let unit = || house.unit("J9901", "2024-08-01").unwrap_or_default();
    assert_eq!((house.refresh().await.outcome, unit()), (Outcome::Updated, "4 mg".to_owned()));
    for (fault, outcome) in [
        (Fault::Status(404), Outcome::SourceUnreachable),
        (Fault::Status(403), Outcome::SourceUnreachable),
        (Fault::Body("application/zip", b"PK half a file".to_vec()), Outcome::Failed),
        (
            Fault::Body("application/zip", Posting::plausible().cut(100).zip("HCPC2024_JUL_ANWEB_v3.txt")),
            Outcome::Refused,
        ),
    ] {
        house.site.fail_always(newer, fault.clone());
        assert_eq!((house.refresh().await.outcome, unit()), (outcome, "4 mg".to_owned()), "{fault:?}");
    }
}

/// Where nothing of the quarter is held, the next file of the page is better than none, and the refusal is told.
#[tokio::test]
async fn the_next_file_is_tried_where_the_first_is_refused_and_none_is_held() {
    let part = "/files/zip/july-2024-alpha-numeric-hcpcs-part-06-24-2024.zip";
    let house = House::new(&[part, THIRD]).await;
    house.site.put(part, Posting::plausible().cut(100).zip("HCPC2024_JUL_ANWEB.txt"));
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB.txt"));
    let report = house.refresh().await;
    assert_eq!((report.outcome, report.releases.len()), (Outcome::Refused, 1), "{report:?}");
    assert!(report.summary().starts_with("stored: hcpcs-2024Q3-"), "{}", report.summary());
    assert_eq!(house.in_use(), ["2024Q3"]);
}

const BESIDE: &str = "/medicare/payment/part-b-drugs/asp-pricing-files";

/// A file that is listed where no link leads to it, as behind the terms of a licence, is told at every refresh.
#[tokio::test]
async fn a_file_that_is_listed_and_not_reached_is_told() {
    let house = House::new(&[THIRD]).await;
    let gate = "/license/ama?file=/files/zip/july-2024-alpha-numeric-hcpcs-file-06-24-2024.zip";
    let link = |path: &str, text: &str| format!("<li><a href=\"{path}\">{text}</a></li>");
    house.site.put(PAGE, link(gate, "July 2024 Alpha-Numeric HCPCS File (ZIP)"));
    house.site.put(gate, "<form><button>Accept</button></form>");
    for _ in 0..2 {
        let report = house.refresh().await;
        assert_eq!(report.outcome, Outcome::SourceUnreachable, "{report:?}");
        assert!(report.notes[0].contains(gate) && report.notes[0].contains("`import`"), "{:?}", report.notes);
    }
    // The file of another address says nothing of the one that is listed.
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB.txt"));
    let report = house.refresh().await;
    assert_eq!((report.outcome, report.releases.len()), (Outcome::SourceUnreachable, 1), "{report:?}");
    let gate = format!("/license/ama?file={THIRD}");
    house.site.put(PAGE, link(&gate, "July 2024 Alpha-Numeric HCPCS File (ZIP)"));
    house.site.put(&gate, "<form><button>Accept</button></form>");
    assert_eq!(house.refresh().await.outcome, Outcome::AlreadyCurrent, "it is the file that is held");
    // A table beside the codes is told as well, and so is the one of the quarter before.
    let asp = "/files/zip/april-2024-asp-pricing-file.zip";
    let rows: String = (1..=600).map(|n| format!("J{n:04},10 MG,{n}.25\n")).collect();
    let limits = format!(
        "\"Effective April 1, 2024 through June 30, 2024\",,\nHCPCS Code,HCPCS Code Dosage,Payment Limit\n{rows}"
    );
    house.site.put(asp, zip_of("ASP Pricing File.csv", limits));
    house.site.put(BESIDE, link(asp, "April 2024 ASP Pricing File"));
    let report = house.refresh().await;
    assert_eq!(report.releases.len(), 1, "{report:?}");
    for report in [report, house.refresh().await] {
        assert!(report.not_refreshed.contains(&FeedId::AspLimits), "{report:?}");
        let is_told = |note: &String| note.contains("limits not refreshed: 2024Q3 is in effect");
        assert!(report.notes.iter().any(is_told), "{:?}", report.notes);
    }
}

/// A quarter that nobody lists was asked for, and a table that is posted once a year is there.
#[tokio::test]
async fn a_quarter_that_is_asked_for_is_held_in_the_end_or_told() {
    let house = House::new(&[THIRD]).await;
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB.txt"));
    let third: Quarter = "2024Q3".parse().expect("a quarter");
    let ask = |quarter: Quarter| Sought::Only(vec![quarter]);
    assert_eq!(house.refresh_sought(ask(third)).await.outcome, Outcome::Updated);
    assert_eq!(house.refresh_sought(ask(third)).await.outcome, Outcome::AlreadyCurrent);
    let report = house.refresh_sought(ask("2019Q1".parse().expect("a quarter"))).await;
    assert_eq!(report.outcome, Outcome::SourceUnreachable);
    assert!(report.notes.iter().any(|note| note.contains("2019Q1 is asked for")), "{:?}", report.notes);
    let add_ons = "/files/zip/medicare-ncci-add-code-edits-v2024q1.zip";
    let rows: String = (0..150).map(|n| format!("9{n:04},96413,1\n")).collect();
    let text = format!("add_on_code,primary_code,aoc_edit_type\n{rows}");
    house.site.put(add_ons, zip_of("AOC_V2024Q1-MCR.txt", text));
    house.site.put(
        "/medicare/coding-billing/national-correct-coding-initiative-ncci-edits/medicare-ncci-add-code-edits",
        format!("<a href=\"{add_ons}\">Add-on Code Edits</a>"),
    );
    for _ in 0..2 {
        let report = house.refresh().await;
        assert!(!report.not_refreshed.contains(&FeedId::AddOnCodes), "{report:?}");
    }
}
