//! The vectors of the interface, and the module.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use foretide::{Long, Module, Window};
use serde_json::Value;

/// Compiled once; the next run of the tests takes it from the cache.
pub static MODULE: LazyLock<Module> = LazyLock::new(|| builder().build().unwrap());

/// Every module of the tests is made from the same compiled code.
pub fn builder() -> foretide::Builder {
    Module::builder().cache_dir(concat!(env!("CARGO_TARGET_TMPDIR"), "/code"))
}

pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");

pub fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{FOLDER}/{name}")).unwrap_or_else(|e| panic!("{name}: {e}"))
}

pub fn vectors() -> Vec<Value> {
    let all: Value = serde_json::from_slice(&file("vectors.json")).unwrap();
    all.as_array().unwrap().clone()
}

/// The families and their traits.
pub static MODELS: LazyLock<Vec<Value>> =
    LazyLock::new(|| serde_json::from_slice(&file("models.json")).unwrap());

/// What the module says about a file of the vectors that it refuses.
pub fn message(name: &str) -> String {
    let vector = vectors().into_iter().find(|v| v["in"] == name).unwrap();
    vector["message"].as_str().unwrap().to_owned()
}

/// An empty folder of one's own.
pub fn folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{n}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// The window of a request of one window, and its horizons.
pub struct Request {
    pub horizons: Vec<i64>,
    container: String,
    names: Vec<String>,
    recent: (i64, i64, Vec<Vec<f64>>),
    long: Option<(i64, i64, Vec<Vec<f64>>)>,
}

struct Bytes(Vec<u8>, usize);

impl Bytes {
    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.1 += N;
        self.0[self.1 - N..self.1].try_into().unwrap()
    }
    fn u32(&mut self) -> usize {
        u32::from_le_bytes(self.array()) as usize
    }
    fn i64(&mut self) -> i64 {
        i64::from_le_bytes(self.array())
    }
    fn string(&mut self) -> String {
        let n = self.u32();
        self.1 += n;
        String::from_utf8(self.0[self.1 - n..self.1].to_vec()).unwrap()
    }
    fn pad(&mut self) {
        self.1 = self.1.next_multiple_of(8);
    }
    fn columns(&mut self, n: usize, cells: usize) -> Vec<Vec<f64>> {
        let column = |b: &mut Bytes| (0..cells).map(|_| f64::from_le_bytes(b.array())).collect();
        (0..n).map(|_| column(self)).collect()
    }
}

impl Request {
    pub fn of(name: &str) -> Request {
        let mut b = Bytes(file(name), 4);
        let n = b.u32();
        let horizons = (0..n).map(|_| b.i64()).collect();
        b.string(); // the metric
        b.pad();
        b.u32();
        let [flags, metrics, recent, long, _] = [b.u32(), b.u32(), b.u32(), b.u32(), b.u32()];
        let [start, step, long_start, long_step] = [b.i64(), b.i64(), b.i64(), b.i64()];
        let container = b.string();
        let names = (0..metrics).map(|_| b.string()).collect();
        b.pad();
        let recent = (start, step, b.columns(metrics, recent));
        let long = (flags & 1 == 0).then(|| (long_start, long_step, b.columns(metrics, long)));
        Request { horizons, container, names, recent, long }
    }

    pub fn window(&self) -> Window<'_> {
        let (start, step, columns) = &self.recent;
        let mut window = Window::new(*start, *step).container(&self.container);
        for (name, values) in self.names.iter().zip(columns) {
            window = window.metric(name, values);
        }
        window.long = self.long.as_ref().map(|(start, step, columns)| {
            let values = columns.iter().map(Vec::as_slice).collect();
            Long { start: *start, step: *step, values }
        });
        window
    }
}
