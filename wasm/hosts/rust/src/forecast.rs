//! What comes out.

use std::sync::Arc;

use crate::Reasons;

/// The forecast of one metric. All its numbers are finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Unix second at which the last cell of the window begins.
    pub origin: i64,
    /// Of all horizons together.
    pub reasons: Reasons,
    /// In ascending order.
    pub horizons: Vec<Horizon>,
}

/// The forecast for one time ahead.
#[derive(Debug, Clone, PartialEq)]
pub struct Horizon {
    /// Seconds after the origin.
    pub ahead: i64,
    /// Unix second: the origin and `ahead`.
    pub time: i64,
    /// The expected value.
    pub mean: f64,
    /// The levels of the quantiles, ascending in (0, 1), 0.5 among them.
    pub levels: Arc<[f64]>,
    /// The quantiles at the levels, never decreasing.
    pub quantiles: Vec<f64>,
    /// Why this is less than the best; empty when all is well.
    pub reasons: Reasons,
    /// The family of the model that made it: `"linear"`.
    pub model: String,
    /// How, for people.
    pub detail: String,
}

impl Horizon {
    /// The value at a level from 0 to 1, linear between the levels that there
    /// are, and that of the outermost beyond them. NaN where there is none.
    pub fn quantile(&self, level: f64) -> f64 {
        let (levels, values) = (&self.levels, &self.quantiles);
        let n = levels.len().min(values.len());
        let i = levels[..n].partition_point(|&have| have < level);
        match i {
            _ if n == 0 => f64::NAN,
            0 => values[0],
            i if i == n => values[n - 1],
            i => {
                let share = (level - levels[i - 1]) / (levels[i] - levels[i - 1]);
                values[i - 1] + share * (values[i] - values[i - 1])
            }
        }
    }

    /// The quantile at 0.5: the forecast that is judged by absolute error.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The bounds between which the value is with a probability: `interval(0.8)`
    /// goes from the quantile at 0.1 to that at 0.9.
    pub fn interval(&self, coverage: f64) -> (f64, f64) {
        (self.quantile((1.0 - coverage) / 2.0), self.quantile((1.0 + coverage) / 2.0))
    }
}

/// What a checkpoint is and what it needs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Description {
    /// Seconds of a cell of the model.
    pub step: i64,
    /// Cells of the recent part that the model makes use of.
    pub recent_cells: i64,
    /// Cells of the long part; 0 where it uses none.
    pub long_cells: i64,
    /// Seconds of a cell of the long part.
    pub long_step: i64,
    /// Lower bound of all forecasts; may be infinite.
    pub lower: f64,
    /// Upper bound of all forecasts; may be infinite.
    pub upper: f64,
    /// First second of the history that it was fitted to.
    pub first: i64,
    /// Last second of that history.
    pub last: i64,
    /// Observed values in that history.
    pub observations: i64,
    /// Horizons, seconds ahead, ascending.
    pub horizons: Vec<i64>,
    /// Levels of the quantiles, ascending.
    pub levels: Arc<[f64]>,
    /// The decoder of the payload.
    pub kind: String,
    /// The metric that it forecasts.
    pub metric: String,
    /// The container that it serves; empty: every container.
    pub container: String,
    /// The model's family: `"arima"`.
    pub family: String,
    /// The version of Foretide that wrote it.
    pub version: String,
    /// How the fit ended.
    pub ended: String,
    /// The chosen model, for people.
    pub chosen: String,
    /// Containers with a calibration of their own, of a model that many share.
    pub containers: Vec<String>,
    /// Whether the calibration can be updated.
    pub updatable: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_between_and_beyond() {
        let mut h = Horizon {
            ahead: 300,
            time: 300,
            mean: 2.0,
            levels: [0.1, 0.5, 0.9].into(),
            quantiles: vec![1.0, 2.0, 6.0],
            reasons: Reasons::default(),
            model: String::new(),
            detail: String::new(),
        };
        assert_eq!(h.median(), 2.0);
        assert_eq!(h.interval(0.8), (1.0, 6.0));
        assert!((h.quantile(0.6) - 3.0).abs() < 1e-12 && (h.quantile(0.3) - 1.5).abs() < 1e-12);
        assert_eq!((h.quantile(0.0), h.quantile(1.0)), (1.0, 6.0));
        h.quantiles.clear();
        assert!(h.median().is_nan());
    }
}
