//! What goes in.

use crate::{Code, Error, Result};

/// The recent past of one container on a regular grid: a value for each metric
/// and cell.
///
/// Cell *i* is the mean over `[start + i·step, start + (i+1)·step)`. A missing
/// value is NaN; an infinity counts as missing. The more of the past the better,
/// up to eight days, at any step that divides the model's; the end of the last
/// cell is where the forecast is made from.
///
/// ```
/// let cpu = [0.5, 0.7, f64::NAN, 0.6];
/// let window = foretide::Window::new(1_700_000_040, 60).container("webapp").metric("cpu", &cpu);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Window<'a> {
    /// Unix second at which the first cell begins: a multiple of `step`.
    pub start: i64,
    /// Seconds of a cell.
    pub step: i64,
    /// The container's name, which a model that many containers share looks up.
    pub container: &'a str,
    /// Names and values; each metric has as many values as the first.
    pub metrics: Vec<(&'a str, &'a [f64])>,
    /// A long coarse part, of a program that keeps one of its own as
    /// [`Description`](crate::Description) says what the model wants; the
    /// others are then the recent part alone.
    pub long: Option<Long<'a>>,
}

/// The long coarse part of a [`Window`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Long<'a> {
    /// Unix second at which the first cell begins: a multiple of `step`.
    pub start: i64,
    /// Seconds of a cell.
    pub step: i64,
    /// The values of the window's metrics, in the same order.
    pub values: Vec<&'a [f64]>,
}

/// The most bytes that a request may have: what the module takes.
pub(crate) const MAX_REQUEST: usize = 256 << 20;

impl<'a> Window<'a> {
    /// A window without metrics yet.
    pub fn new(start: i64, step: i64) -> Window<'a> {
        Window { start, step, ..Window::default() }
    }

    /// The window with the container's name.
    pub fn container(mut self, name: &'a str) -> Window<'a> {
        self.container = name;
        self
    }

    /// The window with the values of one more metric.
    pub fn metric(mut self, name: &'a str, values: &'a [f64]) -> Window<'a> {
        self.metrics.push((name, values));
        self
    }

    /// Cells of the recent and of the long part; an error where the metrics do
    /// not have as many.
    pub(crate) fn cells(&self) -> Result<(usize, usize)> {
        let bad = |message: String| Err(Error::new(Code::BadRequest, message));
        let Some((first, values)) = self.metrics.first() else {
            return bad("foretide: the window names no metric; add one such as cpu".to_owned());
        };
        let recent = values.len();
        for (name, values) in &self.metrics {
            if values.len() != recent {
                let n = values.len();
                return bad(format!("foretide: {name:?} has {n} values, {first:?} has {recent}"));
            }
        }
        let Some(long) = &self.long else {
            return Ok((recent, 0));
        };
        if long.values.len() != self.metrics.len() {
            let (n, want) = (long.values.len(), self.metrics.len());
            return bad(format!("foretide: the long part is of {n} metrics, the window of {want}"));
        }
        let cells = long.values[0].len();
        for (values, (name, _)) in long.values.iter().zip(&self.metrics) {
            if values.len() != cells {
                let n = values.len();
                return bad(format!(
                    "foretide: the long part of {name:?} has {n} values, of {first:?} {cells}"
                ));
            }
        }
        Ok((recent, cells))
    }
}
