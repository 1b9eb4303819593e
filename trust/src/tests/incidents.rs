use crate::guard::Hand;
use crate::incident::{
    Command, DEDUPE, DevTime, Event, IncidentCode, Incidents, MATERIAL, OPEN_AFTER_SETTLED, Outcome, Reaction, Report, Status, Stream,
    TRIAGE_WITHIN, reactions,
};
use crate::parties::Fault;
use crate::rejection::Code;
use crate::role::Role;
use crate::tests::dice::{Dice, Tally, digest, hand, party};
use nooterra_engine::ids::{IncidentId, JobId, RobotId};
use nooterra_engine::record::{decode, encode};
use nooterra_engine::time::{Instant, Span};
use std::collections::BTreeSet;

fn job() -> Incidents {
    let mut i = Incidents::new(Stream::Job(JobId::named("j")), BTreeSet::from([party("rq"), party("ow")]));
    i.open_from = Some(Instant::from_secs(1));
    i
}

fn id(n: u64) -> IncidentId {
    IncidentId::named(&n.to_string())
}

fn report(n: u64, severity: u8, dev_s: u64) -> Report {
    Report {
        incident: id(n),
        code: IncidentCode::Collision,
        severity,
        robot: Some(RobotId::named("r")),
        at: Some(DevTime { boot: 1, ns: dev_s * 1_000_000_000 }),
        zone: None,
        facts_hash: digest(n),
    }
}

fn run(i: &mut Incidents, at_s: u64, by: Hand, c: Command) -> Result<Vec<Reaction>, Code> {
    let at = Instant::from_secs(at_s);
    let d = i.decide(at, &by, &c).map_err(|r| r.code)?;
    d.events.iter().for_each(|e| i.evolve(at, e));
    Ok(d.reactions)
}

#[test]
fn every_pair_of_status_and_command() {
    let make = |s: Option<Status>| {
        let mut i = job();
        let Some(s) = s else { return i };
        run(&mut i, 2, hand(Role::RB, ""), Command::Open(report(1, 3, 1))).unwrap();
        if s != Status::Open {
            run(&mut i, 3, hand(Role::TR, ""), Command::Triage { incident: id(1), severity: 3, fault: Fault::Owner, confirmed: true })
                .unwrap();
        }
        if s == Status::Closed {
            run(&mut i, 4, hand(Role::TR, ""), Command::Close { incident: id(1), outcome: Outcome::Repaired }).unwrap();
        }
        i
    };
    let triage = Command::Triage { incident: id(1), severity: 2, fault: Fault::None, confirmed: false };
    let close = Command::Close { incident: id(1), outcome: Outcome::NoAction };
    let late = 10 + TRIAGE_WITHIN.as_secs();
    let states = [None, Some(Status::Open), Some(Status::Triaged), Some(Status::Closed)];
    let rows: [(&str, Hand, Command, [Option<Code>; 4]); 5] = [
        ("open", hand(Role::RB, ""), Command::Open(report(2, 2, 5)), [None; 4]),
        (
            "open again",
            hand(Role::RB, ""),
            Command::Open(report(1, 2, 5)),
            [None, Some(Code::AlreadyDone), Some(Code::AlreadyDone), Some(Code::AlreadyDone)],
        ),
        ("triage", hand(Role::TR, ""), triage, [Some(Code::NotFound), None, Some(Code::AlreadyDone), Some(Code::TrackForbids)]),
        ("close", hand(Role::TR, ""), close, [Some(Code::NotFound), Some(Code::TrackForbids), None, Some(Code::AlreadyDone)]),
        (
            "fire",
            Hand::CLOCK,
            Command::Fire { incident: id(1) },
            [Some(Code::NotFound), None, Some(Code::TrackForbids), Some(Code::TrackForbids)],
        ),
    ];
    let mut pairs = 0;
    for (name, by, c, expected) in rows {
        for (s, e) in states.iter().zip(expected) {
            let mut i = make(*s);
            assert_eq!(run(&mut i, late, by, c).err(), e, "{name} in {s:?}");
            pairs += 1;
            for role in Role::ALL.into_iter().filter(|r| *r != by.role) {
                let mut j = make(*s);
                let got = run(&mut j, late, hand(role, ""), c);
                let may = name.starts_with("open") && crate::incident::REPORTERS.contains(&role);
                assert_eq!(got.err(), if may { e } else { Some(Code::RoleForbidden) }, "{name} in {s:?} by {role}");
                pairs += 1;
            }
        }
    }
    println!("incident: {pairs} pairs of (status, command and role)");
    for of in ["rq", "ow"] {
        assert_eq!(run(&mut make(Some(Status::Open)), 9, hand(Role::TR, of), triage), Err(Code::ConflictOfInterest));
    }
    let wrong = Command::Triage { incident: id(9), severity: 6, fault: Fault::None, confirmed: false };
    assert_eq!(run(&mut job(), 9, hand(Role::RQ, "rq"), wrong), Err(Code::SchemaInvalid), "the first of the table is named");
}

