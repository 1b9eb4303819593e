//! Counts what a run says while it goes to the tape: the ever-growing metrics.

use crate::tape::Tape;
use nooterra_control::fact::{CaseEvent, DispatchEvent, Event, Fact, PartyEvent};
use nooterra_engine::Instant;
use nooterra_engine::faults::Edge;
use nooterra_engine::ids::{IncidentId, RobotId};
use nooterra_engine::money::Currency;
use nooterra_jobs::event::{Choice, Event as JobEvent, Outcome, Side};
use nooterra_operations::RobotStatus;
use nooterra_operations::event::Event as RobotEvent;
use nooterra_oracle::{Recorded, Trail};
use nooterra_stage::{Entry, Sink};
use nooterra_trust::evidence::{Channel, Event as Evidence};
use std::collections::{BTreeMap, BTreeSet};

/// Money that ever moved in one currency, minor units.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sums {
    /// Authorised.
    pub authorised: u64,
    /// Captured.
    pub captured: u64,
    /// Given back.
    pub refunded: u64,
    /// Paid out.
    pub paid_out: u64,
    /// Charged at settlement.
    pub charged: u64,
    /// Of these, for cancelled jobs.
    pub fees: u64,
    /// Charged to requesters for moving bookings.
    pub moves: u64,
    /// Credited for missed service levels.
    pub credits: u64,
    /// Of credit that paid for jobs, less what came back as credit.
    pub redeemed: u64,
}

/// What happened so far.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Events by name.
    pub events: BTreeMap<&'static str, u64>,
    /// Money by currency.
    pub money: BTreeMap<Currency, Sums>,
    /// Refused inputs by code.
    pub refused: BTreeMap<&'static str, u64>,
    /// Incidents by severity.
    pub incidents: BTreeMap<u8, u64>,
    /// Incidents as they were opened.
    pub incident_lines: Vec<String>,
    /// Incidents of missing chunks or windows, and those of them of severity 3.
    pub gaps: u64,
    /// See [`Counts::gaps`].
    pub gaps_material: u64,
    /// Incidents of motion that is not what was commanded.
    pub residual: u64,
    /// Incidents about people.
    pub people: u64,
    /// Incidents of images kept while a gate was shut.
    pub privacy: u64,
    /// Incidents of robots that were not where they thought.
    pub divergence: u64,
    /// Pieces of evidence that are images.
    pub images: u64,
    /// Robots passed over for their cameras, over all batches.
    pub seen_off: u64,
    /// Pieces of evidence out of black boxes.
    pub boxes: u64,
    /// Collisions on record, by robot.
    pub collisions: Vec<Recorded>,
    /// Faults begun.
    pub faults: u64,
    /// Requests to open doors.
    pub doors: u64,
    /// Requests for rides in lifts.
    pub rides: u64,
    /// Robots taken off the floor.
    pub recovered: u64,
    /// Robots passed over for want of a certificate, over all batches.
    pub barred: u64,
    /// Jobs booked at the lowest price quoted for them.
    pub lowest: u64,
    /// No-shows after which the requester waited.
    pub waited: u64,
    /// What jobs are paid in, by stream.
    coins: BTreeMap<String, Currency>,
    /// Lowest price quoted for each open request, by stream.
    offers: BTreeMap<String, u64>,
    /// Incidents for which evidence was asked for.
    pub asked: BTreeSet<IncidentId>,
    /// Whom an incident of a contact concerns.
    hit: BTreeMap<IncidentId, RobotId>,
}

/// Is an incident of this code about a contact?
fn is_contact(code: &str) -> bool {
    matches!(code, "COLLISION" | "HUMAN_CONTACT")
}

/// Incident lines kept.
const LINES: usize = 200;

