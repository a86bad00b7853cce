//! What one of the programs printed.

use crate::workspace::Result;

/// One round of one program.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Who measured, for example `Python 3.13.1`.
    pub(crate) version: String,
    operations: Vec<Operation>,
}

/// One operation, done many times.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operation {
    pub(crate) name: String,
    /// For each time.
    pub(crate) nanoseconds: f64,
    pub(crate) work: Work,
}

/// What the handlers saw, which does not depend on who called them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) calls: u64,
    pub(crate) sum: u64,
}

impl Measured {
    /// Reads `version NAME`, then lines of `OPERATION NANOSECONDS CALLS SUM`.
    pub(crate) fn parse(printed: &str) -> Result<Self> {
        let mut lines = printed.lines();
        let version = lines
            .next()
            .and_then(|line| line.strip_prefix("version "))
            .ok_or("the first line has no version")?;
        let operations = lines.map(|line| {
            operation(line).ok_or_else(|| {
                format!("expected `OPERATION NANOSECONDS CALLS SUM`, and it printed `{line}`")
            })
        });
        Ok(Self {
            version: version.to_owned(),
            operations: operations.collect::<std::result::Result<_, _>>()?,
        })
    }

    /// An operation by its name.
    pub(crate) fn get(&self, name: &str) -> Result<&Operation> {
        let mut operations = self.operations.iter();
        let found = operations.find(|operation| operation.name == name);
        found.ok_or_else(|| format!("{} did not measure `{name}`", self.version).into())
    }

    /// The names of all operations.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.operations.iter().map(|operation| &*operation.name)
    }
}

fn operation(line: &str) -> Option<Operation> {
    let mut words = line.split(' ');
    let operation = Operation {
        name: words.next()?.to_owned(),
        nanoseconds: words.next()?.parse().ok()?,
        work: Work {
            calls: words.next()?.parse().ok()?,
            sum: words.next()?.parse().ok()?,
        },
    };
    let is_all = words.next().is_none() && operation.nanoseconds > 0.0;
    is_all.then_some(operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_and_lines_of_four_words_are_read() {
        let printed = "version Python 3.13.1\nemit.1 480.5 2000 2001000\nonce 1.0 1 1\n";
        let measured = Measured::parse(printed).expect("well formed");
        assert_eq!(measured.version, "Python 3.13.1");
        assert_eq!(measured.names().collect::<Vec<_>>(), ["emit.1", "once"]);
        let expected = Operation {
            name: "emit.1".to_owned(),
            nanoseconds: 480.5,
            work: Work {
                calls: 2000,
                sum: 2_001_000,
            },
        };
        assert_eq!(measured.get("emit.1").expect("it is there"), &expected);
    }

    #[test]
    fn a_line_that_is_no_figure_is_shown() {
        let lines = [
            "emit.1 480.5 2000",
            "emit.1 480.5 2000 1 1",
            "emit.1 fast 2000 1",
            "emit.1 480.5 -1 1",
            "emit.1 NaN 1 1",
            "emit.1 0 1 1",
            "",
        ];
        for line in lines {
            let error = Measured::parse(&format!("version x\n{line}\n")).expect_err(line);
            assert!(error.to_string().ends_with(&format!("`{line}`")), "{error}");
        }
        let error = Measured::parse("emit.1 1 1 1").expect_err("no version");
        assert_eq!(error.to_string(), "the first line has no version");
    }

    #[test]
    fn an_operation_that_was_not_measured_is_named() {
        let measured = Measured::parse("version x 1").expect("well formed");
        let error = measured.get("once").expect_err("it is not there");
        assert_eq!(error.to_string(), "x 1 did not measure `once`");
    }
}
