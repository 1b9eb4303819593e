//! The desk against a naive model that keeps nothing but the history of events and reads everything out of it again.

use crate::assist::{Outcome, Priority, Reason, Request, Stage};
use crate::desk::{Command, Desk, Event};
use crate::intervention::{Action, Fate, Kind};
use crate::operator::Operator;
use nooterra_engine::Digest;
use nooterra_engine::ids::{AssistId, InterventionId, JobId, OperatorId, PartyId, RegionId, RobotId, ShiftId};
use nooterra_engine::time::{Instant, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of place and regions that a shift is for.
type InScope = (Vec<u8>, Vec<RegionId>);

const OPERATORS: u64 = 4;
const JOBS: u64 = 5;

struct Dice(u64);
impl Dice {
    fn roll(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n.max(1)
    }
    fn one_of<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        (!list.is_empty()).then(|| list[self.roll(list.len() as u64) as usize])
    }
}

fn op(i: u64) -> OperatorId {
    OperatorId::named(&format!("o{i}"))
}
fn party(i: u64) -> PartyId {
    PartyId::named(&format!("p{i}"))
}
fn view(i: u64) -> Digest {
    let mut d = [0; 32];
    d[..8].copy_from_slice(&i.to_le_bytes());
    Digest(d)
}

/// Nothing but what happened, in order.
#[derive(Default)]
struct Model {
    past: Vec<(Instant, Event)>,
}

