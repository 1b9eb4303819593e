#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss)] // test code
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // tests read files and measure time

pub(crate) mod optimal;

use super::*;
use proptest::prelude::*;

pub(crate) fn robot(i: u32) -> Robot {
    Robot {
        robot: RobotId::from_bytes([i as u8; 16]),
        owner: PartyId::named("owner"),
        has_standing_offer: false,
        is_fit: true,
        heartbeat: Instant::from_secs(100),
        heartbeat_every: Span::from_secs(1),
        payload_g: 10_000,
        abilities: vec![Ability { name: "reach_mm".into(), declared: 900, measured: None }],
        battery_j: 1_000_000,
        usable_j: 900_000,
        drive_w: 50,
        aux_w: 20,
        work_w: 10,
        charge_w: 60,
        trust_bps: 5_000,
        busy: Span::from_mins(60),
        owner_excess_bps: -100,
        is_at_site: true,
        free_from: Instant::ZERO,
        taken: vec![],
        windows: vec![],
    }
}

pub(crate) fn job(i: u32) -> Job {
    Job {
        job: JobId::from_bytes([i as u8; 16]),
        is_handover: false,
        is_redispatch: false,
        arrive_by: Instant::from_secs(1_000),
        depart_from: Instant::ZERO,
        arrive_from: Instant::ZERO,
        work: Span::from_secs(60),
        payload_g: 1_000,
        owner: PartyId::named("owner"),
        allows_substitute: false,
        min_trust_bps: 4_000,
        needs: vec![Need { name: "reach_mm".into(), at_least: 800 }],
    }
}

pub(crate) fn pair(j: u32, r: u32, secs: u64) -> Pair {
    Pair { job: j, robot: r, travel: Span::from_secs(secs), carry: Span::from_secs(30), back: Span::from_secs(30), bars: Bars::default() }
}

pub(crate) fn view(jobs: u32, robots: u32, travel: impl Fn(u32, u32) -> Option<u64>) -> View {
    let pairs = (0..jobs).flat_map(|j| (0..robots).map(move |r| (j, r))).filter_map(|(j, r)| travel(j, r).map(|t| pair(j, r, t))).collect();
    View { now: Instant::from_secs(100), jobs: (0..jobs).map(job).collect(), robots: (0..robots).map(robot).collect(), pairs }
}

/// Every assignment tried: the least cost, then the smallest list of robots in job order.
fn brute(batch: &Batch) -> (i64, Vec<u32>) {
    fn go(batch: &Batch, k: usize, used: u64, cost: i64, list: &mut Vec<u32>, best: &mut (i64, Vec<u32>)) {
        let n = batch.outcomes.len();
        if k == n {
            if (cost, &*list) < (best.0, &best.1) {
                *best = (cost, list.clone());
            }
            return;
        }
        for c in &batch.outcomes[k].candidates {
            if used >> c.robot & 1 == 0 {
                list.push(c.robot);
                go(batch, k + 1, used | 1 << c.robot, cost + c.cost.total(), list, best);
                list.pop();
            }
        }
        list.push(u32::MAX);
        go(batch, k + 1, used, cost + unassigned_cost(k, n), list, best);
        list.pop();
    }
    let mut best = (i64::MAX, vec![]);
    go(batch, 0, 0, 0, &mut vec![], &mut best);
    best
}

fn chosen(batch: &Batch) -> Vec<u32> {
    batch.outcomes.iter().map(|o| o.chosen.map_or(u32::MAX, |c| o.candidates[c as usize].robot)).collect()
}

/// Checks a batch against the view without any of the code that made it.
fn check_batch(view: &View, batch: &Batch) {
    let mut used = std::collections::BTreeSet::new();
    let mut total = 0;
    for (k, o) in batch.outcomes.iter().enumerate() {
        assert_eq!(o.candidates.len().min(MAX_CANDIDATES), o.candidates.len());
        match o.chosen {
            None => total += 10_000_000 + 10_000 * (batch.outcomes.len() - k) as i64,
            Some(c) => {
                let c = &o.candidates[c as usize];
                assert!(used.insert(c.robot), "robot used twice");
                assert!(c.arrive <= view.jobs[o.job as usize].arrive_by);
                total += c.cost.total();
            }
        }
    }
    assert_eq!(total, batch.cost);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    // Few distinct travel times make many ties: the order among equals is tested as hard as the cost.
    #[test]
    fn equals_every_assignment_tried(jobs in 1u32..6, robots in 0u32..6, times in prop::collection::vec(prop::option::weighted(0.8, 0u64..4), 36)) {
        let v = view(jobs, robots, |j, r| times[(j * 6 + r) as usize].map(|t| t * 10));
        let b = assign(&v);
        check_batch(&v, &b);
        let (cost, list) = brute(&b);
        prop_assert_eq!(b.cost, cost);
        prop_assert_eq!(chosen(&b), list);
    }
}

