//! What an importer or a check has to say about a file: each finding with its place and its remedy.

use serde::Serialize;
use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but something is probably not meant like this.
    Warning,
    /// Worth knowing.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// A place in a text: line and column count from 1; 0 means "not at one place".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct Mark {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// One fault or remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file, as the caller named it.
    pub file: String,
    /// Line, from 1; 0 if it is not at one place.
    pub line: u32,
    /// Column, from 1; 0 if it is not at one place.
    pub column: u32,
    /// Where in the structure: `levels.L1.lanes[3]`.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it, or what was done.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}: ", self.severity)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}", self.what)?;
        if !self.remedy.is_empty() {
            write!(f, " ({})", self.remedy)?;
        }
        Ok(())
    }
}

/// Findings of one severity beyond this many are only counted: a broken file would drown its reader.
const KEPT_PER_SEVERITY: usize = 200;

/// Collects the findings of one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Findings {
    file: String,
    list: Vec<Finding>,
    counts: [usize; 3],
}

impl Findings {
    pub(crate) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), ..Self::default() }
    }
    fn add(&mut self, severity: Severity, at: Mark, path: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) {
        let n = &mut self.counts[severity as usize];
        *n += 1;
        if *n <= KEPT_PER_SEVERITY {
            self.list.push(Finding {
                severity,
                file: self.file.clone(),
                line: at.line,
                column: at.column,
                path: path.into(),
                what: what.into(),
                remedy: remedy.into(),
            });
        }
    }
    pub(crate) fn error(&mut self, at: Mark, path: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(Severity::Error, at, path, what, remedy);
    }
    pub(crate) fn warning(&mut self, at: Mark, path: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(Severity::Warning, at, path, what, remedy);
    }
    pub(crate) fn note(&mut self, at: Mark, path: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(Severity::Note, at, path, what, remedy);
    }
    pub(crate) fn failed(&self) -> bool {
        self.counts[Severity::Error as usize] > 0
    }
    /// All of them in the order of the file.
    pub(crate) fn finish(mut self) -> Vec<Finding> {
        for severity in [Severity::Error, Severity::Warning, Severity::Note] {
            let more = self.counts[severity as usize].saturating_sub(KEPT_PER_SEVERITY);
            if more > 0 {
                self.list.push(Finding {
                    severity,
                    file: self.file.clone(),
                    line: u32::MAX,
                    column: 0,
                    path: String::new(),
                    what: format!("{more} more findings of this kind"),
                    remedy: "mend the first ones and look again".into(),
                });
            }
        }
        self.list.sort_by_key(|f| (f.line, f.column, f.severity));
        for f in &mut self.list {
            if f.line == u32::MAX {
                f.line = 0;
            }
        }
        self.list
    }
}
