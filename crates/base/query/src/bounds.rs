//! What conditions say about device, property and time, so that files and memory are passed over.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use lake::Bounds;

/// Bounds that every row that meets all conditions is within. A condition that says something else only leaves them wider.
pub(crate) fn bounds(conditions: &[Expr]) -> Bounds {
    let mut bounds = Bounds::default();
    conditions.iter().for_each(|c| narrow(&mut bounds, c));
    bounds
}

fn narrow(bounds: &mut Bounds, condition: &Expr) {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            narrow(bounds, left);
            narrow(bounds, right);
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (&**left, &**right) {
            (Expr::Column(column), Expr::Literal(value, _)) => compare(bounds, &column.name, *op, value),
            (Expr::Literal(value, _), Expr::Column(column)) => {
                if let Some(op) = op.swap() {
                    compare(bounds, &column.name, op, value);
                }
            }
            _ => {}
        },
        Expr::Between(Between { expr, negated: false, low, high }) => {
            if let (Expr::Column(c), Expr::Literal(low, _), Expr::Literal(high, _)) = (&**expr, &**low, &**high) {
                compare(bounds, &c.name, Operator::GtEq, low);
                compare(bounds, &c.name, Operator::LtEq, high);
            }
        }
        Expr::InList(list) if !list.negated => {
            let texts = list.list.iter().map(|e| match e {
                Expr::Literal(value, _) => text(value),
                _ => None,
            });
            if let (Expr::Column(column), Some(texts)) = (&*list.expr, texts.collect::<Option<Vec<_>>>()) {
                among(bounds, &column.name, texts);
            }
        }
        _ => {}
    }
}

fn compare(bounds: &mut Bounds, column: &str, op: Operator, value: &ScalarValue) {
    if op == Operator::Eq
        && let Some(text) = text(value)
    {
        among(bounds, column, vec![text]);
    }
    let ScalarValue::TimestampMicrosecond(Some(at_us), _) = value else { return };
    if column != "device_time" {
        return;
    }
    let mut from = |at_us: i64| bounds.from_us = Some(bounds.from_us.map_or(at_us, |b| b.max(at_us)));
    match op {
        Operator::Eq | Operator::GtEq => from(*at_us),
        Operator::Gt => from(at_us.saturating_add(1)),
        _ => {}
    }
    let mut to = |at_us: i64| bounds.to_us = Some(bounds.to_us.map_or(at_us, |b| b.min(at_us)));
    match op {
        Operator::Eq | Operator::LtEq => to(*at_us),
        Operator::Lt => to(at_us.saturating_sub(1)),
        _ => {}
    }
}

fn among(bounds: &mut Bounds, column: &str, mut texts: Vec<String>) {
    let of = match column {
        "device" => &mut bounds.devices,
        "property" => &mut bounds.properties,
        _ => return,
    };
    if let Some(before) = of {
        texts.retain(|t| before.contains(t));
    }
    *of = Some(texts);
}

fn text(value: &ScalarValue) -> Option<String> {
    match value {
        ScalarValue::Utf8(text) | ScalarValue::Utf8View(text) | ScalarValue::LargeUtf8(text) => text.clone(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::prelude::{col, lit};

    fn time(at_us: i64) -> Expr {
        lit(ScalarValue::TimestampMicrosecond(Some(at_us), Some("UTC".into())))
    }

    #[test]
    fn conditions_narrow_and_what_is_not_understood_does_not() {
        let conditions = [
            col("device").in_list(vec![lit("a"), lit("b")], false).and(col("number").gt(lit(1.0))),
            col("device").eq(lit("b")),
            time(20).gt(col("device_time")),
            col("device_time").gt_eq(time(5)),
            col("server_time").gt_eq(time(9)),
            col("property").eq(lit("x")).or(col("property").eq(lit("y"))),
            col("property").in_list(vec![lit("z")], true),
        ];
        let expected = Bounds { devices: Some(vec!["b".into()]), properties: None, from_us: Some(5), to_us: Some(19) };
        assert_eq!(bounds(&conditions), expected);
        assert_eq!(bounds(&[col("device_time").between(time(3), time(4))]).to_us, Some(4));
        let none = bounds(&[col("device").eq(lit("a")), col("device").eq(lit("b"))]);
        assert_eq!(none.devices, Some(Vec::new()), "nothing is both");
    }
}
