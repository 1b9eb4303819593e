//! Under a fault of its program it leaves its way: it drives to a place of its own choice and heeds no area. Once the fault
//! is over it drives back to where it left, and goes on from there.

use super::Agent;
use crate::map::AgentMap;
use crate::track::Track;
use nooterra_engine::Record;

/// A way that nobody gave it.
#[derive(Debug, Clone, PartialEq, Record)]
pub(super) struct Stray {
    to: u32,
    /// Where it left its own way.
    from: Option<u32>,
    back: bool,
    track: Option<Track>,
}

impl Agent {
    /// A fault of its program leads it to this vertex, or is over.
    pub fn set_astray(&mut self, to: Option<u32>) {
        match to {
            Some(to) => {
                self.rights.heedless = true;
                self.astray = Some(Stray { to, from: None, back: false, track: None });
            }
            None => {
                self.rights.heedless = false;
                self.astray = self.astray.take().and_then(|s| Some(Stray { to: s.from?, from: s.from, back: true, track: None }));
            }
        }
    }

    /// Takes up the way that nobody gave it. Says whether there is one.
    pub(super) fn leaves_way(&mut self, map: &AgentMap) -> bool {
        let Some(mut s) = self.astray.take() else { return false };
        if s.track.is_none() {
            let ahead = self.track.ahead_at(0).filter(|n| !n.ride).map(|n| n.vertex);
            let near = |v: &u32| map.vertex(*v).map(|p| p.at.dist(self.loc.pose.at));
            let own = self.track.last_vertex.into_iter().chain(ahead);
            // On its way back it is somewhere on its own map.
            let all = 0..map.vertices();
            let start = if s.back { nearest(all, near) } else { nearest(own, near) };
            let way = start.and_then(|v| map.way(v, s.to));
            s.from = s.from.or(self.track.last_vertex);
            s.track = way.map(|w| Track::own(&w, self.loc.pose.at, start));
            self.follower.forget_leg();
            self.follower.stand();
        }
        let over = s.track.as_ref().is_none_or(|t| s.back && t.is_done());
        if over {
            self.let_go();
            return false;
        }
        if let Some(t) = &mut s.track {
            std::mem::swap(t, &mut self.track);
        }
        self.astray = Some(s);
        true
    }

    /// Puts its own way back in place.
    pub(super) fn keeps_way(&mut self) {
        if let Some(t) = self.astray.as_mut().and_then(|s| s.track.as_mut()) {
            std::mem::swap(t, &mut self.track);
        }
    }
}

fn nearest(all: impl Iterator<Item = u32>, far: impl Fn(&u32) -> Option<f64>) -> Option<u32> {
    all.filter_map(|v| far(&v).map(|d| (d, v))).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|(_, v)| v)
}
