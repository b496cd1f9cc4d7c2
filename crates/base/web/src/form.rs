//! Form fields as markup: label, hint, error, control, with what was typed still in them.

use std::collections::HashMap;
use std::fmt;

use kernel::Lang;

use crate::{Ctx, FieldError, FormData, Html, esc};

/// In an error summary, before the message of a field: `<!--names quantity-->`.
const MARK: &str = "<!--names ";

/// Puts the names of fields before the messages of an error summary: "Quantity: must be between 1 and 100,000". A
/// message that says the name itself is left as it is.
pub(crate) fn name_errors(html: String, lang: Lang) -> String {
    if !html.contains(MARK) {
        return html;
    }
    let mut out = String::with_capacity(html.len() + 256);
    let mut parts = html.split(MARK);
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        let Some((field, rest)) = part.split_once("-->") else { continue };
        let message = rest.split('<').next().unwrap_or("");
        match label_in(&html, field) {
            Some(label) if !message.to_lowercase().contains(&label.to_lowercase()) => {
                out.push_str(&format!("{label}{}", lang.t("：", ": ")));
                out.push_str(&uncapitalised(message));
                out.push_str(&rest[message.len()..]);
            }
            _ => out.push_str(rest),
        }
    }
    out
}

/// The label of a field as it stands on the page.
fn label_in<'a>(html: &'a str, field: &str) -> Option<&'a str> {
    let label = html
        .split_once(&format!(" for=\"{field}\">"))
        .or_else(|| html.split_once(&format!(" id=\"{field}-legend\">")))?;
    Some(label.1.split('<').next()?.trim()).filter(|l| !l.is_empty())
}

/// `Must be …` → `must be …`; `USCC …` stays.
fn uncapitalised(message: &str) -> String {
    let mut chars = message.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if first.is_ascii_uppercase() && (second.is_ascii_lowercase() || second == ' ') => {
            format!("{}{}", first.to_ascii_lowercase(), chars.as_str())
        }
        _ => message.to_owned(),
    }
}

/// A form: where values, errors and the two hidden fields come from.
#[derive(Clone, Debug)]
pub struct Form {
    lang: Lang,
    csrf: String,
    key: String,
    values: HashMap<String, Vec<String>>,
    errors: Vec<FieldError>,
}

impl Form {
    /// Empty.
    pub fn new(ctx: &Ctx) -> Form {
        Form {
            lang: ctx.lang,
            csrf: ctx.visitor().csrf.clone(),
            key: ctx.form_key(),
            values: HashMap::new(),
            errors: Vec::new(),
        }
    }

    /// As it was posted, with what is wrong. It keeps its key where nothing was stored under it, so that the corrected form
    /// is a new submission: a fresh key is drawn.
    pub fn again(ctx: &Ctx, data: &FormData, errors: Vec<FieldError>) -> Form {
        Form { values: data.values().clone(), errors, ..Form::new(ctx) }
    }

