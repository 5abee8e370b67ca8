//! Findings that say the same of several things, as one: a reader should not read a sentence twelve times.

/// Longest part, in words, in which the sentences of a group may differ.
const DIFFERENT_WORDS_MAX: usize = 6;

/// One sentence for several that differ in one place only; nothing where they are not of one kind.
///
/// `no lot number for J2469; one line` and `no lot number for J9263; one line` become
/// `no lot number for J2469, J9263; one line`.
pub fn merged(texts: &[&str]) -> Option<String> {
    let [first, others @ ..] = texts else { return None };
    if others.is_empty() {
        return Some((*first).to_owned());
    }
    let split: Vec<Vec<&str>> = texts.iter().map(|text| text.split(' ').collect()).collect();
    let shortest = split.iter().map(Vec::len).min()?;
    let same =
        |at: &dyn Fn(&[&str]) -> usize| split.iter().all(|words| words[at(words)] == split[0][at(&split[0])]);
    let before = (0..shortest).take_while(|at| same(&|_| *at)).count();
    let after = (0..shortest - before).take_while(|at| same(&|words| words.len() - 1 - at)).count();
    let mut parts: Vec<String> = Vec::new();
    for words in &split {
        let part = words[before..words.len() - after].join(" ");
        if words.len() - after - before > DIFFERENT_WORDS_MAX {
            return None;
        }
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let end = common_end(&parts);
    let names: Vec<&str> = parts.iter().map(|part| &part[..part.len() - end.len()]).collect();
    let mut sentence = split[0][..before].to_vec();
    let middle = names.join(", ") + end;
    if !middle.is_empty() {
        sentence.push(&middle);
    }
    sentence.extend_from_slice(&split[0][split[0].len() - after..]);
    Some(sentence.join(" "))
}

/// The punctuation that every part ends with.
fn common_end(parts: &[String]) -> &'static str {
    let ends = [";", ",", ".", ":", "'s"];
    ends.into_iter().find(|end| parts.iter().all(|part| part.ends_with(end))).unwrap_or_default()
}

/// Puts items into groups of one kind, in the order of the first of each.
pub fn by_kind<T, K: PartialEq>(items: impl IntoIterator<Item = T>, kind: impl Fn(&T) -> K) -> Vec<Vec<T>> {
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    for item in items {
        let key = kind(&item);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_that_differ_in_one_place_become_one() {
        let texts = ["No lot for J2469; 1 line rests on it.", "No lot for J9263; 1 line rests on it."];
        assert_eq!(merged(&texts).as_deref(), Some("No lot for J2469, J9263; 1 line rests on it."));
        assert_eq!(merged(&["The same.", "The same."]).as_deref(), Some("The same."));
        assert_eq!(merged(&["Alone."]).as_deref(), Some("Alone."));
        assert_eq!(merged(&["A b.", "A c."]).as_deref(), Some("A b, c."));
    }

    #[test]
    fn sentences_of_different_kinds_stay_apart() {
        let other = "Something quite different, of which nothing at all is the same as there";
        assert_eq!(merged(&["No lot for J2469; 1 line.", other]), None);
        assert_eq!(merged(&[]), None);
    }

    #[test]
    fn groups_keep_the_order_of_their_first() {
        assert_eq!(by_kind([3, 1, 5, 2], |n| n % 2), [vec![3, 1, 5], vec![2]]);
    }
}
