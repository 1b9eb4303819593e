//! Remote operators: open their shift, answer offers, look at what the robot shows, and lead it around what stands in its
//! way. They know what is on their screen, and nothing else.
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // millimetres near a robot

use crate::Mail;
use nooterra_control::HelpOutcome as Outcome;
use nooterra_control::input::Body as _;
use nooterra_control::operator::OperatorCommand;
use nooterra_control::wish::HelpWord;
use nooterra_engine::chance::{Chance, Place};
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::AssistId;
use nooterra_engine::net::Node;
use nooterra_engine::queue::EventQueue;
use nooterra_engine::real::sin_cos;
use nooterra_engine::{Instant, Record, Span};
use nooterra_port::assist::{Action, AssistView};
use nooterra_script::resolved::{Does, OperatorPlan};
use nooterra_trust::Outbox;
use std::collections::BTreeMap;

const ANSWER: Place = Place::named("cast.operator.answer");
/// Robots at a time.
const AT_A_TIME: u8 = 2;
/// Its console says that it is there this often.
const ALIVE: Span = Span::from_secs(10);
/// Attempts to get a robot by before it is given up.
const TRIES: u32 = 4;
/// A robot still on its way to where it was sent is looked at again after this.
const LOOK_AGAIN: Span = Span::from_millis(1_500);
/// What stands in the way lies within this.
const AHEAD_M: f64 = 1.6;
/// Room that the robot needs beside its own width.
const ROOM_M: f64 = 0.08;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
enum Todo {
    Answer(AssistId),
    Decide(AssistId),
}

/// How far an assist is.
#[derive(Debug, Clone, PartialEq, Record)]
struct Case {
    view: Option<AssistView>,
    begun: bool,
    /// Where the robot was sent last, and where it is to go after that, mm.
    sent: Option<(i64, i64)>,
    then: Option<Action>,
    resumed: bool,
    tries: u32,
}

/// One operator.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Operator {
    /// What it sends.
    pub outbox: Outbox,
    /// Under a fault: does nothing.
    pub absent: bool,
    plan: OperatorPlan,
    on_shift: bool,
    /// When its console says next that it is there.
    alive_at: Instant,
    todo: EventQueue<Todo>,
    cases: BTreeMap<AssistId, Case>,
}

impl Operator {
    pub(crate) fn new(plan: OperatorPlan, outbox: Outbox) -> Self {
        Self { outbox, absent: false, plan, on_shift: false, alive_at: Instant::NEVER, todo: EventQueue::default(), cases: BTreeMap::new() }
    }

    fn say(&mut self, now: Instant, c: &OperatorCommand) {
        self.outbox.push(c.draft("assist"), now, 0);
    }

    fn later(&mut self, now: Instant, node: Node, todo: Todo, chance: &mut Chance) {
        let wait = chance.between(ANSWER, u64::from(node), self.plan.response_min.0, self.plan.response_max.0);
        self.todo.push(now + Span(wait), 0, 0, todo);
    }

    pub(crate) fn receive(&mut self, now: Instant, node: Node, mail: &Mail, chance: &mut Chance) {
        match mail {
            Mail::Receipt(r) => {
                self.outbox.receive(r, now);
            }
            Mail::Help(_) if self.absent => {}
            Mail::Help(HelpWord::Offer(o)) => self.later(now, node, Todo::Answer(o.assist), chance),
            Mail::Help(HelpWord::Screen(view)) => {
                let assist = view.assist;
                let Some(case) = self.cases.get_mut(&assist) else { return };
                case.view = Some((**view).clone());
                if !case.begun {
                    case.begun = true;
                    self.say(now, &OperatorCommand::Start { assist, view: view.hash() });
                    self.later(now, node, Todo::Decide(assist), chance);
                }
            }
            Mail::Help(HelpWord::Answer { assist, code, .. }) => {
                if let Some(case) = self.cases.get_mut(assist) {
                    if !code.is_empty() {
                        case.tries += 1;
                        (case.sent, case.then, case.resumed) = (None, None, false);
                    }
                    self.later(now, node, Todo::Decide(*assist), chance);
                }
            }
            Mail::Help(HelpWord::Over { assist }) => {
                self.cases.remove(assist);
            }
            _ => {}
        }
    }

