//! Typed reading of nodes: numbers, texts, flags, `[type, value]` parameters; every mismatch becomes a finding.

use crate::finding::{Findings, Mark};
use crate::yaml::{Entry, Kind, Node};

/// Reads nodes and collects what is wrong with them.
pub(crate) struct Reader {
    pub(crate) findings: Findings,
}

impl Reader {
    /// A list, or nothing if absent or null. An empty mapping passes for an empty list: old traffic editors write `{}` for
    /// whatever they have nothing to put in.
    pub(crate) fn seq<'n>(&mut self, parent: &'n Node, key: &str, path: &str) -> &'n [Node] {
        match parent.get(key) {
            None => &[],
            Some(n) if n.is_null() => &[],
            Some(Node { kind: Kind::Seq(s), .. }) => s,
            Some(Node { kind: Kind::Map(m), .. }) if m.is_empty() => &[],
            Some(n) => {
                self.findings.error(
                    n.at,
                    format!("{path}{key}"),
                    format!("must be a list, is {}", n.is_a()),
                    "give a list or leave it out",
                );
                &[]
            }
        }
    }
    /// A mapping, or nothing if absent or null.
    pub(crate) fn map<'n>(&mut self, parent: &'n Node, key: &str, path: &str) -> &'n [Entry] {
        parent.get(key).map_or(&[], |n| self.as_map(n, || format!("{path}{key}")))
    }
    /// The entries of a mapping; an empty list passes for an empty mapping.
    pub(crate) fn as_map<'n>(&mut self, n: &'n Node, path: impl Fn() -> String) -> &'n [Entry] {
        match &n.kind {
            Kind::Map(m) => m,
            Kind::Seq(s) if s.is_empty() => &[],
            _ if n.is_null() => &[],
            _ => {
                self.findings.error(n.at, path(), format!("must be a mapping, is {}", n.is_a()), "write `key: value` lines");
                &[]
            }
        }
    }
    /// A finite number.
    pub(crate) fn number(&mut self, n: &Node, path: impl Fn() -> String) -> Option<f64> {
        let value = match &n.kind {
            Kind::Scalar { text, .. } => scalar_number(text),
            _ => None,
        };
        match value {
            Some(x) if x.is_finite() && x.abs() < 1e9 => Some(x),
            Some(_) => {
                self.findings.error(n.at, path(), format!("{} is not a finite number of sensible size", n.is_a()), "give a finite number");
                None
            }
            None => {
                self.findings.error(n.at, path(), format!("must be a number, is {}", n.is_a()), "give a number");
                None
            }
        }
    }
    /// A finite number under a key; absent is nothing and no fault.
    pub(crate) fn number_at(&mut self, parent: &Node, key: &str, path: &str) -> Option<f64> {
        let n = parent.get(key)?;
        if n.is_null() { None } else { self.number(param(n), || format!("{path}{key}")) }
    }
    /// A finite number that must be there.
    pub(crate) fn number_needed(&mut self, parent: &Node, key: &str, path: &str) -> Option<f64> {
        if parent.get(key).is_none_or(Node::is_null) {
            self.findings.error(parent.at, path.trim_end_matches('.'), format!("`{key}` is missing"), format!("add `{key}:` and a number"));
            return None;
        }
        self.number_at(parent, key, path)
    }
    /// A scalar as text.
    pub(crate) fn text(&mut self, n: &Node, path: impl Fn() -> String) -> Option<String> {
        match &n.kind {
            Kind::Scalar { text, .. } => Some(if n.is_null() { String::new() } else { text.clone() }),
            _ => {
                self.findings.error(n.at, path(), format!("must be a text, is {}", n.is_a()), "give a text");
                None
            }
        }
    }
    /// A text under a key.
    pub(crate) fn text_at(&mut self, parent: &Node, key: &str, path: &str) -> Option<String> {
        let n = param(parent.get(key)?);
        self.text(n, || format!("{path}{key}"))
    }
    /// Yes or no.
    pub(crate) fn flag(&mut self, n: &Node, path: impl Fn() -> String) -> Option<bool> {
        let value = match &n.kind {
            Kind::Scalar { text, .. } => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Some(true),
                "false" | "no" | "off" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        };
        if value.is_none() {
            self.findings.error(n.at, path(), format!("must be true or false, is {}", n.is_a()), "write `[4, true]` or `[4, false]`");
        }
        value
    }
    /// A whole number of at least zero.
    pub(crate) fn index(&mut self, n: &Node, path: impl Fn() -> String) -> Option<usize> {
        let value = match &n.kind {
            Kind::Scalar { text, .. } => text.parse::<u32>().ok().map(|i| i as usize),
            _ => None,
        };
        if value.is_none() {
            self.findings.error(n.at, path(), format!("must be a vertex number, is {}", n.is_a()), "give a whole number from 0");
        }
        value
    }
}

/// `[type, value]` parameters and plain values alike.
pub(crate) fn param(n: &Node) -> &Node {
    match &n.kind {
        Kind::Seq(s) if s.len() == 2 && matches!(&s[0].kind, Kind::Scalar { text, .. } if text.parse::<u8>().is_ok_and(|t| t <= 4)) => {
            &s[1]
        }
        _ => n,
    }
}

/// A number as YAML writes it.
fn scalar_number(text: &str) -> Option<f64> {
    match text.trim_start_matches(['+', '-']).to_ascii_lowercase().as_str() {
        ".nan" | ".inf" | "nan" | "inf" | "infinity" => Some(f64::NAN),
        _ => text.parse().ok(),
    }
}

/// The nearest known name, if one is near enough to be meant.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    known.iter().map(|k| (strsim::damerau_levenshtein(word, k), *k)).filter(|(d, k)| *d <= 1 + k.len() / 5).min().map(|(_, k)| k)
}

/// Where one thing of the file stands: for findings that are made later.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    pub(crate) at: Mark,
    pub(crate) path: String,
}
