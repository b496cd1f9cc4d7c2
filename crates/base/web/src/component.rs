//! Components that pages share, as markup. Their look stands in `web/COMPONENTS.md`.

use kernel::{EvidenceLevel, Fen, Lang};

use crate::{Html, esc};

/// A state in words; `tone` as in [`crate::Cell::Tag`].
pub fn tag(tone: &str, text: &str) -> Html {
    Html(format!("<span class=\"tag {}\">{}</span>", esc(tone), esc(text)))
}

/// A notice; tone `""`, `is-ok`, `is-warn`, `is-bad`.
pub fn notice(tone: &str, title: &str, text: &str) -> Html {
    let text = if text.is_empty() { String::new() } else { format!("<p>{}</p>", esc(text)) };
    Html(format!("<div class=\"notice {}\"><strong>{}</strong>{text}</div>", esc(tone), esc(title)))
}

/// A figure with its label; `progress` is a share of a target between 0 and 1 with its words.
pub fn stat(label: &str, number: &str, unit: &str, progress: Option<(f64, String)>) -> Html {
    let target = progress.map_or(String::new(), |(share, words)| {
        let percent = (share * 100.0).clamp(0.0, 100.0);
        let words = esc(&words);
        format!("<progress max=\"100\" value=\"{percent:.0}\" aria-label=\"{words}\"></progress><span class=\"stat-target\">{words}</span>")
    });
    Html(format!(
        "<li class=\"tile-stat\"><span class=\"stat-label\">{}</span><span class=\"stat-number\">{}<span class=\"unit\">{}</span></span>{target}</li>",
        esc(label),
        esc(number),
        esc(unit)
    ))
}

/// Label and value facts; values are markup.
pub fn summary_list(facts: &[(String, Html)]) -> Html {
    let mut out = String::from("<dl class=\"summary-list\">");
    for (label, value) in facts {
        out.push_str(&format!("<div><dt>{}</dt><dd>{value}</dd></div>", esc(label)));
    }
    Html(out + "</dl>")
}

/// One entry of a timeline.
#[derive(Clone, Debug, Default)]
pub struct TimelineEntry {
    /// `is-done`, `is-current`, `is-overdue`, `is-returned`, `is-next`.
    pub state: &'static str,
    /// What.
    pub title: String,
    /// When, in words.
    pub when: String,
    /// By whom, by when, why: one line each.
    pub lines: Vec<String>,
}

/// The way of a case or an order.
pub fn timeline(entries: &[TimelineEntry]) -> Html {
    let mut out = String::from("<ol class=\"timeline\">");
    for e in entries {
        let current = if e.state.contains("is-current") { " aria-current=\"step\"" } else { "" };
        let when = if e.when.is_empty() { String::new() } else { format!(" <time>{}</time>", esc(&e.when)) };
        out.push_str(&format!(
            "<li class=\"{}\"{current}><div class=\"timeline-title\">{}{when}</div>",
            e.state,
            esc(&e.title)
        ));
        for line in &e.lines {
            out.push_str(&format!("<p class=\"timeline-meta\">{}</p>", esc(line)));
        }
        out.push_str("</li>");
    }
    Html(out + "</ol>")
}

/// A step of a form that goes over several pages.
pub struct Step<'a>(pub &'a str);

/// Where one is; `at` counts from 0.
pub fn progress_steps(lang: Lang, steps: &[Step<'_>], at: usize) -> Html {
    let mut out = String::from("<ol class=\"steps\">");
    for (i, s) in steps.iter().enumerate() {
        let done = format!("<span class=\"sr-only\">{}</span>", lang.t("（已完成）", "(done)"));
        let (class, after) = match i.cmp(&at) {
            std::cmp::Ordering::Less => (" class=\"is-done\"", done.as_str()),
            std::cmp::Ordering::Equal => (" aria-current=\"step\"", ""),
            std::cmp::Ordering::Greater => ("", ""),
        };
        out.push_str(&format!("<li{class}>{}{after}</li>", esc(s.0)));
    }
    Html(out + "</ol>")
}

/// The three shares of an order: 平台降 · 政府补 · 企业出.
pub fn shares_bar(lang: Lang, platform: Fen, public: Fen, firm: Fen) -> Html {
    let total = (platform + public + firm).0.max(1) as f64;
    let share = |f: Fen| f.0.max(0) as f64 * 100.0 / total;
    let (a, b, c) = (share(platform), share(public), share(firm));
    let names =
        [lang.t("平台降", "Platform takes off"), lang.t("政府补", "Public pays"), lang.t("企业出", "Enterprise pays")];
    let row = |class: &str, name: &str, f: Fen, p: f64| {
        format!(
            "<div class=\"{class}\"><dt>{name}</dt><dd>{} {} <small>{p:.1}%</small></dd></div>",
            f.yuan(),
            lang.t("元", "yuan")
        )
    };
    Html(format!(
        "<figure class=\"shares\"><svg class=\"shares-bar\" role=\"img\" aria-label=\"{} {a:.1}%, {} {b:.1}%, {} {c:.1}%\">\
         <rect class=\"share-platform\" x=\"0\" y=\"0\" width=\"{a:.2}%\" height=\"100%\"/>\
         <rect class=\"share-public\" x=\"{a:.2}%\" y=\"0\" width=\"{b:.2}%\" height=\"100%\"/>\
         <rect class=\"share-firm\" x=\"{ab:.2}%\" y=\"0\" width=\"{c:.2}%\" height=\"100%\"/></svg>\
         <dl class=\"shares-legend\">{}{}{}</dl></figure>",
        names[0],
        names[1],
        names[2],
        row("of-platform", names[0], platform, a),
        row("of-public", names[1], public, b),
        row("of-firm", names[2], firm, c),
        ab = a + b,
    ))
}

/// The ladder of evidence with the level reached and the programme's two thresholds.
pub fn evidence_ladder(lang: Lang, level: EvidenceLevel, counts_from: EvidenceLevel, pays_from: EvidenceLevel) -> Html {
    let mut out = format!("<ol class=\"ladder\" aria-label=\"{}\">", lang.t("用云证据等级", "Evidence of use"));
    for l in EvidenceLevel::ALL {
        let class = match l.cmp(&level) {
            std::cmp::Ordering::Less => " class=\"is-reached\"",
            std::cmp::Ordering::Equal => " class=\"is-current\" aria-current=\"true\"",
            std::cmp::Ordering::Greater => "",
        };
        let mut marks = String::new();
        if l == counts_from {
            marks.push_str(&format!(
                "<span class=\"threshold\">{}</span>",
                lang.t("计入上云", "counts as on the cloud")
            ));
        }
        if l == pays_from {
            marks.push_str(&format!("<span class=\"threshold\">{}</span>", lang.t("可以兑付", "can be paid")));
        }
        out.push_str(&format!("<li{class}><b>{}</b> {}{marks}</li>", l.code(), l.label(lang)));
    }
    Html(out + "</ol>")
}

/// A QR code as SVG, for print heads and enrolment.
pub fn qr(content: &str, label: &str) -> Html {
    let Ok(code) = qrcode::QrCode::new(content.as_bytes()) else { return Html::default() };
    let width = code.width();
    let mut path = String::new();
    for (i, c) in code.to_colors().iter().enumerate() {
        if *c == qrcode::Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", i % width + 2, i / width + 2));
        }
    }
    let side = width + 4;
    Html(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{}\"><path d=\"{path}\"/></svg>",
        esc(label)
    ))
}
