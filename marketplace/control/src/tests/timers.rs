use crate::timers::{Stream, Timers};
use nooterra_engine::ids::JobId;
use nooterra_engine::time::Instant;
use proptest::prelude::*;
use std::collections::BTreeMap;

proptest! {
    /// Against a plain map from (stream, code) to due time: the queue pops what is due, in order, and nothing else.
    #[test]
    fn timers_follow_a_plain_model(script in prop::collection::vec((0..4u8, prop::collection::btree_map(0..5u8, 1..100u64, 0..4), 0..30u64), 1..40)) {
        let mut t = Timers::default();
        let mut model: BTreeMap<(Stream, u8), u64> = BTreeMap::new();
        let mut now = 0;
        for (s, wanted, dt) in script {
            let stream = Stream::Job(JobId::named(&s.to_string()));
            let list: Vec<(u8, Instant)> = wanted.iter().map(|(c, at)| (*c, Instant(*at))).collect();
            t.set(stream, &list, Instant(now), None);
            let kept: BTreeMap<u8, u64> = model.iter().filter(|((x, _), _)| *x == stream).map(|((_, c), d)| (*c, *d)).collect();
            model.retain(|(x, _), _| *x != stream);
            for (c, at) in wanted {
                // A timer already armed for a past instant stays where it was armed.
                let due = kept.get(&c).copied().filter(|d| *d == at || (at < *d && *d <= now)).unwrap_or(at.max(now));
                model.insert((stream, c), due);
            }
            prop_assert_eq!(t.len(), model.len());
            now += dt;
            let mut last = Instant::ZERO;
            while let Some((k, _)) = t.pop_due(Instant(now)) {
                prop_assert!(k.due >= last && k.due.0 <= now);
                last = k.due;
                prop_assert!(model.remove(&(k.stream, k.code)).is_some());
            }
            prop_assert!(model.values().all(|d| *d > now));
        }
    }
}
