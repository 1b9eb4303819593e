//! The behaviour graph of a skill, and what can be known of it without running it: every branch leads somewhere, nothing
//! is out of reach, every run ends in time, and nothing is asked of a robot that the manifest does not declare.
//!
//! A skill runs once for each step of a plan, so a graph has no cycles: repetition is the retries of a call.

use crate::manifest::{Manifest, bad};
use crate::words::Capability;
use nooterra_engine::Record;
use nooterra_trust::{Code, Rejection};
use std::collections::{BTreeMap, BTreeSet};

/// Most nodes of a graph.
pub const NODES_MAX: usize = 256;
/// Most retries of one call.
pub const RETRIES_MAX: u8 = 8;
const NAME_MAX: usize = 32;

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum End {
    /// The step is done.
    Done,
    /// It cannot be done: a person is asked, or the robot leaves.
    GaveUp,
}

/// What a node does.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Act {
    /// Asks something of the robot.
    Call {
        /// What.
        capability: Capability,
        /// With which argument, in the capability's unit.
        argument: i64,
        /// It is given up after this, seconds; each retry has the same time.
        timeout_s: u32,
        /// Tried again so often.
        retries: u8,
        /// Where it goes on when the call succeeded.
        done: String,
        /// Where it goes on when it failed for good.
        failed: String,
    },
    /// A resume point: everything before it need not be done again.
    Checkpoint {
        /// Where it goes on.
        next: String,
    },
    /// The run is over.
    End {
        /// How.
        how: End,
    },
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Node {
    /// Its name, unique.
    pub name: String,
    /// What it does.
    pub act: Act,
}

impl Node {
    /// Where a run may go from here.
    pub fn next(&self) -> Vec<&str> {
        match &self.act {
            Act::Call { done, failed, .. } => vec![done, failed],
            Act::Checkpoint { next } => vec![next],
            Act::End { .. } => Vec::new(),
        }
    }
    /// The longest that it takes, seconds.
    pub fn worst_s(&self) -> u64 {
        match &self.act {
            Act::Call { timeout_s, retries, .. } => u64::from(*timeout_s) * (u64::from(*retries) + 1),
            Act::Checkpoint { .. } | Act::End { .. } => 0,
        }
    }
}

/// The graph.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Graph {
    /// Nodes, ascending by name.
    pub nodes: Vec<Node>,
}

impl Graph {
    /// The node of this name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.binary_search_by(|n| n.name.as_str().cmp(name)).ok().and_then(|i| self.nodes.get(i))
    }

    /// The static checks of tier `DEV`; gives the longest run, seconds.
    pub fn check(&self, m: &Manifest) -> Result<u64, Rejection> {
        if self.nodes.is_empty() || self.nodes.len() > NODES_MAX {
            return Err(bad("graph.nodes", &format!("1 to {NODES_MAX} nodes"), self.nodes.len()));
        }
        if let Some(n) = self.nodes.iter().find(|n| n.name.is_empty() || n.name.len() > NAME_MAX) {
            return Err(bad("graph.nodes", &format!("names of 1 to {NAME_MAX} bytes"), format!("{} bytes", n.name.len())));
        }
        if let Some(w) = self.nodes.windows(2).find(|w| w[0].name >= w[1].name) {
            return Err(bad("graph.nodes", "ascending, each once", &w[1].name));
        }
        if self.node(&m.entry).is_none() {
            return Err(bad("entry", "a node of the graph", &m.entry));
        }
        for n in &self.nodes {
            if let Some(lost) = n.next().into_iter().find(|t| self.node(t).is_none()) {
                return Err(bad(&format!("graph.{}", n.name), "to lead to a node of the graph", lost));
            }
            self.check_call(m, n)?;
        }
        let worst = self.longest(&m.entry)?;
        let reached = self.reached(&m.entry);
        if let Some(n) = self.nodes.iter().find(|n| !reached.contains(n.name.as_str())) {
            return Err(bad(&format!("graph.{}", n.name), "to be reached from the entry", "out of reach"));
        }
        if worst > u64::from(m.max_run_s) {
            let r = Rejection::new(Code::LimitExceeded).field("max_run_s");
            return Err(r.expected(format!("at least the longest run of {worst} s")).actual(m.max_run_s));
        }
        let called = |c: Capability| self.nodes.iter().any(|n| matches!(n.act, Act::Call { capability, .. } if capability == c));
        if let Some(u) = m.capabilities.iter().find(|u| !called(u.capability)) {
            return Err(bad("capabilities", "only what the graph calls", u.capability.name()));
        }
        let is_checkpoint = |u: &String| self.node(u).is_some_and(|n| matches!(n.act, Act::Checkpoint { .. }));
        if let Some(u) = m.units.iter().find(|u| !is_checkpoint(u)) {
            return Err(bad("units", "checkpoints of the graph", u));
        }
        Ok(worst)
    }

    fn check_call(&self, m: &Manifest, n: &Node) -> Result<(), Rejection> {
        let Act::Call { capability, argument, timeout_s, retries, .. } = &n.act else { return Ok(()) };
        let field = format!("graph.{}", n.name);
        let Some(u) = m.use_of(*capability) else {
            let r = Rejection::new(Code::CapabilityMissing).field(field);
            return Err(r.expected("a capability of the manifest").actual(capability.name()));
        };
        if *argument < u.min || *argument > u.max {
            let r = Rejection::new(Code::ScopeExceeded).field(field);
            return Err(r.expected(format!("{} from {} to {}", capability.name(), u.min, u.max)).actual(argument));
        }
        if *timeout_s == 0 {
            return Err(bad(&field, "a timeout", 0));
        }
        if *retries > RETRIES_MAX {
            return Err(bad(&field, &format!("at most {RETRIES_MAX} retries"), retries));
        }
        Ok(())
    }

    fn reached<'a>(&'a self, entry: &'a str) -> BTreeSet<&'a str> {
        let (mut seen, mut todo) = (BTreeSet::from([entry]), vec![entry]);
        while let Some(n) = todo.pop().and_then(|name| self.node(name)) {
            todo.extend(n.next().into_iter().filter(|t| seen.insert(t)));
        }
        seen
    }

    /// The longest run from a node, seconds; a cycle is refused. Nodes are finished innermost first, without recursion.
    fn longest(&self, entry: &str) -> Result<u64, Rejection> {
        let mut done: BTreeMap<&str, u64> = BTreeMap::new();
        let mut open: BTreeSet<&str> = BTreeSet::new();
        let mut stack = vec![entry];
        while let Some(name) = stack.last().copied() {
            let Some(n) = self.node(name).filter(|_| !done.contains_key(name)) else {
                stack.pop();
                continue;
            };
            let missing: Vec<&str> = n.next().into_iter().filter(|t| !done.contains_key(t)).collect();
            if missing.is_empty() {
                let after = n.next().iter().filter_map(|t| done.get(t)).max().copied().unwrap_or(0);
                done.insert(&n.name, after.saturating_add(n.worst_s()));
                open.remove(name);
                stack.pop();
                continue;
            }
            open.insert(&n.name);
            if let Some(back) = missing.iter().find(|t| open.contains(**t)) {
                return Err(bad(&format!("graph.{name}"), "to end: a graph has no cycles", format!("leads back to {back}")));
            }
            stack.extend(missing);
        }
        Ok(done.get(entry).copied().unwrap_or(0))
    }
}
