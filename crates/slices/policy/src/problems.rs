//! What is wrong with a programme's text, in both languages. The engine names each defect with its place; here it gets
//! its words.

use kernel::Text;
use rules::expected::ExpectationError;
use rules::{Defect, ProgrammeError};

/// One line for each thing wrong, with its place and what to do.
pub fn of_programme(error: &ProgrammeError) -> Vec<Text> {
    match error {
        ProgrammeError::Toml { line, column, message } => vec![Text::new(
            format!("第 {line} 行第 {column} 列无法读取：{message}。请按此位置更正后重新提交。"),
            format!("Line {line}, column {column} cannot be read: {message}. Correct it there and send it again."),
        )],
        ProgrammeError::Defects(defects) => defects.iter().map(|d| Text::new(zh(d), d.to_string())).collect(),
    }
}

fn zh(defect: &Defect) -> String {
    match defect {
        Defect::UnknownClause { place, clause } => {
            format!("{place}：条款“{clause}”未声明。请增加该 [[clause]]，或更正名称。")
        }
        Defect::UnusedClause(clause) => format!("条款“{clause}”没有被引用。请编写它所规定的内容，或删除。"),
        Defect::UnknownSource { clause, source_id } => {
            format!("条款“{clause}”的来源“{source_id}”未声明。请增加该 [[source]]。")
        }
        Defect::Duplicate { what, id } => format!("{what}“{id}”出现两次，名称须唯一。"),
        Defect::Dates { place, from, until } => {
            format!("{place}：{from} 至 {until} 不是方案实施期内的有效区间，请更正日期。")
        }
        Defect::UnknownTaxonomy { place, code } => format!("{place}：“{code}”不在上云服务分类中，请核对分类代码。"),
        Defect::TargetFigures(code) => {
            format!("目标“{code}”：minimum 与 exceeds 须且只须填写一个，maximum 不得低于它。")
        }
        Defect::UnknownRoute { instrument, route } => {
            format!("支持方式“{instrument}”：办理流程“{route}”未声明。请增加该 [[route]]。")
        }
        Defect::RouteStages(route) => format!("流程“{route}”：须有环节，每个环节只出现一次且至少一名审批人。"),
        Defect::UnknownName { place, name } => {
            format!("{place}：“{name}”未知。须为事实、带日期的数值、前面的步骤、as_of、evidence.* 或已声明的 batch.*。")
        }
        Defect::NameTaken { place, name } => format!("{place}：“{name}”已用于其他事实、数值或步骤，请换一个名称。"),
        Defect::NameWithoutUnit { place, name } => {
            format!("{place}：“{name}”须以单位结尾：{}。", rules::UNITS.map(|u| format!("_{u}")).join("、"))
        }
        Defect::Expression { place, detail } => format!("{place}：表达式有误（{detail}）。"),
        Defect::ValueOverlap { name, on } => {
            format!("数值“{name}”：{on} 有两个值同时生效。请先结束前一个，或更正日期。")
        }
        Defect::Bounds { place, minimum, maximum } => format!("{place}：下限 {minimum} 高于上限 {maximum}。"),
        Defect::Rule { place, detail } => format!("{place}：规则有误（{detail}）。"),
    }
}

/// The same for a file of expected decisions.
pub fn of_expectation(error: &ExpectationError) -> Text {
    let zh = match error {
        ExpectationError::Toml(detail) => format!("预期决定无法读取：{detail}"),
        ExpectationError::NoBase { case, base } => format!("预期决定“{case}”：没有 [base.{base}]。"),
        ExpectationError::Differs { case, what, expected, found } => {
            let what = match *what {
                "the outcome" => "结论",
                "amount_fen" => "金额（分）",
                "what failed" => "未通过的条件",
                "what binds" => "起限制作用的步骤",
                other => other,
            };
            format!("预期决定“{case}”：{what}应为 {expected}，实际为 {found}。请更正规则或预期。")
        }
    };
    Text::new(zh, error.to_string())
}

/// All of them as one text, a line each.
pub fn joined(problems: &[Text]) -> Text {
    let join = |of: fn(&Text) -> &str| problems.iter().map(of).collect::<Vec<_>>().join("\n");
    Text::new(join(|t| &t.zh), join(|t| &t.en))
}
