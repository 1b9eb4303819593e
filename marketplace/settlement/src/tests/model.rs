//! A naive model of one job's money: sums over lists of everything that ever happened, written down from the rules and
//! sharing no code with the room.

use std::collections::BTreeSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Is {
    Open,
    Done,
    Undone,
}

#[derive(Debug, Clone)]
pub(crate) struct Refunded {
    pub id: u32,
    pub amount: u64,
    pub of_settlement: bool,
    pub is: Is,
}

#[derive(Debug, Clone)]
pub(crate) struct Disputed {
    pub id: u32,
    pub amount: u64,
    pub fee: u64,
    pub escrow: u64,
    pub held: u64,
    pub on_requester: u64,
    /// Done: lost. Undone: won.
    pub is: Is,
}

#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    pub id: u32,
    pub demand: u64,
    pub reserve: u64,
    pub payout: u64,
    pub refund_part: u64,
    pub insurer_owes: u64,
    pub paid: bool,
    /// Done: approved. Undone: denied or lapsed.
    pub is: Is,
}

/// Minor units throughout.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub service: u64,
    pub coverage: u64,
    pub max_claims: u64,
    pub redeemed: u64,
    pub captured: u64,
    pub settled: bool,
    pub escrow: u64,
    pub held: u64,
    pub moved: u64,
    pub psp: i128,
    pub cash: i128,
    pub fees: u64,
    pub owed: u64,
    pub credit: i128,
    pub credits: u64,
    pub compensation: u64,
    pub credited: BTreeSet<u8>,
    pub refunds: Vec<Refunded>,
    pub disputes: Vec<Disputed>,
    pub claims: Vec<Claimed>,
    /// Roles that were paid of this job: 0 owner, 1 operator, 2 developer.
    pub paid_roles: BTreeSet<u8>,
}

impl Model {
    pub fn lien(&self) -> bool {
        self.disputes.iter().any(|d| d.is == Is::Open)
    }
    /// Given back in any way that counts against the captured money.
    pub fn gone(&self) -> u64 {
        let refunds: u64 = self.refunds.iter().filter(|r| r.is != Is::Undone).map(|r| r.amount).sum();
        let disputes: u64 = self.disputes.iter().filter(|d| d.is != Is::Undone).map(|d| d.amount - d.on_requester).sum();
        refunds + disputes + self.claims.iter().map(|c| c.refund_part).sum::<u64>()
    }
    pub fn returnable(&self) -> u64 {
        self.captured - self.gone()
    }
    /// What the requester is owed and no refund is under way for.
    pub fn owed_free(&self) -> u64 {
        self.owed - self.refunds.iter().filter(|r| r.of_settlement && r.is == Is::Open).map(|r| r.amount).sum::<u64>()
    }
    pub fn creditable(&self) -> u64 {
        self.service - self.credits - self.compensation
    }
    pub fn claimable(&self) -> u64 {
        self.max_claims - self.claims.iter().map(|c| c.payout).sum::<u64>()
    }

    pub fn may_settle(&self) -> bool {
        !self.settled && !self.lien()
    }
    pub fn may_move(&self, fee: u64, decrease: u64) -> bool {
        !self.settled && !self.lien() && fee + decrease <= self.escrow
    }
    fn may_give_back(&self, id: u32, amount: u64) -> bool {
        !self.lien() && self.refunds.iter().all(|r| r.id != id) && amount > 0 && amount <= self.returnable()
    }
    pub fn may_refund_rest(&self, id: u32, amount: u64) -> bool {
        self.may_give_back(id, amount) && amount <= self.owed_free()
    }
    pub fn may_refund(&self, id: u32, amount: u64, funding: u8) -> bool {
        self.settled && self.may_give_back(id, amount) && self.may_fund(funding)
    }
    /// 0 to 2: a party; 3: the platform; else everybody.
    pub fn may_fund(&self, funding: u8) -> bool {
        funding > 2 || self.paid_roles.contains(&funding)
    }
    pub fn may_charge_back(&self, id: u32, amount: u64) -> bool {
        self.disputes.iter().all(|d| d.id != id) && amount > 0 && amount <= self.captured
    }
    pub fn may_credit(&self, breach: u8, amount: u64) -> bool {
        !self.credited.contains(&breach) && amount > 0 && amount <= self.creditable()
    }
    pub fn may_approve(&self, c: &Claimed, payout: u64, refund_part: u64) -> bool {
        let caps = payout > 0 && payout <= c.demand && payout <= self.claimable();
        let back = refund_part <= payout && refund_part <= self.returnable() && (refund_part == 0 || !self.lien());
        c.is == Is::Open && caps && back
    }

    /// A new chargeback, with what secures it.
    pub fn charge_back(&mut self, id: u32, amount: u64, fee: u64) {
        // Cent by cent: what was given back already, then escrow, then held, then whoever was paid.
        let (mut escrow, mut held, mut on_requester, mut free) = (0, 0, 0, self.returnable());
        for _ in 0..amount {
            if free == 0 {
                on_requester += 1;
                continue;
            }
            free -= 1;
            if self.escrow > 0 {
                self.escrow -= 1;
                escrow += 1;
            } else if self.held > 0 {
                self.held -= 1;
                held += 1;
            }
        }
        self.psp -= i128::from(amount + fee);
        self.fees += fee;
        self.disputes.push(Disputed { id, amount, fee, escrow, held, on_requester, is: Is::Open });
    }
    pub fn win(&mut self, id: u32, fee_back: u64) {
        let d = self.disputes.iter_mut().find(|d| d.id == id).unwrap();
        d.is = Is::Undone;
        self.psp += i128::from(d.amount + fee_back);
        self.fees -= fee_back;
        self.escrow += d.escrow;
        self.held += d.held;
    }
}
