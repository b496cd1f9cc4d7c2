//! How long one telemetry message takes: `cargo run --release -p things --example decode_speed`.

use std::hint::black_box;
use std::time::Instant;

use things::decode::thingsboard_telemetry;
use things::{Model, TimeLimits};

#[expect(clippy::print_stdout, reason = "an example that prints its figures")]
fn main() {
    let model = Model::from_json(
        r#"{"properties":[{"name":"temperature","type":"number"},{"name":"pressure","type":"number","min":0,"max":1000},{"name":"speed","type":"number"}]}"#,
    )
    .expect("a valid model");
    let payload = br#"{"ts":1789999000123,"values":{"temperature":21.53,"pressure":101.325,"speed":1480}}"#;
    let limits = TimeLimits::default();
    let mut out = Vec::with_capacity(8);
    let mut best_ns = f64::MAX;
    for _ in 0..10 {
        let began = Instant::now();
        for _ in 0..100_000 {
            out.clear();
            thingsboard_telemetry(black_box(payload), &model, 1_790_000_000_000_000, &limits, &mut out).expect("valid");
            black_box(&out);
        }
        best_ns = best_ns.min(began.elapsed().as_secs_f64() * 1e9 / 100_000.0);
    }
    println!("{best_ns:.0} ns a message of {} readings, {} bytes", out.len(), payload.len());
}
