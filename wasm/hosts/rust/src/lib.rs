//! Forecasts of what containers will use (CPU, memory, disk, network), from a
//! checkpoint of a few kilobytes or without one: one WebAssembly module in
//! [wasmtime], no server and no machine learning stack.
//!
//! ```
//! use foretide::{Module, Window};
//!
//! # fn main() -> foretide::Result<()> {
//! let module = Module::new()?; // compiles: once for the whole program
//! let cpu = vec![0.5; 1440]; // the recent past, best of eight days; NaN where a value is missing
//! let window = Window::new(1_700_000_040, 60).container("webapp").metric("cpu", &cpu);
//!
//! // The network in the module, without a checkpoint: 5, 15 and 30 minutes ahead.
//! let forecast = module.forecast(&window, "cpu", &[])?;
//! for h in &forecast.horizons {
//!     let (low, high) = h.interval(0.8);
//!     println!("{} s: {:.2}, with 80 % between {low:.2} and {high:.2} ({})", h.ahead, h.median(), h.reasons);
//! }
//! # assert!((forecast.horizons[0].median() - 0.5).abs() < 1e-3);
//! # Ok(())
//! # }
//! ```
//!
//! - A [`Model`] is a checkpoint, from [`Module::load`] or [`Module::load_file`].
//! - A [`Predictor`] finds checkpoints in the folder that `foretide train` writes.
//! - [`Module::clean`] puts [`Samples`] at any times on a [`Grid`], which makes a [`Window`].
//! - [`Error`]s of the module come with its own words and a [`Code`].
//! - [`Builder`] limits memory and keeps compiled code for the next process.
//!
//! [wasmtime]: https://wasmtime.dev

mod bytes;
mod cache;
mod error;
mod forecast;
mod instance;
mod model;
mod module;
mod predictor;
mod reasons;
mod samples;
mod system;
#[cfg(test)]
mod vectors;
mod window;

pub use error::{Code, Error, Result};
pub use forecast::{Description, Forecast, Horizon};
pub use model::Model;
pub use module::{Builder, Module, WASM};
pub use predictor::Predictor;
pub use reasons::Reasons;
pub use samples::{Grid, Report, Samples};
pub use window::{Long, Window};

/// The module of this crate's own tests, compiled once.
#[cfg(test)]
static MODULE: std::sync::LazyLock<Module> = std::sync::LazyLock::new(|| Module::new().unwrap());

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
