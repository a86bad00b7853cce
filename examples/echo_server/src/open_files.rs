//! How many files, and so sockets, this process may have open.

/// The limit is too low, and this process may not raise it.
#[derive(Debug, thiserror::Error)]
#[error(
    "{needed} open files are needed and {limit} are allowed: raise the hard limit, for example with \
     `ulimit -Hn {needed}` as root (systemd: `LimitNOFILE={needed}`, docker: `--ulimit nofile={needed}`)"
)]
pub struct TooFew {
    needed: u64,
    limit: u64,
}

/// Raises the limit to `wanted`, or as far as this process may; answers what it is then.
///
/// On many systems it is 1024, and only the soft limit is that low.
#[allow(
    clippy::must_use_candidate,
    reason = "some only want as much as there is"
)]
#[cfg(unix)]
pub fn raise(wanted: u64) -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // Nothing stands for no limit.
    let now = current.unwrap_or(u64::MAX);
    let target = wanted.min(maximum.unwrap_or(u64::MAX));
    let raised = Rlimit {
        current: Some(target),
        maximum,
    };
    if now < target && setrlimit(Resource::Nofile, raised).is_ok() {
        target
    } else {
        now
    }
}

/// Elsewhere sockets are not limited like files.
#[allow(
    clippy::must_use_candidate,
    reason = "some only want as much as there is"
)]
#[cfg(not(unix))]
pub fn raise(_wanted: u64) -> u64 {
    u64::MAX
}

/// Sees to it that so many files may be open.
///
/// # Errors
///
/// If that is more than this process may raise the limit to.
pub fn need(needed: u64) -> Result<(), TooFew> {
    let limit = raise(needed);
    if limit < needed {
        return Err(TooFew { needed, limit });
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn more_than_there_can_be_is_refused_with_what_to_do() {
        let error = need(u64::MAX).expect_err("nobody has so many").to_string();
        let words = "18446744073709551615 open files are needed and ";
        assert!(error.starts_with(words), "{error}");
        let words = " are allowed: raise the hard limit, for example with `ulimit -Hn 1844";
        assert!(error.contains(words), "{error}");
    }

    #[test]
    fn the_limit_is_never_lowered() {
        let before = raise(64);
        assert_eq!(raise(1), before);
        assert!(need(64).is_ok());
    }
}
