//! Requesters: ask for work as the scenario's demand says.

use crate::Mail;
use crate::mindful::Mindful;
use nooterra_control::input::{Body as _, NewJob, NewSeries, NewTeam, RequesterCommand};
use nooterra_control::wish::Terms;
use nooterra_engine::chance::{Chance, Place};
use nooterra_engine::ids::{ApprovalId, ItemId, JobId, PartyId, SeriesId};
use nooterra_engine::money::Currency;
use nooterra_engine::{Digest, Instant, Record, Span};
use nooterra_jobs::pins::WitnessClass;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::{self, Action, Mode, ProofNeed, Quote, Required, Step, Template, Window};
use nooterra_jobs::tier::{Level, Tier};
use nooterra_port::ability::Declared;
use nooterra_script::camera::Privacy;
use nooterra_script::proving::Witness;
use nooterra_script::resolved::{self, Answering, AwardMode, Demand, JobKind, Process, Resolved, SeriesPlan};
use nooterra_trust::Outbox;
use std::collections::BTreeMap;

const GAP: Place = Place::named("cast.requester.gap");
const TRIP: Place = Place::named("cast.requester.trip");

/// A stream of jobs and where it stands.
#[derive(Debug, Clone, PartialEq, Record)]
struct Stream {
    number: u32,
    demand: Demand,
    next: Option<Instant>,
    asked: u32,
}

/// A quote as it was shown.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Shown {
    /// Its terms.
    pub quote: Quote,
    /// Their hash.
    pub hash: Digest,
    /// Head of the job's stream.
    pub head: Digest,
}

/// Something that a robot may not do by itself, as it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
struct Wanted {
    approval: ApprovalId,
    action_hash: Digest,
    head: Digest,
}

/// One requester.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Requester {
    /// What it sends.
    pub outbox: Outbox,
    /// Jobs asked for.
    pub asked: u64,
    /// Under a fault: does nothing.
    pub silent: bool,
    /// What it was told of its jobs.
    pub told: BTreeMap<JobId, Status>,
    /// Quotes that it was shown, newest revision, by job and provider.
    pub shown: BTreeMap<(JobId, PartyId), Shown>,
    mindful: Mindful,
    moves: Answering,
    approvals: Answering,
    /// What robots asked for last, by job.
    wanted: BTreeMap<JobId, Wanted>,
    name: String,
    takes: Vec<Currency>,
    streams: Vec<Stream>,
    /// Series that it has not asked for yet, by their number in the scenario.
    series: Vec<(u32, SeriesPlan)>,
    /// Those that it has asked for.
    pub(crate) repeats: BTreeMap<u32, SeriesId>,
    until: Instant,
    /// Nobody knows it before.
    joins: Instant,
    tier: Tier,
    level: Level,
    /// Providers, in the scenario's order.
    owners: Vec<PartyId>,
}

