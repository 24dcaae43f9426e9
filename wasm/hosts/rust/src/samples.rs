//! From samples at any times to a regular grid, as `foretide predict` reads a CSV.

use crate::{Code, Error, Result, Window};

/// More than any model looks back, in seconds; eight days are the most.
const KEPT: i64 = 9 * 86_400;

/// The longest grid, as everywhere in Foretide; one wrong timestamp makes a
/// longer one.
const MAX_CELLS: i64 = 1 << 22;

/// A larger value is missing, as an infinity is.
const MAX_MAGNITUDE: f64 = 1e150;

/// Times beyond are no seconds, but milliseconds, say.
const MAX_TIME: i64 = 100_000_000_000;

/// Samples of one container on a regular grid: the means of those in each cell.
///
/// ```
/// # fn main() -> foretide::Result<()> {
/// let times = [190, 60, 61, 120]; // Unix seconds, in any order
/// let cpu = [4.0, 1.0, 2.0, 3.0];
/// let grid = foretide::Grid::of("webapp", &times, &[("cpu", &cpu)])?;
/// assert_eq!((grid.start, grid.step), (60, 60));
/// assert_eq!(grid.metrics[0].1, [1.5, 3.0, 4.0]);
/// let window = grid.window();
/// # assert_eq!(window.container, "webapp");
/// # Ok(())
/// # }
/// ```
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
}

impl Grid {
    /// Brings samples onto a grid. Rows may be out of order, doubled, irregular
    /// and missing; a value that is NaN, infinite or beyond ±1e150 is missing.
    /// The step is told by the times; the last nine days are kept, and cells
    /// after the last value are not. Running totals must be made rates before.
    pub fn of(container: &str, times: &[i64], metrics: &[(&str, &[f64])]) -> Result<Grid> {
        let bad = |message: String| Err(Error::new(Code::BadData, message));
        if metrics.is_empty() {
            return bad("foretide: the samples are of no metric; give one such as cpu".to_owned());
        }
        for (name, values) in metrics {
            if values.len() != times.len() {
                let (n, want) = (values.len(), times.len());
                return bad(format!("foretide: {name:?} has {n} values for {want} times"));
            }
        }
        if let Some(i) = times.iter().position(|&t| t <= -MAX_TIME || t >= MAX_TIME) {
            return bad(format!(
                "foretide: time {} (row {i}) is no Unix second; divide milliseconds by 1000",
                times[i]
            ));
        }
        let step = infer_step(times).unwrap_or(60);
        let present = |values: &[f64], i: usize| values[i].abs() <= MAX_MAGNITUDE;
        let cells = (0..times.len()).filter(|&i| metrics.iter().any(|(_, values)| present(values, i)));
        let cells = cells.map(|i| times[i].div_euclid(step));
        let ends = cells.fold(None, |ends: Option<(i64, i64)>, cell| {
            Some(ends.map_or((cell, cell), |(low, high)| (low.min(cell), high.max(cell))))
        });
        let container = container.to_owned();
        let Some((low, high)) = ends else {
            let metrics = metrics.iter().map(|(name, _)| ((*name).to_owned(), Vec::new())).collect();
            return Ok(Grid { container, start: 0, step, metrics });
        };
        let n = high - low + 1;
        if n > MAX_CELLS {
            return bad(format!(
                "foretide: times from {} to {} need {n} cells of {step} s, more than {MAX_CELLS}; remove the rows that are wrong",
                low * step,
                high * step
            ));
        }
        let low = low.max(high - KEPT / step);
        let metrics = metrics.iter().filter(|(_, values)| (0..times.len()).any(|i| present(values, i)));
        let metrics = metrics.map(|(name, values)| {
            let mut means = vec![(0.0, 0u32); (high - low + 1) as usize];
            for (i, time) in times.iter().enumerate().filter(|&(i, _)| present(values, i)) {
                let cell = usize::try_from(time.div_euclid(step) - low).unwrap_or(usize::MAX);
                if let Some((sum, count)) = means.get_mut(cell) {
                    *sum += values[i];
                    *count += 1;
                }
            }
            // Without a sample it is 0/0: NaN.
            ((*name).to_owned(), means.iter().map(|(sum, count)| sum / f64::from(*count)).collect())
        });
        let metrics = metrics.collect();
        Ok(Grid { container, start: low * step, step, metrics })
    }

    /// The grid as a window to forecast from.
    pub fn window(&self) -> Window<'_> {
        let window = Window::new(self.start, self.step).container(&self.container);
        self.metrics.iter().fold(window, |window, (name, values)| window.metric(name, values))
    }
}

/// The step in seconds, by the median interval between distinct times.
fn infer_step(times: &[i64]) -> Option<i64> {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.dedup();
    let mut gaps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    Some(match *gaps.get(gaps.len() / 2)? {
        ..30 => 15,
        30..294 => 60,
        294..600 => 300,
        gap => (gap + 30) / 60 * 60,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_is_told_by_the_times() {
        let cases: [(&[i64], i64); 9] = [
            (&[15], 15),
            (&[29], 15),
            (&[30], 60),
            (&[293], 60),
            (&[295], 300),
            (&[600], 600),
            (&[629], 600),
            (&[631], 660),
            (&[60, 60, 5000], 60),
        ];
        for (gaps, step) in cases {
            let mut times = vec![1_700_000_000];
            gaps.iter().for_each(|gap| times.push(times[times.len() - 1] + gap));
            assert_eq!(infer_step(&times), Some(step), "{gaps:?}");
        }
        assert_eq!(infer_step(&[5, 5]), None);
    }

    #[test]
    fn cells_and_what_is_missing() {
        let nan = f64::NAN;
        let times = [190, 60, 61, 120, 240, 300];
        let cpu = [4.0, 1.0, 2.0, 3.0, f64::INFINITY, nan];
        let grid = Grid::of("", &times, &[("cpu", &cpu), ("memory", &[nan; 6])]).unwrap();
        assert_eq!((grid.start, grid.step), (60, 60));
        assert_eq!(grid.metrics, [("cpu".to_owned(), vec![1.5, 3.0, 4.0])]);
        let none = Grid::of("", &times, &[("cpu", &[nan; 6])]).unwrap();
        assert_eq!(none.metrics, [("cpu".to_owned(), vec![])]);
        let old = Grid::of("", &[0, 60, 10 * 86_400], &[("cpu", &[1.0; 3])]).unwrap();
        assert_eq!(old.start, 86_400);
        let before = Grid::of("", &[-61, -1, 59], &[("cpu", &[1.0, 2.0, 3.0])]).unwrap();
        assert_eq!((before.start, &before.metrics[0].1[..]), (-120, &[1.0, 2.0, 3.0][..]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (times, metrics, text) in [
            (vec![0, 60], vec![], "no metric"),
            (vec![0, 60], vec![("cpu", &[1.0][..])], "\"cpu\" has 1 values for 2 times"),
            (vec![1_700_000_000_000], vec![("cpu", &[1.0][..])], "1700000000000 (row 0) is no Unix second"),
            (vec![0, 60, 120, 9_000_000_000], vec![("cpu", &[1.0; 4][..])], "need 150000001 cells of 60 s"),
            (vec![i64::MIN], vec![("cpu", &[1.0][..])], "is no Unix second"),
        ] {
            let e = Grid::of("", &times, &metrics).unwrap_err();
            assert!(e.code() == Code::BadData && e.to_string().contains(text), "{e}");
        }
    }
}
