//! The compiled module and a pool of its instances.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use wasmtime::{Config, Engine, InstancePre, Linker};

use crate::instance::{Call, Instance};
use crate::model::Model;
use crate::{Code, Error, Forecast, Grid, Result, Samples, Window, bytes, cache, system};

/// The module that is part of this crate.
pub const WASM: &[u8] = include_bytes!("../foretide.wasm");

/// The module, compiled, and instances of it. A clone is the same module.
///
/// # Threads
///
/// `Module` and [`Model`] are `Send` and `Sync`: share them. Each call runs on an
/// instance of its own; so many run at the same time as [`Builder::instances`]
/// says, and others wait. An instance has some 10 MB of memory, and loads a
/// checkpoint when it is first asked for it.
///
/// A call blocks its thread: some hundred microseconds for a window. Within
/// asynchronous code, give many windows to `spawn_blocking`. It cannot be
/// interrupted; what goes in is bounded instead.
///
/// # Faults
///
/// What a broken checkpoint or a fault can reach is the instance's own memory.
/// Where the module breaks off, the call is an [`Error`] of [`Code::Trap`], the
/// instance is dropped, and the next call has another.
#[derive(Clone)]
pub struct Module {
    shared: Arc<Shared>,
}

struct Shared {
    pre: InstancePre<system::Data>,
    memory_limit: usize,
    instances: usize,
    pool: Mutex<Pool>,
    returned: Condvar, // an instance, or the right to make one
    ids: AtomicU64,    // of models
}

#[derive(Default)]
struct Pool {
    idle: Vec<Instance>,
    running: usize,
}

/// How a [`Module`] is made.
#[derive(Debug, Clone)]
pub struct Builder {
    memory_limit: usize,
    instances: usize,
    cache_dir: Option<PathBuf>,
}

impl Default for Builder {
    fn default() -> Builder {
        let instances = std::thread::available_parallelism().map_or(1, |n| n.get());
        Builder { memory_limit: 256 << 20, instances, cache_dir: None }
    }
}

impl Builder {
    /// At most so many bytes of memory for an instance, 16 MiB at the least. The
    /// default is 256 MiB; 64 MiB hold dozens of ordinary checkpoints.
    pub fn memory_limit(mut self, bytes: usize) -> Builder {
        self.memory_limit = bytes.max(16 << 20);
        self
    }

    /// So many calls run at the same time, one at the least. The default is the
    /// number of cores.
    pub fn instances(mut self, n: usize) -> Builder {
        self.instances = n.max(1);
        self
    }

    /// Keeps compiled code in a folder, which is made where it is not there: the
    /// next process starts in milliseconds. What is damaged or of another
    /// version of wasmtime is compiled anew.
    ///
    /// **Whoever may write to the folder decides what this process runs.** On
    /// Unix it is refused where others than its owner may write to it.
    pub fn cache_dir(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.cache_dir = Some(folder.into());
        self
    }

    /// Compiles the module of this crate.
    pub fn build(&self) -> Result<Module> {
        self.build_from(WASM)
    }

    /// Compiles another build of the module, which must be one of Foretide's: a
    /// call of a hostile one need not return.
    pub fn build_from(&self, wasm: &[u8]) -> Result<Module> {
        let engine = engine()?;
        let module = match &self.cache_dir {
            Some(folder) => cache::compile(&engine, wasm, folder)?,
            None => compile(&engine, wasm)?,
        };
        self.host(&engine, &module)
    }

    /// Takes compiled code as [`Module::precompiled`] returned it, in a
    /// millisecond instead of a second.
    ///
    /// # Safety
    ///
    /// The bytes must come from [`Module::precompiled`], of any process, and be
    /// unchanged: they are run as they are. Code of another version of wasmtime
    /// or of another kind of processor is recognised and refused.
    #[allow(unsafe_code)]
    pub unsafe fn build_precompiled(&self, code: &[u8]) -> Result<Module> {
        let engine = engine()?;
        // SAFETY: the caller promises what wasmtime asks for.
        let module = unsafe { wasmtime::Module::deserialize(&engine, code) }.map_err(bad_module)?;
        self.host(&engine, &module)
    }

