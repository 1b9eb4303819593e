//! Settled jobs that are audited (domain 8.6): which, anybody can tell, from the job and the month that it settled in. Auditors are
//! asked, and asked again until one of them says what came of it.

use crate::unit::Unit;
use crate::wish::Wish;
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_engine::sometimes;
use nooterra_engine::time::Instant;
use nooterra_trust::Role;
use nooterra_trust::gate::is_audited_in;

impl Unit<'_> {
    /// A job settles: is it one of those that are audited?
    pub(crate) fn choose_audit(&mut self, job: JobId) {
        let Ok(currency) = self.job(job).map(|j| j.request.currency) else { return };
        let (period, p) = (self.s.month.period(currency), &self.s.genesis.policy);
        let chosen = is_audited_in(job, &period, p.audit_one_in);
        if chosen {
            sometimes!(true, "job chosen for audit");
            self.ask_auditors(job);
        }
    }

    fn ask_auditors(&mut self, job: JobId) {
        let now = self.now();
        let by: Instant = now.saturating_add(self.s.genesis.policy.audit_by);
        self.s.audits.insert(job, by);
        for auditor in self.s.keys.holders(Role::AU, now) {
            self.wish(Wish::Audit { party: PartyId::from_bytes(auditor), job, by });
        }
    }

    /// Nobody has said what came of an audit in time: it is asked for again.
    pub(crate) fn audits_due(&mut self) {
        let now = self.now();
        let due: Vec<JobId> = self.s.audits.iter().filter(|(_, by)| **by <= now).map(|(j, _)| *j).collect();
        for job in due {
            self.ask_auditors(job);
        }
    }
}