#[test]
fn the_order_of_jobs_and_robots_given_does_not_matter() {
    let v = view(5, 5, |j, r| Some((u64::from(j) * 7 + u64::from(r) * 13) % 40));
    let mut w = v.clone();
    w.jobs.reverse();
    w.robots.reverse();
    for p in &mut w.pairs {
        (p.job, p.robot) = (4 - p.job, 4 - p.robot);
    }
    let ids = |v: &View, b: &Batch| {
        let mut l: Vec<_> = b.pairs().map(|(j, r, _)| (v.jobs[j as usize].job, v.robots[r as usize].robot)).collect();
        l.sort();
        l
    };
    assert_eq!(ids(&v, &assign(&v)), ids(&w, &assign(&w)));
    // Nor that of the pairs, nor pairs of nobody among them.
    for rule in 0..3 {
        let mut x = v.clone();
        match rule {
            0 => x.pairs.swap(0, 3),
            1 => x.pairs.swap(0, 23),
            _ => x.pairs.insert(7, pair(9, 9, 1)),
        }
        assert_eq!(assign(&x), assign(&v));
    }
}

#[test]
fn handovers_come_first_when_robots_are_few() {
    let mut v = view(3, 1, |_, _| Some(10));
    v.jobs[2].is_handover = true;
    let b = assign(&v);
    assert_eq!(b.outcomes[0].job, 2);
    assert_eq!(b.pairs().map(|p| p.0).collect::<Vec<_>>(), [2]);
}

/// What makes the pair of `view(1, 1)` fail a check, and what lets it pass by as little as there is.
type Change = fn(&mut View);

/// Every check of the table in its order: changes that fail it, and changes that just pass. The robot leaves at 100 s,
/// arrives at 110, ends at 200, is back at 230; it takes 6 703 J and must keep 150 000.
fn edges() -> Vec<(Refusal, Vec<Change>, Vec<Change>)> {
    fn second(from: u64, to: u64) -> Vec<Interval> {
        vec![Interval { from: Instant::from_secs(from), to: Instant::from_secs(to) }]
    }
    fn substitute(v: &mut View) {
        v.robots[0].owner = PartyId::named("other");
        (v.robots[0].has_standing_offer, v.jobs[0].allows_substitute) = (true, true);
    }
    fn measured(v: &mut View, value: u64, samples: u32) {
        v.robots[0].abilities[0].measured = Some(Measured { value, samples });
    }
    vec![
        (
            Refusal::Pool,
            vec![
                |v| v.robots[0].owner = PartyId::named("other"),
                |v| (substitute(v), v.jobs[0].allows_substitute = false).0,
                |v| (substitute(v), v.robots[0].has_standing_offer = false).0,
                |v| (substitute(v), v.pairs[0].bars.lacks_offer = true).0,
            ],
            vec![substitute, |v| v.pairs[0].bars.lacks_offer = true],
        ),
        (Refusal::Status, vec![|v| v.robots[0].is_fit = false, |v| v.pairs[0].bars.is_excluded = true], vec![]),
        (
            Refusal::Link,
            vec![|v| v.robots[0].heartbeat = Instant(96_999_999_999)],
            vec![|v| v.robots[0].heartbeat = Instant::from_secs(97), |v| v.robots[0].heartbeat = Instant::from_secs(101)],
        ),
        (
            Refusal::Capability,
            vec![
                |v| v.jobs[0].payload_g = 10_001,
                |v| v.jobs[0].needs[0].at_least = 901,
                |v| v.jobs[0].needs[0].name = "lift_mm".into(),
                |v| measured(v, 799, 10),
            ],
            vec![
                |v| v.jobs[0].payload_g = 10_000,
                |v| v.jobs[0].needs[0].at_least = 900,
                |v| measured(v, 800, 10),
                |v| measured(v, 799, 9),
                |v| measured(v, 2_000, 10),
            ],
        ),
        (Refusal::Cert, vec![|v| v.pairs[0].bars.lacks_certificate = true], vec![]),
        (Refusal::Zone, vec![|v| v.pairs[0].bars.lacks_route = true], vec![]),
        (
            Refusal::Window,
            vec![
                |v| v.robots[0].windows = second(0, 229),
                |v| v.robots[0].windows = second(101, 300),
                // Two that touch are two.
                |v| v.robots[0].windows = [second(0, 150), second(150, 300)].concat(),
            ],
            vec![|v| v.robots[0].windows = second(100, 230)],
        ),
        (
            Refusal::Overlap,
            vec![|v| v.robots[0].taken = second(0, 101), |v| v.robots[0].taken = second(229, 300), |v| {
                v.robots[0].taken = second(150, 151)
            }],
            vec![|v| v.robots[0].taken = second(0, 100), |v| v.robots[0].taken = second(230, 300)],
        ),
        (
            Refusal::Eta,
            vec![|v| v.jobs[0].arrive_by = Instant(109_999_999_999), |v| v.robots[0].free_from = Instant::from_secs(991)],
            vec![|v| v.jobs[0].arrive_by = Instant::from_secs(110), |v| v.robots[0].free_from = Instant::from_secs(990)],
        ),
        (
            Refusal::Energy,
            vec![|v| (v.robots[0].usable_j, v.robots[0].charge_w) = (156_702, 0)],
            vec![|v| (v.robots[0].usable_j, v.robots[0].charge_w) = (156_703, 0), |v| v.robots[0].usable_j = 156_702],
        ),
        (Refusal::Trust, vec![|v| v.jobs[0].min_trust_bps = 5_001], vec![|v| v.jobs[0].min_trust_bps = 5_000]),
        (Refusal::Access, vec![|v| v.pairs[0].bars.lacks_access = true], vec![]),
        (Refusal::Privacy, vec![|v| v.pairs[0].bars.lacks_privacy = true], vec![]),
    ]
}