    /// Sets a value to begin with.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Form {
        self.values.insert(name.to_owned(), vec![value.into()]);
        self
    }

    /// Sets several values (checkboxes).
    pub fn with_all(mut self, name: &str, values: Vec<String>) -> Form {
        self.values.insert(name.to_owned(), values);
        self
    }

    /// Has anything to correct?
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// `错误：` before the page's title, so that a screen reader hears it first.
    pub fn title_prefix(&self) -> &'static str {
        if self.has_errors() { self.lang.t("错误：", "Error: ") } else { "" }
    }

    /// The value of a field.
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).and_then(|v| v.first()).map_or("", String::as_str)
    }

    fn chosen(&self, name: &str, value: &str) -> bool {
        self.values.get(name).is_some_and(|v| v.iter().any(|x| x == value))
    }

    /// What is wrong, above the form; each line leads to its field.
    pub fn error_summary(&self) -> Html {
        if self.errors.is_empty() {
            return Html::default();
        }
        let n = self.errors.len();
        let title = match self.lang {
            Lang::Zh => format!("有 {n} 处需要更正"),
            Lang::En if n == 1 => "1 thing to correct".to_owned(),
            Lang::En => format!("{n} things to correct"),
        };
        let mut lines = String::new();
        for e in &self.errors {
            let message = esc(&e.message);
            match e.field.as_str() {
                "" => lines.push_str(&format!("<li>{message}</li>")),
                // What is to be done about it is elsewhere.
                address if address.starts_with('/') => {
                    lines.push_str(&format!("<li><a href=\"{}\">{message}</a></li>", esc(address)));
                }
                // What the field is called is known once it is drawn, further down: `name_errors` puts it there.
                field => {
                    let field = esc(field);
                    lines.push_str(&format!("<li><a href=\"#{field}\">{MARK}{field}-->{message}</a></li>"));
                }
            }
        }
        Html(format!(
            "<div class=\"error-summary\" role=\"alert\" tabindex=\"-1\" aria-labelledby=\"es-title\" autofocus>\
             <h2 id=\"es-title\">{title}</h2><ul>{lines}</ul></div>"
        ))
    }

    /// Opens a posted form with its hidden fields.
    pub fn open(&self, action: &str) -> Html {
        self.open_with(action, "")
    }

    /// The same with an id, for buttons that stand elsewhere on the page.
    pub fn open_named(&self, action: &str, id: &str) -> Html {
        self.open_with(action, &format!(" id=\"{}\"", esc(id)))
    }

    /// The same for a form with files.
    pub fn open_upload(&self, action: &str) -> Html {
        self.open_with(action, " enctype=\"multipart/form-data\"")
    }

    fn open_with(&self, action: &str, more: &str) -> Html {
        Html(format!(
            "<form method=\"post\" action=\"{}\"{more} data-dirty data-once novalidate>\
             <input type=\"hidden\" name=\"_csrf\" value=\"{}\"><input type=\"hidden\" name=\"_key\" value=\"{}\">",
            esc(action),
            esc(&self.csrf),
            esc(&self.key)
        ))
    }

    /// A small form that is one button, such as "confirm".
    pub fn button(&self, action: &str, label: &str, class: &str) -> Html {
        Html(format!(
            "{}<button class=\"btn {}\" type=\"submit\">{}</button></form>",
            self.open_with(action, "").0.replace(" data-dirty", ""),
            esc(class),
            esc(label)
        ))
    }

    /// The main button.
    pub fn submit(&self, label: &str) -> Html {
        Html(format!("<div class=\"form-actions\"><button class=\"btn\" type=\"submit\">{}</button></div>", esc(label)))
    }

    /// Closes the form.
    pub fn close(&self) -> Html {
        Html("</form>".into())
    }

    /// A hidden field.
    pub fn hidden(&self, name: &str, value: &str) -> Html {
        Html(format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", esc(name), esc(value)))
    }

    fn field(&self, name: &str, kind: Kind) -> Field {
        let error = self.errors.iter().find(|e| e.field == name).map(|e| e.message.clone());
        Field {
            lang: self.lang,
            name: name.to_owned(),
            kind,
            value: self.value(name).to_owned(),
            label: String::new(),
            hint: String::new(),
            unit: String::new(),
            error,
            class: "",
            attributes: String::new(),
            options: Vec::new(),
            optional: false,
            filters: false,
            rows: 4,
        }
    }

    /// One line of text.
    pub fn input(&self, name: &str) -> Field {
        self.field(name, Kind::Input("text"))
    }
    /// A password; its value never comes back.
    pub fn password(&self, name: &str) -> Field {
        Field { value: String::new(), ..self.field(name, Kind::Input("password")) }
    }
    /// Several lines.
    pub fn textarea(&self, name: &str) -> Field {
        self.field(name, Kind::Textarea)
    }
    /// A date as `yyyy-mm-dd`.
    pub fn date(&self, name: &str) -> Field {
        let field = self.field(name, Kind::Input("text"));
        let hint = self.lang.t("年-月-日，如 2019-06-30", "year-month-day, such as 2019-06-30").to_owned();
        let attributes = " inputmode=\"numeric\" placeholder=\"yyyy-mm-dd\"".to_owned();
        Field { class: "is-date", hint, attributes, ..field }
    }
    /// One of a list. Options are (value, words).
    pub fn select(&self, name: &str, options: Vec<(String, String)>) -> Field {
        Field { options: self.mark(name, options), ..self.field(name, Kind::Select) }
    }
    /// One of a few, all in sight.
    pub fn radios(&self, name: &str, options: Vec<(String, String)>) -> Field {
        Field { options: self.mark(name, options), ..self.field(name, Kind::Choices("radio")) }
    }
    /// Any of a few.
    pub fn checkboxes(&self, name: &str, options: Vec<(String, String)>) -> Field {
        Field { options: self.mark(name, options), ..self.field(name, Kind::Choices("checkbox")) }
    }
    /// A single consent.
    pub fn checkbox(&self, name: &str) -> Field {
        Field { options: vec![("1".into(), String::new(), self.chosen(name, "1"))], ..self.field(name, Kind::Single) }
    }
    /// A file. `accept` such as `.pdf,.png`; the size is checked in the browser and again here.
    pub fn file(&self, name: &str, accept: &str, max_bytes: u64) -> Field {
        let attributes = format!(" accept=\"{}\" data-max-bytes=\"{max_bytes}\"", esc(accept));
        Field { attributes, value: String::new(), ..self.field(name, Kind::File) }
    }

    fn mark(&self, name: &str, options: Vec<(String, String)>) -> Vec<(String, String, bool)> {
        options.into_iter().map(|(v, label)| (v.clone(), label, self.chosen(name, &v))).collect()
    }
}

