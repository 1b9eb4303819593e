//! Evidence is what was said (I18): the words of a window, put together once more from the inputs, hash to what was
//! recorded. What black boxes hand out is judged beside (`blackbox.rs`).

use crate::trail::Now;
use crate::verdict::{Class, Notes};
use nooterra_control::cases::windows::Said;
use nooterra_control::fact::CaseEvent;
use nooterra_engine::digest::{Digest, sha256_plain};
use nooterra_engine::ids::RobotId;
use nooterra_engine::time::Instant;
use nooterra_engine::{Record, encode};
use nooterra_port::Report;
use nooterra_trust::evidence::{Channel, Event};
use nooterra_trust::{Envelope, Role};
use std::collections::{BTreeMap, VecDeque};

/// A robot's words are kept as long as a window reaches, and a little longer.
const KEPT_NS: u64 = 75_000_000_000;

#[derive(Debug, Clone, PartialEq, Record)]
struct Window {
    robot: RobotId,
    said: Vec<Said>,
}

/// The judge.
#[derive(Debug)]
pub(crate) struct Evidence {
    said: BTreeMap<RobotId, VecDeque<(Instant, Said)>>,
    last: Option<(RobotId, Digest)>,
    pub notes: Notes,
}

impl Evidence {
    pub fn new() -> Self {
        Self { said: BTreeMap::new(), last: None, notes: Notes::of("evidence hashes to what was said", &[18]) }
    }

    /// A robot speaks; what it says of itself is kept until it is refused.
    pub fn input(&mut self, at: Instant, e: &Envelope, role: Option<Role>, hash: Digest) {
        self.last = None;
        if role != Some(Role::RB) {
            return;
        }
        let kept = matches!(
            nooterra_engine::decode::<Report>(&e.body),
            Ok(Report::Heartbeat(_) | Report::Noticed { .. } | Report::CustodyChanged { .. } | Report::StopAcked { .. })
        );
        if !kept {
            return;
        }
        let robot = RobotId::from_bytes(e.actor);
        let said = Said { dev_ns: e.dev_ns, input: hash, body: e.body.clone() };
        self.said.entry(robot).or_default().push_back((at, said));
        self.last = Some((robot, hash));
    }
    /// It was refused, or was nothing new.
    pub fn refused(&mut self) {
        if let Some((robot, hash)) = self.last.take()
            && let Some(all) = self.said.get_mut(&robot)
        {
            // What was said before under the same hash was taken, and stays.
            all.pop_back_if(|(_, s)| s.input == hash);
        }
    }

    pub fn event(&mut self, n: Now, stream: &str, e: &CaseEvent) {
        let CaseEvent::Evidence(e) = e else { return };
        let Event::Captured(c) = &**e else { return };
        if c.channel != Channel::Words {
            return;
        }
        self.notes.checked();
        // The window does not name its robot: it is the one whose words hash to it.
        let fits = self.said.iter().any(|(robot, all)| {
            let newest = all.iter().filter(|(at, _)| *at <= n.at).map(|(_, s)| s.dev_ns).max().unwrap_or(0);
            let inside = |s: &Said| c.from.ns <= s.dev_ns && s.dev_ns <= c.to.ns && s.dev_ns >= newest.saturating_sub(KEPT_NS);
            // What arrives in the same instant is decided before the window ends, or after it.
            let pending = self.last.filter(|(r, _)| r == robot).map(|(_, hash)| hash);
            let is = |without: Option<Digest>| {
                let held = all.iter().filter(|(at, s)| *at <= n.at && inside(s) && (Some(s.input) != without || *at < n.at));
                let content = encode(&Window { robot: *robot, said: held.map(|(_, s)| s.clone()).collect() });
                sha256_plain(&content) == c.content_hash && content.len() as u64 == c.bytes
            };
            is(None) || pending.is_some() && is(pending)
        });
        if !fits {
            let story = format!("{} of {} bytes is not what any robot said between {} and {} ns", c.evidence, c.bytes, c.from.ns, c.to.ns);
            self.notes.broke(Class::Safety, n.at, n.tick, story, vec![stream.to_owned()]);
        }
        for all in self.said.values_mut() {
            let newest = all.iter().map(|(_, s)| s.dev_ns).max().unwrap_or(0);
            all.retain(|(_, s)| s.dev_ns >= newest.saturating_sub(4 * KEPT_NS));
        }
    }

    /// Now and then what is too old for any window is forgotten.
    pub fn forget(&mut self) {
        for all in self.said.values_mut() {
            let newest = all.back().map_or(0, |(_, s)| s.dev_ns);
            while all.front().is_some_and(|(_, s)| s.dev_ns < newest.saturating_sub(4 * KEPT_NS)) {
                all.pop_front();
            }
        }
    }
}
