//! From samples at any times to a regular grid, as `foretide predict` reads a CSV.

use crate::{Code, Error, Result, Window};

/// More than any model looks back, in seconds; eight days are the most.
const KEPT: i64 = 9 * 86_400;

/// Times beyond are no seconds, but milliseconds, say.
const MAX_TIME: i64 = 100_000_000_000;

/// Raw samples of one container: rows of a table, in any order.
///
/// [`Module::clean`](crate::Module::clean) puts them on a [`Grid`].
///
/// ```
/// # fn main() -> foretide::Result<()> {
/// use foretide::{Module, Samples};
///
/// let module = Module::new()?;
/// let times = [190, 60, 61, 120]; // Unix seconds
/// let cpu = [4.0, 1.0, 2.0, 3.0];
/// let grid = module.clean(&Samples::new("webapp", &times).metric("cpu", &cpu))?;
/// assert_eq!((grid.start, grid.step), (60, 60));
/// assert_eq!(grid.metrics[0].1, [1.5, 3.0, 4.0]);
/// assert_eq!(grid.reports[0].1.unordered, 1);
/// let window = grid.window();
/// # assert_eq!(window.container, "webapp");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Samples<'a> {
    /// The container's name.
    pub container: &'a str,
    /// Unix seconds.
    pub times: &'a [i64],
    /// Names and values, one for each time. A value that is NaN, infinite or
    /// beyond ±1e150 is missing.
    pub metrics: Vec<(&'a str, &'a [f64])>,
    /// The metrics that are running totals, of which the rate per second is
    /// wanted.
    pub counters: Vec<&'a str>,
    /// Seconds of a cell; 0 infers them from the times.
    pub step: i64,
    /// Seconds of the past to keep, nine days unless set, which is more than any
    /// model looks back; 0 keeps all.
    pub keep: i64,
}

impl<'a> Samples<'a> {
    /// Samples at these times, without metrics yet.
    pub fn new(container: &'a str, times: &'a [i64]) -> Samples<'a> {
        let (metrics, counters) = Default::default();
        Samples { container, times, metrics, counters, step: 0, keep: KEPT }
    }

    /// The samples with the values of one more metric.
    pub fn metric(mut self, name: &'a str, values: &'a [f64]) -> Samples<'a> {
        self.metrics.push((name, values));
        self
    }

    /// The samples with the running totals of one more metric.
    pub fn counter(mut self, name: &'a str, values: &'a [f64]) -> Samples<'a> {
        self.counters.push(name);
        self.metric(name, values)
    }

    /// Reports what the module cannot see, or says less well.
    pub(crate) fn check(&self) -> Result<()> {
        let bad = |message: String| Err(Error::new(Code::BadData, message));
        if self.metrics.is_empty() {
            return bad("foretide: the samples are of no metric; give one such as cpu".to_owned());
        }
        for (name, values) in &self.metrics {
            if values.len() != self.times.len() {
                let (n, want) = (values.len(), self.times.len());
                return bad(format!("foretide: {name:?} has {n} values for {want} times"));
            }
        }
        if let Some(i) = self.times.iter().position(|&t| t <= -MAX_TIME || t >= MAX_TIME) {
            return bad(format!(
                "foretide: time {} (row {i}) is no Unix second; divide milliseconds by 1000",
                self.times[i]
            ));
        }
        Ok(())
    }
}

/// Samples of one container on a regular grid: the means of those in each cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// The container's name.
    pub container: String,
    /// Unix second at which the first cell begins.
    pub start: i64,
    /// Seconds of a cell.
    pub step: i64,
    /// Names and values; NaN where a cell has no sample. Metrics without any
    /// value are left out, unless no metric has one.
    pub metrics: Vec<(String, Vec<f64>)>,
    /// What was found in the samples of each metric, in their order.
    pub reports: Vec<(String, Report)>,
}

/// What was found in the samples of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Samples that are used.
    pub used: u32,
    /// Samples whose value is NaN.
    pub missing: u32,
    /// Infinite values, those beyond ±1e150, and negative ones of a counter.
    pub refused: u32,
    /// Samples from before the part that is kept.
    pub old: u32,
    /// Samples at the time of the one before.
    pub repeated: u32,
    /// Samples earlier than the one before.
    pub unordered: u32,
    /// Falls of a counter, after which it counts from zero.
    pub resets: u32,
}

impl Grid {
    /// The grid as a window to forecast from.
    pub fn window(&self) -> Window<'_> {
        let window = Window::new(self.start, self.step).container(&self.container);
        self.metrics.iter().fold(window, |window, (name, values)| window.metric(name, values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MODULE;

    #[test]
    fn cells_and_what_is_missing() {
        let nan = f64::NAN;
        let nothing = [nan; 6];
        let times = [190, 60, 61, 120, 240, 300];
        let cpu = [4.0, 1.0, 2.0, 3.0, f64::INFINITY, nan];
        let samples = Samples::new("", &times).metric("cpu", &cpu).metric("memory", &nothing);
        let grid = MODULE.clean(&samples).unwrap();
        assert_eq!((grid.start, grid.step), (60, 60));
        assert_eq!(grid.metrics, [("cpu".to_owned(), vec![1.5, 3.0, 4.0])]);
        let report = Report { used: 4, missing: 1, refused: 1, unordered: 1, ..Report::default() };
        assert_eq!(grid.reports[0], ("cpu".to_owned(), report));
        assert_eq!(grid.reports[1].1.missing, 6);
        let none = MODULE.clean(&Samples::new("", &times).metric("cpu", &nothing)).unwrap();
        assert_eq!(none.metrics, [("cpu".to_owned(), vec![])]);
        let times = [0, 60, 120, 10 * 86_400];
        let old = MODULE.clean(&Samples::new("", &times).metric("cpu", &[1.0; 4])).unwrap();
        assert_eq!((old.start, old.reports[0].1.old), (10 * 86_400, 3));
        let totals = Samples::new("", &[-60, 0, 60]).counter("net_rx", &[60.0, 180.0, 60.0]);
        let rates = MODULE.clean(&Samples { step: 60, ..totals }).unwrap();
        assert_eq!((rates.start, &rates.metrics[0].1[..]), (0, &[2.0, 1.0][..]));
        assert_eq!(rates.reports[0].1.resets, 1);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (times, metrics, code, text) in [
            (vec![0, 60], vec![], Code::BadData, "no metric"),
            (vec![0, 60], vec![("cpu", &[1.0][..])], Code::BadData, "\"cpu\" has 1 values for 2 times"),
            (
                vec![1_700_000_000_000],
                vec![("cpu", &[1.0][..])],
                Code::BadData,
                "1700000000000 (row 0) is no Unix second",
            ),
            (
                vec![0, 60, 120, 9_000_000_000],
                vec![("cpu", &[1.0; 4][..])],
                Code::TooLarge,
                "need 150000001 cells of 60 s",
            ),
            (vec![i64::MIN], vec![("cpu", &[1.0][..])], Code::BadData, "is no Unix second"),
        ] {
            let e = MODULE.clean(&Samples { metrics, ..Samples::new("", &times) }).unwrap_err();
            assert!(e.code() == code && e.to_string().contains(text), "{e}");
        }
    }
}
