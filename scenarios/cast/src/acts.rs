//! Acts of the scenario: what the director cues, done by whoever does it, with their own key.

use crate::contracts::Wanted;
use crate::desks::Seat;
use crate::director::Cued;
use crate::payments::Dispute;
use crate::requester::Shown;
use crate::{Cast, Mail, PROVIDERS, REQUESTERS, ix, provider_party, requester_party};
use nooterra_control::input::{
    Account, Body, CaseCommand, CounterOffer, Document, FinanceCommand, Line, Month, OwnerCommand, RequesterCommand, StaffCommand,
};
use nooterra_control::stops::{StopOrder, StopWhat};
use nooterra_engine::digest::{Digest, sha256};
use nooterra_engine::ids::{JobId, PartyId, StopId};
use nooterra_engine::money::{Amount, Currency, mul_div};
use nooterra_engine::net::Node;
use nooterra_engine::{Instant, Span};
use nooterra_jobs::event::{Choice, Fault, IncidentCode, RevokeReason};
use nooterra_jobs::status::{Class, Status};
use nooterra_jobs::terms::Window;
use nooterra_port::FacilityReport;
use nooterra_port::facility::{FloorStop, TakenBack};
use nooterra_script::acts::{Blame, By, Complaint, Court, Deed, Forgery, Harm, NoShowChoice, Paper, Payer, RevokeWhy, Stopped, ThenWhat};
use nooterra_trust::claim::{Bearer, Denial, Head, Item, Portion};
use nooterra_trust::{Draft, Outbox};

impl Cast {
    /// What people are told of their jobs gives cues.
    pub(crate) fn listen(&mut self, now: Instant, node: Node, mail: &Mail) {
        let Mail::Notify { job, status, .. } = mail else { return };
        if ix(node, REQUESTERS).is_some_and(|i| i < self.requesters.len()) {
            self.director.hears(now, *job, *status);
        } else if let Some(i) = ix(node, PROVIDERS).and_then(|i| u32::try_from(i).ok()) {
            self.director.serves(i, *job);
        }
    }

