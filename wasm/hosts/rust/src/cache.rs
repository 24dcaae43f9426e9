//! Compiled code in a folder.
//!
//! A file is named by a hash of what was compiled and how: of the module, of
//! wasmtime's version and settings. It holds the length and a checksum of the
//! code, and the code. The checksum finds what was cut or damaged; against
//! whoever may write to the folder it is no help, hence the check of its mode.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::Path;

use wasmtime::{Engine, Module};

use crate::module::compile as compile_anew;
use crate::{Code, Error, Result};

const MAGIC: &[u8; 8] = b"ftcode01";
const HEAD: usize = 16;

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new(); // the same in every process
    value.hash(&mut hasher);
    hasher.finish()
}

/// The module, from the folder or else compiled and put there.
pub(crate) fn compile(engine: &Engine, wasm: &[u8], folder: &Path) -> Result<Module> {
    make(folder).map_err(|e| Error::io(folder, &e))?;
    check(folder)?;
    let key = hash((wasm, hash(engine.precompile_compatibility_hash())));
    let path = folder.join(format!("foretide-{key:016x}.code"));
    if let Some(module) = read(engine, &path) {
        return Ok(module);
    }
    let module = compile_anew(engine, wasm)?;
    let code = module.serialize().map_err(crate::module::bad_module)?;
    write(&path, &code).map_err(|e| Error::io(&path, &e))?;
    Ok(module)
}

/// What is in a file; nothing where it is not there, damaged, or of others.
#[allow(unsafe_code)]
fn read(engine: &Engine, path: &Path) -> Option<Module> {
    check(path).ok()?;
    let file = fs::read(path).ok()?;
    let code = file.strip_prefix(MAGIC)?.get(HEAD - MAGIC.len()..)?;
    if hash(code).to_le_bytes() != file[MAGIC.len()..HEAD] {
        return None;
    }
    // SAFETY: `write` wrote it, by the folder's owner, who alone may do so; and it
    // is as it was.
    unsafe { Module::deserialize(engine, code) }.ok()
}

/// Writes a file in one step: another process reads the whole or nothing.
fn write(path: &Path, code: &[u8]) -> io::Result<()> {
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let written = create(&part).and_then(|mut file| {
        file.write_all(MAGIC)?;
        file.write_all(&hash(code).to_le_bytes())?;
        file.write_all(code)
    });
    let written = written.and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part); // there is an error already
    }
    written
}

#[cfg(unix)]
fn make(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<fs::File> {
    fs::File::create(path)
}

#[cfg(unix)]
fn check(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_err(|e| Error::io(path, &e))?.permissions().mode();
    if mode & 0o022 == 0 {
        return Ok(());
    }
    let (path, mode) = (path.display(), mode & 0o777);
    Err(Error::new(
        Code::Io,
        format!(
            "foretide: {path} has mode {mode:03o}: others could put code there that would run here; chmod go-w"
        ),
    ))
}

#[cfg(not(unix))]
fn check(_: &Path) -> Result<()> {
    Ok(())
}
