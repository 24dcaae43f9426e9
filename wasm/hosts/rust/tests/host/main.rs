//! The host as programs use it, beside the vectors of the interface and the
//! command line. In one program: the module is compiled once.

mod command;
mod data;
mod faults;
mod forecasts;
mod threads;
