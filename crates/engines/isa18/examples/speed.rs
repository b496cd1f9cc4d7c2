//! How many readings a second are evaluated on one core: `cargo run --release -p isa18 --example speed`.

#![expect(clippy::print_stdout, reason = "it prints a figure")]

use std::sync::Arc;
use std::time::Instant;

use isa18::{Condition, Leaf, Moment, Plant, Priority, Rule, RuleOn, SECOND_US, Shelving, Side, Test, Watch};
use kernel::{Quality, Text, Value};

const DEVICES: usize = 10_000;
const ROUNDS: i64 = 100;

fn rule(test: Test) -> Arc<Rule> {
    let text = || Text::new("x", "x");
    Arc::new(Rule {
        name: text(),
        watch: Watch::Product("pump".into()),
        condition: Condition::Leaf(Leaf { test, on_delay_s: 2, off_delay_s: 2 }),
        priority: Priority::High,
        steps: Vec::new(),
        message: text(),
        consequence: text(),
        response: text(),
        latched: false,
        notify: Vec::new(),
        escalations: Vec::new(),
        shelving: Shelving { minutes_max: 0 },
        suppression: None,
        late_after_s: 300,
    })
}

fn main() {
    let hot = || Test::Threshold { property: "temp".into(), side: Side::Above, limit: 80.0, dead_band: 5.0 };
    let cel = || Test::Expression { cel: "temp > 80 && pressure / 2 < 3".into() };
    for (name, tests) in [
        ("one threshold", vec![hot()]),
        ("one CEL expression", vec![cel()]),
        ("three rules", vec![hot(), cel(), Test::NoData { property: Some("temp".into()), for_s: 60 }]),
    ] {
        let on = tests.into_iter().enumerate().map(|(i, t)| RuleOn {
            id: format!("r{i}").into(),
            version: 1,
            rule: rule(t),
        });
        let devices: Vec<(Arc<str>, Arc<str>)> =
            (0..DEVICES).map(|i| (format!("d{i}").into(), "pump".into())).collect();
        let mut plant = Plant::new(on.collect(), &devices, Vec::new(), 0).expect("the rules compile");
        let mut out = Vec::new();
        plant.reconcile(0, &mut out);
        let series: Vec<u32> = devices.iter().filter_map(|(d, _)| plant.series(d, "temp")).collect();
        let (begun, mut signals) = (Instant::now(), 0);
        for round in 1..=ROUNDS {
            let now_us = round * SECOND_US;
            for (i, s) in series.iter().enumerate() {
                // A hundredth of the devices goes over the limit and back every ten rounds.
                let x = if i % 100 == 0 && round % 20 < 10 { 90.0 } else { 20.0 };
                let moment = Moment { series: *s, at_us: now_us, value: Value::Number(x), quality: Quality::Good };
                plant.take(now_us, &moment, &mut out);
            }
            plant.tick(now_us, &mut out);
            signals += out.len();
            out.clear();
        }
        let readings = DEVICES as f64 * ROUNDS as f64;
        let per_s = readings / begun.elapsed().as_secs_f64();
        println!("{name}: {:.2} million readings/s, {} alarms watched, {signals} signals", per_s / 1e6, plant.len());
    }
}
