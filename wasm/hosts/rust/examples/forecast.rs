//! CSV in, forecast out:
//!
//! ```sh
//! cargo run --release --example forecast -- metrics.csv [CONTAINER [CHECKPOINTS]]
//! ```
//!
//! The file has a column timestamp (Unix seconds), container where there are
//! several, and one for each metric. CHECKPOINTS is a folder that `foretide train`
//! wrote; without it the network in the module forecasts.

#[path = "common/table.rs"]
mod table;

use std::error::Error;

use foretide::{Module, Predictor};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(path) = arguments.first() else {
        return Err("usage: forecast FILE.csv [CONTAINER [CHECKPOINTS]]".into());
    };
    let mut builder = Module::builder();
    if let Some(home) = std::env::home_dir() {
        builder = builder.cache_dir(home.join(".cache/foretide/rust"));
    }
    let module = builder.build()?;
    let grid = table::read(&module, path, arguments.get(1).map(String::as_str))?;
    let window = grid.window();
    println!("metric,horizon,median,lo80,hi80,model,reasons");
    let all = match arguments.get(2) {
        Some(folder) => Predictor::new(&module, folder)?.forecast_all(&window, &[]),
        None => window.metrics.iter().map(|&(name, _)| (name, module.forecast(&window, name, &[]))).collect(),
    };
    for (metric, forecast) in all {
        for h in forecast.map_err(|e| format!("{metric}: {e}"))?.horizons {
            let (low, high) = h.interval(0.8);
            println!("{metric},{},{},{low},{high},{},{}", h.ahead, h.median(), h.model, h.reasons);
        }
    }
    Ok(())
}
