//! Money after settlement: the leg book (I25), caps (I26), chargebacks' security (I29), payouts (I30).

use crate::trail::Now;
use crate::trail::dossier::Dossier;
use crate::trail::entries::{self, Due, Paying};
use crate::trail::purse::{Purse, Row, Till, What};
use crate::verdict::{Class, Notes};
use nooterra_control::fact::PartyEvent;
use nooterra_control::state::State;
use nooterra_engine::ids::{JobId, PartyId, PayoutId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::{Instant, Span};
use nooterra_ledger::{Account, EntryId, Role, Side};
use std::collections::BTreeMap;

/// A payout unanswered for longer than this is one that nobody will answer.
const ANSWER_WITHIN: Span = Span::from_mins(60);

/// Per job: what each beneficiary was paid, and what entries take back.
#[derive(Debug, Default)]
struct LegBook {
    paid: BTreeMap<Account, u64>,
    takes: BTreeMap<EntryId, Vec<(Account, u64)>>,
    /// What of it is a claim on the requester itself.
    on_requester: BTreeMap<EntryId, u64>,
}

/// The judge.
#[derive(Debug)]
pub(crate) struct After {
    mature: Span,
    books: BTreeMap<JobId, LegBook>,
    paying: BTreeMap<PayoutId, Paying>,
    since: BTreeMap<PayoutId, Instant>,
    pub notes: Notes,
}

/// The leg that a debit takes from.
fn leg_of(a: &Account) -> Option<Account> {
    match a {
        Account::PartyReceivable { role: Role::Owner, party } => Some(Account::OwnerPayable { party: *party }),
        Account::PlatformRevenue | Account::InsuranceReserve | Account::CoverageRevenue | Account::CoverageReserve => Some(*a),
        _ => None,
    }
}

/// Credits over the cap of the booked level, compensation over what an owner owes at most (domain 4.5, 4.6): by the pins,
/// whose values are the domain's where the contract names none.
fn over_caps(d: &Dossier) -> Vec<String> {
    let Some(p) = d.pins.as_deref() else { return Vec::new() };
    let mut out = Vec::new();
    let (service, bps) = (p.service.minor(), u64::from(p.level_values.credit_cap_bps));
    let cap = service.saturating_mul(bps) / 10_000;
    if d.credits > cap {
        out.push(format!("credits {} over the cap {cap}, {bps} bps of {service}, of level {:?}", d.credits, p.level));
    }
    let most = u64::from(p.cancel.owner_cap_bps);
    if d.compensated_ppb > most.saturating_mul(100_000) {
        out.push(format!("compensation {} is {} ppb of the service amount, over {most} bps", d.compensation, d.compensated_ppb));
    }
    out
}

impl After {
    pub fn new(mature: Span) -> Self {
        Self {
            mature,
            books: BTreeMap::new(),
            paying: BTreeMap::new(),
            since: BTreeMap::new(),
            notes: Notes::of("refunds, chargebacks and payouts keep their limits", &[25, 26, 29, 30, 35]),
        }
    }

    fn broke(&mut self, n: Now, number: u8, story: String, id: String) {
        self.notes.broke_as(Some(number), Class::Safety, n.at, n.tick, story, vec![id]);
    }

    pub fn row(&mut self, row: &Row) {
        let Some(job) = row.job else { return };
        let book = self.books.entry(job).or_default();
        if matches!(row.code, 4 | 6) && row.what == What::Posted {
            for ((a, side), v) in row.sides.iter().filter(|((_, s), _)| *s == Side::Credit) {
                let _ = side;
                *book.paid.entry(*a).or_default() += v;
            }
        }
        let takes = matches!((row.code, row.what), (15 | 19, What::Reserved) | (21, What::Posted));
        if takes {
            let debits = row.sides.iter().filter(|((_, s), _)| *s == Side::Debit);
            let list = debits.filter_map(|((a, _), v)| leg_of(a).map(|l| (l, *v))).collect();
            book.takes.insert(row.id, list);
            let own = |a: &Account| matches!(a, Account::PartyReceivable { role: Role::Requester, .. });
            let sum = row.sides.iter().filter(|((a, s), _)| *s == Side::Debit && own(a)).map(|(_, v)| v).sum();
            book.on_requester.insert(row.id, sum);
        }
        if let (What::Void, Some(ended)) = (row.what, row.ends) {
            book.takes.remove(&ended);
            book.on_requester.remove(&ended);
        }
    }

    /// After a unit that touched this job.
    pub fn job(&mut self, n: Now, p: Till<'_>, d: &Dossier) {
        self.notes.checked();
        let id = d.job.to_string();
        let mut wrong = Vec::new();
        if let Some(book) = self.books.get(&d.job) {
            let mut sums: BTreeMap<Account, u64> = BTreeMap::new();
            for (a, v) in book.takes.values().flatten() {
                *sums.entry(*a).or_default() += v;
            }
            for (a, v) in sums {
                let paid = book.paid.get(&a).copied().unwrap_or(0);
                if v > paid {
                    wrong.push((25, format!("{v} is taken back of {}, which was paid {paid}", a.name())));
                }
            }
        }
        let taken: u64 = d.chargebacks.values().filter(|c| c.open || c.lost).map(|c| c.amount).sum();
        let claimed: u64 = self.books.get(&d.job).map_or(0, |b| b.on_requester.values().sum());
        let back = (d.refunded() + taken).saturating_sub(claimed);
        if back > d.captured {
            wrong.push((25, format!("{back} goes back of {} captured", d.captured)));
        }
        if d.credits + d.compensation > d.booked.0 {
            wrong.push((26, format!("credits {} and compensation {} over the service amount {}", d.credits, d.compensation, d.booked.0)));
        }
        wrong.extend(over_caps(d).into_iter().map(|story| (26, story)));
        let claims: u64 = d.claims.values().filter(|c| c.approved).map(|c| c.payout).sum();
        if claims > d.booked.1 {
            wrong.push((26, format!("claims of {claims} over the cap {}", d.booked.1)));
        }
        for (chargeback, c) in &d.chargebacks {
            let (reserve, receivable) =
                (Account::DisputeReserve { chargeback: *chargeback }, Account::ChargebackReceivable { chargeback: *chargeback });
            let claw = p.reserved(receivable, Side::Credit);
            let stands = (p.units(reserve) + claw, p.units(receivable));
            if (c.open && stands.0 != stands.1) || (!c.open && stands != (0, 0)) {
                let what = if c.open { "open" } else { "decided" };
                wrong.push((29, format!("an {what} chargeback of {} is secured with {} against {}", c.amount, stands.0, stands.1)));
            }
        }
        for (number, story) in wrong {
            self.broke(n, number, story, id.clone());
        }
    }

    /// An event of a party: payouts are within what is mature in their currency, and end once.
    pub fn party(&mut self, n: Now, p: &Purse, party: PartyId, e: &PartyEvent) -> Option<(Currency, Vec<Due>)> {
        match e {
            PartyEvent::PayoutInitiated { payout, role, gross, netted, net, currency } => {
                self.notes.checked();
                let p = p.of(*currency);
                let from = entries::payable(*role, party);
                let old = n.at.saturating_sub(self.mature);
                let young: u64 = p.credits(from).iter().filter(|(at, _)| *at > old).map(|(_, v)| v).sum();
                let mature = p.units(from).saturating_sub(young);
                let owed = p.units(Account::PartyReceivable { role: *role, party });
                let (g, k) = (gross.minor(), netted.minor());
                if g > mature || k > owed.min(g) || g - k.min(g) != net.minor() {
                    let story = format!("a payout of {currency} {g} less {k} of {mature} that are mature and {owed} that are owed");
                    self.broke(n, 30, story, party.to_string());
                }
                if self.paying.contains_key(payout) {
                    self.broke(n, 30, format!("{payout} is initiated twice"), party.to_string());
                }
                self.since.insert(*payout, n.at);
            }
            PartyEvent::PayoutConfirmed { payout, .. } | PartyEvent::PayoutFailed { payout, .. } => {
                self.notes.checked();
                let due = entries::of_party(&mut self.paying, party, e);
                match self.paying.get_mut(payout) {
                    Some(p) if !p.ended => p.ended = true,
                    _ => self.broke(n, 30, format!("{payout} ends a second time, or was never on its way"), party.to_string()),
                }
                return due;
            }
            _ => {}
        }
        entries::of_party(&mut self.paying, party, e)
    }

    /// The run is over: what was asked long ago has been answered.
    pub fn end(&mut self, n: Now, _: &State) {
        let open = self.paying.iter().filter(|(_, p)| !p.ended).map(|(id, _)| *id);
        let old = open.filter(|id| self.since.get(id).is_some_and(|at| n.at.since(*at) > ANSWER_WITHIN));
        for id in old.collect::<Vec<_>>() {
            self.notes.broke_as(
                Some(35),
                Class::Liveness,
                n.at,
                n.tick,
                format!("{id} was never confirmed and never failed"),
                vec![id.to_string()],
            );
        }
    }
}