#[test]
fn the_window_of_reports() {
    let mut i = job();
    let open = Command::Open(report(1, 2, 1));
    assert_eq!(run(&mut i, 0, hand(Role::RB, ""), open), Err(Code::StateForbids));
    i.settled = Some(Instant::from_secs(100));
    let end = 100 + OPEN_AFTER_SETTLED.as_secs();
    assert_eq!(run(&mut i.clone(), end + 1, hand(Role::RB, ""), open), Err(Code::StateForbids));
    assert!(run(&mut i, end, hand(Role::RB, ""), open).is_ok());
    let robot = Incidents::new(Stream::Robot(RobotId::named("r")), BTreeSet::new());
    assert!(robot.takes_reports(Instant::ZERO) && robot.takes_reports(Instant::NEVER));
}

#[test]
fn severities_are_those_of_the_code() {
    for code in IncidentCode::ALL {
        let (least, most) = code.severities();
        assert!(least >= 1 && least <= most && most <= 5);
        assert_eq!(IncidentCode::from_text(code.text()), Some(*code));
        for s in 0..=u8::MAX {
            let r = Report { code: *code, ..report(1, s, 1) };
            let got = run(&mut job(), 2, hand(Role::TR, ""), Command::Open(r));
            assert_eq!(got.is_ok(), (least..=most).contains(&s), "{} {s}", code.text());
        }
    }
}

#[test]
fn reactions_come_once_and_in_order() {
    for from in 0..=5u8 {
        for to in 0..=5u8 {
            let whole = reactions(0, to);
            let parts: Vec<_> = reactions(0, from).into_iter().chain(reactions(from, to)).collect();
            assert!(from > to || parts == whole, "{from} {to}");
            assert!(from < to || reactions(from, to).is_empty());
        }
    }
    assert_eq!([0, 1, 2, 3, 4, 5].map(|s| reactions(0, s).len()), [0, 0, 1, 5, 11, 12]);
    let mut i = job();
    let by = hand(Role::RB, "");
    assert_eq!(run(&mut i, 2, by, Command::Open(report(1, 2, 1))).unwrap(), [Reaction::EvidenceWindow]);
    assert_eq!(run(&mut i, 2, by, Command::Open(report(2, 2, 2))).unwrap(), []);
    assert_eq!(run(&mut i, 2, by, Command::Open(report(3, 4, 3))).unwrap().len(), 10, "only what is new");
    assert_eq!(i.incidents[&id(1)].count, 3);
    assert!(i.serious_untriaged());
    assert_eq!(i.deadlines(), [(id(1), Instant::from_secs(2).saturating_add(TRIAGE_WITHIN))]);
    let up = Command::Triage { incident: id(1), severity: 2, fault: Fault::None, confirmed: true };
    assert!(run(&mut i, 3, hand(Role::TR, ""), up).unwrap().is_empty() && i.deadlines().is_empty() && !i.serious_untriaged());
    // A late copy of what was seen counts and moves nothing; what is graver than anything seen is a new incident.
    assert!(run(&mut i, 4, by, Command::Open(report(4, 4, 4))).unwrap().is_empty());
    assert_eq!((i.incidents.len(), i.incidents[&id(1)].severity), (1, 2));
    assert_eq!(run(&mut i, 4, by, Command::Open(report(5, 5, 4))).unwrap().len(), 12);
    assert_eq!(i.incidents.len(), 2);
}

/// Code, severity, boot and device time of a report.
type Sighting = (IncidentCode, u8, u32, u64);

/// The rules again, as a list of groups of reports.
#[derive(Default)]
struct Model {
    groups: Vec<(u64, Status, Vec<Sighting>, u8)>,
}

impl Model {
    fn open(&mut self, n: u64, r: &Report) {
        let at = r.at.map(|t| (t.boot, t.ns));
        let mut ids: Vec<_> = self.groups.iter_mut().collect();
        ids.sort_by_key(|g| id(g.0));
        for g in ids {
            let Some((boot, ns)) = at else { break };
            let graver = g.2.iter().all(|s| s.1 < r.severity);
            let live = g.1 == Status::Open || g.1 == Status::Triaged && !graver;
            let near = g.2.iter().any(|s| s.2 == boot && s.3.abs_diff(ns) <= DEDUPE.0)
                || g.2.iter().any(|s| s.2 == boot && s.3 < ns) && g.2.iter().any(|s| s.2 == boot && s.3 > ns);
            if live && near && g.2[0].0 == r.code {
                g.2.push((r.code, r.severity, boot, ns));
                if g.1 == Status::Open {
                    g.3 = g.3.max(r.severity);
                }
                return;
            }
        }
        let (boot, ns) = at.unwrap_or((u32::MAX, 0));
        self.groups.push((n, Status::Open, vec![(r.code, r.severity, boot, ns)], r.severity));
    }
}