    /// [`build_precompiled`](Builder::build_precompiled) of a file, which is mapped
    /// into memory, not read.
    ///
    /// # Safety
    ///
    /// As there, and the file must stay as it is for as long as the module is used.
    #[allow(unsafe_code)]
    pub unsafe fn build_precompiled_file(&self, path: impl AsRef<Path>) -> Result<Module> {
        let (engine, path) = (engine()?, path.as_ref());
        // SAFETY: the caller promises what wasmtime asks for.
        let module = unsafe { wasmtime::Module::deserialize_file(&engine, path) };
        self.host(&engine, &module.map_err(|e| bad_module(e).within(path))?)
    }

    /// Makes a first instance, so that what is wrong with the module is found now.
    fn host(&self, engine: &Engine, module: &wasmtime::Module) -> Result<Module> {
        let mut linker = Linker::new(engine);
        system::define(&mut linker).map_err(bad_module)?;
        let pre = linker.instantiate_pre(module).map_err(bad_module)?;
        let first = Instance::new(&pre, self.memory_limit)?;
        let pool = Mutex::new(Pool { idle: vec![first], running: 0 });
        let (memory_limit, instances) = (self.memory_limit, self.instances);
        let (returned, ids) = Default::default();
        Ok(Module { shared: Arc::new(Shared { pre, memory_limit, instances, pool, returned, ids }) })
    }
}

fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.generate_address_map(false); // nobody reads addresses of ours
    Engine::new(&config).map_err(bad_module)
}

pub(crate) fn compile(engine: &Engine, wasm: &[u8]) -> Result<wasmtime::Module> {
    // Text that is WebAssembly's is none here: wasmtime's feature `wat` is off,
    // or on in another crate of the program.
    if !wasm.starts_with(b"\0asm") {
        return Err(bad_module("it does not begin as WebAssembly does"));
    }
    wasmtime::Module::from_binary(engine, wasm).map_err(bad_module)
}

pub(crate) fn bad_module(e: impl std::fmt::Display) -> Error {
    Error::new(Code::BadModule, format!("foretide: the module cannot be used: {e:#}"))
}

impl Module {
    /// Compiles the module of this crate, with the defaults of [`Builder`].
    pub fn new() -> Result<Module> {
        Builder::default().build()
    }