fn assist_of(e: &Event) -> Option<AssistId> {
    match e {
        Event::ShiftOpened { .. } | Event::ShiftClosed { .. } | Event::ConsoleLost { .. } | Event::ConsoleBack { .. } => None,
        Event::Queued(r) => Some(r.assist),
        Event::Raised { assist, .. }
        | Event::Offered { assist, .. }
        | Event::OfferLapsed { assist, .. }
        | Event::Accepted { assist, .. }
        | Event::Declined { assist, .. }
        | Event::Started { assist, .. }
        | Event::Ended { assist, .. }
        | Event::Exhausted { assist }
        | Event::Shown { assist, .. }
        | Event::Submitted { assist, .. }
        | Event::Answered { assist, .. } => Some(*assist),
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    Nowhere,
    Queue,
    Offer(OperatorId, Instant),
    Taken(OperatorId, Instant),
    Active(OperatorId, Instant),
}

impl Model {
    fn of(&self, a: AssistId) -> impl DoubleEndedIterator<Item = &(Instant, Event)> {
        self.past.iter().filter(move |(_, e)| assist_of(e) == Some(a))
    }
    fn assists(&self) -> Vec<AssistId> {
        let queued = self.past.iter().filter_map(|(_, e)| if let Event::Queued(r) = e { Some(r.assist) } else { None });
        queued.filter(|a| self.at(*a) != At::Nowhere).collect()
    }
    fn at(&self, a: AssistId) -> At {
        for (t, e) in self.of(a).rev() {
            match e {
                Event::Queued(_) | Event::OfferLapsed { .. } | Event::Declined { .. } => return At::Queue,
                Event::Offered { operator, accept_by, .. } => return At::Offer(*operator, *accept_by),
                Event::Accepted { operator, .. } => return At::Taken(*operator, *t + Span::from_secs(30)),
                Event::Started { operator, .. } => return At::Active(*operator, *t),
                Event::Ended { .. } | Event::Exhausted { .. } => return At::Nowhere,
                _ => {}
            }
        }
        At::Nowhere
    }
    fn who(&self, a: AssistId) -> Option<OperatorId> {
        match self.at(a) {
            At::Offer(o, _) | At::Taken(o, _) | At::Active(o, _) => Some(o),
            _ => None,
        }
    }
    fn request(&self, a: AssistId) -> Request {
        let first = self.of(a).find_map(|(_, e)| if let Event::Queued(r) = e { Some((**r).clone()) } else { None });
        let mut r = first.expect("queued once");
        for (_, e) in self.of(a) {
            if let Event::Raised { priority, .. } = e {
                r.priority = *priority;
            }
        }
        r
    }
    fn queued_at(&self, a: AssistId) -> Instant {
        self.of(a).next().map(|(t, _)| *t).expect("queued once")
    }
    fn offers(&self, a: AssistId) -> u64 {
        self.of(a).filter(|(_, e)| matches!(e, Event::Offered { .. })).count() as u64
    }
    fn shift(&self, o: OperatorId) -> Option<(u8, InScope, Instant)> {
        for (_, e) in self.past.iter().rev() {
            match e {
                Event::ShiftOpened { operator, shift } if *operator == o => {
                    return Some((shift.max_jobs, (shift.tiers.clone(), shift.regions.clone()), shift.until));
                }
                Event::ShiftClosed { operator, .. } if *operator == o => return None,
                _ => {}
            }
        }
        None
    }
    fn load(&self, o: OperatorId) -> u64 {
        self.assists().into_iter().filter(|a| self.who(*a) == Some(o)).count() as u64
    }
    fn pending(&self, a: AssistId) -> Option<(InterventionId, Instant)> {
        for (t, e) in self.of(a).rev() {
            match e {
                Event::Submitted { intervention, .. } => return Some((*intervention, *t)),
                Event::Answered { .. } => return None,
                _ => {}
            }
        }
        None
    }
    /// Pictures since the last offer that came to nothing, the three newest.
    fn views(&self, a: AssistId) -> Vec<Digest> {
        let mut out = Vec::new();
        for (_, e) in self.of(a).rev() {
            match e {
                Event::Shown { view, .. } if out.len() < 3 => out.push(*view),
                Event::OfferLapsed { .. } => break,
                _ => {}
            }
        }
        out
    }
    fn limit(&self, a: AssistId) -> Instant {
        let r = self.request(a);
        let s = [1_200, 600, 300, 120][r.priority as usize];
        self.queued_at(a) + Span::from_secs(s).min(r.response)
    }
    fn last_offer(&self, o: OperatorId) -> Instant {
        let of = |e: &Event| matches!(e, Event::Offered { operator, .. } if *operator == o);
        self.past.iter().rev().find(|(_, e)| of(e)).map_or(Instant::ZERO, |(t, _)| *t)
    }
    /// The one offer that is due next, by looking at every pair.
    fn next_offer(&self, now: Instant) -> Option<(AssistId, OperatorId)> {
        let mut best: Option<(AssistId, u64, u64)> = None;
        for a in self.assists() {
            let r = self.request(a);
            if self.at(a) != At::Queue || self.offers(a) >= 5 || now >= self.limit(a) || self.takers(now, a).is_empty() {
                continue;
            }
            let weight = (600 * r.priority as u64 + now.since(self.queued_at(a)).as_secs()).min(3_600);
            let heavier = best.is_none_or(|(_, w, seq)| weight > w || (weight == w && r.log_seq < seq));
            if heavier {
                best = Some((a, weight, r.log_seq));
            }
        }
        let (a, ..) = best?;
        self.takers(now, a).into_iter().min_by_key(|o| (self.load(*o), self.last_offer(*o), *o)).map(|o| (a, o))
    }
    fn takers(&self, now: Instant, a: AssistId) -> Vec<OperatorId> {
        let r = self.request(a);
        let declined = |o: OperatorId| self.of(a).any(|(_, e)| matches!(e, Event::Declined { operator, .. } if *operator == o));
        let ok = |i: &u64| {
            let o = op(*i);
            let Some((max, (tiers, regions), until)) = self.shift(o) else { return false };
            now < until
                && self.load(o) < u64::from(max)
                && (tiers.is_empty() || tiers.contains(&r.tier))
                && (regions.is_empty() || regions.contains(&r.region))
                && !r.barred.contains(&party(*i))
                && !declined(o)
        };
        (0..OPERATORS).filter(ok).map(op).collect()
    }
    /// Would the desk take it?
    fn takes(&self, now: Instant, c: &Command) -> bool {
        let mine = |o: &OperatorId, a: &AssistId| self.who(*a) == Some(*o) && self.shift(*o).is_some_and(|(_, _, until)| now < until);
        let active = |a: &AssistId| matches!(self.at(*a), At::Active(..));
        match c {
            Command::OpenShift { operator, max_jobs, until, .. } => {
                let fair = *until > now && until.since(now) <= Span::from_mins(720) && (1..=8).contains(max_jobs);
                self.shift(*operator).is_none() && fair
            }
            Command::CloseShift { operator } | Command::Hear { operator } => self.shift(*operator).is_some(),
            Command::Ask(_) | Command::Tick => true,
            Command::Accept { operator, assist } => mine(operator, assist) && matches!(self.at(*assist), At::Offer(_, by) if now <= by),
            Command::Decline { operator, assist, .. } => mine(operator, assist) && matches!(self.at(*assist), At::Offer(..)),
            Command::Start { operator, assist, view } => {
                mine(operator, assist) && matches!(self.at(*assist), At::Taken(..)) && self.views(*assist).contains(view)
            }
            Command::End { operator, assist, outcome } => {
                let own = matches!(outcome, Outcome::Resumed | Outcome::Unresolved | Outcome::Abort | Outcome::TaskDone);
                mine(operator, assist) && active(assist) && own
            }
            Command::Submit { operator, assist, action, view, stopped, .. } => {
                mine(operator, assist)
                    && active(assist)
                    && self.pending(*assist).is_none()
                    && (*operator != op(3) || matches!(action.kind(), Kind::Resume | Kind::Abort))
                    && action.beyond().is_none()
                    && self.views(*assist).contains(view)
                    && (!stopped || action.kind() == Kind::Abort)
            }
            Command::Show { assist, .. } => matches!(self.at(*assist), At::Taken(..) | At::Active(..)),
            Command::Answer { assist, intervention, .. } => {
                self.at(*assist) != At::Nowhere && self.pending(*assist).is_some_and(|(i, _)| i == *intervention)
            }
            Command::Finish { assist, .. } => self.at(*assist) != At::Nowhere,
        }
    }
}

fn name(c: &Command) -> &'static str {
    match c {
        Command::OpenShift { .. } => "open shift",
        Command::CloseShift { .. } => "close shift",
        Command::Hear { .. } => "hear",
        Command::Ask(_) => "ask",
        Command::Accept { .. } => "accept",
        Command::Decline { .. } => "decline",
        Command::Start { .. } => "start",
        Command::End { .. } => "end",
        Command::Submit { .. } => "submit",
        Command::Show { .. } => "show",
        Command::Answer { .. } => "answer",
        Command::Finish { .. } => "finish",
        Command::Tick => "tick",
    }
}

