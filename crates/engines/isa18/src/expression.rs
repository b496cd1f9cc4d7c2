//! CEL over the properties of one device. The text is parsed by the `cel` crate and compiled into a small tree that
//! reads property slots: no loop, no allocation per reading, cost bounded by the length of the text.
//!
//! Every number is a measurement, so whole-number literals are read as decimals: `temp / 2 > 40` means what a person
//! expects. What is not a number, a text, a truth value, a comparison, `abs`, `least` or `greatest` is refused.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use cel::Env;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators as op};
use kernel::Value;

/// Longest text, in characters.
pub const CHARS_MAX: usize = 600;
/// Most brackets opened: the parser descends once for each.
pub const BRACKETS_MAX: usize = 24;
/// Most operator characters.
pub const OPERATORS_MAX: usize = 64;
/// Deepest nesting of operations.
pub const DEPTH_MAX: usize = 16;

/// Why a text is no expression of a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// Not CEL.
    #[error("not a CEL expression: {0}")]
    Syntax(String),
    /// Too long, too many brackets or operators, or nested too deep.
    #[error(
        "too large: at most {CHARS_MAX} characters, {BRACKETS_MAX} brackets, {OPERATORS_MAX} operators, {DEPTH_MAX} levels"
    )]
    TooLarge,
    /// A loop, a list, a map.
    #[error("uses {0}, which is not possible here")]
    Forbidden(&'static str),
    /// Calls what is not known.
    #[error("calls {0}, which is not known; known are abs, least, greatest")]
    UnknownFunction(String),
    /// Gives no truth value, or joins what does not go together.
    #[error("{0}")]
    Types(String),
}

/// The last good values by slot.
pub trait Scope {
    /// The value in a slot, once it has been heard.
    fn value(&self, slot: u16) -> Option<&Value>;
}

#[derive(Clone, Debug)]
enum Node {
    Number(f64),
    Flag(bool),
    Text(String),
    Slot(u16),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Choose(Box<Node>, Box<Node>, Box<Node>),
    Compare(&'static [Ordering], Box<Node>, Box<Node>),
    NotEqual(Box<Node>, Box<Node>),
    Compute(fn(f64, f64) -> f64, Box<Node>, Box<Node>),
    Abs(Box<Node>),
}

/// What a node gives.
enum Given<'a> {
    Number(f64),
    Flag(bool),
    Text(&'a str),
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expression {
    root: Node,
}

fn too_large(text: &str) -> bool {
    let brackets = text.matches(['(', '[', '{']).count();
    let operators = text.matches(['!', '-', '+', '*', '/', '%', '?', ':', '<', '>', '=', '&', '|', '.', ',']).count();
    text.chars().count() > CHARS_MAX || brackets > BRACKETS_MAX || operators > OPERATORS_MAX
}

/// Parses on a thread of its own: the parser takes some 180 KiB of stack for each bracket.
fn parse(text: &str) -> Result<IdedExpr, ExpressionError> {
    const STACK_BYTES: usize = 16 << 20;
    let parse = || {
        Env::stdlib()
            .compile(text)
            .map(|p| p.expression().clone())
            .map_err(|e| ExpressionError::Syntax(e.errors.iter().map(|e| e.msg.clone()).collect::<Vec<_>>().join("; ")))
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, parse);
        let thread = thread.map_err(|e| ExpressionError::Syntax(format!("no thread to parse it on ({e})")))?;
        thread.join().unwrap_or_else(|_| Err(ExpressionError::Syntax("the parser gave up".into())))
    })
}

impl Expression {
    /// The properties that a text reads, in order of name.
    pub fn references(text: &str) -> Result<Vec<String>, ExpressionError> {
        let mut names = BTreeSet::new();
        Expression::compile(text, &mut |name| {
            names.insert(name.to_owned());
            Some(0)
        })?;
        Ok(names.into_iter().collect())
    }

    /// Compiles a text; `slot` gives each property its place.
    pub fn compile(text: &str, slot: &mut dyn FnMut(&str) -> Option<u16>) -> Result<Expression, ExpressionError> {
        if too_large(text) {
            return Err(ExpressionError::TooLarge);
        }
        let root = compile(&parse(text)?, 0, slot)?;
        match root {
            Node::Number(_) | Node::Text(_) | Node::Negate(_) | Node::Compute(..) | Node::Abs(_) => {
                Err(ExpressionError::Types("must give true or false".into()))
            }
            root => Ok(Expression { root }),
        }
    }

