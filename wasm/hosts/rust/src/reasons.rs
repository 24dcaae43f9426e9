//! Why a forecast is less than the best.

use std::fmt;

/// A set of reasons, whose names are the same in every output of Foretide.
/// Displayed, they are those names with spaces between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reasons(u32);

const NAMES: [&str; 15] = [
    "short_history",
    "short_window",
    "no_long",
    "all_missing",
    "constant",
    "stale",
    "not_better",
    "shrunk",
    "not_finite",
    "fit_failed",
    "no_checkpoint",
    "shared_model",
    "uncalibrated",
    "interpolated_horizon",
    "no_input",
];

impl Reasons {
    /// There was too little history to fit or to validate the model; a naive one stands in.
    pub const SHORT_HISTORY: Reasons = Reasons(1);
    /// The recent part of the window is shorter than the model asks for.
    pub const SHORT_WINDOW: Reasons = Reasons(1 << 1);
    /// The window has no long part, or a shorter one than the model asks for.
    pub const NO_LONG: Reasons = Reasons(1 << 2);
    /// The window has no value of the metric.
    pub const ALL_MISSING: Reasons = Reasons(1 << 3);
    /// The window, or the history at fitting, has a single value, which is the forecast.
    pub const CONSTANT: Reasons = Reasons(1 << 4);
    /// The last observed value is older than the shortest horizon; the forecast bridges the time since.
    pub const STALE: Reasons = Reasons(1 << 5);
    /// On the validation part the model did not beat persistence; a naive forecast stands in.
    pub const NOT_BETTER: Reasons = Reasons(1 << 6);
    /// The validation part chose a weight below one for the model; the rest is the last value.
    pub const SHRUNK: Reasons = Reasons(1 << 7);
    /// The model's own numbers were not finite; a naive forecast stands in.
    pub const NOT_FINITE: Reasons = Reasons(1 << 8);
    /// The fit failed; a naive forecast stands in.
    pub const FIT_FAILED: Reasons = Reasons(1 << 9);
    /// There is no checkpoint.
    pub const NO_CHECKPOINT: Reasons = Reasons(1 << 10);
    /// A model of all containers, which was not fitted to this one.
    pub const SHARED_MODEL: Reasons = Reasons(1 << 11);
    /// There were too few out-of-sample errors to calibrate the intervals.
    pub const UNCALIBRATED: Reasons = Reasons(1 << 12);
    /// The horizon lies between two that the model was fitted for.
    pub const INTERPOLATED_HORIZON: Reasons = Reasons(1 << 13);
    /// The window has no value of a column that the model reads beside the metric.
    pub const NO_INPUT: Reasons = Reasons(1 << 14);

    /// The set of these bits (`ABI.md`, "Reasons"). Bits that have no name yet stay.
    pub const fn from_bits(bits: u32) -> Reasons {
        Reasons(bits)
    }

    /// The set as bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of the other set are in this one.
    pub const fn contains(self, other: Reasons) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names, in the order of the bits; of one that a newer module has, `bit_N`.
    pub fn names(self) -> Vec<String> {
        (0..32)
            .filter(|bit| self.0 >> bit & 1 == 1)
            .map(|bit| match NAMES.get(bit) {
                Some(name) => (*name).to_owned(),
                None => format!("bit_{bit}"),
            })
            .collect()
    }
}

impl std::ops::BitOr for Reasons {
    type Output = Reasons;
    fn bitor(self, other: Reasons) -> Reasons {
        Reasons(self.0 | other.0)
    }
}

impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bits() {
        let set = Reasons::NO_CHECKPOINT | Reasons::SHORT_WINDOW | Reasons::from_bits(1 << 31);
        assert_eq!(set.to_string(), "short_window no_checkpoint bit_31");
        assert!(set.contains(Reasons::NO_CHECKPOINT) && !set.contains(Reasons::NO_LONG));
        assert_eq!(Reasons::NO_INPUT.to_string(), "no_input");
        assert!(Reasons::default().is_empty() && Reasons::default().to_string().is_empty());
    }
}
