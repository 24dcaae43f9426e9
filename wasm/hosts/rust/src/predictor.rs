//! A folder of checkpoints.

use std::collections::HashMap;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::{Code, Error, Forecast, Model, Module, Result, Window};

/// So many models are kept; the one that was not used for longest makes room.
const KEPT: usize = 256;

/// Forecasts by the checkpoints in a folder, as `foretide train` writes it:
/// `METRIC/CONTAINER.ckpt`, else `METRIC/_shared.ckpt`, which serves containers
/// that have none of their own; else the network in the module forecasts, and
/// the reasons have [`NO_CHECKPOINT`](crate::Reasons::NO_CHECKPOINT).
///
/// The folder is looked at with each forecast: a checkpoint that is new or
/// changed serves at once. Threads share a predictor.
#[derive(Debug)]
pub struct Predictor {
    module: Module,
    folder: PathBuf,
    models: Mutex<Models>,
}

#[derive(Debug, Default)]
struct Models {
    by_path: HashMap<PathBuf, Entry>,
    uses: u64,
}

#[derive(Debug)]
struct Entry {
    revision: Revision,
    model: Model,
    used: u64,
}

type Revision = (u64, Option<SystemTime>, u64);

impl Predictor {
    /// A predictor of the folder, which must be there.
    pub fn new(module: &Module, folder: impl Into<PathBuf>) -> Result<Predictor> {
        let folder = folder.into();
        if !folder.is_dir() {
            let message = format!("foretide: {} is no folder; `foretide train` writes one", folder.display());
            return Err(Error::new(Code::Io, message));
        }
        Ok(Predictor { module: module.clone(), folder, models: Mutex::default() })
    }

    /// Forecasts a metric of the window's container. Horizons are in seconds,
    /// ascending; without any they are the model's.
    pub fn forecast(&self, window: &Window, metric: &str, horizons: &[i64]) -> Result<Forecast> {
        match self.model(metric, window.container)? {
            Some(model) => model.forecast(window, horizons),
            None => self.module.forecast(window, metric, horizons),
        }
    }

    /// [`forecast`](Predictor::forecast) of every metric in the window, with its
    /// name, in the window's order.
    pub fn forecast_all<'a>(
        &self,
        window: &Window<'a>,
        horizons: &[i64],
    ) -> Vec<(&'a str, Result<Forecast>)> {
        let names = window.metrics.iter().map(|&(name, _)| name);
        names.map(|name| (name, self.forecast(window, name, horizons))).collect()
    }

    /// The model that serves a metric of a container: its own, or that of every
    /// container; none where there is no such file.
    pub fn model(&self, metric: &str, container: &str) -> Result<Option<Model>> {
        let own = self.find(metric, container)?;
        match own {
            None if !container.is_empty() => self.find(metric, ""),
            found => Ok(found),
        }
    }

    fn find(&self, metric: &str, container: &str) -> Result<Option<Model>> {
        if metric.is_empty() {
            return Ok(None); // nor is there a file of this name
        }
        let path = self.folder.join(self.module.checkpoint_name(metric, container)?);
        let revision = match std::fs::metadata(&path) {
            Ok(about) => revision(&about),
            // A name that is too long for a file is that of no checkpoint.
            Err(e)
                if matches!(
                    e.kind(),
                    ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
                ) =>
            {
                self.models().by_path.remove(&path);
                return Ok(None);
            }
            Err(e) => return Err(Error::io(&path, &e)),
        };
        if let Some(model) = self.models().known(&path, &revision) {
            return Ok(Some(model));
        }
        // Without the lock: others need not wait for the file.
        let model = self.load(&path, metric, container)?;
        self.models().keep(path, revision, &model);
        Ok(Some(model))
    }

    fn models(&self) -> MutexGuard<'_, Models> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load(&self, path: &Path, metric: &str, container: &str) -> Result<Model> {
        let model = self.module.load_file(path)?;
        let about = model.describe();
        if about.metric == metric && about.container == container {
            return Ok(model);
        }
        let (is, want) = (of(&about.metric, &about.container), of(metric, container));
        let message = format!("{}: the checkpoint is of {is}, not {want}", path.display());
        Err(Error::new(Code::Mismatch, message))
    }
}

impl Models {
    fn known(&mut self, path: &Path, revision: &Revision) -> Option<Model> {
        self.uses += 1;
        let entry = self.by_path.get_mut(path).filter(|entry| entry.revision == *revision)?;
        entry.used = self.uses;
        Some(entry.model.clone())
    }

    fn keep(&mut self, path: PathBuf, revision: Revision, model: &Model) {
        let (model, used) = (model.clone(), self.uses);
        self.by_path.insert(path, Entry { revision, model, used });
        if self.by_path.len() > KEPT
            && let Some(oldest) = self.by_path.iter().min_by_key(|(_, entry)| entry.used)
        {
            let oldest = oldest.0.clone();
            self.by_path.remove(&oldest);
        }
    }
}

#[cfg(unix)]
fn revision(about: &Metadata) -> Revision {
    (about.len(), about.modified().ok(), std::os::unix::fs::MetadataExt::ino(about))
}

#[cfg(not(unix))]
fn revision(about: &Metadata) -> Revision {
    (about.len(), about.modified().ok(), 0)
}

fn of(metric: &str, container: &str) -> String {
    match container {
        "" => format!("{metric} of every container"),
        _ => format!("{metric} of {container}"),
    }
}