    /// A truth value that no reading can change?
    pub fn constant(&self) -> Option<bool> {
        struct Nothing;
        impl Scope for Nothing {
            fn value(&self, _: u16) -> Option<&Value> {
                None
            }
        }
        self.truth(&Nothing)
    }

    /// True or false; none while a property that decides has not been heard, or where types do not go together.
    pub fn truth(&self, scope: &dyn Scope) -> Option<bool> {
        match eval(&self.root, scope)? {
            Given::Flag(b) => Some(b),
            _ => None,
        }
    }
}

fn compile(node: &IdedExpr, depth: usize, slot: &mut dyn FnMut(&str) -> Option<u16>) -> Result<Node, ExpressionError> {
    if depth > DEPTH_MAX {
        return Err(ExpressionError::TooLarge);
    }
    let read = |name: String, slot: &mut dyn FnMut(&str) -> Option<u16>| {
        slot(&name).map(Node::Slot).ok_or_else(|| ExpressionError::Types(format!("{name} cannot be read")))
    };
    match &node.expr {
        Expr::Ident(name) => read(name.clone(), slot),
        Expr::Select(select) => match (&select.operand.expr, select.test) {
            (Expr::Ident(root), false) => read(format!("{root}.{}", select.field), slot),
            _ => Err(ExpressionError::Forbidden("has() or a nested field")),
        },
        Expr::Literal(l) => match l {
            LiteralValue::Boolean(b) => Ok(Node::Flag(*b.inner())),
            LiteralValue::Double(d) => Ok(Node::Number(*d.inner())),
            LiteralValue::Int(i) => Ok(Node::Number(*i.inner() as f64)),
            LiteralValue::UInt(u) => Ok(Node::Number(*u.inner() as f64)),
            LiteralValue::String(s) => Ok(Node::Text(s.inner().to_string())),
            LiteralValue::Bytes(_) | LiteralValue::Null => Err(ExpressionError::Forbidden("bytes or null")),
        },
        Expr::Call(c) => call(c, depth, slot),
        Expr::List(_) => Err(ExpressionError::Forbidden("a list")),
        Expr::Comprehension(_) => Err(ExpressionError::Forbidden("a loop")),
        Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => Err(ExpressionError::Forbidden("a map")),
    }
}

fn call(c: &CallExpr, depth: usize, slot: &mut dyn FnMut(&str) -> Option<u16>) -> Result<Node, ExpressionError> {
    use Ordering::{Equal, Greater, Less};
    let unknown = || ExpressionError::UnknownFunction(c.func_name.clone());
    if c.target.is_some() {
        return Err(unknown());
    }
    let mut args = Vec::with_capacity(c.args.len());
    for a in &c.args {
        args.push(Box::new(compile(a, depth + 1, slot)?));
    }
    let mut args = args.into_iter();
    let mut next = || args.next().ok_or_else(unknown);
    let node = match c.func_name.as_str() {
        op::CONDITIONAL => Node::Choose(next()?, next()?, next()?),
        op::LOGICAL_AND => Node::And(next()?, next()?),
        op::LOGICAL_OR => Node::Or(next()?, next()?),
        op::LOGICAL_NOT => Node::Not(next()?),
        op::NEGATE => Node::Negate(next()?),
        op::ADD => Node::Compute(|a, b| a + b, next()?, next()?),
        op::SUBSTRACT => Node::Compute(|a, b| a - b, next()?, next()?),
        op::MULTIPLY => Node::Compute(|a, b| a * b, next()?, next()?),
        op::DIVIDE => Node::Compute(|a, b| a / b, next()?, next()?),
        op::MODULO => Node::Compute(|a, b| a % b, next()?, next()?),
        op::EQUALS => Node::Compare(&[Equal], next()?, next()?),
        op::NOT_EQUALS => Node::NotEqual(next()?, next()?),
        op::GREATER => Node::Compare(&[Greater], next()?, next()?),
        op::GREATER_EQUALS => Node::Compare(&[Greater, Equal], next()?, next()?),
        op::LESS => Node::Compare(&[Less], next()?, next()?),
        op::LESS_EQUALS => Node::Compare(&[Less, Equal], next()?, next()?),
        "abs" => Node::Abs(next()?),
        "least" => Node::Compute(f64::min, next()?, next()?),
        "greatest" => Node::Compute(f64::max, next()?, next()?),
        _ => return Err(unknown()),
    };
    if args.next().is_some() { Err(unknown()) } else { Ok(node) }
}

