//! The programs that forwarded an event from outside.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::sync::Arc;

/// The most bytes of forwarders' sources that are kept.
const MOST: usize = 2 * 1024;

/// The source of an event from outside, and the sources of its forwarders.
///
/// A program that forwards an event twice is once among the forwarders, so that a route does not grow in
/// a loop. If a route is too long, the oldest forwarders are left out.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// The source, then a space and a source for each forwarder.
    text: Arc<str>,
    source_len: usize,
    is_echo: bool,
}

impl Route {
    /// Makes the route of an envelope that `own` reads, with `forwarders` separated by spaces.
    pub(crate) fn read(source: &str, forwarders: &str, own: &str) -> Self {
        let forwarders: Vec<_> = forwarders.split_ascii_whitespace().map(escaped).collect();
        let is_sent_back = source == own && !forwarders.is_empty();
        let is_echo = is_sent_back || forwarders.iter().any(|it| it == own);
        Self::new(source, &forwarders, is_echo)
    }

    fn new(source: &str, forwarders: &[impl AsRef<str>], is_echo: bool) -> Self {
        let forwarders = last(forwarders);
        let text = if forwarders.is_empty() {
            source.into()
        } else {
            let all = std::iter::once(source).chain(forwarders.iter().map(AsRef::as_ref));
            all.collect::<Vec<_>>().join(" ").into()
        };
        Self {
            text,
            source_len: source.len(),
            is_echo,
        }
    }

    /// Returns the source that wrote the event.
    pub(crate) fn source(&self) -> &str {
        &self.text[..self.source_len]
    }

    /// Returns the sources that forwarded the event, in order.
    pub(crate) fn forwarders(&self) -> std::str::SplitAsciiWhitespace<'_> {
        self.text[self.source_len..].split_ascii_whitespace()
    }

    /// Whether the reader has forwarded the event before, or wrote it before others forwarded it.
    pub(crate) fn is_echo(&self) -> bool {
        self.is_echo
    }

    fn was_forwarded_by(&self, own: &str) -> bool {
        self.forwarders().any(|it| it == own)
    }

    /// Whether `own` forwards the event again, and it was not detected as an echo when it was read.
    pub(crate) fn is_repeated_by(&self, own: &str) -> bool {
        !self.is_echo && self.was_forwarded_by(own)
    }

    /// Returns the forwarders for an envelope that `own` writes.
    pub(crate) fn forwarders_with<'a>(&'a self, own: &'a str) -> Forwarders<'a> {
        Forwarders { route: self, own }
    }

    /// Returns the route up to `own`, if that was the last forwarder.
    pub(crate) fn before(&self, own: &str) -> Option<Self> {
        let forwarders: Vec<_> = self.forwarders().collect();
        let (last, before) = forwarders.split_last()?;
        (*last == own).then(|| Self::new(self.source(), before, false))
    }

    /// Whether the event comes from `source` without forwarders.
    pub(crate) fn is_straight_from(&self, source: &str) -> bool {
        *self.text == *source
    }
}

/// The forwarders of a route and one more, each once.
pub(crate) struct Forwarders<'a> {
    route: &'a Route,
    own: &'a str,
}

impl fmt::Display for Forwarders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { route, own } = self;
        let own = Some(*own).filter(|own| !route.was_forwarded_by(own));
        let room = MOST.saturating_sub(own.map_or(0, |own| own.len() + 1));
        let left_out = route.forwarders().count() - fitting(route.forwarders().rev(), room);
        let mut separator = "";
        for forwarder in route.forwarders().skip(left_out).chain(own) {
            write!(f, "{separator}{forwarder}")?;
            separator = " ";
        }
        Ok(())
    }
}

/// Returns the last forwarders that fit in [`MOST`] bytes together.
fn last<T: AsRef<str>>(forwarders: &[T]) -> &[T] {
    let from_the_end = forwarders.iter().rev().map(AsRef::as_ref);
    &forwarders[forwarders.len() - fitting(from_the_end, MOST)..]
}

/// Returns how many of `forwarders` fit in `room` bytes, with a space each.
fn fitting<'a>(forwarders: impl Iterator<Item = &'a str>, mut room: usize) -> usize {
    let fits = |forwarder: &&str| {
        let left = room.checked_sub(forwarder.len() + 1);
        left.map(|left| room = left).is_some()
    };
    forwarders.take_while(fits).count()
}

/// Returns a source as a URI reference: `%XX` for each byte that is no visible ASCII.
fn escaped(source: &str) -> Cow<'_, str> {
    if source.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Cow::Borrowed(source);
    }
    let mut escaped = String::new();
    for byte in source.bytes() {
        if byte.is_ascii_graphic() {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use crate::meta::route::{MOST, Route};

    fn forwarders(route: &Route) -> Vec<&str> {
        route.forwarders().collect()
    }

    #[test]
    fn each_forwarder_is_added_once_and_taken_off_again() {
        let route = Route::read("/a b", " /b  /c ", "/d");
        assert!(!route.is_echo());
        assert_eq!(
            (route.source(), forwarders(&route)),
            ("/a b", vec!["/b", "/c"])
        );
        let written = route.forwarders_with("/d").to_string();
        assert_eq!(written, "/b /c /d");
        let forwarded = Route::read("/a b", &written, "/d");
        assert!(forwarded.is_echo() && !Route::read("/a b", &written, "/e").is_echo());
        let before = forwarded.before("/d").expect("the last");
        assert_eq!(before.text, route.text);
        assert!(forwarded.before("/c").is_none());
        assert_eq!(forwarded.forwarders_with("/b").to_string(), written);
    }

    #[test]
    fn an_own_event_is_an_echo_once_somebody_forwarded_it() {
        let straight = Route::read("/a", "", "/a");
        assert!(!straight.is_echo() && straight.is_straight_from("/a"));
        assert_eq!(straight.forwarders_with("/a").to_string(), "/a");
        for forwarder in ["/a", "/b"] {
            let route = Route::read("/a", forwarder, "/a");
            assert!(route.is_echo() && !route.is_straight_from("/a"));
        }
    }

    #[test]
    fn a_route_of_any_length_is_searched_as_a_whole_and_kept_to_its_end() {
        let many: Vec<_> = (0..10_000).map(|number| format!("/{number}")).collect();
        let route = Route::read("/a", &many.join(" "), "/0");
        assert!(route.is_echo());
        let kept = forwarders(&route);
        assert_eq!(kept, many[many.len() - kept.len()..]);
        let is_full = |len: usize| (MOST - 20..=MOST).contains(&len);
        assert!(is_full(route.text["/a".len()..].len()));
        // A reader keeps all that is written.
        let written = route.forwarders_with("/forwarder").to_string();
        assert!(is_full(written.len() + 1) && written.ends_with("/9999 /forwarder"));
        let read = Route::read("/a", &written, "/b");
        assert_eq!(read.forwarders_with("/forwarder").to_string(), written);
        let route = Route::read("/a", &"x".repeat(3_000_000), "/0");
        assert!(route.is_straight_from("/a"));
    }

    #[test]
    fn a_forwarder_that_is_no_uri_is_escaped_as_one() {
        let route = Route::read("/a", "/t\u{e4}\u{0}\u{a0}/\u{1f600}", "/b");
        assert_eq!(forwarders(&route), ["/t%C3%A4%00%C2%A0/%F0%9F%98%80"]);
    }
}
