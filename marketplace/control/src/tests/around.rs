//! Who answers the platform beside its robots: the bank and the site.

use super::rig::Rig;
use crate::input::PaymentReport;
use crate::wish::PaymentAsk;
use nooterra_engine::ids::AccessPlanId;
use nooterra_engine::time::Span;
use nooterra_port::facility::{AccessMethod, DoorState, Entry};
use nooterra_port::{FacilityOrder, FacilityReport};

impl Rig {
    /// An ask that is repeated moves money once.
    fn once(&mut self, ask: &PaymentAsk) -> bool {
        self.moved.insert(nooterra_engine::digest::blake3(&nooterra_engine::encode(ask)))
    }

    pub(super) fn bank(&mut self, ask: PaymentAsk) {
        let r = match ask.clone() {
            PaymentAsk::Authorise { .. } if self.knobs.sits_on_authorisations => return,
            PaymentAsk::Capture { .. } if self.knobs.sits_on_captures => return,
            PaymentAsk::Authorise { job, .. } if self.knobs.no_answer.contains(&job) => return,
            PaymentAsk::Authorise { payment, amount, currency, job, .. } => {
                if self.knobs.decline || self.knobs.declines.contains(&job) {
                    PaymentReport::Declined { payment, code: "INSUFFICIENT_FUNDS".into() }
                } else {
                    let expires = self.now.saturating_add(self.knobs.authorises_for.unwrap_or(Span::from_mins(7 * 24 * 60)));
                    PaymentReport::Authorised { payment, amount, currency, expires, provider_ref: payment.to_string() }
                }
            }
            PaymentAsk::Capture { payment, amount } => {
                if self.knobs.capture_fails > 0 {
                    self.knobs.capture_fails -= 1;
                    PaymentReport::CaptureFailed { payment, code: "TRY_LATER".into() }
                } else {
                    if self.once(&ask) {
                        let job = self.c.state().payments[&payment];
                        let currency = self.c.state().jobs[&job].request.currency;
                        *self.captured.entry(currency).or_default() += amount.minor();
                    }
                    PaymentReport::Captured { payment, amount }
                }
            }
            PaymentAsk::Void { payment } => PaymentReport::Voided { payment },
            PaymentAsk::Refund { refund, .. } if self.knobs.refund_fails > 0 => {
                self.knobs.refund_fails -= 1;
                PaymentReport::RefundFailed { refund, code: "ACCOUNT_CLOSED".into() }
            }
            PaymentAsk::Refund { refund, amount, currency, .. } => {
                if self.once(&ask) {
                    *self.captured.entry(currency).or_default() -= amount.minor();
                }
                PaymentReport::RefundPaid { refund, provider_ref: refund.to_string() }
            }
            PaymentAsk::PayClaim { claim, amount, currency, .. } => {
                PaymentReport::ClaimPaid { claim, amount, currency, provider_ref: claim.to_string() }
            }
            PaymentAsk::Recover { claim, insurer, amount, currency } => {
                PaymentReport::RecoveryReceived { claim, insurer, amount, currency }
            }
            PaymentAsk::Payout { payout, .. } => PaymentReport::PayoutConfirmed { payout, provider_ref: payout.to_string() },
        };
        let _ = self.send("bank", &r);
    }

    /// How the site lets in for work at these places: through what is needed, by what its doors have.
    pub(super) fn site_entry(&self, vertices: &[u32], no_go: &[u32]) -> Entry {
        let site = &self.c.world().site;
        let places: Vec<_> = vertices.iter().map(|v| nooterra_site::VertexIx::new(*v)).collect();
        let entrances = site.entrances_needed(&places, &no_go.iter().copied().collect(), &self.c.world().reached);
        let ids = site.entrance_ids();
        let coded = entrances.iter().any(|e| self.c.state().genesis.terminals.contains(&ids[*e as usize]));
        let (method, credential) = if coded { (AccessMethod::Code, "vault/door".to_owned()) } else { Default::default() };
        Entry { entrances: entrances.into_iter().collect(), method, credential }
    }

