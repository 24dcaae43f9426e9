//! What is wrong is an error, and the next call works.

use foretide::{Code, Error, Long, Module, Predictor, Window};

use crate::data::{MODULE, Request, builder, file, folder, message};

#[test]
fn checkpoints_that_are_none() {
    for (name, code) in [
        ("text.ckpt", Code::NotCheckpoint),
        ("half.ckpt", Code::Damaged),
        ("damaged.ckpt", Code::Damaged),
        ("newer.ckpt", Code::BadVersion),
    ] {
        let e = MODULE.load(file(name)).unwrap_err();
        assert_eq!((e.code(), e.to_string()), (code, message(name)), "{name}");
        let path = folder().join("it.ckpt");
        std::fs::write(&path, file(name)).unwrap();
        let e = MODULE.load_file(&path).unwrap_err();
        assert_eq!((e.code(), e.to_string()), (code, format!("{}: {}", path.display(), message(name))));
    }
    assert_eq!(MODULE.load([]).unwrap_err().code(), Code::NotCheckpoint);
    assert_eq!(MODULE.load_file("/nowhere/x.ckpt").unwrap_err().code(), Code::Io);
    assert!(MODULE.load(file("linear.ckpt")).is_ok());
}

/// Each byte of a checkpoint changed, and each length: an error or a model, and
/// the module goes on.
#[test]
fn checkpoints_that_were_changed() {
    let module = builder().instances(1).build().unwrap();
    let good = file("naive.ckpt");
    let request = Request::of("frame.req");
    for i in (0..good.len()).step_by(7) {
        assert!(module.load(&good[..i]).is_err(), "{i} bytes");
        let mut other = good.clone();
        other[i] ^= 0x41;
        if let Ok(model) = module.load(other) {
            let _ = model.forecast(&request.window(), &[]);
        }
    }
    let model = module.load(good).unwrap();
    assert!(model.forecast(&request.window(), &[]).is_ok());
}

#[test]
fn windows_that_cannot_be() {
    let values = [1.0, 2.0];
    let window = Window::new(0, 60);
    let long = |values| Some(Long { start: 0, step: 300, values });
    let check = |window: &Window, code: Code, text: &str| {
        let e = MODULE.forecast(window, "cpu", &[]).unwrap_err();
        assert!(e.code() == code && e.to_string().contains(text), "{:?}: {e}", e.code());
    };
    check(&window, Code::BadRequest, "names no metric");
    let good = window.clone().metric("cpu", &values);
    check(
        &good.clone().metric("memory", &values[..1]),
        Code::BadRequest,
        "\"memory\" has 1 values, \"cpu\" has 2",
    );
    check(&Window { long: long(vec![]), ..good.clone() }, Code::BadRequest, "the long part is of 0 metrics");
    let two = good.clone().metric("memory", &values);
    check(
        &Window { long: long(vec![&values, &values[..1]]), ..two },
        Code::BadRequest,
        "\"memory\" has 1 values",
    );
    check(&window.clone().metric("cpu", &[]), Code::NoData, "");
    check(&window.clone().metric("memory", &values), Code::NoMetric, "cpu");
    check(&Window { step: 0, ..good.clone() }, Code::BadStep, "a step of 0 s");
    check(&Window { start: i64::MIN, ..good.clone() }, Code::BadRequest, "start");
    check(
        &Window { start: i64::MAX, step: i64::MIN, ..good.clone() },
        Code::BadStep,
        "a step of -9223372036854775808 s",
    );
    let name = "x".repeat(5000);
    check(&Window { container: &name, ..good.clone() }, Code::TooLarge, "4096");
    for horizons in [&[0][..], &[-5], &[900, 300], &[i64::MIN], &[i64::MAX], &[300; 2000]] {
        let e = MODULE.forecast(&good, "cpu", horizons).unwrap_err();
        assert!(
            matches!(e.code(), Code::BadRequest | Code::BadHorizon | Code::TooLarge),
            "{horizons:?}: {e:?}"
        );
    }
    assert!(MODULE.forecast_many(&[], "cpu", &[]).is_err());
    let odd = [f64::NAN, f64::INFINITY, f64::MIN_POSITIVE, -0.0, f64::MAX, f64::MIN, 1e-320];
    assert!(MODULE.forecast(&window.metric("cpu", &odd), "cpu", &[]).is_ok());
    assert!(MODULE.forecast(&good, "cpu", &[]).is_ok());
}

#[test]
fn too_much_is_refused_before_memory_is_spent() {
    let values = vec![1.0; 1 << 20];
    let windows = vec![Window::new(0, 60).metric("cpu", &values); 65_536]; // half a TiB
    let e = MODULE.forecast_many(&windows, "cpu", &[]).unwrap_err();
    assert_eq!(e.code(), Code::TooLarge, "{e}");
    let small = vec![Window::new(0, 60).metric("cpu", &values[..1]); 65_537];
    assert_eq!(MODULE.forecast_many(&small, "cpu", &[]).unwrap_err().code(), Code::TooLarge);
    let e = MODULE.load(vec![0; 257 << 20]).unwrap_err();
    assert_eq!(e.code(), Code::TooLarge, "{e}");
    let model = MODULE.load(file("arima.ckpt")).unwrap();
    let e = model.update(&windows[0], &vec![(300, 1.0); 2000]).unwrap_err();
    assert_eq!(e.code(), Code::TooLarge, "{e}");
}

