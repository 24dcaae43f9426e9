//! The bytes that go into the module and come out of it (`ABI.md`, "Bytes").

use std::sync::Arc;

use crate::samples::{Grid, Report, Samples};
use crate::window::MAX_REQUEST;
use crate::{Code, Description, Error, Forecast, Horizon, Reasons, Result, Window};

fn padding(n: usize) -> usize {
    n.wrapping_neg() & 7
}

fn put_u32(out: &mut Vec<u8>, x: usize) {
    // What is larger than the module's limits was refused before.
    out.extend_from_slice(&(x as u32).to_le_bytes());
}

fn put_i64(out: &mut Vec<u8>, x: i64) {
    out.extend_from_slice(&x.to_le_bytes());
}

fn put_string(out: &mut Vec<u8>, s: &str) {
    put_u32(out, s.len());
    out.extend_from_slice(s.as_bytes());
}

fn put_floats(out: &mut Vec<u8>, values: &[f64]) {
    out.extend(values.iter().flat_map(|x| x.to_le_bytes()));
}

fn pad(out: &mut Vec<u8>) {
    out.resize(out.len() + padding(out.len()), 0);
}

/// The bytes of a window before its values.
fn head_size(window: &Window) -> usize {
    let names = window.metrics.iter().map(|(name, _)| 4 + name.len()).sum::<usize>();
    let head = 60 + window.container.len() + names;
    head + padding(head)
}

/// The bytes of a window. Those of several are summed without an overflow.
fn window_size(window: &Window) -> Result<usize> {
    let (recent, long) = window.cells()?;
    let values = (recent + long).saturating_mul(window.metrics.len());
    Ok(values.saturating_mul(8).saturating_add(head_size(window)))
}

/// Refuses what the module would, before memory is spent on it.
fn check_size(size: usize) -> Result<()> {
    if size <= MAX_REQUEST {
        return Ok(());
    }
    Err(Error::new(
        Code::TooLarge,
        format!(
            "foretide: the windows have {size} bytes, at most {MAX_REQUEST} go into one call; make several"
        ),
    ))
}

fn put_window(out: &mut Vec<u8>, window: &Window) -> Result<()> {
    let size = window_size(window)?;
    let (recent, long) = window.cells()?;
    put_u32(out, size);
    put_u32(out, if window.long.is_some() { 0 } else { 1 });
    put_u32(out, window.metrics.len());
    put_u32(out, recent);
    put_u32(out, long);
    put_u32(out, 0);
    put_i64(out, window.start);
    put_i64(out, window.step);
    let (start, step) = window.long.as_ref().map_or((0, 0), |long| (long.start, long.step));
    put_i64(out, start);
    put_i64(out, step);
    put_string(out, window.container);
    for (name, _) in &window.metrics {
        put_string(out, name);
    }
    pad(out);
    for (_, values) in &window.metrics {
        put_floats(out, values);
    }
    for values in window.long.iter().flat_map(|long| &long.values) {
        put_floats(out, values);
    }
    Ok(())
}

/// Makes `out` a request of forecasts.
pub(crate) fn request(out: &mut Vec<u8>, windows: &[Window], horizons: &[i64], metric: &str) -> Result<()> {
    let head = 12 + 8 * horizons.len() + metric.len();
    let mut size = head + padding(head);
    for window in windows {
        size = size.saturating_add(window_size(window)?);
    }
    check_size(size)?;
    out.clear();
    out.reserve(size);
    put_u32(out, windows.len());
    put_u32(out, horizons.len());
    for &ahead in horizons {
        put_i64(out, ahead);
    }
    put_string(out, metric);
    pad(out);
    windows.iter().try_for_each(|window| put_window(out, window))
}

/// Makes `out` a request to put samples on a grid.
pub(crate) fn samples(out: &mut Vec<u8>, samples: &Samples) -> Result<()> {
    samples.check()?;
    let names: usize = samples.metrics.iter().map(|(name, _)| name.len() + 32).sum();
    let columns = (samples.metrics.len() + 1).saturating_mul(8 * samples.times.len());
    check_size(columns.saturating_add(names).saturating_add(samples.container.len() + 32))?;
    out.clear();
    put_u32(out, samples.metrics.len());
    put_u32(out, 0);
    put_i64(out, samples.step);
    put_i64(out, samples.keep);
    put_string(out, samples.container);
    pad(out);
    for (k, (name, values)) in samples.metrics.iter().enumerate() {
        let start = out.len();
        put_u32(out, 0);
        let counter = samples.counters.contains(name);
        put_u32(out, usize::from(counter) | usize::from(k > 0) << 1); // the times of the first
        put_u32(out, values.len());
        put_u32(out, 0);
        put_string(out, name);
        pad(out);
        if k == 0 {
            samples.times.iter().for_each(|&time| put_i64(out, time));
        }
        put_floats(out, values);
        let size = (out.len() - start) as u32;
        out[start..start + 4].copy_from_slice(&size.to_le_bytes());
    }
    Ok(())
}