    pub(crate) fn act(&mut self, now: Instant, cued: Cued) {
        if self.keep(now, &cued) {
            return;
        }
        match &cued.deed {
            Deed::Quarantine { robot: Some(ix), lasts } => {
                if let Some(robot) = self.robots.get(*ix as usize).copied() {
                    let until = lasts.map(|s| now.saturating_add(s));
                    self.say(now, Seat::Staff, StaffCommand::Quarantine { robot, cause: "staff".into(), until }.draft("robots"));
                }
                return;
            }
            Deed::Stop { by, what, power_off, then } => return self.stop(now, cued.job, *by, *what, (*power_off, *then)),
            Deed::ClearStops { by } => return self.clear_stops(now, *by),
            Deed::ClearQuarantine { robot } => {
                if let Some(robot) = self.robots.get(*robot as usize).copied() {
                    let checklist = sha256(&[b"nooterra/paper/v1", b"self-check", robot.as_bytes()]);
                    self.say(now, Seat::Staff, StaffCommand::ClearQuarantine { robot, checklist }.draft("robots"));
                }
                return;
            }
            Deed::Contract { requester, site, zone, cover_fee, excludes } => {
                let (requester, site, zone, cover_fee) = (*requester, *site, *zone, *cover_fee);
                let terms = Wanted { cover_fee, currency: cued.currency, excludes, requester, site, zone };
                return self.write_contract(now, &terms);
            }
            Deed::EndSeries { series, by } => return self.end_series(now, *series, *by),
            Deed::RevokeSkill { by, level, model } => return self.revoke_skill(now, *by, *level, model.clone()),
            _ => {}
        }
        let Some(job) = cued.job else { return };
        // Amounts are of the currency that the act names; without any, of the job's own.
        let own = self.director.job(job).and_then(|k| k.currency);
        let currency = cued.currency.or(own).unwrap_or(self.currency);
        match cued.deed {
            Deed::Quarantine { lasts, .. } => {
                let until = lasts.map(|s| now.saturating_add(s));
                self.say(now, Seat::Staff, StaffCommand::QuarantineOf { job, cause: "staff".into(), until }.draft("robots"));
            }
            Deed::RevokeSkill { .. } | Deed::Contract { .. } | Deed::EndSeries { .. } => {}
            Deed::Cancel { by, safety } => self.cancel(now, job, by, safety),
            Deed::Revoke { by: By::Site, why } => self.site_revokes(now, job, why),
            Deed::Revoke { by, why } => {
                let reason = match why {
                    RevokeWhy::Privacy => RevokeReason::Privacy,
                    RevokeWhy::Safety => RevokeReason::Safety,
                    RevokeWhy::Change => RevokeReason::Change,
                    RevokeWhy::Other => RevokeReason::Other,
                };
                if by == By::Staff {
                    self.say(now, Seat::Staff, StaffCommand::RevokeAccess { job, reason }.draft("jobs"));
                } else {
                    self.requester_says(now, job, &RequesterCommand::RevokeAccess { job, reason });
                }
            }
            Deed::IssuePlan { lasts, areas, no_go } => {
                let (valid_from, valid_to) = (now, now.saturating_add(lasts));
                self.requester_says(now, job, &RequesterCommand::IssuePlan { job, areas, no_go, entry: None, valid_from, valid_to });
            }
            Deed::Complain { of, amount } => {
                let (code, statement) = (code(of), paper(job, "statement"));
                self.requester_says(now, job, &CaseCommand::Complain { job, code, statement, amount, currency: Some(currency) })
            }
            Deed::Triage { severity, fault, confirmed } => {
                let Some(incident) = self.director.job(job).and_then(|k| k.incident) else { return };
                let command = StaffCommand::Triage { job, incident, severity, fault: blame(fault), confirmed };
                self.judge(now, Seat::Trust, job, &command.draft("jobs"));
            }
            Deed::Claim { by, demand, head } => self.demand(now, job, by, (demand, currency), head),
            Deed::Assess { documents } => {
                let Some(claim) = self.director.job(job).and_then(|k| k.claim) else { return };
                let seen = |p: &Paper| Document { item: item(*p), content_hash: paper(job, "paper") };
                let command = CaseCommand::TriageClaim { job, claim, documents: documents.iter().map(seen).collect() };
                self.judge(now, Seat::Trust, job, &command.draft("jobs"));
            }
            Deed::Decide { by, grant, own_fault_bps, borne_by } => self.decide(now, job, by, (grant, currency), own_fault_bps, &borne_by),
            Deed::Dispute { .. } | Deed::DropDispute { .. } | Deed::DecideDispute { .. } | Deed::Refund {} => {
                self.disputes(now, job, &cued.deed, currency)
            }
            Deed::Adjust { to, amount, late, second } => self.adjust(now, job, to, (amount, currency), late, second),
            Deed::Forge { how } => self.forge(now, job, how),
            Deed::Chargeback { verdict, decided_after, amount, fee } => {
                self.payments.charge_back(now, job, Dispute { verdict, decided_after, amount, fee, currency });
            }
            Deed::Counter { provider, offer_ppm, lasts } => self.counter(now, job, provider, offer_ppm, lasts),
            Deed::Award { provider } => {
                let award = |s: &Shown| RequesterCommand::Award { job, quote: s.quote.quote, terms_hash: s.hash };
                self.on_quote(now, job, provider, award);
            }
            Deed::Reschedule { by, start, window } => {
                let start = now.saturating_add(start);
                let window = Window { start, end: start.saturating_add(window) };
                if by == By::Provider {
                    let provider = self.director.job(job).and_then(|k| k.provider);
                    if let Some(p) = provider.and_then(|p| self.providers.get_mut(p as usize)) {
                        p.propose(now, job, window);
                    }
                } else {
                    self.requester_says(now, job, &RequesterCommand::ProposeMove { job, window });
                }
            }
            Deed::Approve { agree } => {
                let r = self.director.job(job).map(|k| k.requester);
                if let Some(r) = r.and_then(|r| self.requesters.get_mut(r as usize)) {
                    r.answer_approval(now, job, agree);
                }
            }
            Deed::NoShow { choose, lasts } => {
                let (choice, arrive_by) = match choose {
                    NoShowChoice::Cancel => (Choice::Cancel, None),
                    NoShowChoice::Wait => (Choice::Wait, Some(now.saturating_add(lasts))),
                };
                self.requester_says(now, job, &RequesterCommand::ResolveNoShow { job, choice, arrive_by });
            }
            Deed::Stop { .. } | Deed::ClearStops { .. } | Deed::ClearQuarantine { .. } => {}
            Deed::RevokeKey { .. }
            | Deed::RotateKey { .. }
            | Deed::OpenMaintenance { .. }
            | Deed::Tighten { .. }
            | Deed::LiftBounds { .. }
            | Deed::CloseMaintenance { .. }
            | Deed::Retire { .. }
            | Deed::OverrideProof { .. }
            | Deed::Join { .. }
            | Deed::BindNewcomer { .. }
            | Deed::SetPolicy { .. }
            | Deed::View { .. }
            | Deed::Audit { .. } => {}
        }
    }

