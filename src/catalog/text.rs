//! Texts that share one allocation.
//!
//! A catalog has tens of thousands of short texts. Each in a place of its own they would lie between what a refresh frees,
//! and the allocator gives back whole pages only; as parts of one text they come and go together.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A text, which is a part of a longer one that others share.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Text {
    /// Nothing where the text is empty.
    whole: Option<Arc<String>>,
    first: u32,
    len: u32,
}

impl Text {
    /// A part of a whole without a copy; what lies elsewhere, such as a text that was unescaped, is copied.
    pub fn part_of(whole: &Arc<String>, part: &str) -> Self {
        let first = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
        let end = first.wrapping_add(part.len());
        // Memory is in one place only, so what begins and ends within the whole is a part of it.
        match u32::try_from(first).ok().zip(u32::try_from(part.len()).ok()) {
            Some((first, len)) if len > 0 && end <= whole.len() => {
                Self { whole: Some(whole.clone()), first, len }
            }
            _ => part.into(),
        }
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        let (first, end) = (self.first as usize, self.first as usize + self.len as usize);
        // The bounds are those of a text that was a part of the whole, which nobody changes.
        self.whole.as_ref().and_then(|whole| whole.get(first..end)).unwrap_or_default()
    }
}

/// Lays texts together, so that they share one allocation and let go of all others.
pub fn gather(texts: &mut [&mut Text]) {
    let mut whole = String::with_capacity(texts.iter().map(|text| text.len()).sum());
    let mut first_of = |text: &Text| {
        let first = whole.len();
        whole.push_str(text);
        first
    };
    let firsts: Vec<usize> = texts.iter().map(|text| first_of(text)).collect();
    let whole = Arc::new(whole);
    for (text, first) in texts.iter_mut().zip(firsts) {
        **text = Text::part_of(&whole, &whole[first..first + text.len()]);
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        // No text of a catalog comes near four thousand million bytes; a longer one would be cut there.
        let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
        Self { whole: (len > 0).then(|| Arc::new(text)), first: 0, len }
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.as_str().to_owned()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_no_copy_and_what_lies_elsewhere_is_one() {
        let whole = Arc::new("Injection, naïve, 10 mg".to_owned());
        let part = Text::part_of(&whole, &whole[11..17]);
        assert_eq!(&*part, "naïve");
        assert!(std::ptr::eq(part.as_ptr(), whole[11..].as_ptr()));
        let elsewhere = "naïve".to_owned();
        assert_eq!(Text::part_of(&whole, &elsewhere), part);
        assert_eq!(Arc::strong_count(&whole), 2);
        for empty in [Text::part_of(&whole, &whole[3..3]), Text::default(), "".into()] {
            assert!(empty.is_empty() && empty.whole.is_none());
        }
    }

    #[test]
    fn texts_that_are_gathered_share_one_allocation_and_keep_what_they_say() {
        let whole = Arc::new("rituximab;Rituxan".to_owned());
        let mut texts = [Text::part_of(&whole, &whole[..9]), "".into(), "Truxima".into(), "ß".into()];
        let before = texts.clone().map(String::from);
        gather(&mut texts.each_mut());
        assert_eq!(texts.clone().map(String::from), before);
        assert_eq!(Arc::strong_count(&whole), 1, "the text before is let go");
        let shared = texts[0].whole.clone().expect("a text");
        assert!(
            texts
                .iter()
                .filter(|text| !text.is_empty())
                .all(|text| { text.whole.as_ref().is_some_and(|whole| Arc::ptr_eq(whole, &shared)) })
        );
        gather(&mut []);
    }
}
