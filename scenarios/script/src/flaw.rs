//! What is wrong with a scenario, where, and what to do about it.

use crate::at::At;
use std::fmt;

/// One fault of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Line, from 1; 0 if the fault lies in no single line.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong.
    pub what: String,
    /// What to write instead; may be empty.
    pub remedy: String,
}

impl std::error::Error for Flaw {}

impl Flaw {
    /// A flaw of the whole file.
    pub fn whole(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { line: 0, column: 0, what: what.into(), remedy: remedy.into() }
    }
    /// A flaw of this value.
    pub fn of<T>(at: &At<T>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { line: at.line, column: at.column, what: what.into(), remedy: remedy.into() }
    }
    /// For people: `file:line:column`, the message, the source line with a caret, the remedy.
    pub fn render(&self, file: &str, text: &str) -> String {
        let mut out = if self.line == 0 {
            format!("error: {}\n  --> {file}\n", self.what)
        } else {
            format!("error: {}\n  --> {file}:{}:{}\n", self.what, self.line, self.column)
        };
        let source = (self.line > 0).then(|| text.lines().nth(self.line as usize - 1)).flatten();
        if let Some(source) = source {
            let number = self.line.to_string();
            let (shown, caret) = clip(source, self.column as usize);
            let pad = " ".repeat(number.len());
            out.push_str(&format!("{pad} |\n{number} | {shown}\n{pad} | {}^\n", " ".repeat(caret)));
        }
        if !self.remedy.is_empty() {
            out.push_str(&format!("  help: {}\n", self.remedy));
        }
        out
    }
}

/// The part of a line around a column that fits on a screen, without control characters, and where the caret goes.
fn clip(line: &str, column: usize) -> (String, usize) {
    const WIDTH: usize = 120;
    let at = column.saturating_sub(1);
    let start = at.saturating_sub(WIDTH / 2);
    let shown: String = line.chars().skip(start).take(WIDTH).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let caret = (at - start).min(shown.chars().count());
    (shown, caret)
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}, column {}: ", self.line, self.column)?;
        }
        f.write_str(&self.what)?;
        if !self.remedy.is_empty() {
            write!(f, " ({})", self.remedy)?;
        }
        Ok(())
    }
}

/// `did you mean …?` for the nearest of `known`, else a list of them.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().filter(|k| !k.is_empty()).collect();
    let lower = word.to_lowercase();
    let best = known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(&lower, &k.to_lowercase()), *k))
        .filter(|(d, k)| *d <= (k.chars().count().max(lower.chars().count()) / 3).max(1))
        .min();
    match best {
        Some((_, k)) => format!("did you mean `{k}`?"),
        None if known.is_empty() => "there are none here".into(),
        None => {
            let mut shown: Vec<&str> = known.clone();
            shown.sort_unstable();
            shown.dedup();
            let more = shown.len().saturating_sub(12);
            shown.truncate(12);
            let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("known are {}{tail}", shown.join(", "))
        }
    }
}