    /// A side of a series ends it: the requester that asked for it, or the provider that gave its price.
    fn end_series(&mut self, now: Instant, number: u32, by: By) {
        let Some(r) = self.requesters.iter_mut().find(|r| r.repeats.contains_key(&number)) else { return };
        let Some(series) = r.repeats.get(&number).copied() else { return };
        if by == By::Provider {
            let with = self.with.get(number as usize).copied();
            if let Some(p) = with.and_then(|i| self.providers.get_mut(i as usize)) {
                p.outbox.push(OwnerCommand::EndSeries { series }.draft("series"), now, 0);
            }
        } else {
            r.outbox.push(RequesterCommand::EndSeries { series }.draft("series"), now, 0);
        }
    }

    fn stop(&mut self, now: Instant, job: Option<JobId>, by: By, what: Stopped, (power_off, then): (bool, ThenWhat)) {
        let exit = then == ThenWhat::Exit;
        let what = match what {
            Stopped::Robot { ix } => self.robots.get(ix as usize).copied().map(StopWhat::Robot),
            Stopped::JobsRobot {} => job.map(StopWhat::Job),
            Stopped::Site {} => Some(StopWhat::Site {}),
            Stopped::Fleet { ix } => self.fleets.get(ix as usize).copied().map(StopWhat::Fleet),
            Stopped::Level { ix } => Some(StopWhat::Level(ix)),
        };
        let Some(what) = what else { return };
        let robot = job.and_then(|j| self.director.job(j)).and_then(|k| k.robot);
        let floor = match what {
            StopWhat::Robot(r) => Some(FloorStop::Robot(r)),
            StopWhat::Level(l) => Some(FloorStop::Level(l)),
            StopWhat::Job(_) => robot.map(FloorStop::Robot),
            StopWhat::Site {} => Some(FloorStop::Everything {}),
            _ => None,
        };
        // A site knows floors, not whose robots are on them; and a job without a robot has none to be stopped.
        let floor = match (by, floor) {
            (By::Site, None) => return,
            (_, floor) => floor.unwrap_or(FloorStop::Everything {}),
        };
        let order = StopOrder { what, power_off, exit, reason: "scenario".into() };
        let Some(outbox) = self.voice(by, job, what) else { return };
        let draft = match by {
            By::Requester => RequesterCommand::Stop(order).draft("stops"),
            By::Provider => OwnerCommand::Stop(order).draft("stops"),
            By::Staff => StaffCommand::StopAll(order).draft("stops"),
            By::Site => FacilityReport::StopAsked { what: floor, power_off, exit }.draft("stops"),
        };
        outbox.push(draft, now, 0);
        // A stop's id follows from the input that issues it.
        if let Some(stop) = outbox.last_hash().map(|h| StopId::derive(h, 1)) {
            self.stops.push(stop);
        }
    }

    /// Whoever runs the site takes back the plan that the job has.
    fn site_revokes(&mut self, now: Instant, job: JobId, why: RevokeWhy) {
        let Some(plan) = self.director.job(job).and_then(|k| k.plan) else { return };
        let reason = match why {
            RevokeWhy::Privacy => TakenBack::Privacy,
            RevokeWhy::Safety => TakenBack::Safety,
            RevokeWhy::Change => TakenBack::Change,
            RevokeWhy::Other => TakenBack::Other,
        };
        self.say(now, Seat::Landlord, FacilityReport::AccessRevoked { job, plan, reason }.draft("jobs"));
    }

    fn clear_stops(&mut self, now: Instant, by: By) {
        for stop in self.stops.clone() {
            match by {
                By::Requester => self.requesters.iter_mut().for_each(|r| {
                    r.outbox.push(RequesterCommand::ClearStop { stop }.draft("stops"), now, 0);
                }),
                By::Provider => self.providers.iter_mut().for_each(|p| {
                    p.outbox.push(OwnerCommand::ClearStop { stop }.draft("stops"), now, 0);
                }),
                By::Staff => self.say(now, Seat::Staff, StaffCommand::ClearStop { stop }.draft("stops")),
                By::Site => self.say(now, Seat::Landlord, FacilityReport::StopCleared { stop }.draft("stops")),
            }
        }
    }

