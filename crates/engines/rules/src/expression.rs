//! One CEL expression of a programme: compiled when the programme is read, so a bad one never reaches a decision.
//!
//! What an officer may write is kept small on purpose: whole numbers, texts, truth values, comparisons and the
//! functions below. Loops are refused, so the cost of a decision is bounded by the length of its text; decimals
//! are refused, because money is whole fen.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::common::ast::{Expr, IdedExpr, LiteralValue};
use cel::common::types::{CelInt, CelString, INT_TYPE, STRING_TYPE};
use cel::common::value::CowVal;
use cel::{Context, Env, ExecutionError, Program, Value};
use jiff::civil::Date;
use jiff::{SpanRelativeTo, Unit};
use serde::{Deserialize, Serialize};

/// Longest expression text, in characters.
pub const EXPRESSION_CHARS_MAX: usize = 600;

/// Most brackets opened, and most operator characters, in one expression. The parser descends once for each bracket
/// and takes some 180 KiB of stack each time, so without a limit a short text would end the whole process.
pub const BRACKETS_MAX: usize = 24;
/// Deepest nesting of operations: `1 + 1 + 1` is two deep. The evaluator descends too, on the caller's stack.
pub const DEPTH_MAX: usize = 16;
/// See [`BRACKETS_MAX`].
pub const OPERATORS_MAX: usize = 64;

/// The functions of ours that an expression may call, beside CEL's operators.
pub const FUNCTIONS: [&str; 5] = ["at_rate", "least", "greatest", "months_between", "days_between"];

/// A value that an expression reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A whole number: fen, basis points, a count.
    Int(i64),
    /// True or false.
    Bool(bool),
    /// A text; dates are texts of the form `2018-09-01`, which compare in date order.
    Text(String),
}

/// The values by name; dotted names (`batch.rate_bp`) are names like any other.
pub type Scope = BTreeMap<String, Scalar>;

/// A compiled expression with its text.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Expression {
    source: String,
    program: Arc<Program>,
    references: BTreeSet<String>,
}

/// Why a text is not an expression that a programme may contain.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ExpressionError {
    /// Not CEL.
    #[error("{expression:?} is not a CEL expression: {detail}")]
    Syntax {
        /// The text.
        expression: String,
        /// What the parser said.
        detail: String,
    },
    /// Too long to be read by a person.
    #[error(
        "an expression has {found} characters; write at most {EXPRESSION_CHARS_MAX}, and name intermediate results as steps"
    )]
    TooLong {
        /// Its length.
        found: usize,
    },
    /// More brackets or operators than a person can follow.
    #[error(
        "an expression has {brackets} brackets and {operators} operator characters; write at most {BRACKETS_MAX} and {OPERATORS_MAX}, and name intermediate results as steps"
    )]
    TooDeep {
        /// Brackets opened.
        brackets: usize,
        /// Operator characters.
        operators: usize,
    },
    /// Too many operations within each other.
    #[error("{0:?} nests more than {DEPTH_MAX} operations; name intermediate results as steps")]
    TooNested(String),
    /// A loop, a decimal, a map and the like.
    #[error("{expression:?} uses {what}; a programme may only use whole numbers, texts, truth values and comparisons")]
    Forbidden {
        /// The text.
        expression: String,
        /// What it uses.
        what: &'static str,
    },
    /// A function that does not exist here.
    #[error("{expression:?} calls {function:?}, which is not known; known are {}", FUNCTIONS.join(", "))]
    UnknownFunction {
        /// The text.
        expression: String,
        /// What it calls.
        function: String,
    },
}

/// Why an expression gave no result.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EvalError {
    /// Should say yes or no and does not.
    #[error("{0:?} must give true or false")]
    NotABoolean(String),
    /// Should give a whole number and does not.
    #[error("{0:?} must give a whole number")]
    NotAnInteger(String),
    /// Beyond 64 bits, or a division by zero: it depends on the inputs.
    #[error("{expression:?} cannot be computed from these inputs: {detail}")]
    Arithmetic {
        /// The text.
        expression: String,
        /// What failed.
        detail: String,
    },
    /// Types that do not go together, such as a text added to a number: it is the expression's fault.
    #[error("{expression:?} cannot be evaluated: {detail}")]
    Types {
        /// The text.
        expression: String,
        /// What failed.
        detail: String,
    },
}

