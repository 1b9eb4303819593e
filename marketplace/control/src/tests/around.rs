//! Who answers the platform beside its robots: the bank and the site.

use super::rig::Rig;
use crate::input::PaymentReport;
use crate::wish::PaymentAsk;
use nooterra_engine::ids::AccessPlanId;
use nooterra_engine::time::Span;
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

    pub(super) fn site_order(&mut self, o: FacilityOrder) {
        match o.clone() {
            FacilityOrder::AskAccess { job, vertices, valid_from, valid_to, no_go, .. } if !self.knobs.no_access => {
                let plan = AccessPlanId::named(&job.to_string());
                let site = &self.c.world().site;
                let of = |v: &u32| site.vertex_areas(nooterra_site::VertexIx::new(*v), 0.0);
                let areas: Vec<u32> = site.guarded().into_iter().filter(|a| vertices.iter().any(|v| of(v).contains(a))).collect();
                let _ = self.send("site", &FacilityReport::AccessPlanIssued { job, plan, vertices, areas, no_go, valid_from, valid_to });
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
            FacilityOrder::ExtendPlan { job, plan, valid_to, .. } | FacilityOrder::HoldPlan { job, plan, valid_to, .. } => {
                let _ = self.send("site", &FacilityReport::PlanExtended { job, plan, valid_to });
                self.alarms.push(o);
            }
            FacilityOrder::Withdraw { job, plan } if !self.knobs.deaf_doors => {
                let _ = self.send("site", &FacilityReport::PlanWithdrawn { job, plan });
                self.alarms.push(o);
            }
            FacilityOrder::Alarm { .. } => self.alarms.push(o),
            _ => {}
        }
    }
}
