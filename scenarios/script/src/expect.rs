//! Conditions over metrics, in the Common Expression Language's arithmetic, comparisons and logic.
//!
//! Every number is a double here, so `jobs.settled >= 0.9 * jobs.requested` means what it says. Lists, maps, strings,
//! macros and function calls are refused: a condition is a bounded computation over named numbers and nothing else.

use crate::families::{self, FAMILIES, LEDGER};
use crate::flaw::nearest;
use crate::metrics::{self, METRICS};
use cel::common::ast::{Expr, LiteralValue, operators};
use cel::parser::{Expression, Parser};
use cel::{Context, Value};
use nooterra_engine::Record;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Span;
use std::fmt;

/// Longest condition, bytes.
pub const LONGEST_CONDITION: usize = 500;
const DEEPEST: u16 = 48;

/// A compiled condition.
#[derive(Clone, PartialEq)]
pub struct Condition {
    text: String,
    tree: Expression,
    uses: Vec<String>,
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({})", self.text)
    }
}

/// When a condition must hold.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Form {
    /// When the run is over.
    AtEnd,
    /// At every sample.
    Always,
    /// At no sample.
    Never,
    /// At some sample within `within` of every `of`.
    Eventually {
        /// How soon.
        within: Span,
        /// `start`, `end`, `fault`, `fault.<kind>` or `fault.<kind>.end`.
        of: String,
    },
}

const OPERATORS: &[&str] = &[
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
];

impl Condition {
    /// Reads a condition and checks its names and types. The error is a sentence and a remedy.
    pub fn compile(text: &str) -> Result<Self, (String, String)> {
        let example = || "write a condition such as `jobs.settled >= 0.9 * jobs.requested`".to_owned();
        if text.trim().is_empty() {
            return Err(("the condition is empty".into(), example()));
        }
        if text.len() > LONGEST_CONDITION || !text.chars().all(|c| c == '\t' || (' '..='~').contains(&c)) {
            return Err((format!("a condition is one line of at most {LONGEST_CONDITION} plain letters"), example()));
        }
        let nesting = text.bytes().filter(|b| matches!(b, b'(' | b'[' | b'{' | b'!' | b'?')).count();
        if nesting > usize::from(DEEPEST) {
            return Err(("the condition is nested too deeply".into(), "split it into several expectations".into()));
        }
        let mut tree = Parser::new().max_recursion_depth(DEEPEST).parse(text).map_err(|e| {
            let first = e.errors.first().map_or_else(|| "not an expression".to_owned(), |e| e.msg.clone());
            (format!("`{text}` is no condition: {first}"), example())
        })?;
        let mut uses = Vec::new();
        simplify(&mut tree, &mut uses)?;
        uses.sort_unstable();
        uses.dedup();
        let c = Self { text: text.trim().to_owned(), tree, uses };
        c.holds(&|_| 1.0).map_err(|e| (format!("`{text}` is no condition: {e}"), example()))?;
        Ok(c)
    }
    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The metrics that it reads.
    pub fn uses(&self) -> &[String] {
        &self.uses
    }
    /// Does it hold for these values?
    pub fn holds(&self, metric: &dyn Fn(&str) -> f64) -> Result<bool, String> {
        let mut context = Context::default();
        for name in &self.uses {
            context.add_variable_from_value(name.as_str(), Value::Float(metric(name)));
        }
        match Value::resolve(&self.tree, &context) {
            Ok(Value::Bool(b)) => Ok(b),
            Ok(_) => Err("it is a number, not a yes or no; compare it with something".into()),
            Err(e) => Err(e.to_string()),
        }
    }
    /// `name = value` for every metric that it reads, for reports.
    pub fn values(&self, metric: &dyn Fn(&str) -> f64) -> String {
        self.uses.iter().map(|n| format!("{n} = {}", metric(n))).collect::<Vec<_>>().join(", ")
    }
}

/// Turns whole numbers into doubles, collects metric names, refuses the rest of the language.
fn simplify(e: &mut Expression, uses: &mut Vec<String>) -> Result<(), (String, String)> {
    let plain = || "use numbers, metrics, + - * /, comparisons, && || ! and ( )".to_owned();
    match &mut e.expr {
        Expr::Literal(l) => {
            #[allow(clippy::cast_precision_loss)] // whole numbers in a file stay far below 2^53
            let double = match l {
                LiteralValue::Int(i) => Some(*i.inner() as f64),
                LiteralValue::UInt(u) => Some(*u.inner() as f64),
                LiteralValue::Double(_) | LiteralValue::Boolean(_) => None,
                _ => return Err(("text and bytes have no place in a condition".into(), plain())),
            };
            if let Some(d) = double {
                *l = LiteralValue::Double(d.into());
            }
            Ok(())
        }
        Expr::Call(c) if c.target.is_none() && OPERATORS.contains(&c.func_name.as_str()) => {
            c.args.iter_mut().try_for_each(|a| simplify(a, uses))
        }
        Expr::Call(c) => Err((format!("`{}` is no operator of conditions", c.func_name), plain())),
        Expr::Ident(_) | Expr::Select(_) => {
            let name = dotted(&e.expr).ok_or_else(|| ("only metrics have names here".to_owned(), plain()))?;
            let known = || METRICS.iter().map(|m| m.name).chain(FAMILIES.iter().flat_map(|f| f.members.iter().copied()));
            let (plain, currency) = in_currency(&name);
            let found = metrics::find(plain).map(|m| m.name).or_else(|| families::find(plain));
            if found.is_none() {
                return Err((format!("unknown metric `{name}`"), nearest(plain, known())));
            }
            if currency.is_some() && !has_currency(plain) {
                return Err((format!("`{plain}` is of no currency"), format!("write `{plain}`")));
            }
            uses.push(name);
            Ok(())
        }
        _ => Err(("lists, maps and macros have no place in a condition".into(), plain())),
    }
}

/// Is a metric an amount, so that it has a value in each currency?
pub fn has_currency(name: &str) -> bool {
    name.starts_with("money.") || name.starts_with(LEDGER.prefix)
}

/// A metric's name, and the currency that it ends with: `money.captured.JPY` is `money.captured` in yen. Without one, an
/// amount is of the market's own currency.
pub fn in_currency(name: &str) -> (&str, Option<Currency>) {
    match name.rsplit_once('.') {
        Some((plain, code)) => match Currency::parse(code) {
            Ok(c) => (plain, Some(c)),
            Err(_) => (name, None),
        },
        None => (name, None),
    }
}

fn dotted(e: &Expr) -> Option<String> {
    match e {
        Expr::Ident(n) => Some(n.clone()),
        Expr::Select(s) if !s.test => dotted(&s.operand.expr).map(|head| format!("{head}.{}", s.field)),
        _ => None,
    }
}
