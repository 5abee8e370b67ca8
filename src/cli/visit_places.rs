//! The places of a request in the words of its sender: `administrations[2].drugs[0].ndc` is "a3 rituximab, ndc".

use crate::server::pb;

/// The administrations of the request, where they are known.
pub struct Places<'a> {
    administrations: &'a [pb::Administration],
    /// The date of service of the visit; empty where it is not known.
    date: &'a str,
}

/// A field path, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The administration and the drug by name; empty for the visit as a whole.
    pub subject: String,
    /// The field in it; empty for the whole.
    pub field: String,
}

impl<'a> Places<'a> {
    /// Names for the places of a request.
    pub const fn new(administrations: &'a [pb::Administration], date: &'a str) -> Self {
        Self { administrations, date }
    }

    /// The place of a field path.
    pub fn of(&self, path: &str) -> Place {
        let whole = |field: &str| Place { subject: String::new(), field: field.to_owned() };
        let Some((administration, rest)) = indexed(path, "administrations") else { return whole(path) };
        let given = self.administrations.get(administration);
        let id = given.map(|given| given.administration_id.as_str()).filter(|id| !id.is_empty());
        let mut subject = id.map_or_else(|| format!("a{}", administration + 1), str::to_owned);
        let Some((drug, rest)) = indexed(rest, "drugs") else {
            return Place { subject, field: rest.to_owned() };
        };
        if let Some(drug) = given.and_then(|given| given.drugs.get(drug)) {
            let name = if drug.name.is_empty() { &drug.hcpcs_code } else { &drug.name };
            subject = format!("{subject} {name}");
        }
        // One drug may be given on several days.
        if let Some(date) = given.and_then(|given| self.other_date(given)) {
            subject = format!("{subject} on {date}");
        }
        let field = match indexed(rest, "containers") {
            Some((container, field)) => format!("container {} {field}", container + 1).trim_end().to_owned(),
            None => rest.to_owned(),
        };
        Place { subject, field }
    }

    /// The day on which an administration began, where that is not the visit's.
    fn other_date(&self, given: &'a pb::Administration) -> Option<&'a str> {
        let time = if given.start_time.is_empty() { &given.stop_time } else { &given.start_time };
        let (date, _) = time.split_once('T')?;
        (!self.date.is_empty() && date != self.date).then_some(date)
    }
}

/// The index of a list at the head of a path, and the rest of the path.
fn indexed<'p>(path: &'p str, list: &str) -> Option<(usize, &'p str)> {
    let (index, rest) = path.strip_prefix(list)?.strip_prefix('[')?.split_once(']')?;
    Some((index.parse().ok()?, rest.strip_prefix('.').unwrap_or(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_the_names_of_the_request() {
        let drug = pb::Drug { name: "rituximab".to_owned(), ..Default::default() };
        let bag = pb::Administration {
            administration_id: "a3".to_owned(),
            drugs: vec![drug],
            ..Default::default()
        };
        let administrations = [bag];
        let places = Places::new(&administrations, "");
        let named = |path| {
            let Place { subject, field } = places.of(path);
            format!("{subject}|{field}")
        };
        assert_eq!(named("administrations[0].drugs[0].ndc"), "a3 rituximab|ndc");
        assert_eq!(
            named("administrations[0].drugs[0].containers[1].lotNumber"),
            "a3 rituximab|container 2 lotNumber"
        );
        assert_eq!(named("administrations[0].stopTime"), "a3|stopTime");
        assert_eq!(named("administrations[7]"), "a8|");
        assert_eq!(named("documentation.orderSigned"), "|documentation.orderSigned");
        assert_eq!(named(""), "|");
    }

    #[test]
    fn a_drug_of_another_day_is_named_with_it() {
        let bag = |start: &str| pb::Administration {
            start_time: start.to_owned(),
            drugs: vec![pb::Drug { name: "morphine".to_owned(), ..Default::default() }],
            ..Default::default()
        };
        let administrations = [bag("2025-11-03T09:00"), bag("2025-11-04T09:00")];
        let places = Places::new(&administrations, "2025-11-03");
        assert_eq!(places.of("administrations[0].drugs[0]").subject, "a1 morphine");
        assert_eq!(places.of("administrations[1].drugs[0].ndc").subject, "a2 morphine on 2025-11-04");
        assert_eq!(places.of("administrations[1].stopTime").subject, "a2");
    }
}