impl Expression {
    /// Compiles a text.
    pub fn compile(source: &str) -> Result<Expression, ExpressionError> {
        let found = source.chars().count();
        if found > EXPRESSION_CHARS_MAX {
            return Err(ExpressionError::TooLong { found });
        }
        let brackets = source.matches(['(', '[', '{']).count();
        let operators =
            source.matches(['!', '-', '+', '*', '/', '%', '?', ':', '<', '>', '=', '&', '|', '.', ',']).count();
        if brackets > BRACKETS_MAX || operators > OPERATORS_MAX {
            return Err(ExpressionError::TooDeep { brackets, operators });
        }
        let program =
            parse(source).map_err(|detail| ExpressionError::Syntax { expression: source.to_owned(), detail })?;
        let mut references = BTreeSet::new();
        collect(program.expression(), 0, &mut references, source)?;
        Ok(Expression { source: source.to_owned(), program: Arc::new(program), references })
    }

    /// The text as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names it reads, dotted ones whole.
    pub fn references(&self) -> &BTreeSet<String> {
        &self.references
    }

    /// Evaluates to true or false.
    pub fn truth(&self, scope: &Scope) -> Result<bool, EvalError> {
        match self.value(scope)? {
            Value::Bool(b) => Ok(b),
            _ => Err(EvalError::NotABoolean(self.source.clone())),
        }
    }

    /// Evaluates to a whole number.
    pub fn number(&self, scope: &Scope) -> Result<i64, EvalError> {
        match self.value(scope)? {
            Value::Int(n) => Ok(n),
            _ => Err(EvalError::NotAnInteger(self.source.clone())),
        }
    }

    fn value(&self, scope: &Scope) -> Result<Value, EvalError> {
        let mut context = Context::with_env(ENVIRONMENT.clone());
        for name in &self.references {
            match scope.get(name) {
                Some(Scalar::Int(n)) => context.add_variable_from_value(name.as_str(), *n),
                Some(Scalar::Bool(b)) => context.add_variable_from_value(name.as_str(), *b),
                Some(Scalar::Text(t)) => context.add_variable_from_value(name.as_str(), t.as_str()),
                None => {}
            }
        }
        self.program.execute(&context).map_err(|error| {
            let (expression, detail) = (self.source.clone(), error.to_string());
            match error {
                ExecutionError::Overflow(..)
                | ExecutionError::DivisionByZero(_)
                | ExecutionError::RemainderByZero(_)
                | ExecutionError::FunctionError { .. } => EvalError::Arithmetic { expression, detail },
                _ => EvalError::Types { expression, detail },
            }
        })
    }
}

impl TryFrom<String> for Expression {
    type Error = ExpressionError;
    fn try_from(text: String) -> Result<Self, ExpressionError> {
        Expression::compile(&text)
    }
}
impl Serialize for Expression {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.source)
    }
}
impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.source)
    }
}

/// Parses on a thread of its own, whose stack holds [`BRACKETS_MAX`] levels three times over.
fn parse(source: &str) -> Result<Program, String> {
    const STACK_BYTES: usize = 16 << 20;
    let parse = || {
        let told =
            |errors: cel::ParseErrors| errors.errors.iter().map(|e| e.msg.clone()).collect::<Vec<_>>().join("; ");
        ENVIRONMENT.compile(source).map_err(told)
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, parse);
        let thread = thread.map_err(|e| format!("no thread to parse it on ({e}); try again"))?;
        thread.join().unwrap_or_else(|_| Err("the parser gave up".to_owned()))
    })
}

