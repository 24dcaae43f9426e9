//! Several threads, several instances.

use std::sync::Barrier;

use crate::data::{MODULE, Request, builder, file};
use foretide::{Code, Model, Module, Window};

/// `Module` and `Model` may be shared and sent; checked by the compiler.
#[allow(dead_code)]
fn shared<T: Send + Sync + Clone + 'static>() {}
const _: fn() = shared::<Module>;
const _: fn() = shared::<Model>;

#[test]
fn threads_share_models_and_have_the_same_numbers() {
    for instances in [1, 3] {
        let module = builder().instances(instances).build().unwrap();
        let models: Vec<Model> = ["linear", "arima", "auto"]
            .iter()
            .map(|name| module.load(file(&format!("{name}.ckpt"))).unwrap())
            .collect();
        let request = Request::of("frame.req");
        let window = request.window();
        let want: Vec<_> = models.iter().map(|m| m.forecast(&window, &[]).unwrap()).collect();
        let ready = Barrier::new(6);
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let (models, window, want, ready) = (&models, &window, &want, &ready);
                scope.spawn(move || {
                    ready.wait();
                    for i in 0..60 {
                        let which = (thread + i) % models.len();
                        assert_eq!(models[which].forecast(window, &[]).unwrap(), want[which]);
                    }
                });
            }
        });
        assert!(module.memory() > 0);
    }
}

/// What one thread has a calibration learn, every instance knows.
#[test]
fn updates_of_threads_add_up() {
    let module = builder().instances(4).build().unwrap();
    let request = Request::of("frame.req");
    let window = request.window();
    let (alone, shared) =
        (module.load(file("arima.ckpt")).unwrap(), module.load(file("arima.ckpt")).unwrap());
    let ahead = alone.forecast(&window, &[]).unwrap().horizons[0].ahead;
    for _ in 0..40 {
        alone.update(&window, &[(ahead, 1e6)]).unwrap();
    }
    let ready = Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                ready.wait();
                for _ in 0..10 {
                    shared.update(&window, &[(ahead, 1e6)]).unwrap();
                    shared.forecast(&window, &[]).unwrap();
                }
            });
        }
    });
    assert_eq!(shared.state(), alone.state());
    let ready = Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                ready.wait();
                assert_eq!(shared.forecast(&window, &[]), alone.forecast(&window, &[]));
            });
        }
    });
}

/// A trap of one thread leaves the others' calls as they are, and nobody waits
/// for an instance that is gone.
#[test]
fn a_trap_is_nobody_elses() {
    let module = builder().instances(2).memory_limit(16 << 20).build().unwrap();
    let model = module.load(file("arima.ckpt")).unwrap();
    let request = Request::of("frame.req");
    let window = request.window();
    let want = model.forecast(&window, &[]).unwrap();
    let values = vec![1.0; 1 << 20];
    let big = vec![Window::new(0, 60).metric("cpu", &values); 4];
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert_eq!(model.forecast_many(&big, &[]).unwrap_err().code(), Code::Trap);
                }
            });
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(model.forecast(&window, &[]).unwrap(), want);
                }
            });
        }
    });
}

/// A model that is dropped makes room: so many at once would not fit.
#[test]
fn models_come_and_go() {
    let module = builder().instances(1).memory_limit(20 << 20).build().unwrap();
    let request = Request::of("frame.req");
    let want = MODULE.load(file("lstm.ckpt")).unwrap().forecast(&request.window(), &[]).unwrap();
    for i in 0..200 {
        let model = module.load(file("lstm.ckpt")).unwrap();
        if i % 50 == 0 {
            assert_eq!(model.forecast(&request.window(), &[]).unwrap(), want);
        }
    }
    assert!(module.memory() <= 20 << 20);
}