#[derive(Clone, Debug)]
enum Kind {
    Input(&'static str),
    Textarea,
    Select,
    Choices(&'static str),
    Single,
    File,
}

/// A field that is being described; printing it gives its markup.
#[derive(Clone, Debug)]
pub struct Field {
    lang: Lang,
    name: String,
    kind: Kind,
    value: String,
    label: String,
    hint: String,
    unit: String,
    error: Option<String>,
    class: &'static str,
    attributes: String,
    options: Vec<(String, String, bool)>,
    optional: bool,
    filters: bool,
    rows: u8,
}

impl Field {
    /// What is asked.
    pub fn label(mut self, text: &str) -> Field {
        self.label = text.to_owned();
        self
    }
    /// What helps to answer.
    pub fn hint(mut self, text: &str) -> Field {
        self.hint = text.to_owned();
        self
    }
    /// What the number is in.
    pub fn unit(mut self, text: &str) -> Field {
        self.unit = text.to_owned();
        self.class = "is-num";
        self
    }
    /// May be left empty.
    pub fn optional(mut self) -> Field {
        self.optional = true;
        self
    }
    /// A choice that narrows a list: none chosen means all.
    pub fn filters(mut self) -> Field {
        self.filters = true;
        self
    }
    /// Height of a text of several lines.
    pub fn rows(mut self, rows: u8) -> Field {
        self.rows = rows;
        self
    }
    /// A code: monospaced, no spelling check.
    pub fn code(mut self) -> Field {
        self.class = "is-code";
        self.attributes.push_str(" autocomplete=\"off\" spellcheck=\"false\"");
        self
    }
    /// Short.
    pub fn short(mut self) -> Field {
        self.class = "is-short";
        self
    }
    /// The browser's name for it, such as `username`.
    pub fn autocomplete(mut self, what: &str) -> Field {
        self.attributes.push_str(&format!(" autocomplete=\"{}\"", esc(what)));
        self
    }

    fn described(&self) -> String {
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("{}-hint", self.name));
        }
        if self.error.is_some() {
            ids.push(format!("{}-error", self.name));
        }
        let mut out = String::new();
        if !ids.is_empty() {
            out.push_str(&format!(" aria-describedby=\"{}\"", ids.join(" ")));
        }
        if self.error.is_some() {
            out.push_str(" aria-invalid=\"true\"");
        }
        out
    }

