//! Brackets in a name that tell no drug.

/// A name without brackets that tell no drug, so that the words behind them count: `Heparin (Porcine) Lock Flush`.
pub(super) fn without_idle_brackets(name: &str) -> Option<String> {
    const ANIMALS: &[&str] = &["porcine", "pork"];
    let (before, rest) = name.split_once('(')?;
    let (inside, behind) = rest.split_once(')')?;
    let is_idle = |word: &str| {
        word.bytes().all(|byte| byte.is_ascii_digit())
            || ANIMALS.iter().any(|animal| animal.eq_ignore_ascii_case(word))
    };
    let mut words = inside.split_whitespace().peekable();
    (words.peek().is_some() && words.all(is_idle)).then(|| format!("{before} {behind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_of_an_animal_or_a_number_part_no_name() {
        for (name, plain) in [
            ("Heparin (Porcine) Lock Flush", Some("Heparin   Lock Flush")),
            ("IPRATROPIUM-ALBUTEROL 0.5-2.5 (3) MG/3ML", Some("IPRATROPIUM-ALBUTEROL 0.5-2.5   MG/3ML")),
            ("ondansetron (Zofran) 4 mg", None),
            ("morphine (PF) 2 mg", None),
            ("heparin ()", None),
            ("heparin", None),
        ] {
            assert_eq!(without_idle_brackets(name).as_deref(), plain, "{name}");
        }
    }
}