    pub(crate) fn advance(&mut self, now: Instant) {
        if !self.on_shift && now >= self.plan.from {
            self.on_shift = true;
            self.alive_at = now + ALIVE;
            self.say(now, &OperatorCommand::OpenShift { max_jobs: AT_A_TIME, tiers: Vec::new(), regions: Vec::new(), until: self.plan.to });
        }
        // Whether anybody sits there or not.
        if self.alive_at <= now {
            self.alive_at = if now + ALIVE < self.plan.to { now + ALIVE } else { Instant::NEVER };
            // What waits to be heard says so as well.
            if self.outbox.unacked() == 0 {
                self.say(now, &OperatorCommand::Alive);
            }
        }
        while let Some((_, todo)) = self.todo.pop_due(now) {
            if self.absent {
                continue;
            }
            match todo {
                Todo::Answer(assist) => self.answer(now, assist),
                Todo::Decide(assist) => self.decide(now, assist),
            }
        }
    }

    fn answer(&mut self, now: Instant, assist: AssistId) {
        if self.plan.does == Does::Decline {
            self.say(now, &OperatorCommand::Decline { assist, reason: "busy".into() });
            return;
        }
        self.cases.insert(assist, Case { view: None, begun: false, sent: None, then: None, resumed: false, tries: 0 });
        self.say(now, &OperatorCommand::Accept { assist });
    }

    fn decide(&mut self, now: Instant, assist: AssistId) {
        let does = self.plan.does;
        let Some(case) = self.cases.get_mut(&assist) else { return };
        let Some(view) = case.view.clone() else { return };
        if view.busy {
            self.todo.push(now + LOOK_AGAIN, 0, 0, Todo::Decide(assist));
            return;
        }
        let end = |outcome| OperatorCommand::End { assist, outcome };
        let command = match does {
            Does::Abort => end(Outcome::Abort),
            Does::Nothing | Does::Decline => end(Outcome::Unresolved),
            _ if case.resumed => end(Outcome::Resumed),
            Does::Resume => case.go_on(assist, &view),
            Does::Help => case.help(assist, &view),
        };
        self.say(now, &command);
    }

    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let shift = (!self.on_shift).then_some(self.plan.from);
        let alive = Some(self.alive_at).filter(|at| *at < Instant::NEVER);
        self.todo.peek().map(|k| k.at).into_iter().chain(shift).chain(alive).chain(self.outbox.next_deadline(now)).min()
    }
}

impl Case {
    fn go_on(&mut self, assist: AssistId, view: &AssistView) -> OperatorCommand {
        self.resumed = true;
        let action = if view.failed_grasps > 0 { Action::ApproveGrasp { choice: 0 } } else { Action::Resume {} };
        OperatorCommand::Intervene { assist, action, view: view.hash() }
    }

    /// One step of getting the robot by: aside, past, and on.
    fn help(&mut self, assist: AssistId, view: &AssistView) -> OperatorCommand {
        if self.tries >= TRIES {
            return OperatorCommand::End { assist, outcome: Outcome::Unresolved };
        }
        if let Some((x, y)) = self.sent.take() {
            let off = (view.pose.x_mm - x).abs().max((view.pose.y_mm - y).abs());
            let there = off <= 120;
            match self.then.take() {
                Some(next) if there => return self.send(assist, next, None, view),
                None if there => return self.go_on(assist, view),
                _ => self.tries += 1,
            }
        }
        match way_by(view) {
            Some((aside, past)) if view.blocked => self.send(assist, aside, Some(past), view),
            _ => self.go_on(assist, view),
        }
    }

