//! Judges that a scenario appoints: conditions over samples that must hold at the end, always, never, or soon after
//! something. The condition itself is a function that the host hands over, so that no expression language lives here.

use crate::sample::Sample;
use crate::verdict::Judgement;
use nooterra_engine::time::{Instant, Span};

/// When a condition must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// In the last sample.
    AtEnd,
    /// In every sample.
    Always,
    /// In no sample.
    Never,
    /// In some sample within `within` of each of `of`: `start`, `end` (of demand), `fault`, `fault.end`, `fault.<word>`,
    /// `fault.<word>.end`.
    Eventually {
        /// How soon.
        within: Span,
        /// After what.
        of: String,
    },
}

/// A fault of the plan, as far as waiting for it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultSpan {
    /// Its word: `obstacle`, `network`, …
    pub word: String,
    /// When it begins.
    pub begin: Instant,
    /// When it ends, if it does.
    pub end: Option<Instant>,
}

/// Does the condition hold for this sample?
pub type Holds = Box<dyn Fn(&Sample) -> Result<bool, String>>;
/// The values that the condition read, for people.
pub type Explain = Box<dyn Fn(&Sample) -> String>;

/// One appointed judge.
pub struct Watcher {
    text: String,
    when: When,
    holds: Holds,
    explain: Explain,
    /// Instants after which it still has to hold, with their deadlines.
    open: Vec<(Instant, Instant)>,
    checks: u64,
    broken: Option<(Instant, String)>,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher").field("text", &self.text).field("when", &self.when).field("broken", &self.broken).finish_non_exhaustive()
    }
}

impl Watcher {
    /// A judge of the condition `text`; `demand_end` is when the scenario's duration is over.
    pub fn new(text: String, when: When, holds: Holds, explain: Explain, faults: &[FaultSpan], demand_end: Instant) -> Self {
        let open = match &when {
            When::Eventually { within, of } => {
                anchors(of, faults, demand_end).into_iter().map(|a| (a, a.saturating_add(*within))).collect()
            }
            _ => Vec::new(),
        };
        Self { text, when, holds, explain, open, checks: 0, broken: None }
    }
    fn ask(&mut self, at: Instant, s: &Sample) -> bool {
        self.checks += 1;
        match (self.holds)(s) {
            Ok(b) => b,
            Err(e) => {
                self.broken.get_or_insert((at, e));
                false
            }
        }
    }
    fn brk(&mut self, at: Instant, why: &str, s: &Sample) {
        let story = format!("{why}: {}", (self.explain)(s));
        self.broken.get_or_insert((at, story));
    }
    /// Looks at a sample.
    pub fn sample(&mut self, at: Instant, s: &Sample) {
        if self.broken.is_some() {
            return;
        }
        match self.when {
            When::AtEnd => {}
            When::Always => {
                if !self.ask(at, s) {
                    self.brk(at, "did not hold", s);
                }
            }
            When::Never => {
                if self.ask(at, s) {
                    self.brk(at, "held", s);
                }
            }
            When::Eventually { .. } => {
                if self.open.iter().any(|(from, _)| *from <= at) && self.ask(at, s) {
                    self.open.retain(|(from, until)| *from > at || *until < at);
                }
                if let Some((from, _)) = self.open.iter().find(|(_, until)| *until < at).copied() {
                    self.brk(at, &format!("did not come to hold in time after {from}"), s);
                }
            }
        }
    }
    /// Looks at the last sample and gives its opinion.
    pub fn finish(&mut self, at: Instant, s: &Sample) -> Judgement {
        self.sample(at, s);
        if self.when == When::AtEnd && self.broken.is_none() && !self.ask(at, s) {
            self.brk(at, "does not hold", s);
        }
        // Only `eventually` has anything open.
        if let Some((from, _)) = self.open.iter().find(|(from, _)| *from <= at).copied() {
            self.brk(at, &format!("the run ended before it held after {from}"), s);
        }
        let values = (self.explain)(s);
        let (held, story) = match &self.broken {
            None => (true, values),
            Some((when, why)) => (false, format!("at {when}, {why}")),
        };
        Judgement { name: self.text.clone(), invariants: Vec::new(), held, checks: self.checks, story }
    }
    /// When it broke.
    pub fn broken_at(&self) -> Option<Instant> {
        self.broken.as_ref().map(|(at, _)| *at)
    }
}

fn anchors(of: &str, faults: &[FaultSpan], demand_end: Instant) -> Vec<Instant> {
    match of {
        "start" => return vec![Instant::ZERO],
        "end" => return vec![demand_end],
        _ => {}
    }
    let rest = of.strip_prefix("fault").unwrap_or(of);
    let (rest, ending) = rest.strip_suffix(".end").map_or((rest, false), |r| (r, true));
    let word = rest.trim_start_matches('.');
    faults.iter().filter(|f| word.is_empty() || f.word == word).filter_map(|f| if ending { f.end } else { Some(f.begin) }).collect()
}