fn any_command(d: &mut Dice, desk: &Desk, now: Instant, n: u64) -> Command {
    let open: Vec<AssistId> = desk.open.keys().copied().collect();
    let operator = op(d.roll(OPERATORS));
    let assist = d.one_of(&open).filter(|_| d.roll(20) > 0).unwrap_or(AssistId::named("nobody's"));
    // Mostly the one whose turn it is, now and then somebody else.
    let operator = desk.open.get(&assist).and_then(|a| a.stage.operator()).filter(|_| d.roll(8) > 0).unwrap_or(operator);
    let shown = desk.open.get(&assist).and_then(|a| a.views.back().copied()).filter(|_| d.roll(10) > 0).unwrap_or(view(0));
    if d.roll(2) == 0
        && let Some(c) = next_step(d, desk, assist, n)
    {
        return c;
    }
    match d.roll(16) {
        0 => {
            let tiers = if d.roll(2) == 0 { vec![] } else { vec![d.roll(2) as u8] };
            let until = Instant(now.0 + d.roll(1_000) * 2_000_000_000);
            Command::OpenShift {
                operator: op(d.roll(OPERATORS)),
                shift: ShiftId::named(&n.to_string()),
                max_jobs: d.roll(4) as u8,
                tiers,
                regions: if d.roll(4) == 0 { vec![RegionId::named("there")] } else { vec![] },
                until,
            }
        }
        1 => Command::CloseShift { operator: op(d.roll(OPERATORS)) },
        2 | 3 => {
            let job = d.roll(JOBS);
            let priority = [Priority::Low, Priority::Normal, Priority::High, Priority::Critical][d.roll(4) as usize];
            Command::Ask(Request {
                assist: AssistId::named(&n.to_string()),
                job: JobId::named(&format!("j{job}")),
                robot: RobotId::named(&format!("r{job}")),
                priority,
                reason: Reason::Stalled,
                tier: d.roll(2) as u8,
                region: RegionId::named(if d.roll(3) == 0 { "there" } else { "here" }),
                response: Span::from_secs(100 + d.roll(500)),
                barred: if d.roll(3) == 0 { vec![party(d.roll(OPERATORS))] } else { vec![] },
                log_seq: n,
                question: None,
            })
        }
        4 | 5 => Command::Accept { operator, assist },
        6 => Command::Decline { operator, assist, reason: "busy".into() },
        7 | 8 => Command::Start { operator, assist, view: shown },
        9 => {
            let all = [Outcome::Resumed, Outcome::Unresolved, Outcome::Abort, Outcome::TaskDone, Outcome::LinkLost];
            Command::End { operator, assist, outcome: all[d.roll(5) as usize] }
        }
        10 | 11 => {
            let action = match d.roll(6) {
                0 => Action::TeleopNudge {
                    dx_mm: d.roll(1_400) as i64 - 700,
                    dy_mm: d.roll(1_400) as i64 - 700,
                    dtheta_urad: d.roll(2_000_000) as i64 - 1_000_000,
                    held: Span::from_millis(d.roll(3_000)),
                },
                1 => Action::SetNavTarget { dx_mm: d.roll(8_000) as i64 - 4_000, dy_mm: d.roll(8_000) as i64 - 4_000 },
                2 => Action::ApproveGrasp { choice: 0 },
                3 => Action::SelectObject { object: 1 },
                4 => Action::Resume {},
                _ => Action::Abort {},
            };
            let intervention = InterventionId::named(&n.to_string());
            Command::Submit { operator, assist, intervention, action, view: shown, stopped: d.roll(6) == 0 }
        }
        12 => Command::Show { assist, view: view(n) },
        13 => {
            let known = desk.open.get(&assist).and_then(|a| a.pending).map(|p| p.intervention);
            let intervention = known.filter(|_| d.roll(8) > 0).unwrap_or(InterventionId::named("unknown"));
            Command::Answer { assist, intervention, done: d.roll(2) == 0 }
        }
        14 if d.roll(4) == 0 => Command::Finish { assist, outcome: Outcome::Exited },
        _ => Command::Tick,
    }
}

