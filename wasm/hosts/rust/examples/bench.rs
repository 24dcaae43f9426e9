//! How fast the host is, as lines of JSON:
//!
//! ```sh
//! cargo run --release --example bench -- metrics.csv [--container NAME] [--metric cpu]
//!     [--seconds 1] CHECKPOINT...
//! ```
//!
//! A checkpoint `-` stands for the network in the module. Everything is measured
//! anew for each, in this process, on an instance of its own:
//!
//! - `compile_ms`: from the module's bytes to an instance, on all cores, without a cache;
//! - `precompiled_ms`: the same from compiled code in a file;
//! - `first_ms`: compiling, loading the checkpoint and a forecast;
//! - `first_precompiled_ms`: the same with compiled code;
//! - `steady_us`: a forecast of the window, the least of many batches;
//! - `steady_median_us`: the median of the batches;
//! - `batch_us`: of 16 windows in one call, each, the least;
//! - `memory_bytes`: of the instance, at the end; `process_bytes`: of the process (VmHWM).

#[path = "common/table.rs"]
mod table;

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use foretide::{Forecast, Model, Module, Window};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct Options {
    data: String,
    container: Option<String>,
    metric: String,
    seconds: f64,
    checkpoints: Vec<String>,
}

fn options() -> Result<Options> {
    let (mut container, mut metric, mut seconds, mut plain) = (None, "cpu".to_owned(), 1.0, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--container" => container = Some(value()?),
            "--metric" => metric = value()?,
            "--seconds" => seconds = value()?.parse()?,
            _ => plain.push(argument),
        }
    }
    if plain.len() < 2 {
        return Err(
            "usage: bench FILE.csv [--container NAME] [--metric cpu] [--seconds 1] CHECKPOINT...".into()
        );
    }
    let data = plain.remove(0);
    Ok(Options { data, container, metric, seconds, checkpoints: plain })
}

/// What forecasts: a checkpoint, or the module alone.
enum Source {
    Model(Model),
    General(Module, String),
}

impl Source {
    fn of(module: &Module, checkpoint: Option<&[u8]>, metric: &str) -> Result<Source> {
        Ok(match checkpoint {
            Some(bytes) => Source::Model(module.load(bytes)?),
            None => Source::General(module.clone(), metric.to_owned()),
        })
    }

    fn forecast(&self, windows: &[Window]) -> Result<Forecast> {
        let mut all = match self {
            Source::Model(model) => model.forecast_many(windows, &[]),
            Source::General(module, metric) => module.forecast_many(windows, metric, &[]),
        }?;
        Ok(all.pop().ok_or("no forecast")??)
    }
}

fn ms(d: Duration) -> f64 {
    d.as_secs_f64() * 1e3
}

/// The least and the median time of a call, in microseconds, of batches of about
/// a millisecond.
fn steady(seconds: f64, mut call: impl FnMut() -> Result<()>) -> Result<(f64, f64)> {
    let begin = Instant::now();
    call()?;
    let n = (1e-3 / begin.elapsed().as_secs_f64()).ceil().max(1.0) as u32;
    let (begin, mut times) = (Instant::now(), Vec::new());
    while begin.elapsed().as_secs_f64() < seconds || times.len() < 10 {
        let batch = Instant::now();
        for _ in 0..n {
            call()?;
        }
        times.push(batch.elapsed().as_secs_f64() * 1e6 / f64::from(n));
    }
    times.sort_by(f64::total_cmp);
    Ok((times[0], times[times.len() / 2]))
}

/// The most memory that the process had, in bytes; 0 where the system does not tell.
fn process_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}

#[allow(unsafe_code)]
fn measure(o: &Options, name: &str, window: &Window) -> Result<String> {
    let checkpoint = if name == "-" { None } else { Some(std::fs::read(name)?) };
    let one = std::slice::from_ref(window);
    let builder = Module::builder().instances(1);

    let begin = Instant::now();
    let module = builder.build()?;
    let compile = begin.elapsed();
    Source::of(&module, checkpoint.as_deref(), &o.metric)?.forecast(one)?;
    let first = begin.elapsed();

    let file = std::env::temp_dir().join(format!("foretide-bench-{}.code", std::process::id()));
    std::fs::write(&file, module.precompiled()?)?;
    let code_bytes = std::fs::metadata(&file)?.len();
    let begin = Instant::now();
    // SAFETY: it was just written, and nobody changes it.
    let module = unsafe { builder.build_precompiled_file(&file) };
    let precompiled = begin.elapsed();
    let module = module?;
    let source = Source::of(&module, checkpoint.as_deref(), &o.metric)?;
    source.forecast(one)?;
    let first_precompiled = begin.elapsed();

    let (least, median) = steady(o.seconds, || black_box(source.forecast(one)).map(|_| ()))?;
    let many = vec![window.clone(); 16];
    let (batch, _) = steady(o.seconds, || black_box(source.forecast(&many)).map(|_| ()))?;
    std::fs::remove_file(&file)?;

    let model = match &source {
        Source::Model(model) => model.describe().family.clone(),
        Source::General(..) => "general".to_owned(),
    };
    Ok(format!(
        "{{\"host\":\"rust/wasmtime\",\"model\":\"{model}\",\"compile_ms\":{:.3},\"precompiled_ms\":{:.3},\
         \"first_ms\":{:.3},\"first_precompiled_ms\":{:.3},\"steady_us\":{least:.3},\"steady_median_us\":{median:.3},\
         \"batch_us\":{:.3},\"memory_bytes\":{},\"process_bytes\":{},\"code_bytes\":{code_bytes}}}",
        ms(compile),
        ms(precompiled),
        ms(first),
        ms(first_precompiled),
        batch / 16.0,
        module.memory(),
        process_memory(),
    ))
}

fn main() -> Result<()> {
    let o = options()?;
    let grid = table::read(&Module::new()?, &o.data, o.container.as_deref())?;
    for name in &o.checkpoints {
        println!("{}", measure(&o, name, &grid.window()).map_err(|e| format!("{name}: {e}"))?);
    }
    Ok(())
}