    /// Through whom somebody speaks about a stop.
    fn voice(&mut self, by: By, job: Option<JobId>, what: StopWhat) -> Option<&mut Outbox> {
        match by {
            By::Requester => {
                let r = job.and_then(|j| self.director.job(j))?.requester;
                self.requesters.get_mut(r as usize).map(|r| &mut r.outbox)
            }
            By::Provider => {
                let fleet = if let StopWhat::Fleet(party) = what { self.fleets.iter().position(|f| *f == party) } else { None };
                let of_job = job.and_then(|j| self.director.job(j)).and_then(|k| k.provider).map(|p| p as usize);
                self.providers.get_mut(fleet.or(of_job)?).map(|p| &mut p.outbox)
            }
            By::Staff => self.desks.at(Seat::Staff),
            By::Site => self.desks.at(Seat::Landlord),
        }
    }

    fn counter(&mut self, now: Instant, job: JobId, provider: u32, offer_ppm: u32, lasts: Option<Span>) {
        let counter = |s: &Shown| {
            let offered = mul_div(s.quote.service.minor(), u64::from(offer_ppm), 1_000_000).unwrap_or(0);
            let service = Amount::new(offered).unwrap_or(s.quote.service);
            let expires = lasts.map_or(s.quote.expires, |l| now.saturating_add(l));
            RequesterCommand::Counter(CounterOffer { job, quote: s.quote.quote, prev: s.hash, service, arrive: s.quote.arrive, expires })
        };
        self.on_quote(now, job, provider, counter);
    }

    /// The requester of a job says something to a provider's quote, as it was shown last.
    fn on_quote(&mut self, now: Instant, job: JobId, provider: u32, word: impl Fn(&Shown) -> RequesterCommand) {
        let Some(party) = self.providers.get(provider as usize).map(|p| p.party) else { return };
        let Some(k) = self.director.job(job) else { return };
        let Some(r) = self.requesters.get_mut(k.requester as usize) else { return };
        if let Some(s) = r.shown.get(&(job, party)).cloned() {
            r.say_at(now, &word(&s), s.head);
        }
    }

    fn cancel(&mut self, now: Instant, job: JobId, by: By, safety: bool) {
        match by {
            By::Requester => {
                // A request that is not booked yet is withdrawn, in the terms of the market.
                let status = self.director.job(job).and_then(|k| k.status);
                let open = status.is_none_or(|s: Status| s.class() == Class::Open);
                let command = if open { RequesterCommand::Withdraw { job } } else { RequesterCommand::Cancel { job, safety } };
                self.requester_says(now, job, &command);
            }
            By::Provider => {
                let Some(p) = self.director.job(job).and_then(|k| k.provider) else { return };
                if let Some(p) = self.providers.get_mut(p as usize) {
                    p.outbox.push(OwnerCommand::Cancel { job }.draft("jobs"), now, 0);
                }
            }
            By::Staff | By::Site => self.say(now, Seat::Staff, StaffCommand::Cancel { job }.draft("jobs")),
        }
    }

    fn demand(&mut self, now: Instant, job: JobId, by: By, (demand, currency): (Amount, Currency), head: Harm) {
        let Some(k) = self.director.job(job) else { return };
        let Some(incident) = k.incident else { return };
        let open = |claimant| CaseCommand::OpenClaim { job, incident, claimant, demand, currency, head: harm(head) };
        match by {
            By::Requester => self.requester_says(now, job, &open(None)),
            By::Provider => {
                if let Some(p) = k.provider.and_then(|p| self.providers.get_mut(p as usize)) {
                    p.outbox.push(open(None).draft("jobs"), now, 0);
                }
            }
            // For somebody who has no key: a visitor.
            By::Staff | By::Site => self.say(now, Seat::Staff, open(Some(PartyId::named("visitor"))).draft("jobs")),
        }
    }

    fn decide(
        &mut self,
        now: Instant,
        job: JobId,
        by: Court,
        (grant, currency): (Option<Amount>, Currency),
        own_fault_bps: u32,
        borne_by: &[(Payer, u32)],
    ) {
        let Some(k) = self.director.job(job) else { return };
        let Some(claim) = k.claim else { return };
        let owner = k.provider.and_then(|p| self.providers.get(p as usize)).map(|p| provider_party(p.name()));
        let bearer = |p: Payer| match p {
            Payer::Owner => owner.map_or(Bearer::Platform, Bearer::Party),
            Payer::Insurer => Bearer::Insurer,
            Payer::Pool => Bearer::Pool,
            Payer::Platform => Bearer::Platform,
        };
        let command = match grant {
            Some(assessed) => {
                let split = borne_by.iter().map(|(p, bps)| Portion { bearer: bearer(*p), bps: *bps }).collect();
                CaseCommand::ApproveClaim { job, claim, assessed, currency, claimant_fault_bps: own_fault_bps, split }
            }
            None => CaseCommand::DenyClaim { job, claim, reason: Denial::NotProven },
        };
        let seats: &[Seat] = match by {
            Court::Trust => &[Seat::Trust],
            Court::TrustTwoKeys => &[Seat::Trust, Seat::TrustToo],
            Court::Insurer => &[Seat::Insurer],
        };
        for seat in seats {
            self.judge(now, *seat, job, &command.draft("jobs"));
        }
    }

