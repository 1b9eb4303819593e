//! What requesters say: requests, awards, cancellations.

use crate::input::{NewJob, RequesterCommand};
use crate::unit::{Outcome, Unit, need, no};
use crate::wish::{Invitation, PaymentAsk, Wish};
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{JobId, PartyId, QuoteId, WitnessId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::batch;
use nooterra_jobs::event::{CancelReason, Choice, Event, LapseReason, RevokeReason, WithdrawReason};
use nooterra_jobs::job::{AccessTrack, PaymentTrack};
use nooterra_jobs::pins::WitnessClass;
use nooterra_jobs::status::{Class, Status};
use nooterra_jobs::terms::{Action, Mode, Need, Price, Quote, Request, Template};
use nooterra_market::{Bid, History, Measure, Parts, RiskInput, Score};
use nooterra_operations::stop::Voice;
use nooterra_trust::{Code, Rejection};

/// Most points of one job.
const STEPS_MAX: usize = 64;
const DAY_90: Span = Span::from_mins(90 * 24 * 60);

impl Unit<'_> {
    pub fn requester(&mut self, party: PartyId, c: RequesterCommand) -> Outcome {
        match c {
            RequesterCommand::CreateJob(j) => self.create_job(party, *j),
            RequesterCommand::Withdraw { job } => {
                self.own_job(job, party)?;
                self.allowed(job, &Event::JobWithdrawn { reason: WithdrawReason::Requester })?;
                self.withdraw(job, WithdrawReason::Requester);
                Ok(())
            }
            RequesterCommand::Award { job, quote, terms_hash } => self.award_by_hand(party, job, quote, terms_hash),
            RequesterCommand::Cancel { job, safety } => {
                self.own_job(job, party)?;
                self.cancel(job, if safety { CancelReason::Safety } else { CancelReason::Requester })
            }
            RequesterCommand::ResolveNoShow { job, choice, arrive_by } => {
                self.own_job(job, party)?;
                let j = self.job(job)?;
                if j.status != Status::NoShow {
                    return no(Code::StateForbids);
                }
                let last = j.request.window.end.saturating_add(Span::from_mins(240));
                if choice == Choice::Wait && !arrive_by.is_some_and(|by| by > self.now() && by <= last) {
                    return no(Code::WindowInvalid);
                }
                let events = batch::resolve_no_show(j, choice, arrive_by.filter(|_| choice == Choice::Wait));
                self.emit_all(job, events);
                self.after_end(job);
                Ok(())
            }
            RequesterCommand::RevokeAccess { job, reason } => {
                self.own_job(job, party)?;
                self.revoke_access(job, reason)
            }
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

    fn create_job(&mut self, party: PartyId, j: NewJob) -> Outcome {
        let now = self.now();
        let policy = &self.s.genesis.policy;
        let steps = &j.steps;
        let known = |place: u32| (place as usize) < self.world.site.vertices.len();
        let picks = steps.iter().filter(|s| s.action == Action::Pick).count();
        let drops = steps.iter().filter(|s| s.action == Action::Drop).count();
        let shape = match j.template {
            Template::Delivery => picks == 1 && drops >= 1 && j.item.is_some() && steps.first().is_some_and(|s| s.action == Action::Pick),
            Template::Patrol | Template::Inspect => picks == 0 && drops == 0 && j.item.is_none(),
        };
        need(shape && !steps.is_empty() && steps.len() <= STEPS_MAX && j.label.len() <= 128, Code::SchemaInvalid)?;
        need(steps.iter().all(|s| known(s.place)), Code::NotFound)?;
        let open = self.s.parties.get(&party).map_or(0, |p| p.open_jobs);
        need(open < policy.open_jobs_max, Code::QuotaExceeded)?;
        if !(now < j.window.start && j.window.start < j.window.end) {
            return Err(Rejection::new(Code::WindowInvalid).field("window").expected(format!("start after {now}")).actual(j.window.start));
        }
        need(j.currency == self.s.genesis.currency, Code::CurrencyMismatch)?;
        let soon = j.window.start.since(now) <= Span::from_mins(120);
        let by_policy = now.saturating_add(if soon { policy.rfq_close_soon } else { policy.rfq_close });
        let rfq_closes = j.rfq_closes.unwrap_or(by_policy).min(j.window.start);
        need(rfq_closes > now, Code::WindowInvalid)?;
        let request = Request {
            requester: party,
            site: self.s.genesis.site,
            template: j.template,
            window: j.window,
            steps: j.steps,
            item: j.item,
            need: Need { capabilities: Vec::new(), payload_g: j.payload_g, tier: j.tier, coverage: false },
            budget: j.budget,
            currency: j.currency,
            level: j.level,
            rfq_closes,
            mode: j.mode,
            label: j.label,
        };
        let (invited, candidates, trust) = self.pool(&request);
        let score = self.risk(&request, candidates, trust);
        // No operators are part of this build, so work that needs one cannot be taken.
        need(!nooterra_market::risk::forces_cover(score.score_m, &policy.prices), Code::CapabilityMissing)?;
        let price = self.price(&request, &score, candidates)?;
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
        self.emit(id, Event::JobCreated(Box::new(request)));
        self.emit(id, Event::RfqOpened { invited: invited.clone(), price, risk_m: score.score_m, factors: score.factors, candidates });
        for (provider, ready) in invited.iter().zip(ready) {
            self.wish(Wish::Invite { provider: *provider, invitation: Box::new(Invitation { ready, ..invitation.clone() }) });
        }
        self.standing_quotes(id, &invited, price.total());
        Ok(())
    }

    /// Owners with a robot that could carry it, how many robots could do it now, and their trust.
    fn pool(&self, r: &Request) -> (Vec<PartyId>, u16, Vec<u32>) {
        let now = self.now();
        let bundles = self.s.bundles_in_force(now);
        let (mut owners, mut ready, mut trust) = (std::collections::BTreeSet::new(), 0u16, Vec::new());
        for c in self.s.robots.values() {
            let entry = &self.s.genesis.robots[c.entry as usize];
            let strong = entry.model.payload_max_kg * 1e3 >= f64::from(r.need.payload_g);
            if !strong || !r.steps.iter().all(|s| self.world.is_on_graph(c.entry, s.place)) {
                continue;
            }
            owners.insert(c.robot.owner);
            if c.robot.status.is_fit() && c.robot.link_fresh(now) && self.s.has_skills(c, r, bundles.as_deref(), now) {
                ready = ready.saturating_add(1);
                trust.push(c.robot.trust_bps);
            }
        }
        (owners.into_iter().collect(), ready, trust)
    }

    /// How many robots of an owner could do the work now: able, fit, and not lost from sight.
    pub(crate) fn ready_of(&self, owner: PartyId, r: &Request) -> u16 {
        let bundles = self.s.bundles_in_force(self.now());
        let able = |c: &&crate::state::RobotCell| {
            let model = &self.s.genesis.robots[c.entry as usize].model;
            c.robot.owner == owner
                && c.robot.status.is_fit()
                && !c.robot.link_lost
                && c.robot.stops.is_empty()
                && model.payload_max_kg * 1e3 >= f64::from(r.need.payload_g)
                && r.steps.iter().all(|s| self.world.is_on_graph(c.entry, s.place))
                && self.s.has_skills(c, r, bundles.as_deref(), self.now())
        };
        u16::try_from(self.s.robots.values().filter(able).count()).unwrap_or(u16::MAX)
    }

    fn risk(&self, r: &Request, candidates: u16, trust_bps: Vec<u32>) -> Score {
        let old = self.now().saturating_sub(DAY_90);
        let mut history = History::default();
        for p in self.s.past.iter().filter(|p| p.at >= old && p.template == r.template as u8) {
            history.jobs += 1;
            history.incidents += u64::from(p.incident);
            history.stalls += u64::from(p.stall);
        }
        let base_m = self.s.genesis.policy.tier_values.map_or(r.need.tier.values().base_m, |v| v.base_m);
        let human_m = self.s.genesis.policy.human.points_m();
        nooterra_market::risk::score(&RiskInput { base_m, trust_bps, candidates, history, human_m, covered: false })
    }

    fn price(&self, r: &Request, score: &Score, candidates: u16) -> Result<Price, Rejection> {
        let t = &self.s.genesis.policy.prices;
        let base = match r.template {
            Template::Delivery => t.base_delivery,
            Template::Patrol => t.base_patrol,
            Template::Inspect => t.base_inspect,
        };
        let licence_caps = self.s.genesis.contract.licences.iter().map(|l| l.cap.minor()).sum();
        let m = Measure {
            base,
            route_mm: self.route_mm(r),
            work_s: r.steps.iter().map(|s| s.dwell.as_secs()).sum(),
            risk_m: score.score_m,
            level_bps: r.level.values().price_bps,
            covered: false,
            candidates,
            licence_caps,
        };
        let p: Parts = nooterra_market::reference_price(&m, t).map_err(|_| Rejection::new(Code::AmountOverflow))?;
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

    /// Way from the nearest dock through the points and back, by the travel time of the first robot's class at its speed.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // a route on a site fits
    fn route_mm(&self, r: &Request) -> u64 {
        let fits = |e: u32| r.steps.iter().all(|s| self.world.is_on_graph(e, s.place));
        let Some(entry) = (0u32..).zip(&self.s.genesis.robots).map(|(i, _)| i).find(|i| fits(*i)) else { return 0 };
        let speed = self.s.genesis.robots[entry as usize].model.speed_max_mps;
        let places: Vec<u32> = r.steps.iter().map(|s| s.place).collect();
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return 0 };
        let dock = self.world.chargers(entry, *first).first().map_or(*first, |(_, v)| *v);
        let trip = |a, b| self.world.travel_ms(entry, a, b).unwrap_or(0);
        let ms = trip(dock, *first) + places.windows(2).map(|w| trip(w[0], w[1])).sum::<u64>() + trip(*last, dock);
        (ms as f64 * speed) as u64
    }

    /// A request ends before booking.
    pub fn withdraw(&mut self, job: JobId, reason: WithdrawReason) {
        self.void_payment(job);
        self.emit(job, Event::JobWithdrawn { reason });
    }

    /// An authorisation asked for or placed is given up.
    pub fn void_payment(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        if let Some(payment) = j.payment.payment.filter(|_| matches!(j.payment.track, PaymentTrack::Asked | PaymentTrack::Authorised)) {
            self.ask_payments(PaymentAsk::Void { payment });
        }
    }

    /// The quotes that can be awarded, best first.
    pub fn ranking(&self, job: JobId) -> Vec<QuoteId> {
        let Ok(j) = self.job(job) else { return Vec::new() };
        let fee = self.s.genesis.contract.cover_fee.minor();
        let now = self.now();
        let bids: Vec<Bid> = j
            .live_quotes()
            .filter(|q| q.quote.expires > now && self.ready_of(q.quote.owner, &j.request) > 0)
            .map(|q| Bid {
                total: q.quote.service.minor() + fee,
                arrive: q.quote.arrive,
                owner_trust_bps: self.s.parties.get(&q.quote.owner).map_or(5_000, |p| p.trust_bps),
                log_seq: q.log_seq,
                quote: q.quote.quote,
            })
            .collect();
        nooterra_market::ranking(&bids, j.request.budget.map(Amount::minor))
    }

    /// Awards the best quote, or ends the request.
    pub fn award_best(&mut self, job: JobId) {
        let ranking = self.ranking(job);
        match ranking.first() {
            Some(best) => self.award(job, *best, ranking.clone()),
            None => self.withdraw(job, WithdrawReason::NoAcceptableQuote),
        }
    }

    pub fn award(&mut self, job: JobId, quote: QuoteId, ranking: Vec<QuoteId>) {
        let Ok(j) = self.job(job) else { return };
        let Some(q) = j.quotes.iter().find(|q| q.quote.quote == quote).map(|q| q.quote.clone()) else { return };
        let (payer, currency) = (j.request.requester, j.request.currency);
        let fee = self.s.genesis.contract.cover_fee;
        let amount = q.service.checked_add(fee).unwrap_or(Amount::MAX);
        let auth_by = self.now().saturating_add(self.s.genesis.policy.auth_by).min(q.expires);
        let payment = self.new_id();
        self.emit(job, Event::QuoteAwarded { quote, rev: q.rev, terms_hash: q.terms_hash(), ranking, auth_by, payment, amount });
        self.s.payments.insert(payment, job);
        self.ask_payments(PaymentAsk::Authorise { payment, job, payer, amount, currency });
    }

    fn award_by_hand(&mut self, party: PartyId, job: JobId, quote: QuoteId, terms_hash: Digest) -> Outcome {
        self.own_job(job, party)?;
        let j = self.job(job)?;
        let head = self.s.streams.head(&format!("job/{job}")).chain;
        match self.cx.expect_head {
            None => return no(Code::HeadRequired),
            Some(h) if h != head => return Err(Rejection::new(Code::HeadConflict).expected(head).actual(h)),
            Some(_) => {}
        }
        need(j.status == Status::Quoted, Code::StateForbids)?;
        need(j.request.mode == Mode::Manual, Code::StateForbids)?;
        let Some(q) = j.live_quotes().find(|q| q.quote.quote == quote) else { return no(Code::QuoteNotLive) };
        need(q.quote.expires > self.now(), Code::QuoteExpired)?;
        need(q.quote.terms_hash() == terms_hash, Code::TermsChanged)?;
        let ranking = self.ranking(job);
        need(ranking.contains(&quote), Code::OverBudget)?;
        self.award(job, quote, ranking);
        Ok(())
    }

    /// An award came to nothing: the next quote, or the request ends.
    pub fn lapse(&mut self, job: JobId, reason: LapseReason) {
        let Ok(j) = self.job(job) else { return };
        let Some(a) = j.award else { return };
        let (closed, mode) = (j.rfq.closed, j.request.mode);
        self.void_payment(job);
        self.emit(job, Event::AwardLapsed { quote: a.quote, reason });
        if mode == Mode::Instant || (closed && mode == Mode::Auto) {
            if closed || !self.ranking(job).is_empty() {
                self.award_best(job);
            }
        } else if closed && mode == Mode::Manual && self.job(job).is_ok_and(|j| j.live_quotes().next().is_none()) {
            self.withdraw(job, WithdrawReason::NoAcceptableQuote);
        }
    }

    /// A booking is cancelled by any side.
    pub fn cancel(&mut self, job: JobId, reason: CancelReason) -> Outcome {
        let j = self.job(job)?;
        match j.status.class() {
            Class::Terminal => return no(Code::JobTerminal),
            Class::Open | Class::Ended => return no(Code::StateForbids),
            Class::Booked | Class::Inside => {}
        }
        let robot = j.robot();
        let events = batch::cancel(j, reason, self.now());
        self.emit_all(job, events);
        self.after_release(job, robot, "CANCELLED");
        self.after_end(job);
        Ok(())
    }

    /// Access is taken back: never refused while a plan is live.
    pub fn revoke_access(&mut self, job: JobId, reason: RevokeReason) -> Outcome {
        let j = self.job(job)?;
        let Some(plan) = j.access.plan.as_ref().map(|p| p.plan) else { return no(Code::PlanMissing) };
        need(matches!(j.access.track, AccessTrack::Planned | AccessTrack::Granted), Code::TrackForbids)?;
        let inside = j.status.class() == Class::Inside;
        let cause = if reason == RevokeReason::Safety {
            nooterra_jobs::event::Cause::SafetyCancelled
        } else {
            nooterra_jobs::event::Cause::AccessRevoked
        };
        self.emit(job, Event::AccessRevoked { plan, reason });
        self.shut_doors(job, plan);
        if inside {
            self.safe_exit(job, cause, None);
        } else {
            self.order_out(job, cause);
        }
        Ok(())
    }

    /// The time of a request for quotes is up.
    pub fn rfq_close(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let (status, mode, start) = (j.status, j.request.mode, j.request.window.start);
        let decide = self.now().saturating_add(self.s.genesis.policy.award_decide).min(start);
        let decide: Option<Instant> = (mode == Mode::Manual).then_some(decide);
        self.jobs_touched.insert(job);
        if let Some(j) = self.s.jobs.get_mut(&job) {
            j.close_rfq(decide);
        }
        match status {
            Status::Created => self.withdraw(job, WithdrawReason::RfqExpired),
            Status::Quoted if mode != Mode::Manual => self.award_best(job),
            _ => {}
        }
    }

    /// A quote as the market takes it.
    pub fn put_quote(&mut self, job: JobId, quote: Quote) {
        let (id, service) = (quote.quote, quote.service.minor() + self.s.genesis.contract.cover_fee.minor());
        self.emit(job, Event::QuoteSubmitted(quote));
        let Ok(j) = self.job(job) else { return };
        let within = j.request.budget.is_none_or(|b| service <= b.minor());
        if j.request.mode == Mode::Instant && j.status == Status::Quoted && within {
            let ranking = vec![id];
            self.award(job, id, ranking);
        }
    }
}
