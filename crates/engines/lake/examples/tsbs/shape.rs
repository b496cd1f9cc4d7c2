//! Readings shaped after the IoT case of the Time Series Benchmark Suite: trucks that tell where they are and how they do.
//!
//! Every ten seconds a truck sends seven readings (position, height, speed, heading, grade, fuel used) and three of its
//! diagnostics (fuel left, load, state). Of its batches one in a hundred never comes and one in twenty comes late; of the
//! single readings one in ten is missing. It is TSBS-IoT-shaped, not TSBS: the generator is ours, after the description.

use lake::{Batch, BatchPoint, Lake, Quality, SeriesId, Value};

/// The names of the ten series of a truck.
pub const PROPERTIES: [&str; 10] = [
    "latitude",
    "longitude",
    "elevation",
    "velocity",
    "heading",
    "grade",
    "fuel_consumption",
    "fuel_state",
    "current_load",
    "status",
];

/// Seconds between two of a truck's batches.
const EVERY_S: i64 = 10;
/// When the first is sent, µs: 2023-11-14 22:13:20 UTC.
pub const BEGIN_US: i64 = 1_700_000_000_000_000;
/// How many trucks.
pub const TRUCKS: usize = 1_000;

struct Truck {
    series: [SeriesId; 10],
    values: [f64; 10],
}

/// Numbers that look random and are the same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
    /// From −1 to 1.
    fn step(&mut self) -> f64 {
        self.next() as f64 / f64::from(1_u32 << 30) - 1.0
    }
}

/// How far a reading walks in one step, and between what; TSBS gives positions five decimals and the others none or one.
const WALK: [(f64, f64, f64, f64); 10] = [
    (0.005, -90.0, 90.0, 1e5),
    (0.005, -180.0, 180.0, 1e5),
    (10.0, 0.0, 5000.0, 1.0),
    (10.0, 0.0, 100.0, 1.0),
    (5.0, 0.0, 360.0, 1.0),
    (5.0, 0.0, 100.0, 1.0),
    (5.0, 0.0, 50.0, 10.0),
    (0.001, 0.0, 1.0, 1e3),
    (500.0, 0.0, 5000.0, 1.0),
    (1.0, 0.0, 5.0, 1.0),
];

/// Hands at least `points` readings to `each`, a batch for each truck and turn.
pub fn batches<E>(lake: &Lake, points: u64, mut each: impl FnMut(Batch) -> Result<(), E>) -> Result<(), E> {
    let mut noise = Noise(42);
    let mut trucks: Vec<Truck> = (0..TRUCKS)
        .map(|t| Truck {
            series: PROPERTIES.map(|p| lake.series(&format!("truck_{t}"), p)),
            values: WALK.map(|(_, from, to, _)| from + (to - from) * (noise.step() + 1.0) / 2.0),
        })
        .collect();
    let (mut sent, mut turn, mut late) = (0_u64, 0_i64, Vec::<Batch>::new());
    while sent < points {
        let now_us = BEGIN_US + turn * EVERY_S * 1_000_000;
        for truck in &mut trucks {
            let batch = truck.batch(&mut noise, now_us);
            if noise.one_in(100) {
                continue;
            }
            sent += batch.points.len() as u64;
            if noise.one_in(20) {
                late.push(batch);
            } else {
                each(batch)?;
            }
        }
        if late.len() > TRUCKS {
            for batch in late.drain(..) {
                each(Batch { server_at_us: now_us, ..batch })?;
            }
        }
        turn += 1;
    }
    late.into_iter().try_for_each(each)
}

impl Truck {
    fn batch(&mut self, noise: &mut Noise, now_us: i64) -> Batch {
        let mut points = Vec::with_capacity(PROPERTIES.len());
        for (i, (step, from, to, digits)) in WALK.iter().enumerate() {
            let value = (self.values[i] + step * noise.step()).clamp(*from, *to);
            self.values[i] = value;
            if noise.one_in(10) {
                continue;
            }
            let value = Value::Number((value * digits).round() / digits);
            points.push(BatchPoint { series: self.series[i], at_us: now_us, value, quality: Quality::Good });
        }
        let late_us = 2_000 + (noise.next() % 20_000) as i64;
        Batch { server_at_us: now_us + late_us, points }
    }
}
