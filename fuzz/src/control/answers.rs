//! Those who do as they are asked: a payment adapter, a site, and robots that say what the platform waits for. Without
//! them few sequences would get past the first booking.

use nooterra_control::Control;
use nooterra_control::input::{Body, PaymentReport};
use nooterra_control::wish::{PaymentAsk, Wish};
use nooterra_engine::ids::{AccessPlanId, LeaseId, OrderId, RobotId};
use nooterra_engine::{Digest, Span, encode};
use nooterra_port::blackbox::Chunk;
use nooterra_port::camera::GateWord;
use nooterra_port::facility::{Entry, WitnessClass};
use nooterra_port::order::{LeaseOffer, StepAction};
use nooterra_port::report::{Heartbeat, MarkerOff, Mode, PersonWord, PoseMm};
use nooterra_port::{FacilityOrder, FacilityReport, Order, Report, SignedOrder};
use nooterra_trust::{InputKind, Role};
use std::collections::{BTreeMap, VecDeque};

/// Most asks that are remembered.
const ASKS_MAX: usize = 16;

/// A body with its name.
#[derive(Debug, Clone)]
pub struct Said {
    /// Name of its type.
    pub name: &'static str,
    /// Command or report.
    pub kind: InputKind,
    /// Canonical bytes.
    pub bytes: Vec<u8>,
}

fn said<B: Body>(b: &B) -> Said {
    Said { name: B::NAME, kind: B::KIND, bytes: encode(b) }
}

#[derive(Debug, Default)]
struct Robot {
    acks: VecDeque<u64>,
    offer: Option<(LeaseOffer, u64)>,
    /// Taken for later, and those of them that it has not said so of.
    ahead: Vec<(LeaseOffer, u64)>,
    unsaid: VecDeque<LeaseId>,
    /// It speaks about this one now.
    about: Option<(LeaseId, u64)>,
    orders_seen: u64,
    order: Option<OrderId>,
    way: VecDeque<(u32, u32)>,
    at: Option<u32>,
    last: u32,
    step: u16,
    phase: u8,
    granted: bool,
}

/// All of them, with what they were asked.
#[derive(Debug, Default)]
pub struct Puppets {
    /// Asks to the payment adapter.
    pub bank: VecDeque<PaymentAsk>,
    /// Asks to the site.
    pub site: VecDeque<FacilityOrder>,
    /// What the site saw and has not said yet.
    pub seen: VecDeque<FacilityReport>,
    robots: BTreeMap<RobotId, Robot>,
}

impl Puppets {
    /// Hears what the platform wishes.
    pub fn hear(&mut self, wishes: Vec<Wish>) {
        for w in wishes {
            match w {
                Wish::Pay(ask) => {
                    self.bank.push_back(ask);
                    self.bank.drain(..self.bank.len().saturating_sub(ASKS_MAX));
                }
                Wish::Facility { order, .. } => {
                    self.site.push_back(order);
                    self.site.drain(..self.site.len().saturating_sub(ASKS_MAX));
                }
                Wish::Order(o) => self.order(*o),
                _ => {}
            }
        }
    }

    fn order(&mut self, o: SignedOrder) {
        let r = self.robots.entry(o.robot).or_default();
        r.orders_seen = o.order_seq;
        r.acks.push_back(o.order_seq);
        match o.body {
            Order::LeaseOffer(l) if l.ahead => {
                r.unsaid.push_back(l.lease);
                r.ahead.push((l, o.fence));
            }
            Order::LeaseDue { lease } => {
                if let Some(i) = r.ahead.iter().position(|(l, _)| l.lease == lease) {
                    let (l, _) = r.ahead.remove(i);
                    (r.step, r.phase, r.granted) = (l.plan.from_step, 1, false);
                    r.offer = Some((l, o.fence));
                }
            }
            Order::LeaseEnd { lease, .. } if r.ahead.iter().any(|(l, _)| l.lease == lease) => r.ahead.retain(|(l, _)| l.lease != lease),
            Order::LeaseOffer(l) => {
                (r.step, r.phase, r.granted) = (l.plan.from_step, 0, false);
                r.offer = Some((l, o.fence));
            }
            Order::LeaseEnd { .. } => r.offer = None,
            Order::Route(route) => {
                if r.order != Some(route.order) {
                    r.order = Some(route.order);
                    r.way.clear();
                    if let Some(n) = route.nodes.first() {
                        (r.at, r.last) = (Some(n.vertex), n.sequence_id);
                    }
                }
                r.way.extend(route.nodes.iter().skip(1).map(|n| (n.sequence_id, n.vertex)));
            }
            Order::AccessGranted { .. } => r.granted = true,
            Order::SafeExit { .. } => r.phase = 6,
            _ => {}
        }
    }

    /// How many asks and sightings wait.
    pub fn waiting(&self) -> usize {
        self.bank.len() + self.site.len() + self.seen.len()
    }

