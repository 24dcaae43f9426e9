//! What can fail, in the module's own words.

use std::fmt;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something failed: the statuses of the module (`ABI.md`, "Failures"), and
/// those of this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The address is not a buffer's, or the length is beyond it.
    BadPointer,
    /// No checkpoint is loaded under the handle.
    BadHandle,
    /// The request is cut, or impossible.
    BadRequest,
    /// A limit is exceeded.
    TooLarge,
    /// The bytes do not begin as a checkpoint does.
    NotCheckpoint,
    /// The checkpoint was cut or changed.
    Damaged,
    /// Of a newer format, compression or kind of model than the module knows.
    BadVersion,
    /// The checkpoint is intact, and yet no model could have written it.
    BadModel,
    /// The data have no column of the metric, or it is not the checkpoint's.
    NoMetric,
    /// The data's step is not, or does not divide, the model's.
    BadStep,
    /// The data have no cell.
    NoData,
    /// The model has no forecast for the horizon.
    BadHorizon,
    /// The model cannot be updated.
    NotUpdatable,
    /// A fault of the module.
    Internal,
    /// A status that a newer module has.
    Status(i32),
    /// The module broke off within the call. The next one works.
    Trap,
    /// Not a module of Foretide, or of another major version, or compiled code
    /// of another build of wasmtime.
    BadModule,
    /// A file of checkpoints holds another metric or container than its name.
    Mismatch,
    /// The samples cannot be brought onto a grid.
    BadData,
    /// A file cannot be read or written.
    Io,
}

const STATUSES: [Code; 14] = [
    Code::BadPointer,
    Code::BadHandle,
    Code::BadRequest,
    Code::TooLarge,
    Code::NotCheckpoint,
    Code::Damaged,
    Code::BadVersion,
    Code::BadModel,
    Code::NoMetric,
    Code::BadStep,
    Code::NoData,
    Code::BadHorizon,
    Code::NotUpdatable,
    Code::Internal,
];

impl Code {
    fn of_status(status: i32) -> Code {
        let i = (-1 - i64::from(status)) as usize;
        STATUSES.get(i).copied().unwrap_or(Code::Status(status))
    }

    /// The name, as in `ABI.md` and in every other host: `"damaged"`.
    pub fn name(self) -> &'static str {
        match self {
            Code::BadPointer => "bad_pointer",
            Code::BadHandle => "bad_handle",
            Code::BadRequest => "bad_request",
            Code::TooLarge => "too_large",
            Code::NotCheckpoint => "not_checkpoint",
            Code::Damaged => "damaged",
            Code::BadVersion => "bad_version",
            Code::BadModel => "bad_model",
            Code::NoMetric => "no_metric",
            Code::BadStep => "bad_step",
            Code::NoData => "no_data",
            Code::BadHorizon => "bad_horizon",
            Code::NotUpdatable => "not_updatable",
            Code::Internal => "internal",
            Code::Status(_) => "status",
            Code::Trap => "trap",
            Code::BadModule => "bad_module",
            Code::Mismatch => "mismatch",
            Code::BadData => "bad_data",
            Code::Io => "io",
        }
    }
}

/// A failure: what it is, for programs, and in words, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    code: Code,
    message: String,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Error {
        let message = message.into();
        Error { code, message }
    }

    pub(crate) fn of_status(status: i32, message: impl Into<String>) -> Error {
        Error::new(Code::of_status(status), message)
    }

    /// The error with the name of the file that it is about before its words.
    pub(crate) fn within(self, path: &std::path::Path) -> Error {
        Error::new(self.code, format!("{}: {}", path.display(), self.message))
    }

    pub(crate) fn io(path: &std::path::Path, e: &std::io::Error) -> Error {
        Error::new(Code::Io, format!("{}: {e}", path.display()))
    }

    /// What it is.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_their_names() {
        for (status, name) in [(-1, "bad_pointer"), (-6, "damaged"), (-14, "internal")] {
            assert_eq!(Code::of_status(status).name(), name);
        }
        for status in [0, 1, -15, i32::MIN, i32::MAX] {
            assert_eq!(Code::of_status(status), Code::Status(status));
        }
    }
}
