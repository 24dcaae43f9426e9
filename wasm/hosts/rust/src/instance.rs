//! An instance of the module: one call at a time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use wasmtime::{InstancePre, Memory, Store, StoreLimitsBuilder, TypedFunc};

use crate::model::{Inner, Learnt};
use crate::system::Data;
use crate::{Code, Error, Result};

/// The version of the interface that this host speaks.
const MAJOR: u32 = 1;

/// A buffer of at most so many bytes is kept for the next call.
const KEPT: usize = 1 << 20;

/// So many checkpoints an instance keeps loaded; the one that was loaded first
/// makes room.
const LOADED: usize = 1024;

/// A function of the module that takes bytes, or a handle and bytes.
#[derive(Clone, Copy)]
pub(crate) enum Call {
    Load,
    Unload(i32),
    Describe(i32),
    Forecast(i32),
    Update(i32),
    Restore(i32),
    Clean,
    CheckpointName,
}

struct Functions {
    alloc: TypedFunc<u32, u32>,
    free: TypedFunc<u32, i32>,
    load: TypedFunc<(u32, u32), i32>,
    unload: TypedFunc<i32, i32>,
    describe: TypedFunc<i32, i32>,
    forecast: TypedFunc<(i32, u32, u32), i32>,
    update: TypedFunc<(i32, u32, u32), i32>,
    restore: TypedFunc<(i32, u32, u32), i32>,
    clean: TypedFunc<(u32, u32), i32>,
    checkpoint_name: TypedFunc<(u32, u32), i32>,
    result: TypedFunc<(), u32>,
    result_size: TypedFunc<(), u32>,
}

pub(crate) struct Instance {
    store: Store<Data>,
    memory: Memory,
    functions: Functions,
    buffer: (u32, usize), // of the module: address and size
    loaded: HashMap<u64, Loaded>,
    order: VecDeque<u64>, // of the loaded
    broken: bool,
    /// Whether there was a call before this one.
    pub used: bool,
    /// The request, to be used again.
    pub request: Vec<u8>,
}

/// A checkpoint within an instance.
struct Loaded {
    handle: i32,
    generation: u64, // of its calibration's state
    model: Weak<Inner>,
}

fn bad_module(e: impl std::fmt::Display) -> Error {
    Error::new(Code::BadModule, format!("foretide: not a module of Foretide: {e}"))
}

impl Instance {
    /// Makes one; an error where the module is not one of ours, or does not start.
    pub fn new(module: &InstancePre<Data>, memory_limit: usize) -> Result<Instance> {
        let limits = StoreLimitsBuilder::new().memory_size(memory_limit).memories(1).tables(1).build();
        let mut store = Store::new(module.module().engine(), Data { limits, said: Vec::new() });
        store.limiter(|data| &mut data.limits);
        let instance = module.instantiate(&mut store).map_err(bad_module)?;
        let memory =
            instance.get_memory(&mut store, "memory").ok_or_else(|| bad_module("it has no memory"))?;
        macro_rules! function {
            ($name:expr) => {
                instance.get_typed_func(&mut store, $name).map_err(bad_module)?
            };
        }
        let start: TypedFunc<(), ()> = function!("_initialize");
        let version: TypedFunc<(), u32> = function!("foretide_abi_version");
        let functions = Functions {
            alloc: function!("foretide_alloc"),
            free: function!("foretide_free"),
            load: function!("foretide_load"),
            unload: function!("foretide_unload"),
            describe: function!("foretide_describe"),
            forecast: function!("foretide_forecast"),
            update: function!("foretide_update"),
            restore: function!("foretide_restore"),
            clean: function!("foretide_clean"),
            checkpoint_name: function!("foretide_checkpoint_name"),
            result: function!("foretide_result"),
            result_size: function!("foretide_result_size"),
        };
        let started = start.call(&mut store, ()).and_then(|()| version.call(&mut store, ()));
        let version = started.map_err(|e| bad_module(broke_off(&e, &store.data().said)))?;
        if version >> 16 != MAJOR {
            let (major, minor) = (version >> 16, version & 0xffff);
            return Err(bad_module(format!(
                "it speaks version {major}.{minor} of the interface, this host {MAJOR}"
            )));
        }
        let (buffer, broken, used, request) = Default::default();
        let (loaded, order) = Default::default();
        Ok(Instance { store, memory, functions, buffer, loaded, order, broken, used, request })
    }

    /// Whether it is to be thrown away: it might still answer, and wrongly.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Marks it as one to be thrown away.
    pub fn discard(&mut self) {
        self.broken = true;
    }

    /// Bytes of its memory.
    pub fn memory(&self) -> usize {
        self.memory.data_size(&self.store)
    }

    /// Calls a function and returns what it returns, and its result. A trap is an
    /// error; a status that is one is not.
    pub fn raw(&mut self, call: Call, input: &[u8]) -> Result<(i32, Vec<u8>)> {
        self.used = true;
        self.store.data_mut().said.clear();
        let answer = self.ask(call, input);
        if let Err(e) = &answer {
            self.broken = true;
            if let Some(e) = e.downcast_ref::<Error>() {
                // What was refused before anything of the module ran in vain.
                self.broken = e.code() != Code::TooLarge;
                return Err(e.clone());
            }
        }
        answer.map_err(|e| {
            let text = broke_off(&e, &self.store.data().said);
            Error::new(Code::Trap, format!("foretide: the module broke off: {text}"))
        })
    }

