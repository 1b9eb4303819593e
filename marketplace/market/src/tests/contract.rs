//! Contracts: the matrix of phases and commands, random lives against a naive model, and the rule of resolution.

use super::{Dice, Tally};
use crate::contract::*;
use crate::rejection::Code;
use nooterra_engine::Instant;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{ContractId, PartyId, SiteId, ZoneId};
use nooterra_engine::machine::Freeze;
use nooterra_engine::money::{Amount, Currency};
use std::collections::BTreeMap;

fn id(n: u64) -> ContractId {
    ContractId::named(&format!("contract{n}"))
}
fn signer(role: SignerRole, n: u64) -> Signer {
    Signer { role, party: PartyId::named(&format!("party{n}")) }
}
fn draft(fee: u64, supersedes: Option<ContractId>) -> Draft {
    Draft {
        scope: Scope::default(),
        signers: vec![signer(SignerRole::Requester, 0), signer(SignerRole::Platform, 1)],
        terms: Terms { cover_fee: Amount::new(fee).unwrap(), ..Terms::standard(Currency::EUR) },
        text_hash: Digest::ZERO,
        supersedes,
    }
}
fn write(n: u64, fee: u64, supersedes: Option<ContractId>) -> ContractCommand {
    ContractCommand::Write { contract: id(n), draft: Box::new(draft(fee, supersedes)) }
}
fn sign(b: &ContractBook, n: u64, s: Signer) -> ContractCommand {
    let document_hash = b.get(id(n)).map_or(Digest::ZERO, |c| c.document_hash);
    ContractCommand::Sign { contract: id(n), signer: s, document_hash }
}
fn ok(b: &mut ContractBook, now: u64, c: &ContractCommand) {
    let facts = b.decide(Instant(now), c).unwrap_or_else(|e| panic!("{c:?}: {e}"));
    facts.iter().for_each(|f| b.evolve(f));
}
fn activate(b: &mut ContractBook, n: u64, fee: u64, supersedes: Option<ContractId>, now: u64, from: u64) {
    ok(b, now, &write(n, fee, supersedes));
    publish_and_sign(b, n, now);
    ok(b, now, &ContractCommand::Activate { contract: id(n), from: Instant(from) });
}
fn publish_and_sign(b: &mut ContractBook, n: u64, now: u64) {
    ok(b, now, &ContractCommand::Publish { contract: id(n) });
    for s in b.get(id(n)).unwrap().document.draft.signers.clone() {
        ok(b, now, &sign(b, n, s));
    }
}
fn fire(b: &mut ContractBook, now: u64) {
    while let Some(t) = b.deadlines().first().copied().filter(|t| t.due.0 <= now) {
        let f = b.fire(t.due, t).expect("it is due");
        b.evolve(&f);
    }
}

fn phases() -> Vec<(&'static str, ContractBook)> {
    let make = |f: &dyn Fn(&mut ContractBook)| {
        let mut b = ContractBook::default();
        f(&mut b);
        b
    };
    vec![
        ("none", make(&|_| {})),
        ("draft", make(&|b| ok(b, 0, &write(0, 1, None)))),
        (
            "published",
            make(&|b| {
                ok(b, 0, &write(0, 1, None));
                ok(b, 0, &ContractCommand::Publish { contract: id(0) });
            }),
        ),
        (
            "signed",
            make(&|b| {
                ok(b, 0, &write(0, 1, None));
                publish_and_sign(b, 0, 0);
            }),
        ),
        ("active", make(&|b| activate(b, 0, 1, None, 0, 5))),
        (
            "superseded",
            make(&|b| {
                activate(b, 0, 1, None, 0, 5);
                activate(b, 1, 2, Some(id(0)), 7, 7);
            }),
        ),
        (
            "terminated",
            make(&|b| {
                ok(b, 0, &write(0, 1, None));
                ok(b, 0, &ContractCommand::Terminate { contract: id(0), cause: EndCause::Abandoned });
            }),
        ),
    ]
}

