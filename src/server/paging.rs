//! Pages of a list, as AIP-158 asks: the token is opaque, and belongs to the request it answered.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use super::refusal::Refusal;

/// Where one list of one request goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Checksum of everything in the request that shapes the list.
    scope: u32,
}

impl Cursor {
    /// A cursor for the requests that shape their list alike.
    pub fn of(scope: impl Debug) -> Self {
        Self { scope: crc32fast::hash(format!("{scope:?}").as_bytes()) }
    }

    /// The position that a token names; nothing for the first page.
    ///
    /// # Errors
    /// A token that this server never gave, or gave for another list.
    pub fn open<T: FromStr>(self, token: &str) -> Result<Option<T>, Refusal> {
        if token.is_empty() {
            return Ok(None);
        }
        let position = token.rsplit_once('-').and_then(|(position, scope)| {
            (u32::from_str_radix(scope, 16) == Ok(self.scope)).then_some(position)?.parse().ok()
        });
        let wrong = "belongs to another request: repeat the request that it answered, or give none";
        position.map(Some).ok_or_else(|| Refusal::invalid("pageToken", wrong))
    }

    /// The token that names a position.
    pub fn seal(self, position: impl Display) -> String {
        format!("{position}-{:08x}", self.scope)
    }

    /// One page of a list that is held whole, from the position of a token on, and the token of the next.
    ///
    /// # Errors
    /// As for [`Cursor::open`].
    pub fn page<'a, T>(self, all: &'a [T], token: &str, size: usize) -> Result<(&'a [T], String), Refusal> {
        let start = self.open(token)?.unwrap_or(0_usize).min(all.len());
        let end = start.saturating_add(size).min(all.len());
        let next = if end < all.len() { self.seal(end) } else { String::new() };
        Ok((&all[start..end], next))
    }
}

/// How many items a page of one kind holds.
#[derive(Debug, Clone, Copy)]
pub struct PageSize {
    /// Where no size is asked for.
    pub default: usize,
    /// Whatever is asked for.
    pub most: usize,
}

/// Codes of `ListCodes`.
pub const CODES: PageSize = PageSize { default: 100, most: 1_000 };
/// Matches of `SearchDrugs`.
pub const MATCHES: PageSize = PageSize { default: 20, most: 100 };
/// Releases of `ListReleases`.
pub const RELEASES: PageSize = PageSize { default: 50, most: 200 };
/// Changes of `CompareReleases`.
pub const CHANGES: PageSize = PageSize { default: 100, most: 500 };

impl PageSize {
    /// The size of the page that is asked for.
    pub fn of(self, asked: u32) -> usize {
        match usize::try_from(asked) {
            Ok(0) => self.default,
            Ok(asked) => asked.min(self.most),
            Err(_) => self.most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_own_list_only() {
        let (ours, theirs) = (Cursor::of(("J", 1)), Cursor::of(("Q", 1)));
        let token = ours.seal("J9312");
        assert_eq!(ours.open::<String>(&token), Ok(Some("J9312".to_owned())));
        assert_eq!(ours.open::<String>(""), Ok(None));
        for wrong in ["J9312", "-", "J9312-zz", "J9312-00000000"] {
            assert!(ours.open::<String>(wrong).is_err(), "{wrong}");
        }
        assert!(theirs.open::<String>(&token).is_err());
    }

    #[test]
    fn pages_cover_a_list_once() {
        let (all, cursor) = ((0..10).collect::<Vec<u32>>(), Cursor::of(()));
        let (mut token, mut seen) = (String::new(), Vec::new());
        loop {
            let (page, next) = cursor.page(&all, &token, 4).expect("a page");
            seen.extend_from_slice(page);
            token = next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, all);
        assert_eq!([0, 7, u32::MAX].map(|asked| MATCHES.of(asked)), [20, 7, 100]);
    }
}
