//! What the rooms refuse, for people: the whole chain of causes, the place in the file, and a remedy.

use crate::files::{read_text, render_finding};
use crate::out::{Failure, exit};
use nooterra_player::PlayError;
use nooterra_runner::facts::FactsError;
use nooterra_runner::{LoadError, ReplayError, RunError};
use nooterra_site::{Finding, Severity};
use std::error::Error;
use std::path::Path;

/// Findings shown of one file.
const SHOWN: usize = 20;

/// An error and its causes, each once.
pub fn chain(e: &dyn Error) -> String {
    let mut out = e.to_string();
    let mut cause = e.source();
    while let Some(c) = cause {
        let text = c.to_string();
        if !out.ends_with(&text) {
            out.push_str(": ");
            out.push_str(&text);
        }
        cause = c.source();
    }
    out
}

/// Errors of a building or fleet file, each with its source line.
pub fn site(findings: &[Finding]) -> Failure {
    let errors: Vec<&Finding> = findings.iter().filter(|f| f.severity == Severity::Error).collect();
    let text = |f: &Finding| read_text(Path::new(&f.file), crate::files::SITE_LIMIT, "the site").unwrap_or_default();
    // All findings of one import speak of one file.
    let source = errors.first().map(|f| text(f)).unwrap_or_default();
    let mut out: Vec<String> = errors.iter().take(SHOWN).map(|f| render_finding(f, Path::new(&f.file), &source)).collect();
    if errors.len() > SHOWN {
        out.push(format!("error: {} more errors in the same file", errors.len() - SHOWN));
    }
    Failure::rendered(exit::USAGE, out.join("\n"))
}

/// Why a scenario cannot be run.
pub fn load(e: &LoadError) -> Failure {
    match e {
        LoadError::Scenario { rendered } => Failure::rendered(exit::USAGE, rendered.clone()),
        LoadError::Site(findings) => site(findings),
        LoadError::Read { .. } => Failure::usage(chain(e), "is the path right?"),
        _ => Failure::usage(chain(e), ""),
    }
}

/// Why the facts of a log cannot be read.
pub fn facts(e: &FactsError) -> Failure {
    match e {
        FactsError::Check(e) => Failure::usage(chain(e), "is the path right?"),
        FactsError::Log(e) => replay(e),
        FactsError::Unverified(_) => {
            Failure { code: exit::VERIFICATION, text: format!("error: {e}\n  help: `nooterra verify` says what is wrong with it") }
        }
    }
}

/// Why there is no run.
pub fn run(e: &RunError) -> Failure {
    match e {
        RunError::Load(l) => load(l),
        RunError::Folder { .. } | RunError::Recording(_) => Failure::usage(chain(e), "give another folder with `--out`"),
        RunError::Stage(_) => Failure::usage(chain(e), "`nooterra scenario check` shows what the scenario becomes"),
    }
}

/// Why there is no replay or comparison. What is no log at all has failed verification; the rest is a matter of usage.
pub fn replay(e: &ReplayError) -> Failure {
    match e {
        ReplayError::Open { .. } => Failure::usage(chain(e), "is the path right?"),
        ReplayError::Log { .. } | ReplayError::Play(PlayError::Log { .. }) => {
            Failure { code: exit::VERIFICATION, text: format!("error: {}\n  help: `nooterra verify` says what is wrong with it", chain(e)) }
        }
        ReplayError::NoKeyframe(_) => Failure::usage(chain(e), "choose an earlier `--from`"),
        _ => Failure::usage(chain(e), ""),
    }
}