fn refusal(changes: &[Change]) -> Option<Refusal> {
    let mut v = view(1, 1, |_, _| Some(10));
    changes.iter().for_each(|c| c(&mut v));
    assign(&v).outcomes[0].refused.first().map(|r| r.why)
}

#[test]
fn every_check_fails_and_passes_at_its_edge() {
    assert_eq!(refusal(&[]), None);
    for (code, fail, pass) in edges() {
        for (i, c) in fail.iter().enumerate() {
            assert_eq!(refusal(&[*c]), Some(code), "failing {i}");
        }
        for (i, c) in pass.iter().enumerate() {
            assert_eq!(refusal(&[*c]), None, "{} passing {i}", code.code());
        }
    }
    let mut v = view(1, 1, |_, _| Some(10));
    v.pairs.clear();
    assert_eq!(assign(&v).outcomes[0].refused[0].why, Refusal::Zone);
}

#[test]
fn the_first_failing_check_is_named() {
    let all = edges();
    let codes: Vec<&str> = all.iter().map(|e| e.0.code()).collect();
    assert_eq!(codes.join(" "), "POOL STATUS LINK CAPABILITY CERT ZONE WINDOW OVERLAP ETA ENERGY TRUST ACCESS PRIVACY");
    for (i, (earlier, fail, _)) in all.iter().enumerate() {
        for (later, other, _) in &all[i + 1..] {
            assert_eq!(refusal(&[other[0], fail[0]]), Some(*earlier), "{} before {}", earlier.code(), later.code());
        }
    }
}

#[test]
fn a_short_battery_is_charged_before_departure_if_only_that_fails() {
    let short = |change: Change| {
        let mut v = view(1, 1, |_, _| Some(10));
        // 600 J are missing: ten seconds at 60 W, and a nanosecond for what rounding loses.
        v.robots[0].usable_j = 156_103;
        change(&mut v);
        let b = assign(&v);
        let o = &b.outcomes[0];
        o.candidates.first().map(|c| (c.charge, c.depart, c.arrive)).ok_or(o.refused.first().map(|r| r.why))
    };
    fn s(secs: u64) -> Instant {
        Instant::from_secs(secs)
    }
    let charge = Span(10_000_000_001);
    let planned = Ok((charge, s(100) + charge, s(110) + charge));
    assert_eq!(short(|_| {}), planned);
    // The charging counts in the ETA and in the interval.
    let energy = Err(Some(Refusal::Energy));
    assert_eq!(short(|v| v.jobs[0].arrive_by = s(120) + Span(1)), planned);
    assert_eq!(short(|v| v.jobs[0].arrive_by = s(120)), energy);
    assert_eq!(short(|v| v.robots[0].windows = vec![Interval { from: s(100), to: s(240) + Span(1) }]), planned);
    assert_eq!(short(|v| v.robots[0].windows = vec![Interval { from: s(100), to: s(240) }]), energy);
    assert_eq!(short(|v| v.robots[0].taken = vec![Interval { from: s(240) + Span(1), to: s(300) }]), planned);
    assert_eq!(short(|v| v.robots[0].taken = vec![Interval { from: s(240), to: s(300) }]), energy);
    // Another check fails as well: no charging is planned, and energy is the first of the two.
    assert_eq!(short(|v| v.robots[0].trust_bps = 0), energy);
    assert_eq!(short(|v| v.pairs[0].bars.lacks_privacy = true), energy);
    // What a full battery does not hold cannot be charged.
    assert_eq!(short(|v| (v.robots[0].battery_j, v.robots[0].usable_j) = (7_884, 7_880)), energy);
    assert!(short(|v| (v.robots[0].battery_j, v.robots[0].usable_j) = (7_885, 7_884)).is_ok());
}

#[test]
fn cost_is_the_sum_of_its_terms() {
    let mut v = view(1, 1, |_, _| Some(10));
    v.jobs[0].allows_substitute = true;
    v.robots[0].owner = PartyId::named("other");
    v.robots[0].has_standing_offer = true;
    v.robots[0].owner_excess_bps = 150;
    let b = assign(&v);
    let c = b.pairs().next().unwrap().2.cost;
    // 70 s driving at 50 W, 60 s work at 10 W, 130 s at 20 W, each rounded up by one joule.
    let need = 3_500 + 600 + 2_600 + 3;
    assert_eq!(
        c,
        Cost { eta: 100, energy: need * 10_000 / 900_000, trust: 10_000, busy: 300, share: 300, substitute: 20_000, at_site: -5_000 }
    );
    assert_eq!(b.cost, 100 + 74 + 10_000 + 300 + 300 + 20_000 - 5_000);
}
