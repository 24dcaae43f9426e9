//! A CSV of metrics, for the examples.

use std::error::Error;

use foretide::{Grid, Module, Samples};

/// The samples of a container in a file, on a grid. Without a container's name
/// the file must be of one alone. Columns that have no number are left out.
pub fn read(module: &Module, path: &str, container: Option<&str>) -> Result<Grid, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(path)?;
    let header = reader.headers()?.clone();
    let column = |name: &str| header.iter().position(|h| h == name);
    let time = column("timestamp").ok_or_else(|| format!("{path}: there is no column timestamp"))?;
    let of = column("container");
    let metrics: Vec<usize> = (0..header.len()).filter(|&i| i != time && Some(i) != of).collect();

    let (mut times, mut values) = (Vec::new(), vec![Vec::new(); metrics.len()]);
    let mut name = container.map(str::to_owned);
    for record in reader.records() {
        let record = record?;
        if let Some(of) = of {
            let have = &record[of];
            if name.get_or_insert_with(|| have.to_owned()) != have {
                if container.is_none() {
                    return Err(
                        format!("{path}: there are several containers; name one, such as {have}").into()
                    );
                }
                continue;
            }
        }
        let seconds: f64 = record[time].parse().map_err(|_| {
            let line = record.position().map_or(0, csv::Position::line);
            format!("{path}:{line}: timestamp is {:?}, not Unix seconds", &record[time])
        })?;
        times.push(seconds.floor() as i64);
        for (values, &i) in values.iter_mut().zip(&metrics) {
            values.push(record[i].parse().unwrap_or(f64::NAN));
        }
    }
    if let (true, Some(name)) = (times.is_empty(), container) {
        return Err(format!("{path}: there is no container {name}").into());
    }
    let samples = Samples::new(name.as_deref().unwrap_or(""), &times);
    let columns = metrics.iter().zip(&values);
    let samples = columns.fold(samples, |samples, (&i, values)| samples.metric(&header[i], values));
    Ok(module.clean(&samples)?)
}