/// The grid of a result.
pub(crate) fn cleaned(bytes: &[u8], samples: &Samples) -> Result<Grid> {
    let names = &samples.metrics;
    let r = &mut Reader { bytes, at: 0 };
    if r.count(32)? != names.len() {
        return Err(nonsense("it reports of another number of metrics"));
    }
    r.u32()?;
    let mut reports = Vec::with_capacity(names.len());
    for (name, _) in names {
        let [used, missing, refused, old] = [r.u32()?, r.u32()?, r.u32()?, r.u32()?];
        let [repeated, unordered, resets, _] = [r.u32()?, r.u32()?, r.u32()?, r.u32()?];
        reports
            .push(((*name).to_owned(), Report { used, missing, refused, old, repeated, unordered, resets }));
    }
    let [_, _, metrics, cells, _, _] = [r.u32()?, r.u32()?, r.u32()?, r.u32()?, r.u32()?, r.u32()?];
    let [start, step, _, _] = [r.i64()?, r.i64()?, r.i64()?, r.i64()?];
    let container = r.string()?;
    if metrics as usize > names.len() || cells as usize > bytes.len() / 8 {
        return Err(nonsense("it counts more than it has"));
    }
    let names = r.list(metrics as usize, Reader::string)?;
    r.take(padding(r.at))?;
    let mut metrics = Vec::with_capacity(names.len());
    for name in names {
        metrics.push((name, r.list(cells as usize, Reader::f64)?));
    }
    Ok(Grid { container, start, step, metrics, reports })
}

/// Makes `out` a request of the name of a checkpoint.
pub(crate) fn names(out: &mut Vec<u8>, metric: &str, container: &str) {
    out.clear();
    put_string(out, metric);
    put_string(out, container);
}

/// Makes `out` a request to learn from values that came true.
pub(crate) fn update(out: &mut Vec<u8>, window: &Window, actuals: &[(i64, f64)]) -> Result<()> {
    check_size(window_size(window)?.saturating_add(16 * actuals.len()))?;
    out.clear();
    put_u32(out, actuals.len());
    put_u32(out, 0);
    for &(ahead, value) in actuals {
        put_i64(out, ahead);
        put_floats(out, &[value]);
    }
    put_window(out, window)
}

/// Takes bytes of the module apart. Where they end too early the error says
/// that they are no answer: no module of ours gives such.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(n).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or_else(|| nonsense("it is cut"))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// A number of things of which each has so many bytes at least: more than
    /// can be there are refused before room is made for them.
    fn count(&mut self, each: usize) -> Result<usize> {
        let n = self.u32()? as usize;
        if n > (self.bytes.len() - self.at) / each {
            return Err(nonsense("it counts more than it has"));
        }
        Ok(n)
    }

    fn list<T>(&mut self, n: usize, read: fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        (0..n).map(|_| read(self)).collect()
    }

    fn string(&mut self) -> Result<String> {
        let n = self.count(1)?;
        Ok(String::from_utf8_lossy(self.take(n)?).into_owned())
    }
}

fn nonsense(why: &str) -> Error {
    Error::new(Code::BadModule, format!("foretide: the module's answer is not one: {why}"))
}

/// The forecasts of a result of so many windows.
pub(crate) fn forecasts(bytes: &[u8], windows: usize) -> Result<Vec<Result<Forecast>>> {
    let mut r = Reader { bytes, at: 0 };
    if r.count(8)? != windows {
        return Err(nonsense("it is of another number of windows"));
    }
    let quantiles = r.count(8)?;
    let levels: Arc<[f64]> = r.list(quantiles, Reader::f64)?.into();
    let mut out = Vec::with_capacity(windows);
    for _ in 0..windows {
        let start = r.at;
        let size = r.u32()? as usize;
        let status = r.u32()? as i32;
        out.push(match status {
            0 => Ok(forecast(&mut r, &levels)?),
            _ => Err(Error::of_status(status, r.string()?)),
        });
        r.at = start;
        r.take(size)?; // and what a newer module adds at its end
    }
    Ok(out)
}

