//! History as a drawing of the server: the band from least to greatest and the line of means, in a box of 640 × 260.

use kernel::Lang;
use lake::Bucket;
use web::{Html, esc};

use super::when_us;

const LEFT: f64 = 64.0;
const RIGHT: f64 = 632.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 220.0;

/// Round numbers that hold a span, and the step between them: 1, 2 or 5 times a power of ten.
fn scale(low: f64, high: f64) -> (f64, f64, f64) {
    // A flat line stands in the middle of a span of its own.
    let (low, high) =
        if low < high { (low, high) } else { (low - low.abs().max(1.0) * 0.05, high + high.abs().max(1.0) * 0.05) };
    let raw = (high - low) / 4.0;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].iter().map(|f| f * power).find(|s| *s >= raw).unwrap_or(raw);
    ((low / step).floor() * step, (high / step).ceil() * step, step)
}

fn tick_words(value: f64, step: f64) -> String {
    let decimals = if step >= 1.0 { 0 } else { (-step.log10().floor()).clamp(0.0, 9.0) as usize };
    format!("{value:.decimals$}")
}

/// Draws the buckets of `from_us` to `to_us`. `label` says what it is.
pub(super) fn history(lang: Lang, label: &str, buckets: &[Bucket], (from_us, to_us): (i64, i64)) -> Html {
    if buckets.is_empty() {
        return Html(format!(
            "<p class=\"empty\">{}</p>",
            lang.t("这段时间没有数据。", "No readings in this stretch of time.")
        ));
    }
    let low = buckets.iter().map(|b| b.min).fold(f64::INFINITY, f64::min);
    let high = buckets.iter().map(|b| b.max).fold(f64::NEG_INFINITY, f64::max);
    let (low, high, step) = scale(low, high);
    let x = |at_us: i64| LEFT + (RIGHT - LEFT) * (at_us - from_us) as f64 / ((to_us - from_us).max(1)) as f64;
    let y = |value: f64| BOTTOM - (BOTTOM - TOP) * (value - low) / (high - low);
    let label = esc(label);
    let mut out = format!(
        "<figure class=\"chart\"><div class=\"chart-scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">\
         <svg class=\"svg-chart\" viewBox=\"0 0 640 260\" role=\"img\" aria-label=\"{label}\">"
    );
    let lines = ((high - low) / step).round().clamp(1.0, 12.0) as i32;
    for i in 0..=lines {
        let value = low + step * f64::from(i);
        let at = y(value);
        out.push_str(&format!(
            "<line class=\"grid-line\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"tick-y\" x=\"{:.0}\" y=\"{:.1}\">{}</text>",
            LEFT - 6.0,
            at + 4.0,
            tick_words(value, step)
        ));
    }
    let long = to_us - from_us > 2 * 86_400_000_000;
    for i in 0..=4i64 {
        let at_us = from_us + (to_us - from_us) / 4 * i;
        let words = when_us(at_us);
        let shown = if long { words.get(5..10) } else { words.get(11..16) };
        let at = x(at_us).clamp(LEFT + 16.0, RIGHT - 16.0);
        out.push_str(&format!("<text class=\"tick\" x=\"{at:.1}\" y=\"240\">{}</text>", shown.unwrap_or("")));
    }
    let middle = (buckets.len() > 1).then(|| (buckets[1].from_us - buckets[0].from_us) / 2).unwrap_or(0);
    let up = buckets.iter().map(|b| format!("{:.1},{:.1}", x(b.from_us + middle), y(b.max)));
    let down = buckets.iter().rev().map(|b| format!("{:.1},{:.1}", x(b.from_us + middle), y(b.min)));
    let band: Vec<String> = up.chain(down).collect();
    let line: Vec<String> = buckets.iter().map(|b| format!("{:.1},{:.1}", x(b.from_us + middle), y(b.mean))).collect();
    out.push_str(&format!("<polygon class=\"band\" points=\"{}\"/>", band.join(" ")));
    out.push_str(&format!("<polyline class=\"line\" points=\"{}\"/>", line.join(" ")));
    if let [only] = buckets {
        out.push_str(&format!(
            "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"/>",
            x(only.from_us),
            y(only.mean)
        ));
    }
    Html(
        out + &format!(
            "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{BOTTOM}\" y2=\"{BOTTOM}\"/></svg></div></figure>"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round_and_hold_what_they_show() {
        for (low, high) in [(0.0, 10.0), (-3.2, 7.7), (21.5, 21.5), (0.0, 0.0), (1e-6, 3e-6), (-1e9, 1e9)] {
            let (from, to, step) = scale(low, high);
            assert!(from <= low && to >= high && step > 0.0 && from < to, "{low} {high}: {from} {to} {step}");
            assert!((to - from) / step < 12.5, "{low} {high}: {from} {to} {step}");
        }
        assert_eq!(tick_words(0.25, 0.05), "0.25");
        assert_eq!(tick_words(150.0, 50.0), "150");
    }

    #[test]
    fn one_reading_and_none_are_drawn() {
        let one = Bucket { from_us: 5, count: 1, min: 1.0, max: 1.0, first: 1.0, last: 1.0, mean: 1.0 };
        assert!(history(Lang::En, "a<b", &[one], (0, 10)).0.contains("<circle"));
        assert!(history(Lang::En, "a<b", &[one], (0, 10)).0.contains("a&lt;b"));
        assert!(history(Lang::En, "x", &[], (0, 10)).0.contains("No readings"));
    }
}