#[test]
fn random_histories_agree_with_the_model() {
    let mut tally = Tally::default();
    let mut d = Dice(1);
    for _ in 0..4_000 {
        let (mut i, mut m, mut now) = (job(), Model::default(), 2);
        for n in 0..30 {
            now += if d.one_in(10) { d.below(200_000) } else { d.below(20) };
            let known = id(d.below(n.min(5) + 1));
            let role = if d.one_in(8) { d.pick(&Role::ALL) } else { d.pick(&[Role::TR, Role::TR, Role::RB, Role::CK]) };
            let mut by = hand(role, if d.one_in(12) { "ow" } else { "" });
            let (name, c) = match d.below(6) {
                0..3 => {
                    let code = d.pick(&[IncidentCode::Collision, IncidentCode::NearMiss]);
                    let at = (!d.one_in(9)).then(|| DevTime { boot: 1 + u32::from(d.one_in(6)), ns: d.below(60) * 1_000_000_000 });
                    let n = if d.one_in(20) { d.below(n + 1) } else { n };
                    ("open", Command::Open(Report { incident: id(n), code, at, ..report(n, 1 + d.below(5) as u8, 0) }))
                }
                3 => {
                    ("triage", Command::Triage { incident: known, severity: d.below(7) as u8, fault: d.pick(&Fault::ALL), confirmed: true })
                }
                4 => ("close", Command::Close { incident: known, outcome: Outcome::Repaired }),
                _ => {
                    by = if d.one_in(10) { by } else { Hand::CLOCK };
                    ("fire", Command::Fire { incident: i.deadlines().first().map_or(known, |(x, _)| if d.one_in(9) { known } else { *x }) })
                }
            };
            let at = Instant::from_secs(now);
            let before = i.clone();
            let got = i.decide(at, &by, &c);
            tally.note(name, &got);
            assert_eq!(before, i, "deciding only reads");
            let Ok(got) = got else { continue };
            assert_eq!(got.events.len(), 1);
            got.events.iter().for_each(|e| i.evolve(at, e));
            match (c, got.events[0]) {
                (Command::Open(r), e) => {
                    assert!(matches!(e, Event::Opened(_)) || got.reactions.iter().all(|r| reactions(0, 5).contains(r)));
                    let n = (0..=n).find(|n| id(*n) == r.incident).unwrap();
                    m.open(n, &r);
                }
                (Command::Triage { incident, severity, .. }, _) => {
                    let g = m.groups.iter_mut().find(|g| id(g.0) == incident).unwrap();
                    assert_eq!(g.1, Status::Open);
                    (g.1, g.3) = (Status::Triaged, severity);
                }
                (Command::Close { incident, .. }, _) => m.groups.iter_mut().find(|g| id(g.0) == incident).unwrap().1 = Status::Closed,
                _ => {}
            }
            let bytes = encode(&i);
            i = decode(&bytes).unwrap();
            assert_eq!(encode(&i), bytes);
            assert_eq!(i.incidents.len(), m.groups.len());
            for g in &m.groups {
                let x = &i.incidents[&id(g.0)];
                assert_eq!((x.status, x.count as usize, x.severity), (g.1, g.2.len(), g.3));
                assert_eq!(x.triage_by().is_some(), x.status == Status::Open && x.severity >= MATERIAL);
            }
        }
    }
    let codes = [Code::SchemaInvalid, Code::RoleForbidden, Code::NotFound, Code::ConflictOfInterest, Code::TrackForbids, Code::AlreadyDone];
    tally.demand("incident", &["open", "triage", "close", "fire"], &codes);
}

#[test]
fn no_number_is_too_large() {
    let mut i = job();
    let r = Report { at: Some(DevTime { boot: u32::MAX, ns: u64::MAX }), ..report(1, 5, 0) };
    let never = Instant::NEVER;
    for c in [Command::Open(r), Command::Open(Report { incident: id(2), ..r }), Command::Fire { incident: id(1) }] {
        let by = if matches!(c, Command::Fire { .. }) { Hand::CLOCK } else { hand(Role::RB, "") };
        for e in i.decide(never, &by, &c).unwrap().events {
            i.evolve(never, &e);
        }
    }
    i.evolve(never, &Event::TriageOverdue { incident: id(1), level: u32::MAX });
    assert!(i.deadlines()[0].1 == never && TRIAGE_WITHIN > Span::ZERO);
}