fn commands(b: &ContractBook) -> Vec<ContractCommand> {
    let (rq, other) = (signer(SignerRole::Requester, 0), signer(SignerRole::Requester, 9));
    let amend = |fee, supersedes| ContractCommand::Amend { contract: id(0), draft: Box::new(draft(fee, supersedes)) };
    vec![
        write(0, 3, None),
        amend(3, None),
        amend(1, None),
        amend(3, Some(id(0))),
        ContractCommand::Publish { contract: id(0) },
        sign(b, 0, rq),
        sign(b, 0, other),
        ContractCommand::Sign { contract: id(0), signer: rq, document_hash: Digest([9; 32]) },
        ContractCommand::Activate { contract: id(0), from: Instant(10) },
        ContractCommand::Activate { contract: id(0), from: Instant(9) },
        ContractCommand::Terminate { contract: id(0), cause: EndCause::Notice },
    ]
}

#[test]
fn every_phase_answers_every_command() {
    let mut shown = Vec::new();
    for (name, b) in phases() {
        let mut row = vec![format!("{name}:")];
        for c in commands(&b) {
            row.push(match b.decide(Instant(10), &c) {
                Ok(facts) => {
                    let mut after = b.clone();
                    facts.iter().for_each(|f| after.evolve(f));
                    format!("{:?}", after.get(id(0)).unwrap().phase).to_uppercase()
                }
                Err(code) => code.to_string().to_lowercase(),
            });
        }
        shown.push(row.join(" "));
    }
    println!("contract matrix: {} phases, {} cells", shown.len(), shown.len() * commands(&ContractBook::default()).len());
    let shown = shown.join("\n");
    assert_eq!(shown, MATRIX.trim(), "\n{shown}\n");
}

/// Rows in the order of [`phases`], cells in the order of [`commands`]; capitals name the phase reached.
const MATRIX: &str = "
none: DRAFT not_found not_found not_found not_found not_found not_found not_found not_found not_found not_found
draft: already_done DRAFT no_change not_found PUBLISHED state_forbids party_forbidden state_forbids state_forbids state_forbids TERMINATED
published: already_done state_forbids state_forbids not_found state_forbids PUBLISHED party_forbidden terms_changed state_forbids state_forbids TERMINATED
signed: already_done state_forbids state_forbids not_found state_forbids already_done party_forbidden already_done ACTIVE window_invalid TERMINATED
active: already_done state_forbids state_forbids not_found state_forbids state_forbids party_forbidden state_forbids state_forbids state_forbids TERMINATED
superseded: already_done state_forbids state_forbids not_found state_forbids state_forbids party_forbidden state_forbids state_forbids state_forbids state_forbids
terminated: already_done state_forbids state_forbids not_found state_forbids state_forbids party_forbidden state_forbids state_forbids state_forbids state_forbids
";