/// What whoever is at an assist would do next.
fn next_step(d: &mut Dice, desk: &Desk, assist: AssistId, n: u64) -> Option<Command> {
    let a = desk.open.get(&assist)?;
    let operator = a.stage.operator()?;
    let show = Command::Show { assist, view: view(n) };
    let Some(seen) = a.views.back().copied() else {
        return Some(if matches!(a.stage, Stage::Offered { .. }) { Command::Accept { operator, assist } } else { show });
    };
    Some(match a.stage {
        Stage::Accepted { .. } => Command::Start { operator, assist, view: seen },
        Stage::Active { .. } => match a.pending {
            Some(p) => Command::Answer { assist, intervention: p.intervention, done: d.roll(2) == 0 },
            None if d.roll(4) == 0 => show,
            None if d.roll(4) == 0 => Command::End { operator, assist, outcome: Outcome::Resumed },
            None => {
                let intervention = InterventionId::named(&n.to_string());
                Command::Submit { operator, assist, intervention, action: Action::Resume {}, view: seen, stopped: false }
            }
        },
        _ => Command::Accept { operator, assist },
    })
}

#[test]
fn the_desk_is_what_its_history_says() {
    let (mut taken, mut refused): (BTreeMap<&str, u64>, BTreeMap<&str, u64>) = Default::default();
    let (mut kinds, mut events) = (BTreeSet::new(), 0u64);
    for seed in 0..2_000u64 {
        let mut d = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        let mut desk = Desk::default();
        for i in 0..OPERATORS {
            // The last one may do little.
            let kinds = if i == 3 { vec![Kind::Resume, Kind::Abort] } else { Kind::ALL.to_vec() };
            desk.operators.insert(op(i), Operator::new(op(i), party(i), kinds));
        }
        let mut model = Model::default();
        let mut now = Instant::from_secs(1);
        for n in 1..=60u64 {
            now = Instant(now.0 + d.roll(8_000) * 1_000_000);
            // Consoles say that they are there; what comes of it if they do not is another test's.
            (0..OPERATORS).for_each(|i| desk.hear(now, op(i)));
            // Time passes in its own steps, as timers do.
            while let Some(at) = desk.deadline().filter(|at| *at <= now) {
                let at = at.max(model.past.last().map_or(Instant::ZERO, |(t, _)| *t));
                play(&mut desk, &mut model, at, Command::Tick, &mut events, &mut kinds);
            }
            let c = any_command(&mut d, &desk, now, n);
            let (what, expected) = (name(&c), model.takes(now, &c));
            let before = desk.clone();
            let done = play(&mut desk, &mut model, now, c.clone(), &mut events, &mut kinds);
            assert_eq!(done, expected, "seed {seed}, step {n} at {now}: {c:?}");
            if done {
                *taken.entry(what).or_default() += 1;
            } else {
                assert_eq!(before, desk, "seed {seed}: a refusal changes nothing");
                *refused.entry(what).or_default() += 1;
            }
        }
        // In the end everything ends.
        for _ in 0..4_000 {
            let Some(at) = desk.deadline() else { break };
            now = now.max(at);
            (0..OPERATORS).for_each(|i| desk.hear(now, op(i)));
            play(&mut desk, &mut model, now, Command::Tick, &mut events, &mut kinds);
        }
        assert!(desk.open.is_empty() && model.assists().is_empty(), "seed {seed}: {:?}", desk.open);
        check_ends(&model);
    }
    println!("2000 histories, {events} events of {} kinds\ntaken {taken:?}\nrefused {refused:?}", kinds.len());
    for what in ["open shift", "close shift", "accept", "decline", "start", "end", "submit", "show", "answer", "finish"] {
        assert!(taken.get(what).is_some_and(|n| *n > 20) && refused.get(what).is_some_and(|n| *n > 20), "{what} both ways");
    }
    assert!(kinds.len() >= 14, "{kinds:?}");
}

