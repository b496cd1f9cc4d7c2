//! Figures as markup: the cartogram, ranked bars, columns by month. Each stands beside its table.

use jiff::civil::Date;
use kernel::{DISTRICTS, Lang};
use web::{Html, esc};

/// A count as shown: withheld counts are a sign, not a number.
pub(crate) fn shown(lang: Lang, n: Option<i64>) -> String {
    n.map_or_else(|| lang.t("<5", "<5").to_owned(), kernel::grouped)
}

/// Sixteen tiles, shaded in five steps of the largest; a withheld tile is white with a sign.
pub(crate) fn cartogram(lang: Lang, counts: &[(String, Option<i64>)], link: impl Fn(&str) -> String) -> Html {
    let largest = counts.iter().filter_map(|c| c.1).max().unwrap_or(0).max(1);
    let mut out = String::from("<figure class=\"cartogram\"><ul class=\"cartogram-tiles\">");
    for d in &DISTRICTS {
        let n = counts.iter().find(|c| c.0 == d.code).and_then(|c| c.1);
        let class = n.map_or("q-none".to_owned(), |n| format!("q{}", (n * 5 / (largest + 1)).clamp(0, 4)));
        let name = d.name(lang).trim_end_matches('区').replace("滨海新", "滨海");
        out.push_str(&format!(
            "<li class=\"tile tile-r{} tile-c{} {class}\"><a href=\"{}\">{}<b>{}</b></a></li>",
            d.tile.0,
            d.tile.1,
            esc(&link(d.code)),
            esc(&name),
            esc(&shown(lang, n))
        ));
    }
    out.push_str("</ul><ul class=\"scale\">");
    let step = |i: i64| (largest + 1) * i / 5 + i64::from((largest + 1) * i % 5 != 0);
    for q in 0..5 {
        let (from, to) = (step(q), (step(q + 1) - 1).min(largest));
        if from <= to {
            let words = if from == to {
                kernel::grouped(from)
            } else {
                format!("{}–{}", kernel::grouped(from), kernel::grouped(to))
            };
            out.push_str(&format!("<li class=\"q{q}\"><span>{words}</span></li>"));
        }
    }
    let caption = match counts.iter().any(|c| c.1.is_none()) {
        true => lang.t(
            "示意图，非地图。单位：家。“<5”表示数量小，为保护企业信息不公开。",
            "A scheme, not a map. Enterprises; “<5” is withheld to protect single firms.",
        ),
        false => lang.t("示意图，非地图。单位：家。", "A scheme, not a map. Enterprises."),
    };
    out.push_str(&format!("</ul><figcaption>{caption}</figcaption></figure>"));
    Html(out)
}

/// Ranked bars; a withheld one has no bar.
pub(crate) fn bars(lang: Lang, rows: &[(String, Option<i64>)]) -> Html {
    let largest = rows.iter().filter_map(|r| r.1).max().unwrap_or(0).max(1);
    let mut out = String::from("<ul class=\"bars\">");
    for (label, n) in rows {
        let width = n.unwrap_or(0) * 100 / largest;
        out.push_str(&format!(
            "<li><span>{}</span><svg class=\"bar-track\" aria-hidden=\"true\"><rect width=\"{width}%\" height=\"100%\"/></svg><span class=\"bar-value\">{}</span></li>",
            esc(label),
            esc(&shown(lang, *n))
        ));
    }
    Html(out + "</ul>")
}

/// Columns by month in a box of 640 × 260.
pub(crate) fn columns(lang: Lang, months: &[(Date, Option<i64>)]) -> Html {
    let largest = months.iter().filter_map(|m| m.1).max().unwrap_or(0).max(4);
    let label = lang.t("各月新增上云企业", "Enterprises newly on the cloud by month");
    let mut out = format!(
        "<figure class=\"chart\"><div class=\"chart-scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\"><svg class=\"svg-chart\" viewBox=\"0 0 640 260\" role=\"img\" aria-label=\"{label}\">"
    );
    for i in 0..=4 {
        let y = 220 - i * 45;
        out.push_str(&format!(
            "<line class=\"grid-line\" x1=\"44\" x2=\"632\" y1=\"{y}\" y2=\"{y}\"/><text class=\"tick-y\" x=\"38\" y=\"{}\">{}</text>",
            y + 4,
            largest * i64::from(i) / 4
        ));
    }
    for (i, (month, n)) in months.iter().enumerate() {
        let (x, height) = (54 + i as i64 * 48, n.unwrap_or(0) * 180 / largest);
        let y = 220 - height;
        out.push_str(&format!("<rect class=\"s1\" x=\"{x}\" y=\"{y}\" width=\"32\" height=\"{height}\"/>"));
        if *n != Some(0) {
            out.push_str(&format!(
                "<text class=\"value\" x=\"{}\" y=\"{}\">{}</text>",
                x + 16,
                y - 6,
                esc(&shown(lang, *n))
            ));
        }
        let tick = if month.month() == 1 || i == 0 {
            month.strftime("%Y-%m").to_string()
        } else {
            month.strftime("%m").to_string()
        };
        out.push_str(&format!("<text class=\"tick\" x=\"{}\" y=\"240\">{tick}</text>", x + 16));
    }
    Html(out + "<line class=\"axis\" x1=\"44\" x2=\"632\" y1=\"220\" y2=\"220\"/></svg></div></figure>")
}
