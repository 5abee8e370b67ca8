//! Segments, elements and components, cut by the delimiters that the interchange header declares.

/// The characters that cut an interchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delimiters {
    pub element: char,
    pub component: char,
    pub repetition: char,
    pub segment: char,
}

/// What nearly everyone uses, and what a fragment without a header is read by.
pub(super) const CUSTOMARY: Delimiters =
    Delimiters { element: '*', component: ':', repetition: '^', segment: '~' };

/// Elements of the interchange header; the last one declares the component separator.
const ISA_ELEMENTS: usize = 16;
/// The element that declares the repetition separator since version 00402.
const ISA_REPETITION: usize = 11;

impl Delimiters {
    /// Reads them from the header by counting elements, so that a header whose padding was lost is still read.
    pub(super) fn of(text: &str) -> Option<Self> {
        let Some(header) = text.strip_prefix("ISA") else { return Some(CUSTOMARY) };
        let element = header.chars().next().filter(|c| is_delimiter(*c))?;
        let mut elements = header[element.len_utf8()..].splitn(ISA_ELEMENTS, element);
        let repetition = elements.nth(ISA_REPETITION - 1)?.chars().next()?;
        let mut last = elements.nth(ISA_ELEMENTS - ISA_REPETITION - 1)?.chars();
        let component = last.next().filter(|c| is_delimiter(*c))?;
        let segment = last.next()?;
        let repetition = if is_delimiter(repetition) { repetition } else { CUSTOMARY.repetition };
        Some(Self { element, component, repetition, segment })
    }
}

/// One segment with its place in the file, counted from one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub position: usize,
    text: &'a str,
    delimiters: Delimiters,
}

impl<'a> Segment<'a> {
    /// The letters that name the segment.
    pub(super) fn id(&self) -> &'a str {
        self.element(0)
    }

    /// An element, counted from one; empty when it is absent.
    pub(super) fn element(&self, number: usize) -> &'a str {
        self.text.split(self.delimiters.element).nth(number).unwrap_or("").trim()
    }

    /// A component of an element, both counted from one; empty when it is absent.
    pub(super) fn component(&self, element: usize, number: usize) -> &'a str {
        let mut components = self.element(element).split(self.delimiters.component);
        components.nth(number.saturating_sub(1)).unwrap_or("").trim()
    }

    /// Every element after the name.
    pub(super) fn element_numbers(&self) -> impl Iterator<Item = usize> {
        1..self.text.split(self.delimiters.element).count()
    }
}

/// The segments of a text, in order, blank ones left out.
pub(super) fn segments(text: &str, delimiters: Delimiters) -> impl Iterator<Item = Segment<'_>> {
    // Some exports end segments by line only, although the header promises another character.
    let by_line = !text.contains(delimiters.segment);
    text.split(move |c| c == delimiters.segment || by_line && c == '\n')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .enumerate()
        .map(move |(index, text)| Segment { position: index + 1, text, delimiters })
}

fn is_delimiter(c: char) -> bool {
    !c.is_alphanumeric() && c != ' '
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "ISA|00|          |00|          |ZZ|A|ZZ|B|240101|1200|^|00501|000000001|0|T|>\n";

    #[test]
    fn delimiters_come_from_the_header() {
        let delimiters = Delimiters::of(HEADER).expect("a header");
        assert_eq!(delimiters, Delimiters { element: '|', component: '>', repetition: '^', segment: '\n' });
        assert_eq!(Delimiters::of("ST*837*1~"), Some(CUSTOMARY));
        assert_eq!(Delimiters::of("ISA*00*"), None);
        assert_eq!(Delimiters::of("ISA"), None);
    }

    #[test]
    fn absent_elements_and_components_are_empty() {
        let all: Vec<_> = segments("SV1*HC:J9312:JW*10*UN~\r\nLX*2~", CUSTOMARY).collect();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].id(), all[0].component(1, 2), all[0].component(1, 3)), ("SV1", "J9312", "JW"));
        assert_eq!((all[0].element(9), all[0].component(1, 9), all[1].position), ("", "", 2));
    }
}
