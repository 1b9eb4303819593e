//! Cases: what a graph must do when calls succeed and fail. Together they go through every node.

use crate::graph::{End, Graph};
use crate::manifest::bad;
use crate::run::{Reply, Run, Wants};
use nooterra_engine::Record;
use nooterra_trust::Rejection;
use std::collections::BTreeSet;

/// Most cases of a bundle.
pub const CASES_MAX: usize = 256;

/// How the calls of one node go, in order; calls beyond are done.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Script {
    /// The node.
    pub node: String,
    /// Replies.
    pub replies: Vec<Reply>,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Case {
    /// Its name, unique.
    pub name: String,
    /// How calls go.
    pub scripts: Vec<Script>,
    /// How the run must end.
    pub ends: End,
    /// Checkpoints that it must pass, in order.
    pub checkpoints: Vec<String>,
}

/// All cases, ascending by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Cases {
    /// The cases.
    pub cases: Vec<Case>,
}

impl Case {
    /// Runs it; the run as it ended.
    pub fn run(&self, graph: &Graph, entry: &str) -> (Run, End) {
        let mut run = Run::new(graph, entry);
        let mut left: Vec<(&str, std::slice::Iter<'_, Reply>)> = self.scripts.iter().map(|s| (s.node.as_str(), s.replies.iter())).collect();
        loop {
            match run.wants(graph) {
                Wants::Over(end) => return (run, end),
                Wants::Call { node, .. } => {
                    let reply = left.iter_mut().find(|(n, _)| *n == node).and_then(|(_, r)| r.next()).copied().unwrap_or_default();
                    run.reply(graph, reply);
                }
            }
        }
    }
}

impl Cases {
    /// Does the graph, which has passed its own checks, do in every case what is expected, and is every node reached?
    pub fn check(&self, graph: &Graph, entry: &str) -> Result<(), Rejection> {
        if self.cases.is_empty() || self.cases.len() > CASES_MAX {
            return Err(bad("cases", &format!("1 to {CASES_MAX} cases"), self.cases.len()));
        }
        if let Some(w) = self.cases.windows(2).find(|w| w[0].name >= w[1].name) {
            return Err(bad("cases", "ascending, each once", &w[1].name));
        }
        let mut seen = BTreeSet::new();
        for c in &self.cases {
            let field = format!("cases.{}", c.name);
            if let Some(s) = c.scripts.iter().find(|s| graph.node(&s.node).is_none()) {
                return Err(bad(&field, "nodes of the graph", &s.node));
            }
            let (run, end) = c.run(graph, entry);
            if end != c.ends {
                return Err(bad(&field, &format!("to end {:?}", c.ends), format!("{end:?}")));
            }
            if run.checkpoints != c.checkpoints {
                return Err(bad(&field, &format!("checkpoints {:?}", c.checkpoints), format!("{:?}", run.checkpoints)));
            }
            seen.extend(run.trail);
        }
        match graph.nodes.iter().find(|n| !seen.contains(&n.name)) {
            Some(n) => Err(bad("cases", "to go through every node", format!("{} is never entered", n.name))),
            None => Ok(()),
        }
    }
}