#[test]
fn after_a_trap_the_next_call_works() {
    let module = builder().memory_limit(16 << 20).instances(1).build().unwrap();
    let model = module.load(file("arima.ckpt")).unwrap();
    let request = Request::of("frame.req");
    let window = request.window();
    let ahead = model.forecast(&window, &[]).unwrap().horizons[0].ahead;
    assert_eq!(model.update(&window, &[(ahead, 1e6)]), Ok(1));
    let want = model.forecast(&window, &[]);
    assert!(want.is_ok());
    let values = vec![1.0; 1 << 20];
    let big = Window::new(0, 60).metric("cpu", &values);
    for _ in 0..3 {
        let e = model.forecast_many(&vec![big.clone(); 4], &[]).unwrap_err();
        assert!(e.code() == Code::Trap && e.to_string().contains("memory"), "{e}");
        assert_eq!(module.memory(), 0); // the instance is gone
        assert_eq!(model.forecast(&window, &[]), want); // with its state
        assert!((1..=16 << 20).contains(&module.memory()));
    }
}

#[test]
fn what_is_no_module_is_refused() {
    for code in [&b"\x01\x02\x03"[..], b"\0asm\x01\0\0\0", b"(module)", b"", &foretide::WASM[..100_000]] {
        let e = Module::builder().build_from(code).unwrap_err();
        assert_eq!(e.code(), Code::BadModule, "{e}");
    }
    let path = folder().join("foretide.wasm");
    assert_eq!(Module::from_file(&path).unwrap_err().code(), Code::Io);
    std::fs::write(&path, b"\0asm\x01\0\0\0").unwrap();
    let e = Module::from_file(&path).unwrap_err();
    assert!(e.code() == Code::BadModule && e.to_string().contains("foretide.wasm"), "{e}");
    // SAFETY: it is not code at all, which wasmtime recognises.
    #[allow(unsafe_code)]
    let e = unsafe { Module::builder().build_precompiled(b"no code") }.unwrap_err();
    assert_eq!(e.code(), Code::BadModule, "{e}");
}

#[test]
fn compiled_code_that_is_damaged_is_compiled_anew() {
    let cache = folder().join("code");
    let module = || Module::builder().cache_dir(&cache).build();
    let path = {
        module().unwrap();
        let mut files = std::fs::read_dir(&cache).unwrap();
        let path = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none());
        path
    };
    let good = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::thread::scope(|scope| {
        (0..2).for_each(|_| drop(scope.spawn(|| module().unwrap()))); // both compile and write
    });
    assert!(std::fs::read(&path).unwrap() == good && std::fs::read_dir(&cache).unwrap().count() == 1);
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    for bytes in [&bad[..], &good[..20]] {
        std::fs::write(&path, bytes).unwrap();
        assert!(module().unwrap().load(file("arima.ckpt")).is_ok());
        assert!(std::fs::read(&path).unwrap() == good);
    }
}

#[cfg(unix)]
#[test]
fn a_cache_that_others_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let cache = folder();
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o777)).unwrap();
    let e = Module::builder().cache_dir(&cache).build().unwrap_err();
    assert!(e.code() == Code::Io && e.to_string().contains("mode 777"), "{e}");
}

#[test]
fn folders_and_what_is_in_them() {
    let long = "é".repeat(200); // longer than a file's name may be
    let store = folder();
    let put = |metric: &str, container: &str, name: &str| {
        let path = store.join(MODULE.checkpoint_name(metric, container).unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, file(name)).unwrap();
        path
    };
    put("cpu", "mine", "arima.ckpt");
    put("cpu", "broken", "damaged.ckpt");
    let own = put("cpu", "ccc/cluster28", "arima.ckpt");
    let predictor = Predictor::new(&MODULE, &store).unwrap();
    let request = Request::of("frame.req");
    let of = |container| Window { container, ..request.window() };
    let forecast = |container| -> Result<_, Error> { predictor.forecast(&of(container), "cpu", &[]) };

    let e = forecast("mine").unwrap_err();
    assert!(
        e.code() == Code::Mismatch && e.to_string().contains("cpu of ccc/cluster28, not cpu of mine"),
        "{e}"
    );
    let e = forecast("broken").unwrap_err();
    assert!(e.code() == Code::Damaged && e.to_string().contains("broken.ckpt"), "{e}");

    let first = forecast("ccc/cluster28").unwrap();
    assert_eq!(first.horizons[0].model, "arima");
    std::fs::write(&own, file("linear.ckpt")).unwrap();
    let second = forecast("ccc/cluster28").unwrap();
    assert_eq!(second.horizons[0].model, "linear");
    std::fs::remove_file(&own).unwrap();
    assert!(forecast("ccc/cluster28").unwrap().reasons.contains(foretide::Reasons::NO_CHECKPOINT));
    assert!(forecast(&long).unwrap().reasons.contains(foretide::Reasons::NO_CHECKPOINT));
    put("cpu", "", "lstm.ckpt");
    assert_eq!(forecast("ccc/cluster28").unwrap().horizons[0].model, "lstm");
    assert!(predictor.forecast(&of("../../x"), "", &[]).is_err());
    assert_eq!(Predictor::new(&MODULE, store.join("nowhere")).unwrap_err().code(), Code::Io);
}