fn forecast(r: &mut Reader, levels: &Arc<[f64]>) -> Result<Forecast> {
    let origin = r.i64()?;
    let n = r.count(24)?;
    let reasons = Reasons::from_bits(r.u32()?);
    let mut horizons = Vec::with_capacity(n);
    for _ in 0..n {
        let (ahead, mean) = (r.i64()?, r.f64()?);
        let reasons = Reasons::from_bits(r.u32()?);
        r.u32()?;
        let quantiles = r.list(levels.len(), Reader::f64)?;
        if !mean.is_finite() || !quantiles.iter().all(|x| x.is_finite()) || !quantiles.is_sorted() {
            return Err(nonsense("a forecast that is not finite, or whose quantiles decrease"));
        }
        let (time, levels) = (origin.saturating_add(ahead), levels.clone());
        let (model, detail) = Default::default();
        horizons.push(Horizon { ahead, time, mean, levels, quantiles, reasons, model, detail });
    }
    for h in &mut horizons {
        h.model = r.string()?;
        h.detail = r.string()?;
    }
    Ok(Forecast { origin, reasons, horizons })
}

/// The description of a checkpoint.
pub(crate) fn description(bytes: &[u8]) -> Result<Description> {
    let r = &mut Reader { bytes, at: 0 };
    let [step, recent_cells, long_cells, long_step] = [r.i64()?, r.i64()?, r.i64()?, r.i64()?];
    let [lower, upper] = [r.f64()?, r.f64()?];
    let [first, last, observations] = [r.i64()?, r.i64()?, r.i64()?];
    let [horizons, quantiles, containers] = [r.count(8)?, r.count(8)?, r.count(4)?];
    let updatable = r.u32()? & 1 == 1;
    let horizons = r.list(horizons, Reader::i64)?;
    let levels = r.list(quantiles, Reader::f64)?.into();
    let [kind, metric, container, family] = [r.string()?, r.string()?, r.string()?, r.string()?];
    let [version, ended, chosen] = [r.string()?, r.string()?, r.string()?];
    let containers = r.list(containers, Reader::string)?;
    Ok(Description {
        step,
        recent_cells,
        long_cells,
        long_step,
        lower,
        upper,
        first,
        last,
        observations,
        horizons,
        levels,
        kind,
        metric,
        container,
        family,
        version,
        ended,
        chosen,
        containers,
        updatable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_are_cut_or_changed_are_errors() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/");
        let read = |name: &str| std::fs::read(format!("{folder}{name}"));
        let Ok(answer) = read("14-forecast.out") else {
            return; // the crate alone, without the repository
        };
        assert!(forecasts(&answer, 1).unwrap()[0].is_ok());
        assert!(forecasts(&answer, 2).is_err());
        let about = read("08-describe.out").unwrap();
        assert_eq!(description(&about).unwrap().family, "naive");
        for i in 0..answer.len() {
            assert!(forecasts(&answer[..i], 1).is_err(), "{i}");
            for value in [0, 0x7f, 0xff] {
                let mut other = answer.clone();
                other[i] = value;
                let _ = forecasts(&other, 1); // no panic, and no memory without end
            }
        }
        for i in 0..about.len() - 8 {
            assert!(description(&about[..i]).is_err(), "{i}");
            let mut other = about.clone();
            other[i] = 0xff;
            let _ = description(&other);
        }
    }

    #[test]
    fn grids_that_are_cut_or_changed_are_errors() {
        let (times, values) = ([0, 60, 120], [1.0, f64::NAN, 3.0]);
        let given = Samples::new("web", &times).metric("cpu", &values).counter("net_rx", &values);
        let mut request = Vec::new();
        samples(&mut request, &given).unwrap();
        let (used, answer) = crate::MODULE.run(|i| i.call(crate::instance::Call::Clean, &request)).unwrap();
        assert_eq!((used, cleaned(&answer, &given).unwrap().metrics.len()), (4, 2));
        for i in 0..answer.len() {
            assert!(cleaned(&answer[..i], &given).is_err(), "{i}");
            for value in [0, 0x7f, 0xff] {
                let mut other = answer.clone();
                other[i] = value;
                let _ = cleaned(&other, &given); // no panic, and no memory without end
            }
        }
    }

    #[test]
    fn a_number_that_is_not_finite_is_no_forecast() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/");
        let Ok(mut answer) = std::fs::read(format!("{folder}14-forecast.out")) else {
            return;
        };
        let levels = answer[4] as usize;
        let mean = 8 + 8 * levels + 24 + 8;
        answer[mean..mean + 8].copy_from_slice(&f64::NAN.to_le_bytes());
        assert_eq!(forecasts(&answer, 1).unwrap_err().code(), Code::BadModule);
    }
}
