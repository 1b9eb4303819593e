//! What the stage shows judges and reports beyond the rooms themselves.

use crate::stage::Stage;

impl Stage {
    /// The platform has nothing left to do for anybody: every job is final, and nothing is on its way to a payee.
    #[must_use]
    pub fn platform_at_rest(&self) -> bool {
        let s = self.control.state();
        self.control.jobs().all(|j| j.status.is_terminal())
            && s.jobs.values().all(|j| j.liens.is_empty())
            && s.cases.values().all(|c| !c.is_open() && c.windows.is_empty())
            && s.payouts.is_empty()
            && s.waiting.is_empty()
            && s.parties.values().all(|p| p.payout_at.is_none())
            && s.jobs.values().all(|j| !j.is_refunding())
    }
}