#[test]
fn resolution_prefers_the_specific_the_higher_the_later_the_lower() {
    let (party, site, zone) = (PartyId::named("r"), SiteId::named("s"), ZoneId::named("z"));
    let asked = Asked { explicit: None, requester: party, site, template: 2, zones: vec![zone], areas: vec![], currency: Currency::EUR };
    let mut b = ContractBook::default();
    let put = |b: &mut ContractBook, n: u64, scope: Scope, from: u64| {
        let d = Draft { scope, ..draft(1, None) };
        ok(b, 0, &ContractCommand::Write { contract: id(n), draft: Box::new(d) });
        publish_and_sign(b, n, 0);
        ok(b, 0, &ContractCommand::Activate { contract: id(n), from: Instant(from) });
    };
    let found = |b: &ContractBook, now: u64| b.resolve(Instant(now), &asked).map(|r| r.contract);
    assert_eq!(found(&b, 9), Err(Code::ContractInactive));
    put(&mut b, 0, Scope::default(), 3);
    assert_eq!(found(&b, 2), Err(Code::ContractInactive));
    assert_eq!(found(&b, 3), Ok(id(0)));
    put(&mut b, 1, Scope { site: Some(site), ..Scope::default() }, 1);
    assert_eq!(found(&b, 3), Ok(id(1)));
    put(&mut b, 2, Scope { template: Some(2), zone: Some(zone), ..Scope::default() }, 1);
    assert_eq!(found(&b, 3), Ok(id(2)));
    put(&mut b, 3, Scope { template: Some(1), zone: Some(zone), site: Some(site), ..Scope::default() }, 1);
    assert_eq!(found(&b, 3), Ok(id(2)), "another kind of work");
    // As specific, later: from then on.
    put(&mut b, 4, Scope { requester: Some(party), site: Some(site), ..Scope::default() }, 5);
    assert_eq!((found(&b, 4), found(&b, 5)), (Ok(id(2)), Ok(id(4))));
    // As specific, as late: the lower id.
    put(&mut b, 5, Scope { requester: Some(party), template: Some(2), ..Scope::default() }, 5);
    assert_eq!(found(&b, 5), Ok(id(4).min(id(5))));
    // A higher version counts before a later instant.
    let d = Draft { scope: Scope { template: Some(2), zone: Some(zone), ..Scope::default() }, ..draft(1, Some(id(2))) };
    ok(&mut b, 0, &ContractCommand::Write { contract: id(6), draft: Box::new(d) });
    publish_and_sign(&mut b, 6, 0);
    ok(&mut b, 0, &ContractCommand::Activate { contract: id(6), from: Instant(2) });
    assert_eq!(found(&b, 1), Ok(id(2)));
    fire(&mut b, 5);
    assert_eq!(found(&b, 5), Ok(id(6)));
    assert_eq!(b.get(id(6)).unwrap().document.version, 2);
    // By name, but only what is active and fits.
    let named = |n: u64| b.resolve(Instant(5), &Asked { explicit: Some(id(n)), ..asked.clone() }).map(|r| r.contract);
    assert_eq!(
        (named(0), named(2), named(3), named(77)),
        (Ok(id(0)), Err(Code::ContractInactive), Err(Code::ContractInactive), Err(Code::ContractInactive))
    );
}

#[test]
fn a_contract_holds_in_its_own_currency() {
    let asked = |currency, explicit| {
        let (requester, site) = (PartyId::named("r"), SiteId::named("s"));
        Asked { explicit, requester, site, template: 0, zones: vec![], areas: vec![], currency }
    };
    let mut b = ContractBook::default();
    activate(&mut b, 0, 1, None, 0, 0);
    let (eur, usd) = (Currency::EUR, Currency::USD);
    let found = |b: &ContractBook, currency, explicit| b.resolve(Instant(9), &asked(currency, explicit)).map(|r| r.contract);
    assert_eq!(found(&b, eur, None), Ok(id(0)));
    assert_eq!(found(&b, usd, None), Err(Code::ContractInactive), "no amount of it says what dollars are");
    assert_eq!(found(&b, usd, Some(id(0))), Err(Code::CurrencyMismatch));
    // One of the site in dollars is more specific, and nothing to those who pay in euro.
    let scope = Scope { site: Some(SiteId::named("s")), ..Scope::default() };
    let d = Draft { scope, terms: Terms::standard(usd), ..draft(1, None) };
    ok(&mut b, 0, &ContractCommand::Write { contract: id(1), draft: Box::new(d.clone()) });
    publish_and_sign(&mut b, 1, 0);
    ok(&mut b, 0, &ContractCommand::Activate { contract: id(1), from: Instant(1) });
    assert_eq!((found(&b, eur, None), found(&b, usd, None)), (Ok(id(0)), Ok(id(1))));
    assert_eq!(found(&b, eur, Some(id(1))), Err(Code::CurrencyMismatch));
    // A successor keeps the currency.
    let next = Draft { supersedes: Some(id(1)), terms: Terms::standard(eur), ..d };
    let write = ContractCommand::Write { contract: id(2), draft: Box::new(next) };
    assert_eq!(b.decide(Instant(9), &write), Err(Code::CurrencyMismatch));
}

