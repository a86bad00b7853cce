//! Rounds of both programs, which did the same work.

use super::measured::Measured;
use crate::bench::median;
use crate::workspace::Result;

/// What was measured in each round.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    rounds: Vec<Round>,
}

#[derive(Debug)]
struct Round {
    python: Measured,
    ours: Measured,
}

impl Comparison {
    /// Adds a round; an error if the two have not done the same.
    pub(crate) fn add(&mut self, python: Measured, ours: Measured) -> Result<()> {
        let (theirs, mine) = (python.names(), ours.names());
        if !theirs.eq(mine) {
            return Err("the two programs did not measure the same operations".into());
        }
        for name in python.names() {
            let (theirs, mine) = (python.get(name)?.work, ours.get(name)?.work);
            if theirs != mine {
                return Err(format!(
                    "the two programs do not do the same work in `{name}`: \
                     {} has {theirs:?}, {} has {mine:?}",
                    python.version, ours.version
                )
                .into());
            }
        }
        self.rounds.push(Round { python, ours });
        Ok(())
    }

    /// Who was measured: Python, and ours.
    pub(crate) fn versions(&self) -> (&str, &str) {
        self.rounds.first().map_or(("", ""), |round| {
            (&*round.python.version, &*round.ours.version)
        })
    }

    /// The median nanoseconds of an operation: Python's, and ours.
    pub(crate) fn times(&self, name: &str) -> Result<(f64, f64)> {
        let python = self.each(|round| Ok(round.python.get(name)?.nanoseconds))?;
        let ours = self.each(|round| Ok(round.ours.get(name)?.nanoseconds))?;
        Ok((median(python), median(ours)))
    }

    /// The median over the rounds of Python's time divided by ours.
    pub(crate) fn ratio(&self, name: &str) -> Result<f64> {
        let ratios = self.each(|round| {
            let python = round.python.get(name)?.nanoseconds;
            Ok(python / round.ours.get(name)?.nanoseconds)
        })?;
        Ok(median(ratios))
    }

    fn each(&self, figure: impl Fn(&Round) -> Result<f64>) -> Result<Vec<f64>> {
        self.rounds.iter().map(figure).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(version: &str, lines: &str) -> Measured {
        Measured::parse(&format!("version {version}\n{lines}\n")).expect("well formed")
    }

    #[test]
    fn a_ratio_is_taken_within_a_round_and_says_how_many_times_as_fast_ours_is() {
        let mut comparison = Comparison::default();
        for (python, ours) in [(100, 10), (900, 100), (100, 1)] {
            let python = measured("Python 3", &format!("once {python} 5 7"));
            let ours = measured("ours 1", &format!("once {ours} 5 7"));
            comparison.add(python, ours).expect("the same work");
        }
        assert_eq!(comparison.versions(), ("Python 3", "ours 1"));
        let ratio = comparison.ratio("once").expect("it was measured");
        assert!((ratio - 10.0).abs() < 1e-9, "{ratio}");
        let (python, ours) = comparison.times("once").expect("it was measured");
        assert!((python - 100.0).abs() < 1e-9 && (ours - 10.0).abs() < 1e-9);
    }

    #[test]
    fn programs_that_do_not_do_the_same_work_are_not_compared() {
        for ours in ["once 1 5 8", "once 1 6 7"] {
            let (python, ours) = (measured("Python 3", "once 1 5 7"), measured("ours 1", ours));
            let error = Comparison::default()
                .add(python, ours)
                .expect_err("other work");
            let words = "the two programs do not do the same work in `once`: Python 3 has";
            assert!(error.to_string().starts_with(words), "{error}");
        }
    }

    #[test]
    fn programs_that_measure_other_operations_are_not_compared() {
        for ours in ["emit.1 1 5 7", "once 1 5 7\nemit.1 1 5 7"] {
            let (python, ours) = (measured("Python 3", "once 1 5 7"), measured("ours 1", ours));
            let error = Comparison::default()
                .add(python, ours)
                .expect_err("other operations");
            let words = "the two programs did not measure the same operations";
            assert_eq!(error.to_string(), words);
        }
    }
}