impl Requester {
    pub(crate) fn new(r: &Resolved, i: usize, outbox: Outbox) -> Self {
        let mine = r.demand.iter().enumerate().filter(|(_, d)| d.requester as usize == i);
        let streams =
            mine.map(|(n, d)| Stream { number: u32::try_from(n).unwrap_or(u32::MAX), demand: d.clone(), next: None, asked: 0 }).collect();
        let own = (0u32..).zip(&r.series).filter(|(_, s)| s.requester as usize == i);
        Self {
            outbox,
            asked: 0,
            silent: false,
            told: BTreeMap::new(),
            shown: BTreeMap::new(),
            mindful: Mindful::default(),
            moves: r.requesters[i].moves,
            approvals: r.requesters[i].approvals,
            wanted: BTreeMap::new(),
            name: r.requesters[i].name.clone(),
            takes: r.requesters[i].takes.clone(),
            streams,
            series: own.map(|(n, s)| (n, s.clone())).collect(),
            repeats: BTreeMap::new(),
            until: Instant(r.duration.0),
            joins: r.requesters[i].joins.unwrap_or_default(),
            tier: match r.tier {
                resolved::Tier::Managed => Tier::Managed,
                resolved::Tier::Office => Tier::Office,
                resolved::Tier::Hospitality => Tier::Hospitality,
                resolved::Tier::InHome => Tier::InHome,
            },
            level: match r.service_level {
                resolved::ServiceLevel::Basic => Level::Basic,
                resolved::ServiceLevel::Standard => Level::Standard,
                resolved::ServiceLevel::Premium => Level::Premium,
            },
            owners: r.providers.iter().map(|p| crate::provider_party(&p.name)).collect(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Currencies that it pays in; none if all.
    pub(crate) fn takes(&self) -> &[Currency] {
        &self.takes
    }

    pub(crate) fn receive(&mut self, now: Instant, mail: &Mail) {
        match mail {
            Mail::Receipt(r) => {
                let acked = self.outbox.receive(r, now);
                self.mindful.receive(&mut self.outbox, &acked, now);
            }
            Mail::Notify { job, status, .. } => {
                self.told.insert(*job, *status);
                if !matches!(status, Status::Created | Status::Quoted | Status::Awarded) {
                    self.shown.retain(|(j, _), _| j != job);
                }
            }
            Mail::Show { job, head, terms } => match terms.as_ref() {
                Terms::Quote { quote, hash, .. } => {
                    self.shown.insert((*job, quote.owner), Shown { quote: quote.clone(), hash: *hash, head: *head });
                }
                Terms::Move(_) => {
                    let agree = self.moves == Answering::Accept;
                    if !self.silent && self.moves != Answering::Ignore {
                        self.say_at(now, &RequesterCommand::AnswerMove { job: *job, agree }, *head);
                    }
                }
                Terms::Approval(ask) => {
                    self.wanted.insert(*job, Wanted { approval: ask.approval, action_hash: ask.action_hash, head: *head });
                    if !self.silent && self.approvals != Answering::Ignore {
                        self.answer_approval(now, *job, self.approvals == Answering::Accept);
                    }
                }
            },
            Mail::Pay(_)
            | Mail::Invite(_)
            | Mail::Recover(_)
            | Mail::Return(_)
            | Mail::PutBack { .. }
            | Mail::Alert { .. }
            | Mail::Disobeys { .. }
            | Mail::Head(_)
            | Mail::Help(_)
            | Mail::Docket { .. }
            | Mail::Audit { .. } => {}
        }
    }

    /// Answers what it was asked last in the middle of a job.
    pub(crate) fn answer_approval(&mut self, now: Instant, job: JobId, agree: bool) {
        let Some(w) = self.wanted.get(&job).copied() else { return };
        let (approval, action_hash) = (w.approval, w.action_hash);
        self.say_at(now, &RequesterCommand::AnswerApproval { job, approval, action_hash, agree }, w.head);
    }

    /// Says something that rests on what was displayed at this head.
    pub(crate) fn say_at(&mut self, now: Instant, command: &RequesterCommand, head: Digest) {
        self.mindful.say(&mut self.outbox, &command.draft("jobs"), head, now);
    }

    pub(crate) fn advance(&mut self, now: Instant, chance: &mut Chance, mut asked: impl FnMut(&Digest)) {
        if now < self.joins {
            return;
        }
        while let Some(i) = self.series.iter().position(|(_, s)| s.at <= now) {
            let (number, plan) = self.series.remove(i);
            if !self.silent {
                self.repeat(now, number, &plan);
            }
        }
        for i in 0..self.streams.len() {
            loop {
                let s = &mut self.streams[i];
                if s.demand.limit.is_some_and(|l| s.asked >= l) {
                    s.next = Some(Instant::NEVER);
                }
                let due = *s.next.get_or_insert_with(|| first(&s.demand.process, s.number, self.joins, chance));
                if due > now || due >= self.until {
                    break;
                }
                s.next = Some(following(&s.demand.process, s.number, s.asked, due, chance));
                s.asked += 1;
                if !self.silent {
                    self.ask(i, now, chance);
                    if let Some(input) = self.outbox.last_hash() {
                        asked(input);
                    }
                }
            }
        }
    }

    fn ask(&mut self, stream: usize, now: Instant, chance: &mut Chance) {
        let s = &self.streams[stream];
        let d = &s.demand;
        if !d.team.is_empty() {
            return self.ask_team(stream, now);
        }
        if d.kind.covers_zones() {
            return self.ask_zones(stream, now);
        }
        if d.trips.is_empty() {
            return;
        }
        let trip = d.trips[usize::try_from(chance.choose(TRIP, u64::from(s.number), d.trips.len() as u64)).unwrap_or(0)];
        let start = now + d.lead.max(Span::from_secs(30));
        let label = format!("{} #{}.{}", self.name, s.number, s.asked);
        let step = |place: u32, action, dwell_s| Step { place, action, dwell: Span::from_secs(dwell_s) };
        let (template, (first, last), item) = match d.kind {
            JobKind::Custom if d.mass_g > 0 => (Template::Custom, (Action::Pick, Action::Drop), Some(ItemId::named(&label))),
            JobKind::Custom => (Template::Custom, (Action::Visit, Action::Visit), None),
            JobKind::Delivery => (Template::Delivery, (Action::Pick, Action::Drop), Some(ItemId::named(&label))),
            _ => (Template::Patrol, (Action::Visit, Action::Visit), None),
        };
        let stops = d.via.iter().map(|v| step(v.ix, Action::Visit, 5));
        let steps: Vec<Step> = [step(trip.from.ix, first, 5)].into_iter().chain(stops).chain([step(trip.to.ix, last, 5)]).collect();
        let payload_g = if item.is_some() { d.mass_g } else { 0 };
        let job = self.job(d, template, start, steps, item, payload_g, label);
        self.asked += 1;
        self.outbox.push(RequesterCommand::CreateJob(Box::new(job)).draft("jobs"), now, 0);
    }

    /// Work on whole zones: how long each takes is for the platform to say.
    fn ask_zones(&mut self, stream: usize, now: Instant) {
        let s = &self.streams[stream];
        let d = &s.demand;
        let start = now + d.lead.max(Span::from_secs(30));
        let label = format!("{} #{}.{}", self.name, s.number, s.asked);
        let template = match d.kind {
            JobKind::ResetLite => Template::ResetLite,
            JobKind::ResetStandard => Template::ResetStandard,
            _ => Template::Clean,
        };
        let zone =
            |(v, area): &(nooterra_site::VertexIx, u32)| Step { place: v.ix, action: Action::Cover { area: *area }, dwell: Span::ZERO };
        let job = self.job(d, template, start, d.zones.iter().map(zone).collect(), None, 0, label);
        self.asked += 1;
        self.outbox.push(RequesterCommand::CreateJob(Box::new(job)).draft("jobs"), now, 0);
    }

    /// What it wants as the platform takes it.
    #[allow(clippy::too_many_arguments)] // the parts of one request
    fn job(
        &self,
        d: &Demand,
        template: Template,
        start: Instant,
        steps: Vec<Step>,
        item: Option<ItemId>,
        payload_g: u32,
        label: String,
    ) -> NewJob {
        NewJob {
            template,
            window: Window { start, end: start + d.window },
            steps,
            item,
            payload_g,
            tier: self.tier,
            budget: d.budget,
            currency: d.currency,
            level: self.level,
            coverage: d.coverage,
            mode: match d.mode {
                AwardMode::Auto => Mode::Auto,
                AwardMode::Instant => Mode::Instant,
                AwardMode::Manual => Mode::Manual,
            },
            rfq_closes: None,
            label,
            contract: None,
            no_go: d.no_go.clone(),
            requires: d.requires.iter().map(required).collect(),
            privacy: privacy_of(d.privacy),
            proof: d.proof.iter().map(wanted).collect(),
        }
    }

    /// The same work by a rule. The id of the series follows from the request.
    fn repeat(&mut self, now: Instant, number: u32, s: &SeriesPlan) {
        let label = format!("{} series #{number}", self.name);
        let (template, item) = if s.is_delivery { (Template::Delivery, Some(ItemId::named(&label))) } else { (Template::Patrol, None) };
        let last = s.stops.len().saturating_sub(1);
        let action = |i: usize| match i {
            0 if s.is_delivery => Action::Pick,
            i if i == last && s.is_delivery => Action::Drop,
            _ => Action::Visit,
        };
        let steps = s.stops.iter().enumerate().map(|(i, v)| Step { place: v.ix, action: action(i), dwell: Span::from_secs(5) });
        let job = NewJob {
            template,
            window: Window { start: s.first, end: s.until },
            steps: steps.collect(),
            item,
            payload_g: s.mass_g,
            tier: self.tier,
            budget: s.budget,
            currency: s.currency,
            level: self.level,
            coverage: false,
            mode: Mode::Auto,
            rfq_closes: None,
            label,
            contract: None,
            no_go: s.no_go.clone(),
            requires: s.requires.iter().map(required).collect(),
            privacy: privacy_of(s.privacy),
            proof: Vec::new(),
        };
        let Some(owner) = self.owners.get(s.provider as usize).copied() else { return };
        let (from, until, rule) = (s.first, s.until, s.rule.clone());
        let series = NewSeries { job: Box::new(job), rule, every: s.every, from, until, count: s.count, owner };
        self.outbox.push(RequesterCommand::CreateSeries(Box::new(series)).draft("series"), now, 0);
        if let Some(hash) = self.outbox.last_hash() {
            self.repeats.insert(number, SeriesId::derive(hash, 1));
        }
    }

    /// Work that takes several robots at once, in one signed request.
    fn ask_team(&mut self, stream: usize, now: Instant) {
        let s = &self.streams[stream];
        let d = &s.demand;
        let start = now + d.lead.max(Span::from_secs(30));
        let label = format!("{} #{}.{}", self.name, s.number, s.asked);
        let item = Some(ItemId::named(&label));
        let step = |place: u32, action| Step { place, action, dwell: Span::from_secs(5) };
        let part = |m: &resolved::Member| {
            let visit = |v: &nooterra_site::VertexIx| step(v.ix, Action::Visit);
            let before = m.before.iter().map(visit);
            let steps = before.chain([step(m.lift.ix, Action::Lift)]).chain(m.after.iter().map(visit)).collect();
            self.job(d, Template::Lift, start, steps, item, 0, label.clone())
        };
        let team = NewTeam { members: d.team.iter().map(part).collect(), mass_g: d.mass_g };
        self.asked += team.members.len() as u64;
        self.outbox.push(RequesterCommand::CreateTeam(Box::new(team)).draft("jobs"), now, 0);
    }

    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let due = self.streams.iter().map(|s| s.next.unwrap_or(now)).filter(|at| *at < self.until);
        let series = self.series.iter().map(|(_, s)| s.at);
        due.chain(series).map(|at| at.max(self.joins)).chain(self.outbox.next_deadline(now)).min()
    }
}

fn first(p: &Process, number: u32, from: Instant, chance: &mut Chance) -> Instant {
    match p {
        Process::Poisson { mean_gap } => from.saturating_add(Span(chance.exponential_ns(GAP, u64::from(number), mean_gap.0))),
        Process::Fixed { at } => at.first().copied().unwrap_or(Instant::NEVER),
        Process::Every { first, .. } => *first,
    }
}

fn following(p: &Process, number: u32, asked: u32, last: Instant, chance: &mut Chance) -> Instant {
    match p {
        Process::Poisson { mean_gap } => last.saturating_add(Span(chance.exponential_ns(GAP, u64::from(number), mean_gap.0))),
        Process::Fixed { at } => at.get(asked as usize + 1).copied().unwrap_or(Instant::NEVER),
        Process::Every { gap, .. } => last.saturating_add(Span(gap.0.max(1_000_000))),
    }
}

fn wanted(p: &resolved::ProofItem) -> ProofNeed {
    let class = |w: &Witness| match w {
        Witness::DockScan => WitnessClass::DockScan,
        Witness::Weight => WitnessClass::Weight,
        Witness::CustodyScan => WitnessClass::CustodyScan,
        Witness::DoorLog => WitnessClass::DoorLog,
        Witness::RequesterConfirm => WitnessClass::RequesterConfirm,
        Witness::TwinReplay => WitnessClass::TwinReplay,
    };
    let classes = p.by.iter().map(class).collect();
    let (name, points) = (p.name.clone(), p.points.clone());
    ProofNeed { name, classes, points, weight_bps: p.weight_bps, threshold_bps: p.threshold_bps }
}

fn required(d: &Declared) -> Required {
    Required { name: d.name.clone(), at_least: d.value }
}

const fn privacy_of(p: Privacy) -> terms::Privacy {
    match p {
        Privacy::Minimal => terms::Privacy::Minimal,
        Privacy::Limited => terms::Privacy::Limited,
        Privacy::Open => terms::Privacy::Open,
    }
}