    fn control(&self) -> String {
        let (name, value, attributes) =
            (&self.name, esc(&self.value), format!("{}{}", self.attributes, self.described()));
        match self.kind {
            Kind::Input(t) => {
                let input = format!(
                    "<input class=\"input {}\" type=\"{t}\" id=\"{name}\" name=\"{name}\" value=\"{value}\"{attributes}>",
                    self.class
                );
                if self.unit.is_empty() {
                    input
                } else {
                    format!("<div class=\"with-unit\">{input}<span class=\"unit\">{}</span></div>", esc(&self.unit))
                }
            }
            Kind::Textarea => format!(
                "<textarea class=\"textarea {}\" id=\"{name}\" name=\"{name}\" rows=\"{}\"{attributes}>{value}</textarea>",
                self.class, self.rows
            ),
            Kind::File => {
                format!("<input class=\"file-field\" type=\"file\" id=\"{name}\" name=\"{name}\"{attributes}>")
            }
            Kind::Select => {
                let none = if self.filters { self.lang.t("全部", "All") } else { self.lang.t("请选择", "Choose") };
                let mut options = format!("<option value=\"\">{none}</option>");
                for (v, label, chosen) in &self.options {
                    let selected = if *chosen { " selected" } else { "" };
                    options.push_str(&format!("<option value=\"{}\"{selected}>{}</option>", esc(v), esc(label)));
                }
                format!("<select class=\"select\" id=\"{name}\" name=\"{name}\"{attributes}>{options}</select>")
            }
            Kind::Choices(t) => {
                let mut out = String::from("<div class=\"choices is-stacked\">");
                for (i, (v, label, chosen)) in self.options.iter().enumerate() {
                    let id = if i == 0 { format!(" id=\"{name}\"") } else { String::new() };
                    let checked = if *chosen { " checked" } else { "" };
                    out.push_str(&format!(
                        "<label class=\"choice\"><input type=\"{t}\"{id} name=\"{name}\" value=\"{}\"{checked}> {}</label>",
                        esc(v),
                        esc(label)
                    ));
                }
                out + "</div>"
            }
            Kind::Single => {
                let checked = if self.options.first().is_some_and(|o| o.2) { " checked" } else { "" };
                format!(
                    "<label class=\"choice\"><input type=\"checkbox\" id=\"{name}\" name=\"{name}\" value=\"1\"{checked}{attributes}> {}</label>",
                    esc(&self.label)
                )
            }
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrong = if self.error.is_some() { " is-error" } else { "" };
        let optional = if self.optional {
            format!(" <span class=\"optional\">{}</span>", self.lang.t("（选填）", "(optional)"))
        } else {
            String::new()
        };
        let hint = if self.hint.is_empty() {
            String::new()
        } else {
            format!("<span class=\"hint\" id=\"{}-hint\">{}</span>", self.name, esc(&self.hint))
        };
        let error = self.error.as_deref().map_or(String::new(), |e| {
            format!(
                "<span class=\"field-error\" id=\"{}-error\">{}{}</span>",
                self.name,
                self.lang.t("错误：", "Error: "),
                esc(e)
            )
        });
        let (label, control) = (esc(&self.label), self.control());
        match self.kind {
            Kind::Choices(_) => {
                write!(
                    f,
                    "<fieldset class=\"field{wrong}\"><legend class=\"label\" id=\"{}-legend\">{label}{optional}</legend>{hint}{error}{control}</fieldset>",
                    self.name
                )
            }
            Kind::Single => write!(f, "<div class=\"field{wrong}\">{hint}{error}{control}</div>"),
            _ => write!(
                f,
                "<div class=\"field{wrong}\"><label class=\"label\" for=\"{}\">{label}{optional}</label>{hint}{error}{control}</div>",
                self.name
            ),
        }
    }
}

impl askama::filters::HtmlSafe for Field {}