/// Gathers the names that are read and refuses what a programme may not use.
fn collect(node: &IdedExpr, depth: usize, names: &mut BTreeSet<String>, source: &str) -> Result<(), ExpressionError> {
    let forbidden = |what| Err(ExpressionError::Forbidden { expression: source.to_owned(), what });
    if depth > DEPTH_MAX {
        return Err(ExpressionError::TooNested(source.to_owned()));
    }
    match &node.expr {
        Expr::Ident(name) => {
            names.insert(name.clone());
        }
        Expr::Select(select) => match (&select.operand.expr, select.test) {
            (Expr::Ident(root), false) => {
                names.insert(format!("{root}.{}", select.field));
            }
            _ => return forbidden("has() or a nested field"),
        },
        Expr::Call(call) => {
            let known =
                FUNCTIONS.contains(&call.func_name.as_str()) || !call.func_name.starts_with(char::is_alphabetic);
            if !known || call.target.is_some() {
                let (expression, function) = (source.to_owned(), call.func_name.clone());
                return Err(ExpressionError::UnknownFunction { expression, function });
            }
            for argument in &call.args {
                collect(argument, depth + 1, names, source)?;
            }
        }
        Expr::List(list) => {
            for element in &list.elements {
                collect(element, depth + 1, names, source)?;
            }
        }
        Expr::Literal(LiteralValue::Double(_)) => return forbidden("a decimal number"),
        Expr::Literal(LiteralValue::UInt(_)) => return forbidden("an unsigned number"),
        Expr::Literal(_) => {}
        Expr::Comprehension(_) => return forbidden("a loop (all, exists, map, filter)"),
        Expr::Map(_) => return forbidden("a map"),
        Expr::Struct(_) | Expr::Unspecified => return forbidden("a structure"),
    }
    Ok(())
}

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    let two_ints = || vec![INT_TYPE, INT_TYPE];
    let two_texts = || vec![STRING_TYPE, STRING_TYPE];
    let declared = env
        .add_overload("at_rate", "at_rate_int_int", two_ints(), |a| int_function("at_rate", a, at_rate))
        .and_then(|()| {
            env.add_overload("least", "least_int_int", two_ints(), |a| int_function("least", a, |x, y| Some(x.min(y))))
        })
        .and_then(|()| {
            env.add_overload("greatest", "greatest_int_int", two_ints(), |a| {
                int_function("greatest", a, |x, y| Some(x.max(y)))
            })
        })
        .and_then(|()| {
            env.add_overload("months_between", "months_between_text_text", two_texts(), |a| {
                date_function("months_between", a, Unit::Month)
            })
        })
        .and_then(|()| {
            env.add_overload("days_between", "days_between_text_text", two_texts(), |a| {
                date_function("days_between", a, Unit::Day)
            })
        });
    declared.expect("five functions with five names");
    Arc::new(env)
});

/// `amount` × `rate_bp` / 10,000, rounded down: a share of public money never rounds up.
fn at_rate(amount: i64, rate_bp: i64) -> Option<i64> {
    i64::try_from((i128::from(amount) * i128::from(rate_bp)).div_euclid(10_000)).ok()
}

fn int_function<'b, 'v>(
    name: &str,
    arguments: Vec<CowVal<'b, 'v>>,
    compute: fn(i64, i64) -> Option<i64>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let number =
        |i: usize| arguments.get(i).and_then(|v: &CowVal<'b, 'v>| v.downcast_ref::<CelInt>()).map(|n| *n.inner());
    let result = number(0).zip(number(1)).and_then(|(x, y)| compute(x, y));
    let result = result.ok_or_else(|| ExecutionError::function_error(name, "the result does not fit 64 bits"))?;
    Ok(CowVal::owned(CelInt::from(result)))
}

/// Whole units from the first date to the second; negative when the second is earlier.
fn date_function<'b, 'v>(
    name: &str,
    arguments: Vec<CowVal<'b, 'v>>,
    unit: Unit,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let date = |i: usize| {
        let text = arguments
            .get(i)
            .and_then(|v: &CowVal<'b, 'v>| v.downcast_ref::<CelString>())
            .map(|t| t.inner().to_string());
        let text = text.ok_or_else(|| ExecutionError::function_error(name, "needs two dates"))?;
        text.parse::<Date>().map_err(|_| ExecutionError::function_error(name, format!("{text:?} is not a date")))
    };
    let (from, to) = (date(0)?, date(1)?);
    let span = from.until((unit, to)).map_err(|e| ExecutionError::function_error(name, e))?;
    let count = match unit {
        Unit::Month => i64::from(span.get_months()),
        _ => span
            .total((Unit::Day, SpanRelativeTo::days_are_24_hours()))
            .map_err(|e| ExecutionError::function_error(name, e))? as i64,
    };
    Ok(CowVal::owned(CelInt::from(count)))
}
