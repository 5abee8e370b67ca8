//! The words of a flag as the messages of the API: `705 mg`, `100 mg x3 multi-dose ndc=50242-0051-21`.

use crate::server::json::WireEnum;
use crate::server::pb;

/// Reads an amount: a decimal number and its unit, with or without a blank between them; thousands may be set apart by
/// commas.
///
/// # Errors
/// What is missing; the number and the unit themselves are judged with the rest of the request.
pub fn quantity(text: &str) -> Result<pb::Quantity, String> {
    let text = text.trim();
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | ',' | '-' | '+')).unwrap_or(text.len());
    let (value, unit) = (without_commas(text[..end].trim())?, text[end..].trim());
    if value.is_empty() || unit.is_empty() {
        return Err("give a number and its unit, such as \"705 mg\"".to_owned());
    }
    Ok(pb::Quantity { value, unit: unit.to_owned() })
}

/// `1000` of `1,000`; a comma anywhere else may be a decimal one and is refused.
fn without_commas(number: &str) -> Result<String, String> {
    const GROUP_DIGITS: usize = 3;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let is_grouped = groups.all(|group| group.len() == GROUP_DIGITS);
    if number.contains(',')
        && (!is_grouped || fraction.contains(',') || first.is_empty() || first.len() > GROUP_DIGITS)
    {
        return Err(format!(
            "`{number}` is no number: give it without commas, and with a point for decimals"
        ));
    }
    Ok(number.replace(',', ""))
}

/// Reads some equal containers: `CONTENT [xCOUNT] [KIND] [ndc=NDC] [lot=LOT] [volume=AMOUNT]`.
///
/// # Errors
/// The word that is none of these.
pub fn container(text: &str) -> Result<pb::Container, String> {
    let mut read = pb::Container::default();
    let mut content = String::new();
    for word in text.split_whitespace() {
        match word.split_once('=') {
            Some(("ndc", ndc)) => read.ndc = ndc.to_owned(),
            Some(("lot", lot)) => read.lot_number = lot.to_owned(),
            Some(("volume", volume)) => read.volume = Some(quantity(volume)?),
            Some((name, _)) => return Err(format!("`{name}` is none of ndc, lot and volume")),
            None => match (count(word), pb::ContainerKind::number(word)) {
                (Some(count), _) => read.count = Some(count),
                (None, Some(kind)) => read.kind = kind,
                (None, None) => content = format!("{content} {word}"),
            },
        }
    }
    // The NDC tells the content, where the crosswalk lists it.
    let is_told = content.is_empty() && !read.ndc.is_empty();
    read.content = if is_told { None } else { Some(quantity(&content)?) };
    Ok(read)
}

/// The `3` of `x3`.
fn count(word: &str) -> Option<u32> {
    word.strip_prefix(['x', 'X', '×'])?.parse().ok()
}

/// Reads a value of an enum, in any case, with blanks or hyphens.
///
/// # Errors
/// The values there are.
pub fn choice<E: WireEnum>(text: &str) -> Result<i32, String> {
    E::number(text).filter(|number| *number != 0).ok_or_else(|| {
        let names = E::NAMES.iter().filter(|(_, number)| *number != 0);
        let names: Vec<String> = names.map(|(name, _)| name.to_ascii_lowercase().replace('_', "-")).collect();
        format!("give one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(value: &str, unit: &str) -> pb::Quantity {
        pb::Quantity { value: value.to_owned(), unit: unit.to_owned() }
    }

    #[test]
    fn amounts_have_a_number_and_a_unit() {
        assert_eq!(quantity("705 mg"), Ok(amount("705", "mg")));
        assert_eq!(quantity(" 0.3mg "), Ok(amount("0.3", "mg")));
        assert_eq!(quantity("16 sq cm"), Ok(amount("16", "sq cm")));
        assert_eq!(quantity("-5 mg"), Ok(amount("-5", "mg")));
        assert_eq!(quantity("1,000 mg"), Ok(amount("1000", "mg")));
        assert_eq!(quantity("1,200,000 units"), Ok(amount("1200000", "units")));
        for wrong in ["", "mg", "705", "x mg", "1,5 mg", ",000 mg", "1000,000 mg", "1.000,5 mg"] {
            assert!(quantity(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_container_has_a_content_and_may_have_more() {
        let plain = container("500 mg x1").expect("a container");
        assert_eq!((plain.content, plain.count), (Some(amount("500", "mg")), Some(1)));
        let full =
            container("100 mg x3 multi-dose ndc=50242-0051-21 lot=A1 volume=10mL").expect("a container");
        assert_eq!(full.content, Some(amount("100", "mg")));
        assert_eq!(full.count, Some(3));
        assert_eq!(full.kind(), pb::ContainerKind::MultiDose);
        assert_eq!((full.ndc.as_str(), full.lot_number.as_str()), ("50242-0051-21", "A1"));
        assert_eq!(full.volume, Some(amount("10", "mL")));
        assert_eq!(container("x2 ndc=00006-3026-02").expect("a container").content, None);
        assert!(container("x3").is_err() && container("100 mg colour=red").is_err());
    }

    #[test]
    fn values_are_told_where_one_is_wrong() {
        assert_eq!(choice::<pb::Setting>("physician-office"), Ok(pb::Setting::PhysicianOffice as i32));
        assert!(choice::<pb::Setting>("moon").is_err_and(|told| told.contains("hospital-outpatient")));
        assert!(choice::<pb::Setting>("unspecified").is_err());
    }
}