#[test]
fn what_was_pinned_stays_what_it_was() {
    let mut b = ContractBook::default();
    activate(&mut b, 0, 1, None, 0, 0);
    let asked = Asked {
        explicit: None,
        requester: PartyId::named("r"),
        site: SiteId::named("s"),
        template: 0,
        zones: vec![],
        areas: vec![],
        currency: Currency::EUR,
    };
    let pin = b.resolve(Instant(0), &asked).unwrap();
    let (contract, hash, terms) = (pin.contract, pin.document_hash, pin.terms.hash());
    activate(&mut b, 1, 2, Some(id(0)), 1, 4);
    assert_eq!(b.resolve(Instant(3), &asked).unwrap().contract, id(0), "until the very instant");
    assert_eq!(b.resolve(Instant(4), &asked).unwrap().contract, id(1), "even before the timer has fired");
    fire(&mut b, 4);
    assert!(b.is_pinned(contract, hash) && !b.is_pinned(contract, Digest::ZERO));
    assert_eq!(b.get(contract).unwrap().document.draft.terms.hash(), terms);
    assert_ne!(b.get(id(1)).unwrap().document.draft.terms.hash(), terms);
    let unsound = |f: &dyn Fn(&mut Terms)| {
        let mut d = draft(1, None);
        f(&mut d.terms);
        ContractBook::default().decide(Instant(0), &ContractCommand::Write { contract: id(0), draft: Box::new(d) }).err()
    };
    assert_eq!(unsound(&|_| {}), None);
    assert_eq!(unsound(&|t| t.split.owner -= 1), Some(Code::SchemaInvalid));
    assert_eq!(unsound(&|t| t.cover.premium += 1), Some(Code::SchemaInvalid));
    assert_eq!(unsound(&|t| t.cancel.inside_bps = 10_001), Some(Code::SchemaInvalid));
    assert_eq!(unsound(&|t| t.sla.premium.ladder.swap(0, 1)), Some(Code::SchemaInvalid));
    assert_eq!(unsound(&|t| t.capture.attempts = 0), Some(Code::SchemaInvalid));
    let (a, b) = (PartyId::named("a"), PartyId::named("b"));
    let (low, high) = (a.min(b), a.max(b));
    assert_eq!(unsound(&|t| t.excluded = vec![low, high]), None);
    assert_eq!(unsound(&|t| t.excluded = vec![high, low]), Some(Code::SchemaInvalid));
    let t = Terms { excluded: vec![low], ..Terms::standard(Currency::EUR) };
    assert!(!t.admits(low) && t.admits(high));
}

/// Each term changes the hash that a booking pins, and so does everything else in the document.
#[test]
fn every_term_is_under_the_hash() {
    type Change = fn(&mut Draft);
    let changes: [Change; 22] = [
        |d| d.terms.currency = Currency::USD,
        |d| d.terms.cover_fee = Amount::MAX,
        |d| d.terms.handover = false,
        |d| d.terms.substitution = true,
        |d| d.terms.excluded.push(PartyId::named("x")),
        |d| d.terms.site_fault = SiteFault::Platform,
        |d| d.terms.no_show = NoShowUnanswered::Wait,
        |d| d.terms.hold = HoldOutcome::Nothing,
        |d| d.terms.cancel.early_bps += 1,
        |d| d.terms.capture.attempts += 1,
        |d| d.terms.reschedule.auto = false,
        |d| d.terms.sla.fixed.assist_slow_bps += 1,
        |d| d.terms.sla.basic.credit_cap_bps += 1,
        |d| d.terms.sla.standard.credit_cap_bps += 1,
        |d| d.terms.sla.premium.ladder[0].bps += 1,
        |d| (d.terms.split.reserve, d.terms.split.owner) = (201, 7_799),
        |d| (d.terms.cover.premium, d.terms.cover.revenue) = (6_001, 999),
        |d| d.terms.max_claims = Amount::MAX,
        |d| d.scope.template = Some(9),
        |d| d.text_hash = Digest([1; 32]),
        |d| d.supersedes = Some(id(5)),
        |d| d.signers.truncate(1),
    ];
    let hash = |d: &Draft| Document { contract: id(0), version: 1, draft: d.clone() }.hash();
    let mut seen = vec![hash(&draft(1, None))];
    for change in changes {
        let mut d = draft(1, None);
        change(&mut d);
        seen.push(hash(&d));
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 23);
}

/// Everything about one contract is read from the list of commands that were taken, from the start.
struct Model(Vec<(u64, ContractCommand)>);

