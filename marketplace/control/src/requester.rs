//! What requesters say: requests, awards, cancellations.

use crate::abilities::{can, payload_g};
use crate::input::{NewJob, RequesterCommand};
use crate::series::Occurrence;
use crate::state::{AskKey, RobotCell};
use crate::unit::{Outcome, Unit, need, no};
use crate::wish::{Invitation, Wish};
use nooterra_engine::Digest;
use nooterra_engine::ids::{JobId, PartyId, RegionId, SiteId, WitnessId, ZoneId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::Span;
use nooterra_jobs::event::{CancelReason, Event, RevokeReason, Side};
use nooterra_jobs::parts::AccessTrack;
use nooterra_jobs::pins::WitnessClass;
use nooterra_jobs::proof::is_sound;
use nooterra_jobs::status::Class;
use nooterra_jobs::terms::{Action, Mode, Need, Price, Request, Step, Template};
use nooterra_jobs::{Job, batch};
use nooterra_market::negotiation::{AwardMode, Negotiation, RfqCommand, Speaker};
use nooterra_market::series::{OccurrencePrice, SeriesEnd};
use nooterra_market::tables::WorkKind;
use nooterra_market::{Measure, Parts, RiskInput, Score};
use nooterra_operations::Robot;
use nooterra_operations::stop::Voice;
use nooterra_site::LevelIx;
use nooterra_trust::{Code, Rejection};

/// A request as it would be made.
#[derive(Clone)]
pub(crate) struct Drafted {
    pub request: Request,
    pub candidates: u16,
    pub score: Score,
    pub price: Price,
    pub negotiation: Negotiation,
}

/// Most points of one job.
const STEPS_MAX: usize = 64;
/// Most zones of one request.
const ZONES_MAX: usize = 16;
/// Time to cover a zone: to get into it, and for each square metre of its floor.
const COVER_S: u64 = 10;
const COVER_S_PER_M2: u64 = 10;
/// Longest time that a robot may be asked to stand at the points of one job, all together: a week.
const DWELL_MAX: Span = Span::from_mins(7 * 24 * 60);

/// One site is one region here.
pub(crate) fn region(site: SiteId) -> RegionId {
    RegionId::from_bytes(*site.as_bytes())
}

impl Unit<'_> {
    pub fn requester(&mut self, party: PartyId, c: RequesterCommand) -> Outcome {
        match c {
            RequesterCommand::CreateJob(j) => self.create_job(party, *j),
            RequesterCommand::CreateTeam(t) => self.create_team(party, *t),
            RequesterCommand::CreateSeries(n) => self.create_series(party, *n),
            RequesterCommand::EndSeries { series } => self.end_series(series, SeriesEnd::Requester, party),
            RequesterCommand::Withdraw { job } => {
                self.own_job(job, party)?;
                self.negotiate(job, &RfqCommand::Withdraw)
            }
            RequesterCommand::Award { job, quote, terms_hash } => {
                self.own_job(job, party)?;
                self.award_by_hand(job, quote, terms_hash)
            }
            RequesterCommand::Cancel { job, safety } => {
                self.own_job(job, party)?;
                self.cancel(job, if safety { CancelReason::Safety } else { CancelReason::Requester })
            }
            RequesterCommand::ResolveNoShow { job, choice, arrive_by } => {
                self.own_job(job, party)?;
                self.choose_after_no_show(job, choice, arrive_by)
            }
            RequesterCommand::Counter(c) => {
                self.own_job(c.job, party)?;
                self.counter(Speaker::Requester, &c)
            }
            RequesterCommand::ProposeMove { job, window } => {
                self.own_job(job, party)?;
                self.propose_move(Side::Requester, job, window)
            }
            RequesterCommand::AnswerMove { job, agree } => {
                self.own_job(job, party)?;
                self.answer_move(Side::Requester, job, agree)
            }
            RequesterCommand::AnswerApproval { job, approval, action_hash, agree } => {
                self.answer_approval(party, job, approval, action_hash, agree)
            }
            RequesterCommand::RevokeApproval { job, approval } => self.revoke_approval(party, job, approval),
            RequesterCommand::RevokeAccess { job, reason } => {
                self.own_job(job, party)?;
                self.revoke_access(job, reason)
            }
            RequesterCommand::IssuePlan { job, areas, no_go, entry, valid_from, valid_to } => {
                self.plan_by_householder(party, job, (areas, no_go), entry, (valid_from, valid_to))
            }
            RequesterCommand::PayOutCredit { currency } => self.pay_out_credit(party, currency),
            RequesterCommand::Stop(order) => self.stop_by_requester(party, order),
            RequesterCommand::ClearStop { stop } => self.clear_stop(stop, Voice::Requester),
            RequesterCommand::Confirm { job } => {
                self.own_job(job, party)?;
                let j = self.job(job)?;
                need(j.status.class() == Class::Ended, Code::StateForbids)?;
                let Some(l) = j.legs.last().copied() else { return no(Code::StateForbids) };
                let witness = WitnessId::from_bytes(*party.as_bytes());
                self.emit(
                    job,
                    Event::WitnessReported {
                        witness,
                        class: WitnessClass::RequesterConfirm,
                        point: 0,
                        place: 0,
                        zone: None,
                        robot: l.offer.robot,
                        measure: 1,
                        artefact: self.cx.cause,
                    },
                );
                self.proof_again(job);
                Ok(())
            }
        }
    }

    /// A job that names this party as its requester; anything else does not exist for it.
    pub(crate) fn own_job(&self, job: JobId, party: PartyId) -> Outcome {
        need(self.job(job)?.request.requester == party, Code::NotFound)
    }

    /// Do all these places lie on levels of the site that are this party's own?
    pub(crate) fn owns_places(&self, party: PartyId, places: &[u32]) -> bool {
        let level = |p: &u32| self.world.site.vertices.get(*p as usize).map(|v| v.level.ix);
        places.iter().all(|p| level(p).is_some_and(|l| self.owns_level(party, l)))
    }
    /// Is a level of the site this party's own?
    pub(crate) fn owns_level(&self, party: PartyId, level: u32) -> bool {
        self.world.level_zone(LevelIx::new(level)).is_some_and(|z| self.s.genesis.owns(party, z))
    }
    /// Is the whole site?
    pub(crate) fn owns_site(&self, party: PartyId) -> bool {
        let levels = u32::try_from(self.world.site.levels.len()).unwrap_or(u32::MAX);
        levels > 0 && (0..levels).all(|l| self.owns_level(party, l))
    }

    fn create_job(&mut self, party: PartyId, j: NewJob) -> Outcome {
        need(j.template != Template::Lift, Code::SchemaInvalid)?;
        let draft = self.draft_of(party, j)?;
        self.open_request(draft, None);
        Ok(())
    }

    /// What a request would be, or why it cannot be made: reads only.
    pub(crate) fn draft_of(&self, party: PartyId, mut j: NewJob) -> Result<Drafted, Rejection> {
        let now = self.now();
        let policy = &self.s.genesis.policy;
        self.reckon_floors(&mut j);
        let steps = &j.steps;
        let known = |place: u32| (place as usize) < self.world.site.vertices.len();
        let picks = steps.iter().filter(|s| s.action == Action::Pick).count();
        let drops = steps.iter().filter(|s| s.action == Action::Drop).count();
        let lifts = steps.iter().filter(|s| s.action == Action::Lift).count();
        let covers = steps.iter().filter(|s| matches!(s.action, Action::Cover { .. })).count();
        let shape = match j.template {
            t if t.covers_zones() => covers == steps.len() && covers <= ZONES_MAX && j.item.is_none() && self.zones_differ(steps),
            _ if covers > 0 => false,
            Template::Lift => lifts == 1 && picks == 0 && drops == 0 && j.item.is_some(),
            _ if lifts > 0 => false,
            Template::Custom if j.item.is_none() => picks == 0 && drops == 0,
            Template::Delivery | Template::Custom => {
                picks == 1 && drops >= 1 && j.item.is_some() && steps.first().is_some_and(|s| s.action == Action::Pick)
            }
            _ => picks == 0 && drops == 0 && j.item.is_none(),
        };
        let proven = if j.template == Template::Custom { is_sound(&j.proof, steps) } else { j.proof.is_empty() };
        need(proven, Code::SchemaInvalid)?;
        need(shape && !steps.is_empty() && steps.len() <= STEPS_MAX && j.label.len() <= 128, Code::SchemaInvalid)?;
        crate::abilities::check_required(&j.requires)?;
        let dwell = steps.iter().try_fold(0u64, |sum, s| sum.checked_add(s.dwell.0));
        need(dwell.is_some_and(|sum| sum <= DWELL_MAX.0), Code::SchemaInvalid)?;
        need(steps.iter().all(|s| known(s.place)), Code::NotFound)?;
        let open = self.s.parties.get(&party).map_or(0, |p| p.open_jobs);
        need(open < policy.open_jobs_max, Code::QuotaExceeded)?;
        if !(now < j.window.start && j.window.start < j.window.end) {
            return Err(Rejection::new(Code::WindowInvalid).field("window").expected(format!("start after {now}")).actual(j.window.start));
        }
        // Nothing is converted: what has no tariff has no price, and whom no bank would pay in it gets nothing.
        let currency = |holds, what| {
            let other = || Rejection::new(Code::CurrencyMismatch).field("currency").expected(what).actual(j.currency);
            if holds { Ok(()) } else { Err(other()) }
        };
        currency(policy.tariff(j.currency).is_some(), "one that is traded in")?;
        currency(self.s.genesis.takes(party, j.currency), "one that the requester takes")?;
        let places: Vec<u32> = j.steps.iter().map(|s| s.place).collect();
        self.may_shut_out(&places, &j.no_go)?;
        let (levels, areas) = (self.world.zones_at(places.iter().copied()), self.world.area_zones_at(places.iter().copied()));
        let (contract, terms) = self.contract_for(j.contract, party, j.template as u8, (&levels, &areas), j.currency)?;
        let zones = levels.union(&areas).copied().collect();
        let no_go = j.no_go.iter().copied().collect::<std::collections::BTreeSet<ZoneId>>().into_iter().collect();
        let soon = j.window.start.since(now) <= policy.rfq_soon;
        let by_policy = now.saturating_add(if soon { policy.rfq_close_soon } else { policy.rfq_close });
        let rfq_closes = j.rfq_closes.unwrap_or(by_policy).min(j.window.start);
        need(rfq_closes > now, Code::WindowInvalid)?;
        let mut request = Request {
            requester: party,
            site: self.s.genesis.site,
            template: j.template,
            window: j.window,
            steps: j.steps,
            item: j.item,
            need: Need {
                capabilities: j.requires,
                payload_g: j.payload_g,
                tier: j.tier,
                coverage: j.coverage,
                zones,
                no_go,
                privacy: j.privacy,
                min_cert: policy.tier_values.unwrap_or_else(|| j.tier.values()).min_cert,
            },
            budget: j.budget,
            currency: j.currency,
            level: j.level,
            rfq_closes,
            mode: j.mode,
            max_rounds: policy.max_rounds,
            label: j.label,
            contract,
            series: None,
            team: None,
            proof: j.proof,
        };
        let (mut invited, candidates, trust) = self.pool(&request);
        invited.retain(|o| terms.admits(*o));
        let mut score = self.risk(&request, candidates, trust.clone());
        if nooterra_market::risk::forces_cover(score.score_m, &policy.prices) && !request.need.coverage {
            request.need.coverage = true;
            score = self.risk(&request, candidates, trust);
        }
        // Where nobody sits at the desk, work that needs an operator cannot be taken.
        need(!request.need.coverage || self.has_helpers(), Code::CapabilityMissing)?;
        let price = self.price(&request, &score, candidates)?;
        let licences = self.licence_pins(request.currency).unwrap_or_default();
        let negotiation = self.negotiation_of(&request, invited, terms.cover_fee, price.total(), &licences)?;
        Ok(Drafted { request, candidates, score, price, negotiation })
    }

    /// A request is made: owners are asked, standing offers quote.
    pub(crate) fn open_request(&mut self, d: Drafted, of: Option<Occurrence>) -> JobId {
        let Drafted { mut request, candidates, score, price, mut negotiation } = d;
        request.series = of.as_ref().map(|o| o.series);
        let rfq = &mut negotiation.rfq;
        let framework = match of {
            Some(Occurrence { owner, price: OccurrencePrice::Framework(service), .. }) => {
                // What has its price already takes the first quote that says so.
                request.mode = Mode::Instant;
                (rfq.mode, rfq.invited) = (AwardMode::Instant, vec![owner]);
                Some((owner, service))
            }
            Some(Occurrence { owner, price: OccurrencePrice::Quotes(_), .. }) => {
                // The framework owner is asked first.
                rfq.invited.sort_by_key(|o| *o != owner);
                None
            }
            None => None,
        };
        let invited = rfq.invited.clone();
        let id: JobId = self.new_id();
        let (closes, mode) = (request.rfq_closes, request.mode);
        let invitation = Invitation {
            job: id,
            template: request.template,
            window: request.window,
            steps: request.steps.clone(),
            payload_g: request.need.payload_g,
            price,
            closes,
            mode,
            currency: request.currency,
            ready: 0,
        };
        let ready: Vec<u16> = invited.iter().map(|p| self.ready_of(*p, &request)).collect();
        self.s.negotiations.insert(id, negotiation);
        self.emit(id, Event::JobCreated(Box::new(request)));
        self.emit(id, Event::RfqOpened { invited: invited.clone(), price, risk_m: score.score_m, factors: score.factors, candidates });
        if let Some((owner, service)) = framework {
            self.framework_quote(id, owner, service.minor());
            return id;
        }
        for (provider, ready) in invited.iter().zip(ready) {
            self.wish(Wish::Invite { provider: *provider, invitation: Box::new(Invitation { ready, ..invitation.clone() }) });
        }
        self.standing_quotes(id, price.total());
        id
    }

    /// Owners who take its currency and have a robot that could carry it, how many robots could do it now, and their trust.
    pub(crate) fn pool(&self, r: &Request) -> (Vec<PartyId>, u16, Vec<u32>) {
        let now = self.now();
        let bundles = self.s.bundles_in_force(r.currency, now);
        let (mut owners, mut ready, mut trust) = (std::collections::BTreeSet::new(), 0u16, Vec::new());
        for c in self.s.robots.values() {
            if !self.s.genesis.takes(c.robot.owner, r.currency) || !self.is_able(c, r) {
                continue;
            }
            owners.insert(c.robot.owner);
            if c.robot.link_fresh(now) && self.is_ready(c, r, bundles.as_deref()) {
                ready = ready.saturating_add(1);
                trust.push(c.robot.trust_bps);
            }
        }
        (owners.into_iter().collect(), ready, trust)
    }

    /// Could a robot that is able do it: is it fit, not stopped, at work then, not taken, and taught?
    fn is_ready(&self, c: &RobotCell, r: &Request, bundles: Option<&[Digest]>) -> bool {
        c.robot.status.is_fit()
            && c.robot.stops.is_empty()
            && self.works_within(c.robot.id, r.window.start, r.window.end)
            && !self.is_taken(&c.robot, r)
            && self.world.bearer(c.entry).is_some_and(|robot| self.s.has_skills(robot, r, bundles, self.now()))
    }

    /// Does one lease hold a robot from when it could begin until it would have to be there? (Tasks give way to work.)
    fn is_taken(&self, robot: &Robot, r: &Request) -> bool {
        let values = &self.s.genesis.policy.level_values;
        let grace = values.as_ref().map_or_else(|| r.level.values().arrival_grace, |v| v.arrival_grace);
        let (from, by) = (r.window.start.max(self.now()), r.window.start.saturating_add(grace).max(self.now()));
        robot.lease.iter().chain(&robot.ahead).any(|h| h.from <= from && by < h.to)
    }

    /// Does a robot bear the load, reach what is required, and find its way to every point?
    fn is_able(&self, c: &RobotCell, r: &Request) -> bool {
        let model = &self.s.genesis.robots[c.entry as usize].model;
        payload_g(&c.robot, model) >= u64::from(r.need.payload_g)
            && can(&c.robot, &r.need.capabilities, self.now())
            && r.steps.iter().all(|s| self.world.is_on_graph(c.entry, s.place))
            && r.steps.iter().all(|s| match s.action {
                Action::Cover { area } => self.world.can_cover(c.entry, area, s.place),
                _ => true,
            })
    }

    /// Each zone of a request once: the same floor is not paid for twice.
    fn zones_differ(&self, steps: &[Step]) -> bool {
        let mut seen = std::collections::BTreeSet::new();
        steps.iter().all(|s| match s.action {
            Action::Cover { area } => (area as usize) < self.world.site.areas.len() && seen.insert(area),
            _ => false,
        })
    }

    /// How long a zone takes follows from its floor, whatever the requester thinks.
    fn reckon_floors(&self, j: &mut NewJob) {
        for s in &mut j.steps {
            if let Action::Cover { area } = s.action {
                s.dwell = Span::from_secs(COVER_S + COVER_S_PER_M2 * self.world.floor_mm2(area).div_ceil(1_000_000));
            }
        }
    }

    /// How many robots of an owner could do the work now: able, fit, and not lost from sight.
    pub(crate) fn ready_of(&self, owner: PartyId, r: &Request) -> u16 {
        let bundles = self.s.bundles_in_force(r.currency, self.now());
        u16::try_from(self.able_and_ready(owner, r, bundles.as_deref()).count()).unwrap_or(u16::MAX)
    }

    /// Could any of them do what a request asks for, on what was quoted for it?
    pub(crate) fn is_any_ready(&self, owner: PartyId, job: &Job) -> bool {
        let bundles = self.s.bundles_of(job.id, self.now());
        self.able_and_ready(owner, &job.request, bundles.as_deref()).next().is_some()
    }

    /// Robots of an owner that could do the work now on these bundles.
    fn able_and_ready<'s>(&'s self, owner: PartyId, r: &'s Request, bundles: Option<&'s [Digest]>) -> impl Iterator<Item = &'s RobotCell> {
        let able = move |c: &&RobotCell| c.robot.owner == owner && !c.robot.link_lost && self.is_able(c, r) && self.is_ready(c, r, bundles);
        self.s.robots.values().filter(able)
    }

    pub(crate) fn risk(&self, r: &Request, candidates: u16, trust_bps: Vec<u32>) -> Score {
        let history = self.s.past.history(self.now(), r.template as u8, r.site, region(r.site));
        let base_m = self.s.genesis.policy.tier_values.map_or(r.need.tier.values().base_m, |v| v.base_m);
        let human_m = self.s.genesis.policy.human.points_m();
        nooterra_market::risk::score(&RiskInput { base_m, trust_bps, candidates, history, human_m, covered: r.need.coverage })
    }

    pub(crate) fn price(&self, r: &Request, score: &Score, candidates: u16) -> Result<Price, Rejection> {
        let (policy, none) = (&self.s.genesis.policy, || Rejection::new(Code::CurrencyMismatch).field("currency"));
        let tariff = policy.tariff(r.currency).ok_or_else(none)?;
        let rates = &tariff.rates;
        let kind = match r.template {
            Template::Delivery | Template::Lift => WorkKind::Delivery,
            Template::Patrol => WorkKind::Patrol,
            Template::Inspect => WorkKind::Inspect,
            Template::Clean => WorkKind::Clean,
            Template::ResetLite => WorkKind::ResetLite,
            Template::ResetStandard => WorkKind::ResetStandard,
            Template::Custom => WorkKind::Custom,
        };
        let base = rates.base(kind, &tariff.services);
        // What has no price in a currency is not done for it.
        need(base > 0 || !(r.template.covers_zones() || r.template == Template::Custom), Code::CurrencyMismatch)?;
        let licences = &self.s.genesis.contract(r.currency).ok_or_else(none)?.licences;
        let licence_caps = licences.iter().map(|l| l.cap.minor()).sum();
        let m = Measure {
            base,
            route_mm: self.route_mm(r),
            work_s: self.work_s(r),
            risk_m: score.score_m,
            level_bps: r.level.values().price_bps,
            covered: r.need.coverage,
            candidates,
            licence_caps,
        };
        let p: Parts = nooterra_market::reference_price(&m, rates, &policy.prices).map_err(|_| Rejection::new(Code::AmountOverflow))?;
        let amount = |v: u64| Amount::new(v).map_err(|_| Rejection::new(Code::AmountOverflow));
        Ok(Price {
            core: amount(p.core)?,
            risk: amount(p.risk)?,
            level: amount(p.level)?,
            cover: amount(p.cover)?,
            surge: amount(p.surge)?,
            skills: amount(p.skills)?,
        })
    }

    /// Work at the points, s: what such jobs took here lately, or, as long as too few are known, what is asked for.
    fn work_s(&self, r: &Request) -> u64 {
        let asked = || r.steps.iter().map(|s| s.dwell.as_secs()).sum();
        self.s.past.work_s(self.now(), r.template as u8, r.site).unwrap_or_else(asked)
    }

    /// Way from the nearest dock through the points and back, by the travel time of the first robot's class at its speed.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // a route on a site fits
    fn route_mm(&self, r: &Request) -> u64 {
        let fits = |e: u32| r.steps.iter().all(|s| self.world.is_on_graph(e, s.place));
        let Some(entry) = (0u32..).zip(&self.s.genesis.robots).map(|(i, _)| i).find(|i| fits(*i)) else { return 0 };
        let speed = self.s.genesis.robots[entry as usize].model.speed_max_mps;
        let places: Vec<u32> = r.steps.iter().map(|s| s.place).collect();
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return 0 };
        let dock = self.world.nearest_charger(entry, *first).map_or(*first, |(_, v)| v);
        let bars = self.bars_for_work(places.iter().copied(), &r.need.no_go);
        let trip = |a, b| self.world.travel_without_ms(entry, a, b, &bars).unwrap_or(0);
        let ms = trip(dock, *first) + places.windows(2).map(|w| trip(w[0], w[1])).sum::<u64>() + trip(*last, dock);
        (ms as f64 * speed) as u64
    }

    /// Access is taken back: never refused while a plan is live.
    pub fn revoke_access(&mut self, job: JobId, reason: RevokeReason) -> Outcome {
        let j = self.job(job)?;
        let Some(plan) = j.access.plan.as_ref().map(|p| p.plan) else { return no(Code::PlanMissing) };
        need(matches!(j.access.track, AccessTrack::Planned | AccessTrack::Granted), Code::TrackForbids)?;
        let inside = j.status.class() == Class::Inside;
        let cause = match reason {
            RevokeReason::Safety => nooterra_jobs::event::Cause::SafetyCancelled,
            // What staff or the site take back is no requester's fault.
            _ if self.cx.role == nooterra_trust::Role::OS => nooterra_jobs::event::Cause::StaffCancelled,
            _ if self.cx.role == nooterra_trust::Role::SI => nooterra_jobs::event::Cause::SiteRevoked,
            _ => nooterra_jobs::event::Cause::AccessRevoked,
        };
        let fault = batch::fault_of(j, cause);
        self.meter_minutes(job);
        self.emit(job, Event::AccessRevoked { plan, reason, fault });
        self.answered(AskKey::Extend(job));
        self.answered(AskKey::Hold(job));
        self.shut_doors(job, plan);
        self.revoke_robot(job, plan);
        if inside && !nooterra_engine::planted!("I14 work goes on after access is taken back") {
            self.safe_exit(job, cause, None);
        } else {
            self.order_out(job, cause);
        }
        Ok(())
    }
}