fn eval<'a>(node: &'a Node, scope: &'a dyn Scope) -> Option<Given<'a>> {
    let flag = |n: &'a Node| match eval(n, scope) {
        Some(Given::Flag(b)) => Some(b),
        _ => None,
    };
    let number = |n: &'a Node| match eval(n, scope) {
        Some(Given::Number(x)) => Some(x),
        _ => None,
    };
    Some(match node {
        Node::Number(x) => Given::Number(*x),
        Node::Flag(b) => Given::Flag(*b),
        Node::Text(t) => Given::Text(t),
        Node::Slot(s) => match scope.value(*s)? {
            Value::Number(x) => Given::Number(*x),
            Value::Flag(b) => Given::Flag(*b),
            Value::Text(t) => Given::Text(t),
        },
        Node::Not(a) => Given::Flag(!flag(a)?),
        Node::Negate(a) => Given::Number(-number(a)?),
        // As CEL has it: one side that decides is enough, though the other cannot be known.
        Node::And(a, b) => match (flag(a), flag(b)) {
            (Some(false), _) | (_, Some(false)) => Given::Flag(false),
            (Some(true), Some(true)) => Given::Flag(true),
            _ => return None,
        },
        Node::Or(a, b) => match (flag(a), flag(b)) {
            (Some(true), _) | (_, Some(true)) => Given::Flag(true),
            (Some(false), Some(false)) => Given::Flag(false),
            _ => return None,
        },
        Node::Choose(c, a, b) => return if flag(c)? { eval(a, scope) } else { eval(b, scope) },
        Node::Compare(wanted, a, b) => Given::Flag(wanted.contains(&compare(eval(a, scope)?, eval(b, scope)?)?)),
        Node::NotEqual(a, b) => Given::Flag(compare(eval(a, scope)?, eval(b, scope)?)? != Ordering::Equal),
        Node::Compute(f, a, b) => {
            let x = f(number(a)?, number(b)?);
            // A division by zero is nothing that can be compared.
            return x.is_finite().then_some(Given::Number(x));
        }
        Node::Abs(a) => Given::Number(number(a)?.abs()),
    })
}

fn compare(a: Given<'_>, b: Given<'_>) -> Option<Ordering> {
    match (a, b) {
        (Given::Number(a), Given::Number(b)) => a.partial_cmp(&b),
        (Given::Flag(a), Given::Flag(b)) => Some(a.cmp(&b)),
        (Given::Text(a), Given::Text(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Two(Option<Value>, Option<Value>);
    impl Scope for Two {
        fn value(&self, slot: u16) -> Option<&Value> {
            if slot == 0 { self.0.as_ref() } else { self.1.as_ref() }
        }
    }

    fn told(text: &str, a: Option<Value>, b: Option<Value>) -> Option<bool> {
        let slot = &mut |name: &str| Some(u16::from(name != "a"));
        Expression::compile(text, slot).unwrap().truth(&Two(a, b))
    }

    #[test]
    fn whole_numbers_are_measurements_and_texts_compare() {
        let n = |x| Some(Value::Number(x));
        assert_eq!(told("a / 2 > 40 && b < 3", n(81.0), n(2.5)), Some(true));
        assert_eq!(told("abs(a - b) >= least(5, 7)", n(1.0), n(6.0)), Some(true));
        assert_eq!(
            told("a ? b == \"run\" : false", Some(Value::Flag(true)), Some(Value::Text("run".into()))),
            Some(true)
        );
        assert_eq!(told("a > 1 || b > 1", n(2.0), None), Some(true), "one side decides");
        assert_eq!(told("a > 1 && b > 1", n(2.0), None), None, "not heard yet");
        assert_eq!(told("a > 1", Some(Value::Text("x".into())), None), None, "types do not go together");
        assert_eq!(told("a / b > 1", n(2.0), n(0.0)), None, "a division by zero is nothing");
    }

    #[test]
    fn what_cannot_be_bounded_or_understood_is_refused_by_name() {
        let error = |text: &str| Expression::references(text).unwrap_err();
        assert!(matches!(error("a >"), ExpressionError::Syntax(_)));
        assert!(matches!(error("[1, 2].exists(x, x > a)"), ExpressionError::Forbidden(_)));
        assert!(matches!(error("sqrt(a) > 1"), ExpressionError::UnknownFunction(_)));
        assert!(matches!(error("a + 1"), ExpressionError::Types(_)));
        assert_eq!(error(&"(".repeat(40)), ExpressionError::TooLarge);
        assert_eq!(error(&"a > 1 && ".repeat(100)), ExpressionError::TooLarge);
        assert_eq!(Expression::references("m.temp > 1 && b").unwrap(), ["b", "m.temp"]);
    }
}
