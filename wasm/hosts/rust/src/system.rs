//! What the module imports: a few functions of `wasi_snapshot_preview1`, whose
//! answers are always the same (`ABI.md`, "Imports"). An address outside the
//! memory is a trap.

use wasmtime::{Caller, Extern, Linker, Result, StoreLimits, bail, format_err};

/// What belongs to an instance beside its memory.
pub(crate) struct Data {
    pub limits: StoreLimits,
    /// What the runtime had to say before it trapped: its beginning.
    pub said: Vec<u8>,
}

/// So much is kept of what the runtime says: the reason comes first, then come
/// stacks.
const SAID: usize = 2000;

const NOT_SUPPORTED: i32 = 52;

/// The part of the instance's memory.
fn part<'a>(caller: &'a mut Caller<'_, Data>, at: u64, size: u64) -> Result<(&'a mut [u8], &'a mut Data)> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        bail!("the module has no memory");
    };
    let (bytes, data) = memory.data_and_store_mut(caller);
    // Both are of 32 bits: their sum is not beyond 64.
    let part = bytes.get_mut(at as usize..(at + size) as usize);
    Ok((part.ok_or_else(|| format_err!("address {at} is outside the memory"))?, data))
}

fn write(caller: &mut Caller<'_, Data>, at: u32, value: &[u8]) -> Result<()> {
    part(caller, at.into(), value.len() as u64)?.0.copy_from_slice(value);
    Ok(())
}

fn read(caller: &mut Caller<'_, Data>, at: u64) -> Result<u32> {
    let mut out = [0; 4];
    out.copy_from_slice(part(caller, at, 4)?.0);
    Ok(u32::from_le_bytes(out))
}

fn empty(mut caller: Caller<'_, Data>, count: u32, size: u32) -> Result<i32> {
    write(&mut caller, count, &[0; 4])?;
    write(&mut caller, size, &[0; 4])?;
    Ok(0)
}

fn nothing(_: u32, _: u32) -> i32 {
    0
}

fn clock(mut caller: Caller<'_, Data>, _clock: u32, _precision: i64, at: u32) -> Result<i32> {
    write(&mut caller, at, &1u64.to_le_bytes())?;
    Ok(0)
}

fn random(mut caller: Caller<'_, Data>, at: u32, size: u32) -> Result<i32> {
    part(&mut caller, at.into(), size.into())?.0.fill(4); // forecasts do not depend on it
    Ok(0)
}

fn fd_write(mut caller: Caller<'_, Data>, _file: u32, list: u32, count: u32, written: u32) -> Result<i32> {
    if count > 1024 {
        bail!("{count} pieces to write");
    }
    let mut sum = 0u32;
    for i in 0..u64::from(count) {
        let at = read(&mut caller, u64::from(list) + 8 * i)?;
        let size = read(&mut caller, u64::from(list) + 8 * i + 4)?;
        let (text, data) = part(&mut caller, at.into(), size.into())?;
        let room = SAID.saturating_sub(data.said.len());
        data.said.extend_from_slice(&text[..text.len().min(room)]);
        sum = sum.wrapping_add(size);
    }
    write(&mut caller, written, &sum.to_le_bytes())?;
    Ok(0)
}

fn exit(code: i32) -> Result<()> {
    bail!("it exits with {code}")
}

/// Defines the imports.
pub(crate) fn define(linker: &mut Linker<Data>) -> Result<()> {
    let wasi = "wasi_snapshot_preview1";
    linker.func_wrap(wasi, "args_sizes_get", empty)?;
    linker.func_wrap(wasi, "environ_sizes_get", empty)?;
    linker.func_wrap(wasi, "args_get", nothing)?;
    linker.func_wrap(wasi, "environ_get", nothing)?;
    linker.func_wrap(wasi, "clock_time_get", clock)?;
    linker.func_wrap(wasi, "random_get", random)?;
    linker.func_wrap(wasi, "sched_yield", || 0i32)?;
    linker.func_wrap(wasi, "poll_oneoff", |_: u32, _: u32, _: u32, _: u32| NOT_SUPPORTED)?;
    linker.func_wrap(wasi, "fd_write", fd_write)?;
    linker.func_wrap(wasi, "proc_exit", exit)?;
    Ok(())
}
