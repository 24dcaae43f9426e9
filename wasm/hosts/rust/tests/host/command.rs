//! The same numbers as `foretide predict`, natively, from the same CSV and
//! checkpoints. FORETIDE is the program.

use std::path::Path;
use std::process::Command;

use foretide::{Forecast, Predictor, Reasons};
use serde_json::Value;

use crate::data::{MODELS, MODULE, file, folder};

/// Whether a family's numbers differ between processors by more than rounding (ABI.md).
fn rounded(model: &str) -> bool {
    MODELS.iter().any(|m| m["name"] == model && m["rounded"] == true)
}

/// The program; nothing where there is none, which under FORETIDE_CI is a failure.
fn program() -> Option<String> {
    let path = std::env::var("FORETIDE").ok();
    if path.is_none() {
        assert!(std::env::var_os("FORETIDE_CI").is_none(), "FORETIDE names no program");
        eprintln!("skipped: set FORETIDE to the program: go build -o foretide ./cmd/foretide");
    }
    path
}

struct Samples {
    times: Vec<i64>,
    cpu: Vec<f64>,
    memory: Vec<f64>,
}

/// Irregular, out of order, doubled, with gaps and missing values.
fn samples() -> Samples {
    let (mut times, mut cpu, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    let mut random = 1u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as f64 / f64::from(1u32 << 31)
    };
    for i in 0..8 * 1440i64 {
        if (3000..3100).contains(&(i % 5000)) {
            continue;
        }
        let day = (2.0 * std::f64::consts::PI * (i * 60) as f64 / 86_400.0).sin();
        let value = ((2.0 + day + 0.4 * next()) * 1e4).round() / 1e4;
        times.push(1_700_000_000 + 60 * i + (9.0 * next()) as i64);
        cpu.push(if next() > 0.05 { value } else { f64::NAN });
        memory.push((3e9 + 1e8 * day + 1e6 * next()).round());
        if next() < 0.02 {
            let last = times.len() - 1;
            times.push(times[last]);
            cpu.push(cpu[last]);
            memory.push(memory[last]);
        }
    }
    for i in (0..times.len() - 10).step_by(97) {
        times.swap(i, i + 8);
        cpu.swap(i, i + 8);
        memory.swap(i, i + 8);
    }
    Samples { times, cpu, memory }
}

fn write(samples: &Samples, container: &str, path: &Path) {
    let mut text = "timestamp,container,cpu,memory\n".to_owned();
    for i in 0..samples.times.len() {
        let cpu = Some(samples.cpu[i]).filter(|x| !x.is_nan()).map_or(String::new(), |x| x.to_string());
        text += &format!("{},{container},{cpu},{}\n", samples.times[i], samples.memory[i]);
        text += &format!("{},other,1,2\n", samples.times[i]);
    }
    std::fs::write(path, text).unwrap();
}

fn near(got: f64, want: &Value, tolerance: f64, what: &str) {
    let want = want.as_f64().unwrap();
    assert!((got - want).abs() <= tolerance, "{what}: {got}, not {want}");
}

fn same(forecast: &Forecast, said: &Value) {
    let horizons = said["horizons"].as_array().unwrap();
    assert_eq!(forecast.horizons.len(), horizons.len());
    for (h, want) in forecast.horizons.iter().zip(horizons) {
        let what = format!("{} of {} at {}", said["metric"], h.model, h.ahead);
        assert_eq!((want["horizon_s"].as_i64(), want["model"].as_str()), (Some(h.ahead), Some(&h.model[..])));
        assert_eq!(want["detail"].as_str().unwrap_or(""), h.detail);
        let reasons: Vec<&str> =
            want["reasons"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(h.reasons.names(), reasons, "{what}");
        let size = h.quantiles.iter().fold(0.0f64, |size, q| size.max(q.abs()));
        let tolerance = size * if rounded(&h.model) { 1e-5 } else { 1e-9 };
        near(h.median(), &want["median"], tolerance, &what);
        near(h.mean, &want["mean"], tolerance, &what);
        let (low, high) = h.interval(0.8);
        near(low, &want["lo80"], tolerance, &what);
        near(high, &want["hi80"], tolerance, &what);
        let quantiles = want["quantiles"].as_array().unwrap();
        assert_eq!(h.quantiles.len(), quantiles.len());
        for (q, want) in h.quantiles.iter().zip(quantiles) {
            near(*q, &want["value"], tolerance, &what);
        }
    }
}

#[test]
fn the_same_as_the_command_line() {
    let Some(program) = program() else { return };
    let samples = samples();
    for model in MODELS.iter().filter(|m| !m["checkpoint"].is_null()) {
        let kind = model["name"].as_str().unwrap();
        let shared = model["global"] == true;
        let (store, data) = (folder(), folder().join("metrics.csv"));
        let own = if shared { "" } else { "ccc/cluster28" };
        std::fs::create_dir(store.join("cpu")).unwrap();
        std::fs::write(
            store.join(MODULE.checkpoint_name("cpu", own).unwrap()),
            file(&format!("{kind}.ckpt")),
        )
        .unwrap();
        for container in ["ccc/cluster28", "webapp"] {
            if container == "webapp" && !shared {
                continue;
            }
            write(&samples, container, &data);
            let mut command = Command::new(&program);
            command.args(["predict", "--json", "--container", container]);
            let said = command.arg("--data").arg(&data).arg("--store").arg(&store).output().unwrap();
            assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
            let said: Value = serde_json::from_slice(&said.stdout).unwrap();

            let table = foretide::Samples::new(container, &samples.times);
            let table = table.metric("cpu", &samples.cpu).metric("memory", &samples.memory);
            let grid = MODULE.clean(&table).unwrap();
            let predictor = Predictor::new(&MODULE, &store).unwrap();
            let forecasts = predictor.forecast_all(&grid.window(), &[]);
            assert_eq!(said.as_array().unwrap().len(), 2);
            for (metric, forecast) in forecasts {
                let said = said.as_array().unwrap().iter().find(|f| f["metric"] == metric).unwrap();
                let forecast = forecast.unwrap();
                same(&forecast, said);
                let h = &forecast.horizons[0];
                assert_eq!(h.reasons.contains(Reasons::NO_CHECKPOINT), metric == "memory");
                assert_eq!(
                    h.reasons.contains(Reasons::SHARED_MODEL),
                    metric == "cpu" && container == "webapp"
                );
            }
        }
    }
}