/// One command on both sides; the offers after it one by one.
fn play(desk: &mut Desk, model: &mut Model, now: Instant, c: Command, events: &mut u64, kinds: &mut BTreeSet<String>) -> bool {
    let Ok(mut out) = desk.decide(now, c) else { return false };
    for e in &out {
        desk.evolve(now, e);
        model.past.push((now, e.clone()));
    }
    for e in desk.offers(now) {
        let Event::Offered { assist, operator, .. } = e else { panic!("{e:?} is no offer") };
        assert_eq!(model.next_offer(now), Some((assist, operator)));
        desk.evolve(now, &e);
        model.past.push((now, e.clone()));
        out.push(e);
    }
    assert_eq!(model.next_offer(now), None);
    *events += out.len() as u64;
    kinds.extend(out.iter().map(|e| format!("{e:?}").split([' ', '(']).next().unwrap_or_default().to_owned()));
    // What the desk keeps is what the history says.
    assert_eq!(desk.open.keys().copied().collect::<BTreeSet<_>>(), model.assists().into_iter().collect::<BTreeSet<_>>());
    for a in desk.open.values() {
        let id = a.request.assist;
        assert_eq!(a.stage.operator(), model.who(id));
        assert_eq!((u64::from(a.offers), a.exhausted_at()), (model.offers(id), model.limit(id)));
        assert_eq!(a.pending.map(|p| (p.intervention, p.at)), model.pending(id));
    }
    let jobs: BTreeSet<JobId> = desk.open.values().map(|a| a.request.job).collect();
    assert_eq!(jobs.len(), desk.open.len(), "one open request per job");
    true
}

/// Each request has one end, each intervention one answer, and only from whoever was at it.
fn check_ends(model: &Model) {
    let mut asked: BTreeMap<AssistId, u64> = BTreeMap::new();
    let mut answers: BTreeMap<InterventionId, u64> = BTreeMap::new();
    for (t, e) in &model.past {
        match e {
            Event::Queued(r) => assert!(asked.insert(r.assist, 0).is_none()),
            Event::Ended { assist, .. } | Event::Exhausted { assist } => *asked.get_mut(assist).expect("asked") += 1,
            Event::Submitted { intervention, .. } => assert!(answers.insert(*intervention, 0).is_none()),
            Event::Answered { assist, intervention, fate } => {
                *answers.get_mut(intervention).expect("submitted") += 1;
                let at = model.of(*assist).find(|(_, e)| matches!(e, Event::Submitted { intervention: i, .. } if i == intervention));
                let late = t.since(at.expect("submitted").0) > Span::from_secs(5);
                assert!(!(late && *fate != Fate::Expired), "an answer after five seconds counts for nothing");
            }
            _ => {}
        }
    }
    assert!(asked.values().chain(answers.values()).all(|n| *n == 1), "{asked:?} {answers:?}");
}

