use super::*;
use crate::limits::{Breach, FUEL_PER_TICK, Limits, MEMORY_MAX, Sandbox};
use crate::run::{Run, Wants};

fn random(d: &mut Dice) -> Limits {
    let n = d.below(7);
    let mut uses = Vec::new();
    for _ in 0..n {
        let (a, b) = (d.below(20) as i64 - 10, d.below(20) as i64 - 10);
        uses.push(Use { capability: d.pick(&Capability::ALL), min: a.min(b), max: a.max(b) });
    }
    let mut n = || d.below(5) as u32;
    let envelope = Envelope { speed_mm_s: n(), accel_mm_s2: n(), force_mn: n(), payload_g: n(), human_clearance_mm: n() };
    Limits::new(&uses, envelope)
}

/// The meet is what both allow and no more, whatever the order and however often.
#[test]
fn the_meet_allows_what_all_allow() {
    let mut d = Dice(3);
    let mut met = 0;
    for _ in 0..4_000 {
        let [a, b, c] = [random(&mut d), random(&mut d), random(&mut d)];
        let ab = a.meet(&b);
        assert_eq!(ab, b.meet(&a));
        assert_eq!(ab.meet(&c), a.meet(&b.meet(&c)));
        assert_eq!(a.meet(&a), a);
        for cap in Capability::ALL {
            for v in -11..=11 {
                assert_eq!(ab.allows(cap, v), a.allows(cap, v) && b.allows(cap, v));
                met += u32::from(ab.allows(cap, v));
            }
        }
        assert!(ab.envelope.is_within(a.envelope) && ab.envelope.is_within(b.envelope));
        assert_eq!(Limits::new(&ab.uses().collect::<Vec<_>>(), ab.envelope), ab);
    }
    assert!(met > 1_000, "{met}");
}

#[test]
fn a_call_beyond_any_list_ends_the_skill() {
    let all = Limits::new(&Capability::ALL.map(|capability| Use { capability, min: 0, max: 1_000 }), manifest().envelope);
    let own = Limits::new(&manifest().capabilities, manifest().envelope);
    let slow = Limits::new(&[Use { capability: Capability::Navigate, min: 0, max: 300 }], manifest().envelope);
    let mut s = Sandbox::new(&own, &all, &all, &all);
    assert!(s.call(Capability::Navigate, 600) && s.call(Capability::Observe, 1_000));
    assert!(!s.call(Capability::Pick, 1), "not declared");
    assert_eq!((s.breach, s.refused), (Some(Breach::Undeclared), 1));
    assert!(!s.call(Capability::Navigate, 1) && s.refused == 1, "it is over");
    for at in 0..4 {
        let lists: Vec<&Limits> = (0..4).map(|i| if i == at { &slow } else { &all }).collect();
        let mut s = Sandbox::new(lists[0], lists[1], lists[2], lists[3]);
        assert!(s.call(Capability::Navigate, 300));
        assert!(!s.call(Capability::Navigate, 301), "each of the four lists binds");
    }
}

#[test]
fn fuel_and_memory_run_out() {
    let all = Limits::new(&[], manifest().envelope);
    let fresh = || Sandbox::new(&all, &all, &all, &all);
    let mut s = fresh();
    for _ in 0..100 {
        assert!(s.burn(FUEL_PER_TICK));
        s.tick();
    }
    assert!(s.burn(FUEL_PER_TICK - 1) && s.burn(1) && !s.burn(1));
    assert_eq!(s.breach, Some(Breach::Budget));
    s.tick();
    assert!(!s.burn(0), "a skill that was stopped stays so");
    let mut s = fresh();
    assert!(s.grow(MEMORY_MAX) && s.grow(1) && !s.grow(MEMORY_MAX + 1));
    assert_eq!(s.breach, Some(Breach::Budget));
}

/// Every way through the graph ends within the longest run that the checks have found, and one takes just so long.
#[test]
fn no_run_is_longer_than_the_longest() {
    let (g, m) = (graph(), manifest());
    let worst = g.check(&m).unwrap();
    let (mut d, mut longest) = (Dice(5), 0);
    for _ in 0..20_000 {
        let mut run = Run::new(&g, &m.entry);
        let mut calls = 0;
        while let Wants::Call { capability, argument, .. } = run.wants(&g) {
            assert!(m.use_of(capability).is_some_and(|u| u.min <= argument && argument <= u.max));
            run.reply(&g, d.pick(&[Reply::Done, Reply::Failed]));
            calls += 1;
            assert!(calls < 50);
        }
        assert!(run.worst_s <= worst);
        longest = longest.max(run.worst_s);
        let frozen = nooterra_engine::encode(&run);
        assert_eq!(nooterra_engine::decode::<Run>(&frozen), Ok(run));
    }
    assert_eq!(longest, worst);
}