    /// Operators' consoles say that they are there.
    pub(super) fn consoles(&mut self) {
        if !self.ticks.is_multiple_of(20) {
            return;
        }
        for name in ["olga", "otto"] {
            let on_shift = self.c.state().desk.operators.get(&super::rig::operator(name)).is_some_and(|o| o.on_shift(self.now).is_some());
            if on_shift && !self.knobs.mute_consoles.contains(name) {
                let _ = self.send(name, &crate::OperatorCommand::Alive);
            }
        }
    }

    pub(super) fn site_order(&mut self, o: FacilityOrder) {
        match o.clone() {
            FacilityOrder::AskAccess { number, job, vertices, valid_from, valid_to, no_go, .. } if !self.knobs.no_access => {
                let plan = AccessPlanId::named(&job.to_string());
                let site = &self.c.world().site;
                let of = |v: &u32| site.vertex_areas(nooterra_site::VertexIx::new(*v), 0.0);
                let areas: Vec<u32> = site.guarded().into_iter().filter(|a| vertices.iter().any(|v| of(v).contains(a))).collect();
                let entry = self.site_entry(&vertices, &no_go);
                let issued = FacilityReport::AccessPlanIssued { number, job, plan, vertices, areas, no_go, entry, valid_from, valid_to };
                let _ = self.send("site", &issued);
            }
            FacilityOrder::AskEntry { job, plan, robot, fence, .. } => {
                let _ = self.send("site", &FacilityReport::AccessGranted { job, plan, fence });
                let vertex = self.robots[&robot].at;
                if self.send("site", &FacilityReport::Entered { job, robot, vertex, fence }).is_ok() {
                    self.inside.insert((job, robot));
                }
            }
            FacilityOrder::Watch { job, robot, item, vertices, .. } => {
                self.watched.insert(job, (robot, vertices, item));
            }
            FacilityOrder::Unwatch { job } => {
                self.watched.remove(&job);
            }
            FacilityOrder::Revoke { job, plan } if !self.knobs.deaf_doors => {
                let _ = self.send("site", &FacilityReport::RevokeAcked { job, plan });
            }
            FacilityOrder::ExtendPlan { job, plan, valid_to, .. } => {
                if !self.knobs.deaf_doors {
                    let _ = self.send("site", &FacilityReport::PlanExtended { job, plan, valid_to });
                }
                self.alarms.push(o);
            }
            FacilityOrder::HoldPlan { job, plan, .. } => {
                if !self.knobs.deaf_doors {
                    let _ = self.send("site", &FacilityReport::PlanHeld { job, plan });
                }
                self.alarms.push(o);
            }
            FacilityOrder::Withdraw { job, plan } if !self.knobs.deaf_doors => {
                let _ = self.send("site", &FacilityReport::PlanWithdrawn { job, plan });
                self.alarms.push(o);
            }
            FacilityOrder::Door { door, open, number, .. } => {
                let state = if open { DoorState::Open } else { DoorState::Closed };
                let _ = self.send("site", &FacilityReport::Door { door, state, number });
            }
            FacilityOrder::Grant { job, number, .. } => {
                if !self.knobs.deaf_doors {
                    let _ = self.send("site", &FacilityReport::GrantHeld { job, number });
                }
                self.alarms.push(o);
            }
            FacilityOrder::ShutLevels { number, .. } => {
                if !self.knobs.deaf_doors {
                    let _ = self.send("site", &FacilityReport::LevelsShut { number });
                }
                self.alarms.push(o);
            }
            FacilityOrder::Replay { .. } if self.knobs.sits_on_replays => self.alarms.push(o),
            FacilityOrder::Replay { number, chunks, .. } => {
                let artefact = super::boxes::artefact(&chunks);
                let residual_milli = self.knobs.residual_milli;
                let _ = self.send("site", &FacilityReport::Replayed { number, artefact, residual_milli });
            }
            FacilityOrder::Alarm { .. } => self.alarms.push(o),
            _ => {}
        }
    }
}
