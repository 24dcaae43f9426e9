//! Forecasts, descriptions and intervals that learn.

use foretide::{Code, Module, Reasons, WASM, Window};

use crate::data::{MODELS, MODULE, Request, file};

/// (The bytes of every answer are compared by the tests within the crate.)
#[test]
fn a_forecast_of_each_family_with_its_numbers() {
    for model in MODELS.iter().filter(|m| !m["checkpoint"].is_null()) {
        let family = model["name"].as_str().unwrap();
        let model = MODULE.load(file(&format!("{family}.ckpt"))).unwrap();
        let about = model.describe();
        assert_eq!((about.family.as_str(), about.metric.as_str()), (family, "cpu"));
        for name in ["window.req", "frame.req"] {
            let request = Request::of(name);
            let forecast = model.forecast(&request.window(), &request.horizons).unwrap();
            assert_eq!(forecast.horizons.len(), request.horizons.len().max(3), "{family}, {name}");
            for h in &forecast.horizons {
                assert!(h.time == forecast.origin + h.ahead && h.levels == about.levels);
                assert!(h.median() >= about.lower && h.median() <= about.upper);
                let (low, high) = h.interval(0.8);
                assert!(low <= h.median() && h.median() <= high && low < high, "{family}: {h:?}");
                assert!(!h.model.is_empty());
            }
        }
    }
}

#[test]
fn without_a_checkpoint() {
    let cpu = [3.0; 120];
    let window = Window::new(0, 60).metric("cpu", &cpu);
    let forecast = MODULE.forecast(&window, "cpu", &[]).unwrap();
    let ahead: Vec<i64> = forecast.horizons.iter().map(|h| h.ahead).collect();
    assert_eq!(ahead, [300, 900, 1800]);
    assert!((forecast.horizons[0].median() - 3.0).abs() < 1e-4);
    assert!(forecast.reasons.contains(Reasons::NO_CHECKPOINT), "{}", forecast.reasons);
}

#[test]
fn many_windows_of_which_one_fails() {
    let model = MODULE.load(file("linear.ckpt")).unwrap();
    let request = Request::of("window.req");
    let window = request.window();
    let mut bad = window.clone();
    (bad.start, bad.step, bad.long) = (0, 7, None);
    let many =
        model.forecast_many(&[window.clone(), bad.clone(), window.clone()], &request.horizons).unwrap();
    let one = model.forecast(&window, &request.horizons);
    assert!(one.is_ok() && many[0] == one && many[2] == one);
    assert_eq!(many[1].as_ref().unwrap_err().code(), Code::BadStep);
    assert_eq!(model.forecast(&bad, &[]), many[1]);
}

#[test]
fn intervals_learn_and_their_state_goes_on_elsewhere() {
    let model = MODULE.load(file("arima.ckpt")).unwrap();
    let request = Request::of("frame.req");
    let window = request.window();
    let before = model.forecast(&window, &[]).unwrap();
    let (ahead, high) = (before.horizons[0].ahead, *before.horizons[0].quantiles.last().unwrap());
    assert!(model.state().is_empty());
    for _ in 0..20 {
        assert_eq!(model.update(&window, &[(ahead, 10.0 * high + 1.0), (ahead + 1, 1.0)]), Ok(1));
    }
    let after = model.forecast(&window, &[]).unwrap();
    assert!(after.horizons[0].quantiles.last().unwrap() > &high);

    let other = MODULE.load(file("arima.ckpt")).unwrap();
    other.restore(&model.state()).unwrap();
    assert_eq!(other.forecast(&window, &[]), Ok(after.clone()));
    assert!(other.restore(b"nonsense").is_err());
    assert_eq!((other.forecast(&window, &[]), other.state()), (Ok(after.clone()), model.state()));
    other.restore(&[]).unwrap();
    assert_eq!(other.forecast(&window, &[]), Ok(before.clone()));
    assert_eq!(model.forecast(&window, &[]), Ok(after));
}

#[test]
fn compiled_code_from_a_file() {
    let request = Request::of("window.req");
    let want = MODULE.load(file("auto.ckpt")).unwrap().forecast(&request.window(), &[]);
    let path = crate::data::folder().join("foretide.code");
    std::fs::write(&path, MODULE.precompiled().unwrap()).unwrap();
    // SAFETY: it was just written, and nobody changes it.
    #[allow(unsafe_code)]
    let module = unsafe { Module::builder().build_precompiled_file(&path) }.unwrap();
    assert_eq!(module.load(file("auto.ckpt")).unwrap().forecast(&request.window(), &[]), want);
    assert!(want.is_ok());
}

#[test]
fn the_crates_module_is_this_one() {
    assert!(WASM == file("../foretide.wasm"));
}