    /// A true answer to the `i`-th of them.
    pub fn answer(&mut self, i: usize, c: &Control) -> Option<(Role, Said)> {
        let (banks, sites) = (self.bank.len(), self.site.len());
        if i < banks {
            return Some((Role::PS, said(&bank(&self.bank[i], c))));
        }
        if i < banks + sites {
            return Some((Role::SI, said(&site(&self.site[i - banks], c)?)));
        }
        self.seen.remove(i - banks - sites).map(|f| (Role::SI, said(&f)))
    }

    /// The lease and fence under which a robot speaks.
    pub fn lease(&self, robot: RobotId, c: &Control) -> (Option<LeaseId>, Option<u64>) {
        let known_of = self.robots.get(&robot);
        let about = known_of.and_then(|r| r.about).map(|(l, f)| (Some(l), Some(f)));
        let own = about.or_else(|| known_of?.offer.as_ref().map(|(l, f)| (Some(l.lease), Some(*f))));
        let known = || c.robots().find(|r| r.id == robot).map(|r| (r.lease.map(|l| l.lease), Some(r.fence)));
        own.or_else(known).unwrap_or_default()
    }

    /// What a robot says next if all goes well.
    pub fn move_robot(&mut self, i: u8, c: &Control) -> Option<(RobotId, Said)> {
        let ids: Vec<RobotId> = c.robots().map(|r| r.id).collect();
        let id = *ids.get(usize::from(i & 0x0f) % ids.len().max(1))?;
        let known = c.robots().find(|r| r.id == id)?;
        let r = self.robots.entry(id).or_default();
        r.about = None;
        if let Some(seq) = r.acks.pop_front() {
            return Some((id, said(&Report::OrderAcked { order_seq: seq, code: String::new() })));
        }
        while let Some(lease) = r.unsaid.pop_front() {
            if let Some((l, fence)) = r.ahead.iter().find(|(l, _)| l.lease == lease) {
                r.about = Some((lease, *fence));
                return Some((id, said(&Report::LeaseAccepted { lease, plan_hash: l.plan.hash() })));
            }
        }
        let at = *r.at.get_or_insert(known.place);
        let pose = pose(at, c);
        let beat = |r: &Robot, at| {
            let (mode, pose) = (if r.way.is_empty() { Mode::Idle } else { Mode::Driving }, pose);
            said(&Report::Heartbeat(Heartbeat {
                soc_bps: if i & 0x80 == 0 { 9_000 } else { u32::from(i) * 40 },
                battery_mv: 12_000,
                charging: false,
                health_bps: 9_500,
                errors: Vec::new(),
                pose,
                level: 0,
                sigma_mm: 5,
                speed_mm_s: 0,
                order: r.order,
                update: 0,
                last_node_sequence_id: r.last,
                last_node: at,
                paused: false,
                orders_seen: r.orders_seen,
                ahead: r.ahead.iter().map(|(l, _)| l.lease).collect(),
                mode,
                bb_head: None,
                residual_milli: 0,
                marker: (i & 0x21 == 0x21).then_some(MarkerOff { offset_mm: 400, turn_urad: 0 }),
                person: (i & 0x24 == 0x24).then_some(PersonWord { clearance_mm: u32::from(i), closing_mm_s: u32::from(i) }),
                gate: (i & 0x42 == 0x42).then_some(GateWord {
                    open: false,
                    kept: u32::from(i),
                    while_shut: u32::from(i) / 200,
                    last: None,
                }),
            }))
        };
        if i & 0x10 != 0 {
            return Some((id, beat(r, at)));
        }
        let Some((l, _)) = r.offer.clone() else { return Some((id, beat(r, at))) };
        let plan = &l.plan;
        let goal = match r.phase {
            2 | 3 => Some(plan.access_point),
            5 => plan.steps.get(usize::from(r.step)).map(|s| s.vertex),
            _ => None,
        };
        if goal.is_some_and(|g| g != at) {
            let Some((seq, vertex)) = r.way.pop_front() else { return Some((id, beat(r, at))) };
            (r.at, r.last) = (Some(vertex), seq);
            return Some((id, beat(r, vertex)));
        }
        let report = match r.phase {
            0 => Report::LeaseAccepted { lease: l.lease, plan_hash: plan.hash() },
            1 => Report::Departed { route_mm: 1_000, eta_s: 10 },
            2 => Report::RobotArrived { access_point: plan.access_point, pose },
            3 if r.granted => Report::ExecutionStarted { leg: l.leg, plan_hash: plan.hash(), from_step: r.step },
            3 => return Some((id, beat(r, at))),
            5 => match plan.steps.get(usize::from(r.step)) {
                Some(s) => {
                    let index = r.step;
                    r.step += 1;
                    let see = |class, item| FacilityReport::Witnessed { job: l.job, robot: id, class, vertex: s.vertex, item, measure: 1 };
                    self.seen.push_back(see(WitnessClass::DockScan, None));
                    if let StepAction::Pick { item, .. } | StepAction::Drop { item } = &s.action {
                        self.seen.push_back(see(WitnessClass::CustodyScan, Some(*item)));
                    }
                    self.seen.drain(..self.seen.len().saturating_sub(ASKS_MAX));
                    let done = u32::try_from(10_000 * r.step as usize / plan.steps.len().max(1)).unwrap_or(10_000);
                    let report = Report::CheckpointReached { index, step: s.name.clone(), vertex: s.vertex, work_bps_claimed: done };
                    return Some((id, said(&report)));
                }
                None => {
                    r.phase = 7;
                    return Some((id, said(&Report::ExecutionCompleted { steps: r.step })));
                }
            },
            6 => Report::SafeExitReported { custody: false, pose },
            _ => return Some((id, beat(r, at))),
        };
        r.phase = match r.phase {
            3 => 5,
            n => n + 1,
        };
        Some((id, said(&report)))
    }
}