    /// `raw`, where a negative number is an error.
    pub fn call(&mut self, call: Call, input: &[u8]) -> Result<(i32, Vec<u8>)> {
        let (returned, result) = self.raw(call, input)?;
        if returned < 0 {
            return Err(Error::of_status(returned, String::from_utf8_lossy(&result)));
        }
        Ok((returned, result))
    }

    fn ask(&mut self, call: Call, input: &[u8]) -> wasmtime::Result<(i32, Vec<u8>)> {
        let takes_bytes = !matches!(call, Call::Unload(_) | Call::Describe(_));
        let (at, size) = if takes_bytes { self.write(input)? } else { (0, 0) };
        let (store, f) = (&mut self.store, &self.functions);
        let returned = match call {
            Call::Load => f.load.call(&mut *store, (at, size)),
            Call::Unload(handle) => f.unload.call(&mut *store, handle),
            Call::Describe(handle) => f.describe.call(&mut *store, handle),
            Call::Forecast(handle) => f.forecast.call(&mut *store, (handle, at, size)),
            Call::Update(handle) => f.update.call(&mut *store, (handle, at, size)),
            Call::Restore(handle) => f.restore.call(&mut *store, (handle, at, size)),
            Call::Clean => f.clean.call(&mut *store, (at, size)),
            Call::CheckpointName => f.checkpoint_name.call(&mut *store, (at, size)),
        }?;
        let (from, n) = (f.result.call(&mut *store, ())?, f.result_size.call(&mut *store, ())?);
        let result = self.memory.data(&*store).get(from as usize..).and_then(|rest| rest.get(..n as usize));
        let result =
            result.ok_or_else(|| wasmtime::format_err!("its result is outside its memory"))?.to_vec();
        if self.buffer.1 > KEPT {
            f.free.call(&mut *store, self.buffer.0)?;
            self.buffer = (0, 0);
        }
        Ok((returned, result))
    }

    /// Writes bytes into a buffer of the module.
    fn write(&mut self, input: &[u8]) -> wasmtime::Result<(u32, u32)> {
        let (store, f) = (&mut self.store, &self.functions);
        if self.buffer.1 < input.len().max(1) {
            if self.buffer.0 != 0 {
                f.free.call(&mut *store, self.buffer.0)?;
                self.buffer = (0, 0);
            }
            // Some room to grow, so that a window of one cell more needs no other.
            let size = input.len().max(1).next_multiple_of(4096);
            let address = match u32::try_from(size) {
                Ok(size) => f.alloc.call(&mut *store, size)?,
                Err(_) => 0,
            };
            if address == 0 {
                let message = format!("foretide: {} bytes are more than the module takes", input.len());
                return Err(Error::new(Code::TooLarge, message).into());
            }
            self.buffer = (address, size);
        }
        self.memory.write(store, self.buffer.0 as usize, input)?;
        Ok((self.buffer.0, input.len() as u32))
    }

    /// The handle of a model, which is loaded here now if it was not, with what
    /// its calibration has learnt.
    pub fn handle(&mut self, model: &Arc<Inner>, learnt: &Learnt) -> Result<i32> {
        let generation = learnt.generation;
        if let Some(loaded) = self.loaded.get(&model.id) {
            if loaded.generation == generation {
                return Ok(loaded.handle);
            }
            self.unload(model.id)?;
        }
        self.make_room()?;
        let (handle, _) = self.call(Call::Load, &model.checkpoint)?;
        let loaded = Loaded { handle, generation, model: Arc::downgrade(model) };
        if !learnt.state.is_empty()
            && let Err(e) = self.call(Call::Restore(handle), &learnt.state)
        {
            if !self.broken {
                self.call(Call::Unload(handle), &[])?;
            }
            return Err(e);
        }
        self.loaded.insert(model.id, loaded);
        self.order.push_back(model.id);
        Ok(handle)
    }

    /// Says that a loaded model's calibration is of a generation now.
    pub fn learnt(&mut self, id: u64, generation: u64) {
        if let Some(loaded) = self.loaded.get_mut(&id) {
            loaded.generation = generation;
        }
    }

    /// Unloads the models that are no more, and the oldest where there are too many.
    fn make_room(&mut self) -> Result<()> {
        let gone = |(id, loaded): (&u64, &Loaded)| (loaded.model.strong_count() == 0).then_some(*id);
        let mut gone: Vec<u64> = self.loaded.iter().filter_map(gone).collect();
        if self.loaded.len() - gone.len() >= LOADED {
            gone.extend(self.order.iter().find(|id| !gone.contains(id)).copied());
        }
        gone.into_iter().try_for_each(|id| self.unload(id))
    }

    fn unload(&mut self, id: u64) -> Result<()> {
        self.order.retain(|&other| other != id);
        match self.loaded.remove(&id) {
            Some(loaded) => self.call(Call::Unload(loaded.handle), &[]).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// Why the module broke off: what its runtime said, or else the trap.
fn broke_off(e: &wasmtime::Error, said: &[u8]) -> String {
    match String::from_utf8_lossy(said).trim() {
        "" => format!("{e:#}"),
        said => said.to_owned(),
    }
}