    /// Compiles the module in a file.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Module> {
        let path = path.as_ref();
        let wasm = std::fs::read(path).map_err(|e| Error::io(path, &e))?;
        Builder::default().build_from(&wasm).map_err(|e| e.within(path))
    }

    /// A module with settings of one's own.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The compiled code, for [`Builder::build_precompiled`]: some megabytes that
    /// run on this kind of processor, with this version of wasmtime.
    pub fn precompiled(&self) -> Result<Vec<u8>> {
        self.shared.pre.module().serialize().map_err(bad_module)
    }

    /// Loads a checkpoint's bytes, which the model keeps.
    pub fn load(&self, checkpoint: impl Into<Vec<u8>>) -> Result<Model> {
        let id = self.shared.ids.fetch_add(1, Ordering::Relaxed);
        Model::new(self.clone(), id, checkpoint.into())
    }

    /// Loads the checkpoint in a file.
    pub fn load_file(&self, path: impl AsRef<Path>) -> Result<Model> {
        let path = path.as_ref();
        let checkpoint = std::fs::read(path).map_err(|e| Error::io(path, &e))?;
        self.load(checkpoint).map_err(|e| e.within(path))
    }

    /// Forecasts a metric without a checkpoint, by the network in the module; the
    /// reasons have [`NO_CHECKPOINT`](crate::Reasons::NO_CHECKPOINT). Horizons are in
    /// seconds, ascending; without any they are 5, 15 and 30 minutes.
    pub fn forecast(&self, window: &Window, metric: &str, horizons: &[i64]) -> Result<Forecast> {
        let forecasts = self.forecast_many(std::slice::from_ref(window), metric, horizons)?;
        forecasts.into_iter().next().unwrap_or_else(|| Err(bad_module("no forecast")))
    }

    /// Forecasts from many windows in one call; one that fails has its error in
    /// its place.
    pub fn forecast_many(
        &self,
        windows: &[Window],
        metric: &str,
        horizons: &[i64],
    ) -> Result<Vec<Result<Forecast>>> {
        self.run(|instance| forecasts(instance, 0, windows, metric, horizons))
    }

    /// Puts samples at any times on a grid, as `foretide predict` does. Rows may be
    /// out of order, doubled, irregular and missing; cells after the last value are
    /// left out.
    pub fn clean(&self, samples: &Samples) -> Result<Grid> {
        self.run(|instance| {
            let mut request = std::mem::take(&mut instance.request);
            let written = bytes::samples(&mut request, samples);
            let answer = written.and_then(|()| instance.call(Call::Clean, &request));
            if request.capacity() <= 1 << 20 {
                instance.request = request;
            }
            let grid = bytes::cleaned(&answer?.1, samples);
            if grid.is_err() {
                instance.discard();
            }
            grid
        })
    }

    /// Where the checkpoint of a metric and container lies in a folder or bucket that
    /// `foretide train` writes; without a container, the one that serves those that
    /// have none of their own. Names are escaped: none leaves the folder, and no two
    /// share a file.
    ///
    /// ```
    /// let module = foretide::Module::new()?;
    /// assert_eq!(module.checkpoint_name("cpu", "azure/vm-1")?, "cpu/azure%2Fvm-1.ckpt");
    /// assert_eq!(module.checkpoint_name("cpu", "")?, "cpu/_shared.ckpt");
    /// # Ok::<(), foretide::Error>(())
    /// ```
    pub fn checkpoint_name(&self, metric: &str, container: &str) -> Result<String> {
        let mut request = Vec::new();
        bytes::names(&mut request, metric, container);
        let (_, name) = self.run(|instance| instance.call(Call::CheckpointName, &request))?;
        Ok(String::from_utf8_lossy(&name).into_owned())
    }

    /// Bytes of memory of the instances which no call is using.
    pub fn memory(&self) -> usize {
        self.pool().idle.iter().map(Instance::memory).sum()
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        // Nothing within the lock panics half way.
        self.shared.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `f` use an instance. Where that one breaks off, and was used before,
    /// `f` has another try with a fresh one: memory may have run out for what
    /// others left in it.
    pub(crate) fn run<T>(&self, mut f: impl FnMut(&mut Instance) -> Result<T>) -> Result<T> {
        let mut place = Place { module: self, instance: self.take() };
        loop {
            let instance = match &mut place.instance {
                Some(instance) => instance,
                none => none.insert(Instance::new(&self.shared.pre, self.shared.memory_limit)?),
            };
            let used = instance.used;
            let answer = f(instance);
            if instance.is_broken() {
                place.instance = None;
                if used {
                    continue;
                }
            }
            return answer;
        }
    }

    /// Waits for the right to run, and takes an instance that is idle.
    fn take(&self) -> Option<Instance> {
        let full = |pool: &mut Pool| pool.running >= self.shared.instances;
        let pool = self.shared.returned.wait_while(self.pool(), full);
        let mut pool = pool.unwrap_or_else(PoisonError::into_inner);
        pool.running += 1;
        pool.idle.pop()
    }
}

/// The right to run, and the instance, which goes back also where a call panics.
struct Place<'a> {
    module: &'a Module,
    instance: Option<Instance>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut pool = self.module.pool();
        pool.running -= 1;
        // One that is nearly full would break off soon.
        let limit = self.module.shared.memory_limit / 4 * 3;
        pool.idle.extend(self.instance.take().filter(|i| !std::thread::panicking() && i.memory() <= limit));
        drop(pool);
        self.module.shared.returned.notify_one();
    }
}

/// Has an instance forecast. What is no answer breaks it.
pub(crate) fn forecasts(
    instance: &mut Instance,
    handle: i32,
    windows: &[Window],
    metric: &str,
    horizons: &[i64],
) -> Result<Vec<Result<Forecast>>> {
    let mut request = std::mem::take(&mut instance.request);
    let written = bytes::request(&mut request, windows, horizons, metric);
    let answer = written.and_then(|()| instance.call(Call::Forecast(handle), &request));
    if request.capacity() <= 1 << 20 {
        instance.request = request;
    }
    let forecasts = bytes::forecasts(&answer?.1, windows.len());
    if forecasts.is_err() {
        instance.discard();
    }
    forecasts
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module").field("instances", &self.shared.instances).finish_non_exhaustive()
    }
}