    fn send(&mut self, assist: AssistId, action: Action, then: Option<Action>, view: &AssistView) -> OperatorCommand {
        if let Action::SetNavTarget { x_mm, y_mm, .. } = action {
            self.sent = Some((x_mm, y_mm));
        }
        self.then = then;
        OperatorCommand::Intervene { assist, action, view: view.hash() }
    }
}

/// How a robot gets by what stands right before it: a place beside its way, and one past the thing. Nothing if nothing is
/// seen there, or if there is no room on either side.
pub(crate) fn way_by(v: &AssistView) -> Option<(Action, Action)> {
    let m = |mm: i64| mm as f64 * 1e-3;
    let (next, here) = (v.next?, Vec2::new(m(v.pose.x_mm), m(v.pose.y_mm)));
    let along = (Vec2::new(m(next.0), m(next.1)) - here).unit();
    let radius = f64::from(v.radius_mm) * 1e-3;
    let theta = m(v.pose.theta_urad) * 1e-3;
    // Everything seen, as (ahead, to the left) of the way.
    let mut seen: Vec<(f64, f64)> = Vec::new();
    for (i, r) in v.ranges_mm.iter().enumerate().filter(|(_, r)| **r > 0) {
        let angle = theta + (v.first_urad as f64 + v.step_urad as f64 * i as f64) * 1e-6;
        let (sn, cs) = sin_cos(angle);
        let q = Vec2::new(cs, sn) * (f64::from(*r) * 1e-3);
        seen.push((along.dot(q), along.cross(q)));
    }
    let blocks = |p: &&(f64, f64)| p.0 > 0.0 && p.0 < AHEAD_M && p.1.abs() < radius + 0.05;
    let front = seen.iter().filter(blocks).map(|p| p.0).fold(f64::INFINITY, f64::min);
    if !front.is_finite() {
        return None;
    }
    // The thing: what hangs together with its nearest point, seen from here.
    let mut near: Vec<f64> = seen.iter().filter(|p| p.0 > front - 0.1 && p.0 < front + 0.3).map(|p| p.1).collect();
    near.sort_by(f64::total_cmp);
    let centre = seen.iter().filter(blocks).filter(|p| p.0 <= front + 1e-9).map(|p| p.1).next()?;
    let at = near.iter().position(|l| *l >= centre)?;
    let (mut right, mut left) = (near[at], near[at]);
    for l in near[..at].iter().rev() {
        if right - l > 0.15 {
            break;
        }
        right = *l;
    }
    for l in &near[at..] {
        if l - left > 0.15 {
            break;
        }
        left = *l;
    }
    let width = left - right;
    let beyond = front + width.max(0.2) + radius + 0.35;
    // Room on either side, as far as the robot will go.
    let beside = |p: &&(f64, f64)| p.0 > -radius && p.0 < beyond + radius;
    let wall_left = seen.iter().filter(beside).map(|p| p.1).filter(|l| *l > left + 0.1).fold(left + 2.0, f64::min);
    let wall_right = seen.iter().filter(beside).map(|p| p.1).filter(|l| *l < right - 0.1).fold(right - 2.0, f64::max);
    let (room_left, room_right) = (wall_left - left, right - wall_right);
    let needed = 2.0 * radius + ROOM_M;
    if room_left.max(room_right) < needed {
        return None;
    }
    let most = radius + 0.2;
    let side = if room_left >= room_right { left + (room_left / 2.0).min(most) } else { right - (room_right / 2.0).min(most) };
    let across = Vec2::new(-along.y, along.x);
    let facing = (along.angle() * 1e6) as i64;
    let target = |ahead: f64| {
        let p = here + along * ahead + across * side;
        Action::SetNavTarget { x_mm: (p.x * 1e3) as i64, y_mm: (p.y * 1e3) as i64, theta_urad: facing, level: v.level }
    };
    Some((target(0.0), target(beyond)))
}
