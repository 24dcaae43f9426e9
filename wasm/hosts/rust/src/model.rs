//! A checkpoint that is loaded.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::instance::{Call, Instance};
use crate::module::{Module, bad_module, forecasts};
use crate::{Description, Forecast, Result, Window, bytes};

/// A fitted model: window in, quantile forecast out. A clone is the same model.
/// It is `Send` and `Sync`; calls of several threads run at the same time.
#[derive(Clone)]
pub struct Model {
    module: Module,
    inner: Arc<Inner>,
    about: Arc<Description>,
}

/// What instances need to load a model.
pub(crate) struct Inner {
    pub id: u64,
    pub checkpoint: Vec<u8>,
    learnt: Mutex<Learnt>,
}

/// The state of a calibration; it is of another generation after each change.
#[derive(Clone, Default)]
pub(crate) struct Learnt {
    pub generation: u64,
    pub state: Arc<[u8]>,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The handle in an instance that knows what has been learnt so far.
    fn handle(self: &Arc<Self>, instance: &mut Instance) -> Result<i32> {
        let learnt = self.lock().clone();
        instance.handle(self, &learnt)
    }
}

impl Model {
    pub(crate) fn new(module: Module, id: u64, checkpoint: Vec<u8>) -> Result<Model> {
        let inner = Arc::new(Inner { id, checkpoint, learnt: Mutex::default() });
        let about = module.run(|instance| {
            let handle = inner.handle(instance)?;
            let (_, result) = instance.call(Call::Describe(handle), &[])?;
            bytes::description(&result).inspect_err(|_| instance.discard())
        })?;
        Ok(Model { module, inner, about: Arc::new(about) })
    }

    /// What the checkpoint is and what it needs.
    pub fn describe(&self) -> &Description {
        &self.about
    }

    /// Forecasts the checkpoint's metric from a window. Horizons are in seconds,
    /// ascending; without any they are the model's. One between two of the
    /// model's is interpolated.
    pub fn forecast(&self, window: &Window, horizons: &[i64]) -> Result<Forecast> {
        let forecasts = self.forecast_many(std::slice::from_ref(window), horizons)?;
        forecasts.into_iter().next().unwrap_or_else(|| Err(bad_module("no forecast")))
    }

    /// Forecasts from many windows, 65,536 at the most, in one call; one that
    /// fails has its error in its place.
    pub fn forecast_many(&self, windows: &[Window], horizons: &[i64]) -> Result<Vec<Result<Forecast>>> {
        self.module.run(|instance| {
            let handle = self.inner.handle(instance)?;
            forecasts(instance, handle, windows, &self.about.metric, horizons)
        })
    }

    /// Has the calibration learn from values that came true after a window from
    /// which there was a forecast: pairs of the seconds after the window's origin
    /// and the mean of the cell that begins there. Intervals that were left too
    /// often become wider, others narrower. Returns how many values were used:
    /// those of the model's own horizons that are not NaN.
    pub fn update(&self, window: &Window, actuals: &[(i64, f64)]) -> Result<usize> {
        let mut request = Vec::new();
        bytes::update(&mut request, window, actuals)?;
        self.module.run(|instance| {
            let mut learnt = self.inner.lock(); // updates take turns
            let handle = instance.handle(&self.inner, &learnt)?;
            let (used, state) = instance.call(Call::Update(handle), &request)?;
            learnt.state = state.into();
            learnt.generation += 1;
            instance.learnt(self.inner.id, learnt.generation);
            Ok(used as usize)
        })
    }

    /// The state of the calibration, some dozens of bytes, to be kept and given to
    /// [`restore`](Model::restore) of the same checkpoint later. Empty where there
    /// was no update.
    pub fn state(&self) -> Vec<u8> {
        self.inner.lock().state.to_vec()
    }

    /// Sets the state of the calibration; an empty one is that of the checkpoint.
    /// Where the module refuses it, the one that there was stays.
    pub fn restore(&self, state: &[u8]) -> Result<()> {
        self.module.run(|instance| {
            let mut learnt = self.inner.lock();
            if !state.is_empty() {
                let handle = instance.handle(&self.inner, &learnt)?;
                instance.call(Call::Restore(handle), state)?;
            }
            // Every instance loads it anew, with this state.
            learnt.state = state.into();
            learnt.generation += 1;
            Ok(())
        })
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("about", &self.about).finish_non_exhaustive()
    }
}
