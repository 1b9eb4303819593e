//! Acts of disputes, done by whoever may: parties, the trust service, finance.

use crate::acts::paper;
use crate::desks::Seat;
use crate::{Cast, provider_party};
use nooterra_control::input::{Body, CaseCommand, FinanceCommand, Funding, Ground, Verdict};
use nooterra_engine::Instant;
use nooterra_engine::ids::JobId;
use nooterra_engine::money::Currency;
use nooterra_script::acts::Deed;
use nooterra_script::disputes::{About, BearsAward, Disputer};

const fn ground(a: About) -> Ground {
    match a {
        About::Quality => Ground::Quality,
        About::Proof => Ground::Proof,
        About::Charge => Ground::Charge,
        About::Fault => Ground::Fault,
        About::Meter => Ground::Meter,
    }
}

impl Cast {
    pub(crate) fn disputes(&mut self, now: Instant, job: JobId, deed: &Deed, currency: Currency) {
        if let Deed::Dispute { by, about, amount } = *deed {
            return self.party_says(now, job, by, &CaseCommand::OpenDispute { job, ground: ground(about), amount, currency });
        }
        let Some(k) = self.director.job(job) else { return };
        let Some(dispute) = k.dispute else { return };
        match *deed {
            Deed::DropDispute { by } => self.party_says(now, job, by, &CaseCommand::DropDispute { job, dispute }),
            Deed::DecideDispute { award, borne_by, earned_bps } => {
                let provider = k.provider.and_then(|p| self.providers.get(p as usize)).map(|p| provider_party(p.name()));
                let funding = match borne_by {
                    BearsAward::Everybody => Funding::Legs,
                    BearsAward::Provider => provider.map_or(Funding::Legs, Funding::Party),
                    BearsAward::Platform => Funding::Platform,
                };
                let verdict = Verdict { award, funding, earned_bps, decision_hash: paper(job, "decision") };
                self.judge(now, Seat::Trust, job, &CaseCommand::DecideDispute { job, dispute, verdict, currency }.draft("jobs"));
            }
            Deed::Refund {} => self.judge(now, Seat::Finance, job, &FinanceCommand::Refund { job, dispute }.draft("finance")),
            _ => {}
        }
    }

    fn party_says(&mut self, now: Instant, job: JobId, by: Disputer, command: &CaseCommand) {
        match by {
            Disputer::Requester => self.requester_says(now, job, command),
            Disputer::Provider => {
                let provider = self.director.job(job).and_then(|k| k.provider);
                if let Some(p) = provider.and_then(|p| self.providers.get_mut(p as usize)) {
                    p.outbox.push(command.draft("jobs"), now, 0);
                }
            }
            Disputer::Developer => self.say(now, Seat::Developer, command.draft("jobs")),
        }
    }
}
