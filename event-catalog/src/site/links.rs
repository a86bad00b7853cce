//! The names of the files, and where a place in the source is on the web.

use std::collections::HashSet;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::catalog::{Catalog, Place};

/// The longest name of a file, without what makes it the only one.
const LONGEST: usize = 120;

/// Returns the name of a page for each event, in the catalogue's order, without the folder and the extension.
///
/// A name is that of the event, with `-` for what a URL or a file system has another use for, and with the version
/// if a newer one has replaced it. No two are the same, whatever the case of their letters.
pub(super) fn of_events(catalog: &Catalog) -> Vec<String> {
    let names = catalog.events.iter().map(|event| {
        if event.is_superseded {
            format!("{}.v{}", event.name, event.version)
        } else {
            event.name.to_string()
        }
    });
    distinct(names)
}

/// Returns names of files for names, which differ in more than the case of their letters.
pub(super) fn distinct(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut taken = HashSet::new();
    let names = names.into_iter().map(|name| {
        let stem = stem(&name);
        let mut distinct = stem.clone();
        let mut number = 2;
        while !taken.insert(distinct.to_lowercase()) {
            distinct = format!("{stem}~{number}");
            number += 1;
        }
        distinct
    });
    names.collect()
}

fn stem(name: &str) -> String {
    let mut stem = String::new();
    for character in name.chars() {
        let is_plain = character.is_ascii_alphanumeric() || matches!(character, '_' | '.');
        match character {
            _ if stem.len() >= LONGEST => break,
            plain if is_plain => stem.push(plain),
            _ if stem.ends_with('-') => {}
            _ => stem.push('-'),
        }
    }
    let stem = stem.trim_matches(['-', '.']);
    // Windows opens a device of this name, whatever the extension.
    let first = stem.split('.').next().unwrap_or_default();
    let is_device = matches!(
        first.to_ascii_lowercase().as_bytes(),
        b"con" | b"prn" | b"aux" | b"nul" | [b'c', b'o', b'm', _] | [b'l', b'p', b't', _]
    );
    match stem {
        "" => "event".to_owned(),
        stem if is_device => format!("_{stem}"),
        stem => stem.to_owned(),
    }
}

/// Where the source is on the web, with `{file}` and `{line}` in it.
///
/// # Examples
///
/// ```
/// use event_catalog::site::SourceUrl;
///
/// let url: SourceUrl = "https://git.example.org/shop/blob/main/{file}#L{line}".parse()?;
/// assert!("https://git.example.org/shop".parse::<SourceUrl>().is_err(), "it has no `{{file}}`");
/// # let _ = url;
/// # Ok::<(), event_catalog::site::SourceUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceUrl(String);

/// A text is no [`SourceUrl`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceUrlError(String);

impl FromStr for SourceUrl {
    type Err = SourceUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let scheme = text.split("://").next().unwrap_or_default();
        let is_page = matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https");
        if !is_page || scheme.len() == text.len() || !text.contains("{file}") {
            return Err(SourceUrlError(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl SourceUrl {
    /// Returns the address of a place; `None` for one outside of the repository, which has an absolute path.
    pub(super) fn of(&self, place: &Place) -> Option<String> {
        let file = place.file.replace('\\', "/");
        if file.starts_with('/') || file.contains(':') {
            return None;
        }
        let mut encoded = String::new();
        for byte in file.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'~' => {
                    encoded.push(char::from(byte));
                }
                other => {
                    let _ = write!(encoded, "%{other:02X}");
                }
            }
        }
        let line = place.line.to_string();
        Some(self.0.replace("{line}", &line).replace("{file}", &encoded))
    }
}

impl fmt::Display for SourceUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no http(s) address with `{{file}}` in it, such as \
             `https://git.example.org/shop/blob/main/{{file}}#L{{line}}`",
            self.0
        )
    }
}

impl Error for SourceUrlError {}

/// Returns a place as it is shown: without the folders of the machine that are before a package of a registry.
pub(super) fn shown(place: &Place) -> String {
    let file = place.file.replace('\\', "/");
    let file = ["/registry/src/", "/git/checkouts/"]
        .iter()
        .find_map(|folder| {
            let (_, rest) = file.split_once(folder)?;
            let (_, rest) = rest.split_once('/')?;
            Some(rest.to_owned())
        })
        .unwrap_or(file);
    format!("{file}:{}", place.line)
}

#[cfg(test)]
mod tests {
    use super::{SourceUrl, distinct, shown};
    use crate::catalog::Place;

    fn place(file: &'static str) -> Place {
        Place {
            file: file.into(),
            line: 7,
        }
    }

    #[test]
    fn a_name_of_a_file_is_safe_and_the_only_one() {
        let names = [
            "shop.order_placed",
            "Shop.order_placed",
            "orm::PostSave<shop::User>",
            "../../etc/passwd",
            "con.lost",
            "<>",
            "über.größe",
        ];
        assert_eq!(
            distinct(names.map(str::to_owned)),
            [
                "shop.order_placed",
                "Shop.order_placed~2",
                "orm-PostSave-shop-User",
                "etc-passwd",
                "_con.lost",
                "event",
                "ber.gr-e",
            ]
        );
        let long = distinct([format!("{}.a", "x".repeat(300)), "x".repeat(400)]);
        assert!(long.iter().all(|name| name.len() < 130), "{long:?}");
        assert_ne!(long[0], long[1]);
    }

    #[test]
    fn a_place_has_an_address_inside_of_the_repository_alone() {
        let url: SourceUrl = "https://example.org/{file}#L{line}"
            .parse()
            .expect("it is one");
        assert_eq!(
            url.of(&place("shop\\src\\a b{line}.rs")).as_deref(),
            Some("https://example.org/shop/src/a%20b%7Bline%7D.rs#L7")
        );
        assert_eq!(url.of(&place("/home/me/x.rs")), None);
        assert_eq!(url.of(&place("C:\\me\\x.rs")), None);
        for wrong in [
            "javascript://{file}",
            "https",
            "{file}",
            "https://example.org",
        ] {
            assert!(wrong.parse::<SourceUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_place_in_a_registry_names_no_folder_of_the_machine() {
        let registry = place("/home/me/.cargo/registry/src/index-1a2b/events-1.2.3/src/lib.rs");
        assert_eq!(shown(&registry), "events-1.2.3/src/lib.rs:7");
        assert_eq!(shown(&place("shop/src/lib.rs")), "shop/src/lib.rs:7");
    }
}
