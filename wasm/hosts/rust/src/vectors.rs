//! The calls of `testdata/vectors.json`, in order, on one instance.

use serde_json::Value;

use crate::instance::Call;
use crate::{Module, bytes};

fn file(name: &Value) -> Option<Vec<u8>> {
    let name = name.as_str()?;
    let path = format!("{}/../../testdata/{name}", env!("CARGO_MANIFEST_DIR"));
    Some(std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}")))
}

#[test]
fn every_byte_of_the_vectors() {
    let all = file(&"vectors.json".into()).unwrap();
    let all: Vec<Value> = serde_json::from_slice(&all).unwrap();
    assert!(all.len() > 40);
    let module = Module::builder().instances(1).build().unwrap();
    let failed = module.run(|instance| {
        let mut failed = Vec::new();
        for v in &all {
            let handle = v["handle"].as_i64().unwrap_or(0) as i32;
            let call = match v["call"].as_str().unwrap() {
                "load" => Call::Load,
                "unload" => Call::Unload(handle),
                "describe" => Call::Describe(handle),
                "forecast" => Call::Forecast(handle),
                "update" => Call::Update(handle),
                "restore" => Call::Restore(handle),
                "clean" => Call::Clean,
                "checkpoint_name" => Call::CheckpointName,
                other => panic!("unknown call {other}"),
            };
            let input = file(&v["in"]).unwrap_or_default();
            let (returned, result) = instance.raw(call, &input)?;
            let message = v["message"].as_str().unwrap_or("").as_bytes();
            let out = file(&v["out"]);
            if i64::from(returned) != v["returns"] || result != out.as_deref().unwrap_or(message) {
                failed.push(format!("{}: {returned}, {} bytes", v["says"], result.len()));
            }
            // And what this host reads of it.
            match call {
                Call::Describe(_) if returned == 0 => drop(bytes::description(&result)?),
                Call::Forecast(_) if returned >= 0 => {
                    let windows = u32::from_le_bytes(input[..4].try_into().unwrap()) as usize;
                    let forecasts = bytes::forecasts(&result, windows)?;
                    assert_eq!(forecasts.iter().filter(|f| f.is_err()).count(), returned as usize);
                }
                _ => {}
            }
        }
        Ok(failed)
    });
    assert_eq!(failed.unwrap(), Vec::<String>::new());
}