    /// Goodwill for somebody, signed by two.
    fn adjust(&mut self, now: Instant, job: JobId, to: By, (amount, currency): (Amount, Currency), late: bool, second: bool) {
        let Some(k) = self.director.job(job) else { return };
        let provider = k.provider.and_then(|p| self.providers.get(p as usize)).map(|p| provider_party(p.name()));
        let requester = self.requesters.get(k.requester as usize).map(|r| requester_party(r.name()));
        let account = match to {
            By::Requester => requester.map(|party| Account::RequesterCredit { party }),
            By::Provider => provider.map(|party| Account::OwnerPayable { party }),
            By::Staff | By::Site => Some(Account::PlatformRevenue),
        };
        let Some(account) = account else { return };
        let minor = i64::try_from(amount.minor()).unwrap_or(i64::MAX);
        let lines = vec![Line { account: Account::GoodwillExpense, amount: minor }, Line { account, amount: -minor }];
        let month = Month::of(self.epoch.saturating_add(Span(now.0)));
        let last = Month::of(Instant(month.from().0.saturating_sub(1)));
        let command = FinanceCommand::Adjust { currency, lines, origin: late.then_some(last), reason: paper(job, "reason") };
        for seat in [Seat::Finance, Seat::FinanceToo].into_iter().take(if second { 2 } else { 1 }) {
            self.desks.decide(now, seat, &format!("period/{}", month.period(currency)), &command.draft("finance"));
        }
    }

    fn forge(&mut self, now: Instant, job: JobId, how: Forgery) {
        let Some(k) = self.director.job(job) else { return };
        let Some(victim) = self.requesters.get(k.requester as usize).map(|r| requester_party(r.name())) else { return };
        if how == Forgery::BorrowedKey {
            // A provider's key is good, but not for what staff may say.
            if let Some(p) = self.providers.first_mut() {
                p.outbox.push(StaffCommand::Cancel { job }.draft("jobs"), now, 0);
            }
            return;
        }
        self.forger.forge(now, job, victim, how);
    }

    pub(crate) fn say(&mut self, now: Instant, seat: Seat, draft: Draft) {
        if let Some(o) = self.desks.at(seat) {
            o.push(draft, now, 0);
        }
    }

    /// Decides something about a job, as it was read.
    pub(crate) fn judge(&mut self, now: Instant, seat: Seat, job: JobId, draft: &Draft) {
        self.desks.decide(now, seat, &format!("job/{job}"), draft);
    }

    pub(crate) fn requester_says(&mut self, now: Instant, job: JobId, command: &impl Body) {
        let Some(k) = self.director.job(job) else { return };
        if let Some(r) = self.requesters.get_mut(k.requester as usize) {
            r.outbox.push(command.draft("jobs"), now, 0);
        }
    }
}

/// The hash of a paper that stays with whoever wrote it.
pub(crate) fn paper(job: JobId, what: &str) -> Digest {
    sha256(&[b"nooterra/paper/v1", job.as_bytes(), what.as_bytes()])
}

const fn code(c: Complaint) -> IncidentCode {
    match c {
        Complaint::PropertyDamage => IncidentCode::PropertyDamage,
        Complaint::Theft => IncidentCode::TheftAllegation,
        Complaint::Privacy => IncidentCode::PrivacyComplaint,
        Complaint::Quality => IncidentCode::QualityComplaint,
        Complaint::Injury => IncidentCode::Injury,
    }
}

const fn blame(b: Blame) -> Fault {
    match b {
        Blame::Nobody => Fault::None,
        Blame::Requester => Fault::Requester,
        Blame::Owner => Fault::Owner,
        Blame::Developer => Fault::Developer,
        Blame::Platform => Fault::Platform,
        Blame::Site => Fault::Site,
    }
}

const fn harm(h: Harm) -> Head {
    match h {
        Harm::Property => Head::Property,
        Harm::Injury => Head::Injury,
        Harm::Privacy => Head::Privacy,
        Harm::Theft => Head::Theft,
        Harm::Loss => Head::Loss,
    }
}

const fn item(p: Paper) -> Item {
    match p {
        Paper::Valuation => Item::Valuation,
        Paper::PersonRecord => Item::PersonRecord,
        Paper::DoorLog => Item::DoorLog,
    }
}