impl Model {
    fn target(c: &ContractCommand) -> ContractId {
        match c {
            ContractCommand::Write { contract, .. }
            | ContractCommand::Amend { contract, .. }
            | ContractCommand::Publish { contract }
            | ContractCommand::Sign { contract, .. }
            | ContractCommand::Activate { contract, .. }
            | ContractCommand::Terminate { contract, .. } => *contract,
        }
    }
    fn of(&self, k: ContractId) -> Vec<&(u64, ContractCommand)> {
        self.0.iter().filter(|(_, c)| Self::target(c) == k).collect()
    }
    fn draft(&self, k: ContractId) -> Option<&Draft> {
        self.of(k).into_iter().rev().find_map(|(_, c)| match c {
            ContractCommand::Write { draft, .. } | ContractCommand::Amend { draft, .. } => Some(&**draft),
            _ => None,
        })
    }
    fn from(&self, k: ContractId) -> Option<u64> {
        self.of(k).into_iter().find_map(|(_, c)| if let ContractCommand::Activate { from, .. } = c { Some(from.0) } else { None })
    }
    fn ended(&self, k: ContractId) -> Option<u64> {
        self.of(k).into_iter().find_map(|(at, c)| matches!(c, ContractCommand::Terminate { .. }).then_some(*at))
    }
    fn all(&self) -> Vec<ContractId> {
        let mut all: Vec<ContractId> = self.0.iter().map(|(_, c)| Self::target(c)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
    /// Activated, naming `k`, and not ended before it took over.
    fn successor(&self, k: ContractId) -> Option<(ContractId, u64)> {
        let next = |s: &ContractId| {
            let from = self.from(*s)?;
            let names = self.draft(*s).and_then(|d| d.supersedes) == Some(k);
            (names && self.ended(*s).is_none_or(|e| from <= e)).then_some((*s, from))
        };
        self.all().iter().find_map(next)
    }
    fn phase(&self, k: ContractId, now: u64) -> Option<ContractPhase> {
        self.draft(k)?;
        let published = self.of(k).iter().any(|(_, c)| matches!(c, ContractCommand::Publish { .. }));
        let next = self.successor(k).filter(|(_, at)| *at <= now);
        Some(match (self.ended(k), self.from(k), next) {
            (Some(_), _, _) => ContractPhase::Terminated,
            (None, Some(_), Some(_)) => ContractPhase::Superseded,
            (None, Some(_), None) => ContractPhase::Active,
            _ if published => ContractPhase::Published,
            _ => ContractPhase::Draft,
        })
    }
    fn version(&self, k: ContractId) -> u32 {
        match self.draft(k).and_then(|d| d.supersedes) {
            Some(o) => self.version(o) + 1,
            None => 1,
        }
    }
    fn hash(&self, k: ContractId) -> Digest {
        Document { contract: k, version: self.version(k), draft: self.draft(k).unwrap().clone() }.hash()
    }
    fn signed(&self, k: ContractId) -> Vec<Signer> {
        self.of(k)
            .into_iter()
            .filter_map(|(_, c)| if let ContractCommand::Sign { signer, .. } = c { Some(*signer) } else { None })
            .collect()
    }
    fn code(&self, now: u64, c: &ContractCommand) -> Option<Code> {
        let k = Self::target(c);
        let phase = self.phase(k, now);
        let mut all = Vec::new();
        if let ContractCommand::Write { draft, .. } | ContractCommand::Amend { draft, .. } = c {
            if draft.signers.is_empty() {
                all.push(Code::SchemaInvalid);
            }
            if let Some(o) = draft.supersedes {
                match self.phase(o, now).filter(|_| o != k) {
                    None => all.push(Code::NotFound),
                    Some(p) => {
                        all.extend((p == ContractPhase::Draft).then_some(Code::ContractInactive));
                        all.extend((self.draft(o).unwrap().scope != draft.scope).then_some(Code::TermsChanged));
                    }
                }
            }
        }
        match (c, phase) {
            (ContractCommand::Write { .. }, p) => all.extend(p.map(|_| Code::AlreadyDone)),
            (_, None) => return Some(Code::NotFound),
            (ContractCommand::Amend { draft, .. }, Some(p)) => {
                all.extend((p != ContractPhase::Draft).then_some(Code::StateForbids));
                all.extend((self.draft(k) == Some(draft)).then_some(Code::NoChange));
            }
            (ContractCommand::Publish { .. }, Some(p)) => all.extend((p != ContractPhase::Draft).then_some(Code::StateForbids)),
            (ContractCommand::Sign { signer, document_hash, .. }, Some(p)) => {
                all.extend((!self.draft(k).unwrap().signers.contains(signer)).then_some(Code::PartyForbidden));
                all.extend((p != ContractPhase::Published).then_some(Code::StateForbids));
                all.extend(self.signed(k).contains(signer).then_some(Code::AlreadyDone));
                let published = self.of(k).iter().any(|(_, c)| matches!(c, ContractCommand::Publish { .. }));
                let hash = if published { self.hash(k) } else { Digest::ZERO };
                all.extend((hash != *document_hash).then_some(Code::TermsChanged));
            }
            (ContractCommand::Activate { from, .. }, Some(p)) => {
                let signed = self.draft(k).unwrap().signers.iter().all(|s| self.signed(k).contains(s));
                all.extend((p != ContractPhase::Published || !signed).then_some(Code::StateForbids));
                all.extend((from.0 < now).then_some(Code::WindowInvalid));
                if let Some(o) = self.draft(k).unwrap().supersedes {
                    let free = self.phase(o, now) == Some(ContractPhase::Active) && self.successor(o).is_none();
                    all.extend((!free).then_some(Code::ContractInactive));
                    all.extend(self.from(o).is_none_or(|f| f > from.0).then_some(Code::WindowInvalid));
                }
            }
            (ContractCommand::Terminate { .. }, Some(p)) => {
                all.extend(matches!(p, ContractPhase::Superseded | ContractPhase::Terminated).then_some(Code::StateForbids));
            }
        }
        all.into_iter().min()
    }
    fn resolve(&self, now: u64, a: &Asked) -> Option<ContractId> {
        let mut best: Option<ContractId> = None;
        for k in self.all() {
            let Some(s) = self.draft(k).map(|d| d.scope) else { continue };
            let here = self.phase(k, now) == Some(ContractPhase::Active) && self.from(k).is_some_and(|f| f <= now);
            if !here || !s.covers(a) || a.explicit.is_some_and(|e| e != k) {
                continue;
            }
            let set = |s: &Scope| {
                [s.requester.is_some(), s.site.is_some(), s.template.is_some(), s.zone.is_some()].iter().filter(|x| **x).count()
            };
            let wins = best.is_none_or(|b| {
                let o = self.draft(b).unwrap().scope;
                if set(&s) != set(&o) {
                    return set(&s) > set(&o);
                }
                if self.version(k) != self.version(b) {
                    return self.version(k) > self.version(b);
                }
                if self.from(k) == self.from(b) { k < b } else { self.from(k) > self.from(b) }
            });
            if wins {
                best = Some(k);
            }
        }
        best
    }
}

#[test]
fn random_lives_equal_the_naive_model() {
    let (mut ops, mut codes, mut resolved) = (Tally::default(), Tally::default(), Tally::default());
    let scopes = [
        Scope::default(),
        Scope { template: Some(1), ..Scope::default() },
        Scope { requester: Some(PartyId::named("r1")), site: Some(SiteId::named("s0")), ..Scope::default() },
        Scope { zone: Some(ZoneId::named("z")), ..Scope::default() },
    ];
    let histories = 2_000;
    for seed in 0..histories {
        let mut d = Dice(seed);
        let (mut b, mut m, mut now) = (ContractBook::default(), Model(Vec::new()), 0);
        let mut refold = b.clone();
        for _ in 0..110 {
            now += d.below(3);
            while let Some(t) = b.deadlines().first().copied().filter(|t| t.due.0 <= now) {
                let f = b.fire(t.due, t).unwrap();
                b.evolve(&f);
                refold.evolve(&f);
                ops.count("take-over", true);
            }
            let open: Vec<ContractId> = b.iter().filter(|(_, c)| c.phase == ContractPhase::Published).map(|(k, _)| *k).collect();
            let k = if open.is_empty() || d.one_in(2) { id(d.below(9)) } else { *d.pick(&open) };
            let c = match d.below(16) {
                0..5 => {
                    let active: Vec<ContractId> = b.iter().filter(|(_, c)| c.phase == ContractPhase::Active).map(|(k, _)| *k).collect();
                    let any = id(d.below(9));
                    let old = if active.is_empty() || d.one_in(4) { any } else { *d.pick(&active) };
                    let supersedes = (!d.one_in(3)).then_some(old);
                    let scope =
                        supersedes.and_then(|o| b.get(o)).filter(|_| !d.one_in(9)).map_or(*d.pick(&scopes), |c| c.document.draft.scope);
                    let mut next = Draft { scope, ..draft(d.below(3), supersedes) };
                    if d.one_in(12) {
                        next.signers.clear();
                    }
                    if d.one_in(2) {
                        next.signers.pop();
                    }
                    let draft = Box::new(next);
                    if d.one_in(4) { ContractCommand::Amend { contract: k, draft } } else { ContractCommand::Write { contract: k, draft } }
                }
                5..7 => ContractCommand::Publish { contract: k },
                7..12 => {
                    let s = if d.one_in(2) { signer(SignerRole::Requester, 0) } else { signer(SignerRole::Platform, 1) };
                    if d.one_in(8) {
                        ContractCommand::Sign { contract: k, signer: s, document_hash: Digest([3; 32]) }
                    } else {
                        ContractCommand::Sign { contract: k, signer: s, document_hash: b.get(k).map_or(Digest::ZERO, |c| c.document_hash) }
                    }
                }
                12..15 => ContractCommand::Activate { contract: k, from: Instant((now + d.below(6)).saturating_sub(1)) },
                _ if d.one_in(2) => ContractCommand::Publish { contract: k },
                _ => ContractCommand::Terminate { contract: k, cause: EndCause::Notice },
            };
            let answer = b.decide(Instant(now), &c);
            assert_eq!(answer.as_ref().err().copied(), m.code(now, &c), "seed {seed}: {c:?}");
            ops.count(format!("{c:?}").split(' ').next().unwrap(), answer.is_ok());
            match answer {
                Ok(facts) => {
                    facts.iter().for_each(|f| b.evolve(f));
                    facts.iter().for_each(|f| refold.evolve(f));
                    m.0.push((now, c));
                }
                Err(code) => codes.count(&code.to_string(), false),
            }
            assert_eq!(b, refold);
            let phases: BTreeMap<ContractId, ContractPhase> = b.iter().map(|(k, c)| (*k, c.phase)).collect();
            assert_eq!(phases, m.all().into_iter().filter_map(|k| m.phase(k, now).map(|p| (k, p))).collect(), "seed {seed}");
            let asked = Asked {
                explicit: d.one_in(4).then(|| id(d.below(9))),
                requester: PartyId::named(if d.one_in(2) { "r0" } else { "r1" }),
                site: SiteId::named(if d.one_in(2) { "s0" } else { "s1" }),
                template: u8::try_from(d.below(2)).unwrap(),
                zones: if d.one_in(2) { vec![ZoneId::named("z")] } else { vec![] },
                areas: if d.one_in(3) { vec![ZoneId::named("y")] } else { vec![] },
                currency: Currency::EUR,
            };
            let found = b.resolve(Instant(now), &asked);
            resolved.count("resolve", found.is_ok());
            if let Ok(r) = &found {
                assert_eq!(r.document_hash, m.hash(r.contract));
            }
            assert_eq!(found.ok().map(|r| r.contract), m.resolve(now, &asked), "seed {seed}");
            if d.one_in(9) {
                b = ContractBook::thaw(&b.freeze()).unwrap();
                refold = b.clone();
            }
        }
    }
    println!("{histories} histories");
    ops.insist("contracts", &["Write", "Amend", "Publish", "Sign", "Activate", "Terminate"]);
    resolved.insist("resolution", &["resolve"]);
    codes.print("codes");
    assert!(ops.0.contains_key("take-over"));
}