#[test]
fn nothing_is_too_far_to_be_beyond() {
    let target = |dx_mm, dy_mm| Action::SetNavTarget { dx_mm, dy_mm }.beyond();
    for v in [i64::MIN, i64::MAX] {
        assert_eq!((target(v, v), target(0, v), target(v, -1)), (Some("target"), Some("target"), Some("target")));
        let nudge = Action::TeleopNudge { dx_mm: v, dy_mm: v, dtheta_urad: v, held: Span::ZERO };
        assert_eq!(nudge.beyond(), Some("dx_mm"));
    }
    assert_eq!((target(3_000, 4_000), target(-3_000, 4_001)), (None, Some("target")));
}

/// A desk with two operators on shift, and the first of them at work.
fn at_work() -> (Desk, AssistId, Instant) {
    let mut desk = Desk::default();
    let now = Instant::from_secs(100);
    let take = |desk: &mut Desk, now: Instant, c: Command| {
        for e in desk.decide(now, c).expect("it is taken") {
            desk.evolve(now, &e);
        }
        for e in desk.offers(now) {
            desk.evolve(now, &e);
        }
    };
    for i in 0..2 {
        desk.operators.insert(op(i), Operator::new(op(i), party(i), Kind::ALL.to_vec()));
        let (tiers, regions, until) = (vec![], vec![], now + Span::from_secs(3_000));
        let shift = ShiftId::named(&i.to_string());
        take(&mut desk, now, Command::OpenShift { operator: op(i), shift, max_jobs: 1, tiers, regions, until });
    }
    let mut d = Dice(3);
    let request = loop {
        if let Command::Ask(r) = any_command(&mut d, &desk, now, 1) {
            break Request { barred: vec![], ..r };
        }
    };
    let assist = request.assist;
    take(&mut desk, now, Command::Ask(request));
    let operator = desk.open[&assist].stage.operator().expect("offered");
    take(&mut desk, now, Command::Accept { operator, assist });
    take(&mut desk, now, Command::Show { assist, view: view(1) });
    take(&mut desk, now, Command::Start { operator, assist, view: view(1) });
    (desk, assist, now)
}

#[test]
fn a_console_that_falls_silent_ends_what_its_operator_was_at_and_is_offered_nothing() {
    let (mut desk, assist, at) = at_work();
    let Stage::Active { operator, .. } = desk.open[&assist].stage else { panic!("at work") };
    let other = if operator == op(0) { op(1) } else { op(0) };
    desk.hear(at + Span::from_secs(20), operator);
    desk.hear(at + Span::from_secs(40), other);
    let lost = at + Span::from_secs(50);
    assert_eq!(desk.deadline(), Some(lost), "three times ten seconds after its last word");
    assert_eq!(desk.decide(Instant(lost.0 - 1), Command::Tick), Ok(vec![]));
    let events = desk.decide(lost, Command::Tick).unwrap();
    let last = at + Span::from_secs(20);
    assert_eq!(events, [Event::ConsoleLost { operator, last }, Event::Ended { assist, outcome: Outcome::LinkLost }]);
    events.iter().for_each(|e| desk.evolve(lost, e));
    assert!(desk.operators[&operator].shift.is_some(), "the shift goes on");
    assert_eq!(desk.decide(lost, Command::Tick), Ok(vec![]), "it is lost once");
    // What is asked for now goes to the other one, and waits when that one is busy.
    for n in 0..2 {
        let mut d = Dice(5 + n);
        let request = loop {
            if let Command::Ask(r) = any_command(&mut d, &desk, lost, n)
                && desk.of_job(r.job).is_none()
            {
                break Request { barred: vec![], ..r };
            }
        };
        let id = request.assist;
        for e in desk.decide(lost, Command::Ask(request)).unwrap() {
            desk.evolve(lost, &e);
        }
        for e in desk.offers(lost) {
            desk.evolve(lost, &e);
        }
        assert_eq!(desk.open[&id].stage.operator(), (n == 0).then_some(other));
    }
    let back = lost + Span::from_secs(1);
    assert_eq!(desk.decide(back, Command::Hear { operator }), Ok(vec![Event::ConsoleBack { operator }]));
    desk.evolve(back, &Event::ConsoleBack { operator });
    desk.hear(back, operator);
    assert_eq!(desk.decide(back, Command::Hear { operator }), Ok(vec![]));
    assert!(matches!(&desk.offers(back)[..], [Event::Offered { operator: o, .. }] if *o == operator), "it is offered what waits");
}