fn bank(ask: &PaymentAsk, c: &Control) -> PaymentReport {
    match *ask {
        PaymentAsk::Authorise { payment, amount, currency, .. } => {
            let expires = c.state().now.saturating_add(Span::from_mins(7 * 24 * 60));
            PaymentReport::Authorised { payment, amount, currency, expires, provider_ref: payment.to_string() }
        }
        PaymentAsk::Capture { payment, amount } => PaymentReport::Captured { payment, amount },
        PaymentAsk::Void { payment } => PaymentReport::Voided { payment },
        PaymentAsk::Refund { refund, .. } => PaymentReport::RefundPaid { refund, provider_ref: refund.to_string() },
        PaymentAsk::PayClaim { claim, amount, currency, .. } => {
            PaymentReport::ClaimPaid { claim, amount, currency, provider_ref: claim.to_string() }
        }
        PaymentAsk::Recover { claim, insurer, amount, currency } => PaymentReport::RecoveryReceived { claim, insurer, amount, currency },
        PaymentAsk::Payout { payout, .. } => PaymentReport::PayoutConfirmed { payout, provider_ref: payout.to_string() },
    }
}

fn site(o: &FacilityOrder, c: &Control) -> Option<FacilityReport> {
    let place = |id: &RobotId| c.robots().find(|r| r.id == *id).map_or(0, |r| r.place);
    Some(match o {
        FacilityOrder::AskAccess { number, job, vertices, valid_from, valid_to, no_go, .. } => {
            let plan = AccessPlanId::named(&job.to_string());
            let (vertices, areas, no_go) = (vertices.clone(), Vec::new(), no_go.clone());
            // Every door and lift opens by it.
            let entry = Entry { entrances: (0..c.world().site.entrances()).collect(), ..Entry::default() };
            let (valid_from, valid_to) = (*valid_from, *valid_to);
            FacilityReport::AccessPlanIssued { number: *number, job: *job, plan, vertices, areas, no_go, entry, valid_from, valid_to }
        }
        FacilityOrder::AskEntry { job, plan, fence, .. } => FacilityReport::AccessGranted { job: *job, plan: *plan, fence: *fence },
        FacilityOrder::Watch { job, robot, .. } => {
            FacilityReport::Entered { job: *job, robot: *robot, vertex: place(robot), fence: u64::MAX }
        }
        FacilityOrder::Revoke { job, plan } => FacilityReport::RevokeAcked { job: *job, plan: *plan },
        FacilityOrder::HoldPlan { job, plan, .. } => FacilityReport::PlanHeld { job: *job, plan: *plan },
        FacilityOrder::ExtendPlan { job, plan, valid_to, .. } => {
            FacilityReport::PlanExtended { job: *job, plan: *plan, valid_to: *valid_to }
        }
        FacilityOrder::Grant { job, number, .. } => FacilityReport::GrantHeld { job: *job, number: *number },
        FacilityOrder::ShutLevels { number, .. } => FacilityReport::LevelsShut { number: *number },
        FacilityOrder::Replay { number, chunks, .. } => {
            let hashes: Vec<Digest> = chunks.iter().map(Chunk::hash).collect();
            let artefact = nooterra_trust::evidence::content_of(&hashes);
            FacilityReport::Replayed { number: *number, artefact, residual_milli: Some(0) }
        }
        FacilityOrder::Withdraw { job, plan } => FacilityReport::PlanWithdrawn { job: *job, plan: *plan },
        FacilityOrder::Door { door, open, number, .. } => {
            let state = if *open { nooterra_port::facility::DoorState::Open } else { nooterra_port::facility::DoorState::Closed };
            FacilityReport::Door { door: *door, state, number: *number }
        }
        _ => return None,
    })
}

/// At a vertex of the site.
#[allow(clippy::cast_possible_truncation, reason = "sites are small")]
fn pose(vertex: u32, c: &Control) -> PoseMm {
    let at = c.world().site.vertices.get(vertex as usize).map(|v| v.at).unwrap_or_default();
    PoseMm { x_mm: (at.x * 1e3) as i64, y_mm: (at.y * 1e3) as i64, theta_urad: 0 }
}
