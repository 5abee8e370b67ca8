//! The rules as the service and the command line list them: one rule, or pages of them.

use super::convert;
use super::convert::Violations;
use super::limits::{RULES_PAGE_DEFAULT, RULES_PAGE_MAX, RequestLimits};
use super::pb;
use super::refusal::Refusal;
use crate::policy::Citations;
use crate::rules::{self, Rule};

/// One rule by its id, in any case.
///
/// # Errors
/// No rule has the id, or it is longer than an id may be.
pub fn get(id: &str, citations: &Citations, limits: &RequestLimits) -> Result<pb::Rule, Refusal> {
    let mut violations = Violations::under(limits);
    if violations.id(&convert::Path::Root.field("ruleId"), id).is_none() && id.is_empty() {
        violations.add(&convert::Path::Root.field("ruleId"), "is required: give an id such as ADDL-1");
    }
    violations.into_result(())?;
    let id = id.trim();
    let (family, rule) = rules::find_with_family(id).ok_or_else(|| unknown(id))?;
    Ok(convert::rule(rule, family, citations))
}

/// A page of the rules in reading order. The token of a page is the id of its first rule, so a rule added
/// between two calls moves none out of sight.
///
/// # Errors
/// A family, or a token, that does not exist.
pub fn list(request: &pb::ListRulesRequest, citations: &Citations) -> Result<pb::ListRulesResponse, Refusal> {
    let mut violations = Violations::default();
    let rules = of_family(&request.family);
    if rules.is_empty() {
        violations.add(&convert::Path::Root.field("family"), no_family());
    }
    let start = match request.page_token.as_str() {
        "" => Some(0),
        token => rules.iter().position(|(_, rule)| rule.id == token),
    };
    if start.is_none() && !rules.is_empty() {
        let text =
            "is not a token of this listing: give next_page_token of the page before, with the same family";
        violations.add(&convert::Path::Root.field("pageToken"), text);
    }
    let start = violations.into_result(start.unwrap_or_default())?;
    let size = match request.page_size {
        0 => RULES_PAGE_DEFAULT,
        size => size.min(RULES_PAGE_MAX),
    };
    let end = rules.len().min(start + size as usize);
    let page = rules[start..end].iter().map(|(family, rule)| convert::rule(rule, family, citations));
    Ok(pb::ListRulesResponse {
        rules: page.collect(),
        next_page_token: rules.get(end).map(|(_, rule)| rule.id.to_owned()).unwrap_or_default(),
        total_size: rules.len() as u32,
    })
}

/// The rules of a family, in any case, with its title; every rule where none is named.
pub fn of_family(title: &str) -> Vec<(&'static str, &'static Rule)> {
    let title = title.trim();
    let wanted =
        rules::families().filter(|(family, _)| title.is_empty() || family.eq_ignore_ascii_case(title));
    wanted.flat_map(|(family, rules)| rules.iter().map(move |rule| (family, *rule))).collect()
}

/// What to say where no family has the title.
pub fn no_family() -> String {
    let titles: Vec<&str> = rules::families().map(|(title, _)| title).collect();
    format!("is no family of rules: give one of {}", titles.join(" · "))
}

/// The refusal of an id, with the ids that look like it.
fn unknown(id: &str) -> Refusal {
    const EDITS_MAX: usize = 2;
    const ALIKE_MAX: usize = 5;
    const CHARACTERS_MAX: usize = 32;
    let folded = id.to_ascii_uppercase();
    let alike =
        rules::all().map(|rule| rule.id).filter(|known| strsim::levenshtein(known, &folded) <= EDITS_MAX);
    let alike: Vec<&str> = alike.take(ALIKE_MAX).collect();
    let hint = if alike.is_empty() {
        "list the rules".to_owned()
    } else {
        format!("did you mean {}?", alike.join(", "))
    };
    Refusal::UnknownRule { id: id.chars().filter(|c| !c.is_control()).take(CHARACTERS_MAX).collect(), hint }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyBook;

    fn listed(request: &pb::ListRulesRequest) -> Result<pb::ListRulesResponse, Refusal> {
        let book = PolicyBook::embedded().expect("the embedded policies");
        list(request, book.citations())
    }

    #[test]
    fn pages_hold_every_rule_once_in_reading_order() {
        let mut request = pb::ListRulesRequest { page_size: 7, ..Default::default() };
        let mut seen = Vec::new();
        loop {
            let page = listed(&request).expect("a page");
            assert_eq!(page.total_size as usize, rules::all().count());
            seen.extend(page.rules.into_iter().map(|rule| rule.rule_id));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert!(seen.iter().map(String::as_str).eq(rules::all().map(|rule| rule.id)));
    }

    #[test]
    fn a_family_is_listed_alone_and_faults_name_their_field() {
        let request = pb::ListRulesRequest { family: "time".to_owned(), ..Default::default() };
        let page = listed(&request).expect("a page");
        assert!(!page.rules.is_empty() && page.rules.iter().all(|rule| rule.family == "Time"));
        for (request, field) in [
            (pb::ListRulesRequest { family: "no such".to_owned(), ..Default::default() }, "family"),
            (pb::ListRulesRequest { page_token: "no such".to_owned(), ..Default::default() }, "pageToken"),
        ] {
            let Err(Refusal::Invalid(violations)) = listed(&request) else { panic!("a refusal") };
            assert_eq!(violations.list()[0].field, field);
        }
    }

    #[test]
    fn an_unknown_rule_hints_at_its_neighbours() {
        let book = PolicyBook::embedded().expect("the embedded policies");
        let get = |id: &str| get(id, book.citations(), &RequestLimits::default());
        let error = get("time3").expect_err("a refusal").to_string();
        assert!(error.contains("TIME-3"), "{error}");
        assert!(get(" time-3 ").is_ok());
        // A text that no id can be is compared with none.
        assert!(matches!(get(&"x".repeat(900_000)), Err(Refusal::Invalid(_))));
    }
}
