//! Shortens type names for messages.

/// Returns a type's name without the paths, as a user would write it.
pub(crate) fn short(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(end) = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        let (path, tail) = rest.split_at(end);
        short.push_str(path.rsplit("::").next().unwrap_or(path));
        let mut characters = tail.chars();
        short.extend(characters.next());
        rest = characters.as_str();
    }
    short.push_str(rest.rsplit("::").next().unwrap_or(rest));
    short
}
