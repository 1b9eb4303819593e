//! A run of a graph: plain data that is told how each call went. No clock, no robot: who runs it asks
//! [`crate::limits::Sandbox`] before it carries a call out.

use crate::graph::{Act, End, Graph};
use crate::words::Capability;
use nooterra_engine::Record;

/// How a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Reply {
    /// It was done.
    #[default]
    Done,
    /// It failed, was refused or took too long.
    Failed,
}

/// What a run wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants<'a> {
    /// This call.
    Call {
        /// At this node.
        node: &'a str,
        /// What.
        capability: Capability,
        /// Its argument.
        argument: i64,
        /// How long, seconds.
        timeout_s: u32,
    },
    /// Nothing: it is over.
    Over(End),
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Run {
    node: String,
    tries: u8,
    /// Checkpoints reached, in order.
    pub checkpoints: Vec<String>,
    /// Time that its calls could have taken at most, seconds.
    pub worst_s: u64,
    /// Nodes entered, in order.
    pub trail: Vec<String>,
}

impl Run {
    /// At the entry of a graph that has passed its checks.
    pub fn new(graph: &Graph, entry: &str) -> Self {
        let mut run = Self { node: entry.to_owned(), tries: 0, checkpoints: Vec::new(), worst_s: 0, trail: vec![entry.to_owned()] };
        run.settle(graph);
        run
    }

    /// What it wants now.
    pub fn wants<'a>(&self, graph: &'a Graph) -> Wants<'a> {
        match graph.node(&self.node).map(|n| (n.name.as_str(), &n.act)) {
            Some((node, Act::Call { capability, argument, timeout_s, .. })) => {
                Wants::Call { node, capability: *capability, argument: *argument, timeout_s: *timeout_s }
            }
            Some((_, Act::End { how })) => Wants::Over(*how),
            _ => Wants::Over(End::GaveUp),
        }
    }

    /// The call went so: it goes on from there.
    pub fn reply(&mut self, graph: &Graph, reply: Reply) {
        let Some(Act::Call { timeout_s, retries, done, failed, .. }) = graph.node(&self.node).map(|n| &n.act) else { return };
        self.worst_s = self.worst_s.saturating_add(u64::from(*timeout_s));
        match reply {
            Reply::Done => self.enter(done),
            Reply::Failed if self.tries < *retries => self.tries += 1,
            Reply::Failed => self.enter(failed),
        }
        self.settle(graph);
    }

    fn enter(&mut self, node: &str) {
        node.clone_into(&mut self.node);
        self.tries = 0;
        self.trail.push(node.to_owned());
    }

    /// Passes checkpoints, which want nothing.
    fn settle(&mut self, graph: &Graph) {
        while let Some(Act::Checkpoint { next }) = graph.node(&self.node).map(|n| &n.act) {
            self.checkpoints.push(self.node.clone());
            let next = next.clone();
            self.enter(&next);
        }
    }
}
