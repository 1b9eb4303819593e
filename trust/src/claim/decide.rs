//! What a command on a claim leads to, or why it is refused (domain 8.5, guards of 3.6).

use crate::claim::event::{Command, Denial, Event, Timer, What};
use crate::claim::share::{Bearer, Portion, check, shares};
use crate::claim::terms::{Found, Head, Route, WHOLE_BPS, bps};
use crate::claim::{Claim, Claims, LAST_LEVEL, Status};
use crate::guard::{Checks, Hand};
use crate::incident::{self, Incident, Incidents};
use crate::parties::Fault;
use crate::rejection::{Code, Rejection};
use crate::role::Role;
use nooterra_engine::ids::{ClaimId, IncidentId, PartyId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::Instant;

type Decided = Result<Vec<What>, Rejection>;

impl Claims {
    /// Decides a command; reads only. `incidents` are those of the same job: their triage gives code and fault.
    pub fn decide(&self, now: Instant, hand: &Hand, incidents: &Incidents, command: &Command) -> Result<Vec<Event>, Rejection> {
        let whats = match command {
            Command::Open { claim, incident, claimant, demand, head } => {
                self.open(now, hand, incidents, *claim, *incident, *claimant, *demand, *head)
            }
            Command::Triage { claim, found } => self.triage(hand, incidents, *claim, found),
            Command::Reserve { claim, reserve } => self.reserve(hand, *claim, *reserve),
            Command::Approve { claim, assessed, claimant_fault_bps, split, second } => {
                self.approve(hand, second.as_ref(), incidents, *claim, *assessed, *claimant_fault_bps, split)
            }
            Command::Deny { claim, reason, second } => self.deny(hand, second.as_ref(), *claim, *reason),
            Command::Pay { claim, amount, provider_ref } => self.pay(hand, *claim, *amount, provider_ref),
            Command::Recover { claim, insurer, amount } => self.recover(hand, Role::PS, *claim, *insurer, *amount),
            Command::RefuseRecovery { claim, insurer, amount } => self.recover(hand, Role::IN, *claim, *insurer, *amount),
            Command::Fire { claim, timer, found } => self.fire(now, hand, incidents, *claim, *timer, found),
        }?;
        Ok(whats.into_iter().map(|what| Event { claim: command.claim(), what, origin_period: None }).collect())
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one command")]
    fn open(
        &self,
        now: Instant,
        hand: &Hand,
        incidents: &Incidents,
        claim: ClaimId,
        incident: IncidentId,
        claimant: PartyId,
        demand: Amount,
        head: Head,
    ) -> Decided {
        let staff = hand.role == Role::OS;
        let outsider = matches!(hand.role, Role::RQ | Role::OW) && !self.parties.names(claimant);
        let twice = self.claims.iter().any(|(id, c)| *id == claim || (c.incident, c.claimant) == (incident, claimant));
        let mut c = Checks::new();
        c.role(hand, &[Role::RQ, Role::OW, Role::SI, Role::OS])
            .must(incidents.incidents.contains_key(&incident), Code::NotFound, "incident")
            .must(!outsider, Code::NotFound, "job")
            // Staff claim for people who have no key of their own.
            .must(staff || hand.is_of(claimant), Code::PartyForbidden, "claimant")
            .must(!twice, Code::AlreadyDone, "claim")
            .must(self.settled.is_none_or(|at| now <= at.saturating_add(self.terms.window)), Code::ClaimWindowClosed, "claim")
            .must(demand > Amount::ZERO, Code::AmountInvalid, "demand")
            .end()?;
        Ok(vec![What::Opened { incident, claimant, demand, head }])
    }

    fn triage(&self, hand: &Hand, incidents: &Incidents, id: ClaimId, found: &Found) -> Decided {
        let mut c = Checks::new();
        c.role(hand, &[Role::TR]);
        let Some(claim) = self.find(&mut c, id) else { return refused(c) };
        self.impartial(&mut c, hand, claim);
        let missing = claim.head.missing(&found.items);
        match (claim.status, &claim.triage) {
            (Status::Opened, _) => {}
            (Status::Triaged | Status::Reserved, Some(t)) if t.missing.is_empty() => {
                c.must(false, Code::AlreadyDone, "claim");
            }
            (Status::Triaged | Status::Reserved, Some(t)) => {
                let fewer = missing.len() < t.missing.len() && missing.iter().all(|m| t.missing.contains(m));
                if !fewer {
                    c.note(Rejection::new(Code::EvidenceInsufficient).field("found").expected(format!("{:?}", t.missing)));
                }
            }
            _ => {
                c.must(false, Code::TrackForbids, "claim");
            }
        }
        c.end()?;
        Ok(self.triaged(claim, incidents, found))
    }

    /// Triage and, the first time, the reserve in the same unit.
    fn triaged(&self, claim: &Claim, incidents: &Incidents, found: &Found) -> Vec<What> {
        let missing = claim.head.missing(&found.items);
        let confirmed = incidents.incidents.get(&claim.incident).is_some_and(|i| i.confirmed);
        let insured = self.parties.insurer.is_some() && self.terms.insurer_from.is_some_and(|from| claim.demand >= from);
        let route = if claim.demand <= self.terms.auto_max && missing.is_empty() && confirmed {
            Route::Auto
        } else if insured {
            Route::Insurer
        } else {
            Route::Review
        };
        let mut out = vec![What::Triaged { route, missing, found: found.clone() }];
        if claim.status == Status::Opened {
            out.push(What::Reserved { reserve: self.terms.reserve(claim.demand, self.left()) });
        }
        out
    }

    fn reserve(&self, hand: &Hand, id: ClaimId, reserve: Amount) -> Decided {
        let mut c = Checks::new();
        c.role(hand, &[Role::TR]);
        let Some(claim) = self.find(&mut c, id) else { return refused(c) };
        self.impartial(&mut c, hand, claim);
        let left = self.left();
        c.must(matches!(claim.status, Status::Triaged | Status::Reserved), Code::TrackForbids, "claim")
            .must(reserve >= self.terms.auto_amount(claim.demand).min(left), Code::AmountInvalid, "reserve")
            .must(reserve <= left && reserve <= claim.demand, Code::LimitExceeded, "reserve")
            .end()?;
        Ok(vec![What::Reserved { reserve }])
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one command")]
    fn approve(
        &self,
        hand: &Hand,
        second: Option<&Hand>,
        incidents: &Incidents,
        id: ClaimId,
        assessed: Amount,
        claimant_fault_bps: u32,
        split: &[Portion],
    ) -> Decided {
        let mut c = Checks::new();
        c.must(claimant_fault_bps <= WHOLE_BPS, Code::SchemaInvalid, "claimant_fault_bps");
        let Some(claim) = self.find(&mut c, id) else {
            c.role(hand, &[Role::TR, Role::IN]);
            return refused(c);
        };
        self.authority(&mut c, hand, second, claim);
        match claim.status {
            Status::Reserved => {}
            Status::Approved | Status::Paid => {
                c.must(false, Code::AlreadyDone, "claim");
            }
            _ => {
                c.must(false, Code::TrackForbids, "claim");
            }
        }
        let incident = incidents.incidents.get(&claim.incident);
        if let Some(t) = &claim.triage {
            // What somebody reported is no fact yet: fault and code are read from a triaged incident.
            c.must(incident.is_some_and(|i| t.found.covers(i.report.code)), Code::StateForbids, "incident");
            c.must(judged(incident), Code::TrackForbids, "incident");
            if !t.missing.is_empty() {
                c.note(Rejection::new(Code::EvidenceInsufficient).field("missing").actual(format!("{:?}", t.missing)));
            }
        }
        let payout = bps(assessed, WHOLE_BPS.saturating_sub(claimant_fault_bps)).unwrap_or(Amount::ZERO);
        let fault = fault(incident);
        c.must(payout > Amount::ZERO, Code::AmountInvalid, "payout").must(assessed <= claim.demand, Code::LimitExceeded, "assessed").must(
            payout <= self.left(),
            Code::LimitExceeded,
            "payout",
        );
        if let Err(r) = check(split, &self.parties, fault, claim.claimant) {
            c.note(r);
        }
        c.end()?;
        let liable = self.parties.at_fault(fault).filter(|p| *p != claim.claimant);
        Ok(vec![What::Approved { payout, shares: shares(payout, split, self.terms.deductible, liable) }])
    }

    fn deny(&self, hand: &Hand, second: Option<&Hand>, id: ClaimId, reason: Denial) -> Decided {
        let mut c = Checks::new();
        let Some(claim) = self.find(&mut c, id) else {
            c.role(hand, &[Role::TR, Role::IN]);
            return refused(c);
        };
        self.authority(&mut c, hand, second, claim);
        c.must(claim.status != Status::Denied, Code::AlreadyDone, "claim")
            .must(matches!(claim.status, Status::Reserved | Status::Denied), Code::TrackForbids, "claim")
            .end()?;
        Ok(vec![What::Denied { reason }])
    }

    fn pay(&self, hand: &Hand, id: ClaimId, amount: Amount, provider_ref: &str) -> Decided {
        let mut c = Checks::new();
        c.must((1..=64).contains(&provider_ref.len()), Code::SchemaInvalid, "provider_ref").role(hand, &[Role::PS]);
        let Some(claim) = self.find(&mut c, id) else { return refused(c) };
        c.must(claim.status != Status::Paid, Code::AlreadyDone, "claim")
            .must(matches!(claim.status, Status::Approved | Status::Paid), Code::TrackForbids, "claim")
            .must(claim.grant.as_ref().is_some_and(|g| g.payout == amount), Code::AmountInvalid, "amount")
            .end()?;
        Ok(vec![What::Paid { amount, provider_ref: provider_ref.to_owned() }])
    }

    fn recover(&self, hand: &Hand, role: Role, id: ClaimId, insurer: PartyId, amount: Amount) -> Decided {
        let mut c = Checks::new();
        c.role(hand, &[role]);
        let Some(claim) = self.find(&mut c, id) else { return refused(c) };
        let own = role == Role::PS || hand.is_of(insurer);
        let open = claim.grant.as_ref().map_or(Amount::ZERO, crate::claim::Grant::outstanding);
        c.must(own && self.parties.insurer == Some(insurer), Code::PartyForbidden, "insurer")
            .must(matches!(claim.status, Status::Approved | Status::Paid), Code::TrackForbids, "claim")
            .must(amount > Amount::ZERO, Code::AmountInvalid, "amount")
            .must(amount <= open, Code::LimitExceeded, "amount")
            .end()?;
        Ok(vec![match role {
            Role::PS => What::RecoveryReceived { insurer, amount },
            _ => What::RecoveryDenied { insurer, amount },
        }])
    }

    fn fire(&self, now: Instant, hand: &Hand, incidents: &Incidents, id: ClaimId, timer: Timer, found: &Found) -> Decided {
        let mut c = Checks::new();
        c.role(hand, &[Role::CK]);
        let Some(claim) = self.find(&mut c, id) else { return refused(c) };
        let due = claim.deadlines(&self.terms).into_iter().any(|(t, at)| t == timer && at <= now);
        c.must(due, Code::TrackForbids, "timer").end()?;
        let times = match timer {
            Timer::RecoveryBy => claim.grant.as_ref().map_or(0, |g| g.reviews),
            _ => claim.level,
        };
        let level = times.saturating_add(1);
        let escalated = What::Escalated { timer, level };
        Ok(match timer {
            Timer::EvidenceBy => {
                vec![What::Lapsed { missing: claim.triage.as_ref().map(|t| t.missing.clone()).unwrap_or_default() }]
            }
            Timer::TriageBy if level >= LAST_LEVEL => {
                let mut out = vec![escalated];
                out.extend(self.triaged(claim, incidents, found));
                out
            }
            Timer::DecideBy if level >= LAST_LEVEL => vec![escalated, self.forced(claim, incidents)],
            _ => vec![escalated],
        })
    }

    /// The answer of the third escalation: the smaller of reserve and automatic amount where evidence suffices, borne
    /// by the party at fault or the platform; else a denial.
    fn forced(&self, claim: &Claim, incidents: &Incidents) -> What {
        let incident = incidents.incidents.get(&claim.incident);
        let proven = claim.triage.as_ref().is_some_and(|t| {
            t.missing.is_empty() && judged(incident) && incident.is_some_and(|i| i.confirmed && t.found.covers(i.report.code))
        });
        let liable = self.parties.at_fault(fault(incident));
        let payout = claim.reserve.min(self.terms.auto_amount(claim.demand)).min(self.left());
        if !proven || payout == Amount::ZERO {
            return What::Denied { reason: Denial::NotDecided };
        }
        if liable == Some(claim.claimant) {
            return What::Denied { reason: Denial::ClaimantFault };
        }
        let split = [Portion { bearer: liable.map_or(Bearer::Platform, Bearer::Party), bps: WHOLE_BPS }];
        What::Approved { payout, shares: shares(payout, &split, Amount::ZERO, None) }
    }

    /// The route says who decides; nobody decides a claim of their own party.
    fn authority(&self, c: &mut Checks, hand: &Hand, second: Option<&Hand>, claim: &Claim) {
        self.impartial(c, hand, claim);
        match claim.triage.as_ref().map(|t| t.route) {
            None => {
                c.role(hand, &[Role::TR, Role::IN]);
            }
            Some(Route::Auto) => {
                c.role(hand, &[Role::TR]);
            }
            Some(Route::Insurer) => {
                c.role(hand, &[Role::IN]);
                c.must(hand.party == self.parties.insurer, Code::PartyForbidden, "party");
            }
            Some(Route::Review) => {
                c.role(hand, &[Role::TR]);
                if let Some(s) = second {
                    c.role(s, &[Role::TR]);
                    self.impartial(c, s, claim);
                }
                let two = second.is_some_and(|s| s.key.is_some() && hand.key.is_some() && s.key != hand.key);
                c.must(two, Code::SecondKeyRequired, "second");
            }
        }
    }

    fn impartial(&self, c: &mut Checks, hand: &Hand, claim: &Claim) {
        let own = hand.is_of(claim.claimant);
        // The insurer is named by every claim that it decides; that is its route, not its interest.
        let named = hand.role != Role::IN && hand.party.is_some_and(|p| self.parties.names(p));
        c.must(!own && !named, Code::ConflictOfInterest, "party");
    }

    fn find(&self, c: &mut Checks, id: ClaimId) -> Option<&Claim> {
        let claim = self.claims.get(&id);
        c.must(claim.is_some(), Code::NotFound, "claim");
        claim
    }
}

fn judged(i: Option<&Incident>) -> bool {
    i.is_some_and(|i| i.status != incident::Status::Open)
}

fn fault(i: Option<&Incident>) -> Fault {
    i.map_or(Fault::None, |i| i.fault)
}

/// The rejection that was noted: only called after one was.
fn refused(mut c: Checks) -> Decided {
    c.end().map(|()| Vec::new())
}