impl Counts {
    /// Times that an event of this name happened.
    #[must_use]
    pub fn of(&self, name: &str) -> u64 {
        self.events.get(name).copied().unwrap_or_default()
    }
    /// Money that ever moved in a currency.
    #[must_use]
    pub fn sums(&self, currency: Currency) -> Sums {
        self.money.get(&currency).copied().unwrap_or_default()
    }
    fn see(&mut self, at: Instant, fact: &Fact) {
        let r = match fact {
            Fact::Event(r) => r,
            Fact::Rejected(r) => {
                *self.refused.entry(r.rejection.code.text()).or_default() += 1;
                return;
            }
            Fact::Ledger(_) => return,
        };
        *self.events.entry(r.payload.name()).or_default() += 1;
        match &r.payload {
            Event::Job(j) => {
                if let JobEvent::JobCreated(request) = j {
                    self.coins.insert(r.header.stream.clone(), request.currency);
                }
                self.see_job(at, j);
                self.see_money(&r.header.stream, j);
                self.see_contact(at, j);
                self.see_market(&r.header.stream, j);
            }
            Event::Robot(RobotEvent::IncidentOpened { code, severity, incident, .. }) if is_contact(code) => {
                self.see_code(code, *severity);
                if let Some(robot) = r.header.stream.strip_prefix("robot/").and_then(|r| r.parse().ok()) {
                    self.hit.insert(*incident, robot);
                    self.collisions.push(Recorded { at, robot, severity: *severity, incident: None });
                }
            }
            Event::Robot(RobotEvent::IncidentOpened { code, severity, .. }) => self.see_code(code, *severity),
            Event::Robot(RobotEvent::IncidentRepeated { incident, severity }) => {
                let robot = self.hit.get(incident).copied();
                self.collisions.extend(robot.map(|robot| Recorded { at, robot, severity: *severity, incident: None }));
            }
            Event::Case(CaseEvent::Evidence(e)) => {
                if let Evidence::Wanted { incident, .. } = &**e {
                    self.asked.insert(*incident);
                }
                if let Evidence::Captured(c) = &**e {
                    self.asked.insert(c.incident);
                    self.boxes += u64::from(c.inclusion.is_some());
                    self.images += u64::from(c.channel == Channel::Images);
                }
            }
            Event::Robot(RobotEvent::HealthChanged { to: RobotStatus::Maintenance, .. }) => self.recovered += 1,
            Event::Dispatch(DispatchEvent::DispatchEvaluated { jobs, .. }) => {
                let for_want = |of: &str| {
                    let failed = jobs.iter().flat_map(|j| &j.failed).filter(|(code, _)| code == of);
                    failed.map(|(_, n)| u64::from(*n)).sum::<u64>()
                };
                self.barred += for_want("CERT");
                self.seen_off += for_want("PRIVACY");
            }
            Event::Party(PartyEvent::PayoutInitiated { net, currency, .. }) => {
                self.money.entry(*currency).or_default().paid_out += net.minor();
            }
            _ => {}
        }
    }
    fn see_code(&mut self, code: &str, severity: u8) {
        match code {
            "TELEMETRY_GAP" => {
                self.gaps += 1;
                self.gaps_material += u64::from(severity >= 3);
            }
            "TWIN_RESIDUAL" => self.residual += 1,
            "NEAR_MISS" | "HUMAN_CONTACT" => self.people += 1,
            "PRIVACY_BREACH" => self.privacy += 1,
            "LOCALISATION_DIVERGENCE" => self.divergence += 1,
            _ => {}
        }
    }
    /// What the market came to. The lowest price is kept by watching, not by asking who was chosen and why.
    fn see_market(&mut self, stream: &str, e: &JobEvent) {
        let mut offer = |service: u64| {
            let lowest = self.offers.entry(stream.to_owned()).or_insert(service);
            *lowest = service.min(*lowest);
        };
        match e {
            JobEvent::QuoteSubmitted(q) => offer(q.service.minor()),
            JobEvent::QuoteCountered(c) => offer(c.service.minor()),
            JobEvent::JobBooked(b) => {
                let lowest = self.offers.remove(stream);
                self.lowest += u64::from(lowest == Some(b.pins.service.minor()));
            }
            JobEvent::NoShowResolved { choice: Choice::Wait, .. } => self.waited += 1,
            _ => {}
        }
    }
    /// Money of a job, in its currency.
    fn see_money(&mut self, stream: &str, e: &JobEvent) {
        let Some(currency) = self.coins.get(stream) else { return };
        let m = self.money.entry(*currency).or_default();
        match e {
            JobEvent::PaymentAuthorised { amount, .. } => m.authorised += amount.minor(),
            JobEvent::PaymentCaptured { amount, .. } => m.captured += amount.minor(),
            JobEvent::RefundIssued { amount, .. } => m.refunded += amount.minor(),
            JobEvent::JobBooked(b) => m.redeemed += b.redeemed.minor(),
            JobEvent::JobSettled(s) => {
                let back = s.parts.iter().filter(|p| p.account == "requester_credit").map(|p| p.amount.minor()).sum();
                m.redeemed = m.redeemed.saturating_sub(back);
                m.charged += s.charge.minor();
                m.fees += if s.outcome == Outcome::Fee { s.charge.minor() } else { 0 };
            }
            JobEvent::JobRescheduled(r) if r.by == Side::Requester => m.moves += r.fee.minor(),
            JobEvent::SlaCreditIssued { amount, .. } => m.credits += amount.minor(),
            _ => {}
        }
    }
    fn see_contact(&mut self, at: Instant, e: &JobEvent) {
        match e {
            JobEvent::IncidentOpened { incident, code, severity, robot: Some(robot), .. } if is_contact(code.text()) => {
                self.hit.insert(*incident, *robot);
                self.collisions.push(Recorded { at, robot: *robot, severity: *severity, incident: Some(*incident) });
            }
            JobEvent::IncidentRepeated { incident, severity } => {
                if let Some(robot) = self.hit.get(incident).copied() {
                    self.collisions.push(Recorded { at, robot, severity: *severity, incident: Some(*incident) });
                }
            }
            _ => {}
        }
    }
    fn see_job(&mut self, at: Instant, e: &JobEvent) {
        if let JobEvent::IncidentOpened { code, severity, .. } = e {
            *self.incidents.entry(*severity).or_default() += 1;
            self.see_code(code.text(), *severity);
            if self.incident_lines.len() < LINES {
                self.incident_lines.push(format!("{at} {code:?}, severity {severity}"));
            }
        }
    }
}

/// Hands entries on to the tape, counts them, and shows them to the judges of the platform's trail.
#[derive(Debug)]
pub struct Counting<'a> {
    /// Where entries go.
    pub tape: &'a mut Tape,
    /// What is counted.
    pub counts: &'a mut Counts,
    /// Who follows what the platform hears and says.
    pub trail: &'a mut Trail,
}

impl Sink for Counting<'_> {
    fn put(&mut self, tick: u64, at: Instant, entry: Entry<'_>) {
        match entry {
            Entry::Input(i) => self.trail.input(at, tick, &i.envelope),
            Entry::Fact(f) => {
                self.counts.see(at, f);
                self.trail.fact(at, tick, f);
            }
            Entry::Fault(f) if f.edge == Edge::Begin => self.counts.faults += 1,
            Entry::Wish(nooterra_control::Wish::Facility { order, .. }) => match order {
                nooterra_port::FacilityOrder::Door { open: true, .. } => self.counts.doors += 1,
                nooterra_port::FacilityOrder::Lift { session: Some(_), doors_open: true, .. } => self.counts.rides += 1,
                _ => {}
            },
            _ => {}
        }
        self.tape.put(tick, at, entry);
    }
}
