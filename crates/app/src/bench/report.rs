//! What a bench found: figures with their rounds and medians, ratios, and the words that belong to them.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use kernel::{Clock, SystemClock};
use serde::Serialize;

/// One figure.
#[derive(Serialize)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// Of the values.
    pub unit: &'static str,
    /// The middle of the rounds.
    pub median: f64,
    /// Each round, in order.
    pub rounds: Vec<f64>,
}

/// One figure against another.
#[derive(Serialize)]
pub struct Ratio {
    /// What is set against what.
    pub name: String,
    /// How many times.
    pub value: f64,
    /// What was aimed at, in words.
    pub aim: &'static str,
}

/// Where it ran.
#[derive(Serialize)]
pub struct Machine {
    /// Processor.
    pub processor: String,
    /// Logical cores.
    pub cores: usize,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// File system of the data.
    pub file_system: String,
    /// Processes that wanted a core in the minute before, on average: above the cores, others were at work.
    pub load_before: f64,
}

/// All of a bench.
#[derive(Serialize)]
pub struct Report {
    /// The bench.
    pub bench: String,
    /// How to run it again.
    pub command: String,
    /// Date in China.
    pub date: String,
    /// The smaller one.
    pub quick: bool,
    /// Where.
    pub machine: Machine,
    /// The figures.
    pub figures: Vec<Figure>,
    /// The ratios of medians.
    pub ratios: Vec<Ratio>,
    /// What one must know to read them.
    pub notes: Vec<String>,
}

/// The middle of `values`; 0 of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The value below which `share` of the sorted values lie; 0 of none.
pub fn percentile(sorted: &[u32], share: f64) -> u32 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

impl Machine {
    fn look(folder: &Path) -> Machine {
        let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|l| l.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let kib = field(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let kib: u64 = kib.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let load = read("/proc/loadavg");
        let kind = Command::new("stat").args(["-f", "-c", "%T"]).arg(folder).output();
        Machine {
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: kib / 1024,
            file_system: kind
                .map_or_else(|_| "unknown".to_owned(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned()),
            load_before: load.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0.0),
        }
    }
}

impl Report {
    /// Begins one; `folder` holds the bench's data.
    pub fn new(bench: &str, quick: bool, folder: &Path) -> Report {
        Report {
            bench: bench.to_owned(),
            command: format!("cargo xtask bench {bench}{}", if quick { " --quick" } else { "" }),
            date: kernel::beijing_date(SystemClock::default().now()).to_string(),
            quick,
            machine: Machine::look(folder),
            figures: Vec::new(),
            ratios: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a round to a figure, which begins with its first.
    pub fn round(&mut self, name: &str, unit: &'static str, value: f64) {
        super::progress(&format!("{name}: {} {unit}", shown(value)));
        let at = self.figures.iter().position(|f| f.name == name).unwrap_or_else(|| {
            self.figures.push(Figure { name: name.to_owned(), unit, median: 0.0, rounds: Vec::new() });
            self.figures.len() - 1
        });
        let figure = &mut self.figures[at];
        figure.rounds.push(value);
        figure.median = median(&figure.rounds);
    }

    /// The median of a figure; 0 if it was not measured.
    pub fn median(&self, name: &str) -> f64 {
        self.figures.iter().find(|f| f.name == name).map_or(0.0, |f| f.median)
    }

    /// Sets a figure against another; left out if either is missing.
    pub fn ratio(&mut self, of: &str, to: &str, aim: &'static str) {
        let (a, b) = (self.median(of), self.median(to));
        if a > 0.0 && b > 0.0 {
            self.ratios.push(Ratio { name: format!("{of} / {to}"), value: a / b, aim });
        }
    }

    /// Adds words.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Prints it as a Markdown table, or as JSON.
    #[expect(clippy::print_stdout, reason = "the report is what was asked for")]
    pub fn print(&self, json: bool) -> Result<()> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
            return Ok(());
        }
        let m = &self.machine;
        println!("\n`{}`, {}", self.command, self.date);
        let place = format!("{} × {}, {} MiB, {}", m.cores, m.processor, m.memory_mib, m.file_system);
        println!("{place}; load before it began {:.1}\n", m.load_before);
        println!("| figure | median | rounds |\n|---|--:|---|");
        for f in &self.figures {
            let rounds: Vec<String> = f.rounds.iter().map(|r| shown(*r)).collect();
            println!("| {} | {} {} | {} |", f.name, shown(f.median), f.unit, rounds.join(" · "));
        }
        if !self.ratios.is_empty() {
            println!("\n| ratio of medians | | aim |\n|---|--:|---|");
        }
        for r in &self.ratios {
            println!("| {} | {:.2} | {} |", r.name, r.value, r.aim);
        }
        println!();
        for note in &self.notes {
            println!("- {note}");
        }
        Ok(())
    }
}

/// Whole numbers in groups of three from 100 on, else three digits that matter.
fn shown(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_p99_leaves_one_in_a_hundred_above() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        let sorted: Vec<u32> = (1..=200).collect();
        assert_eq!((percentile(&sorted, 0.5), percentile(&sorted, 0.99), percentile(&sorted, 1.0)), (100, 198, 200));
        assert_eq!(percentile(&[], 0.5), 0);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(shown(1_234_567.4), "1,234,567");
        assert_eq!(shown(999.6), "1,000");
        assert_eq!(shown(7.126), "7.13");
    }
}
