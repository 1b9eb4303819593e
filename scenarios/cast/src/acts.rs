//! Acts of the scenario: what the director cues, done by whoever does it, with their own key.

use crate::director::Cued;
use crate::payments::Dispute;
use crate::{Cast, Mail, PROVIDERS, REQUESTERS, ix};
use nooterra_control::input::{Body as _, OwnerCommand, RequesterCommand, StaffCommand};
use nooterra_engine::Instant;
use nooterra_engine::ids::JobId;
use nooterra_engine::net::Node;
use nooterra_jobs::event::RevokeReason;
use nooterra_jobs::status::{Class, Status};
use nooterra_script::acts::{By, Deed, RevokeWhy};
use nooterra_trust::Draft;

impl Cast {
    /// What people are told of their jobs gives cues.
    pub(crate) fn listen(&mut self, now: Instant, node: Node, mail: &Mail) {
        let Mail::Notify { job, status, .. } = mail else { return };
        if ix(node, REQUESTERS).is_some_and(|i| i < self.requesters.len()) {
            self.director.hears(now, *job, *status);
        } else if let Some(i) = ix(node, PROVIDERS).and_then(|i| u32::try_from(i).ok()) {
            self.director.serves(i, *job);
        }
    }

    pub(crate) fn act(&mut self, now: Instant, cued: Cued) {
        let Some(job) = cued.job else { return };
        match cued.deed {
            Deed::Cancel { by, safety } => self.cancel(now, job, by, safety),
            Deed::Revoke { why } => {
                let reason = match why {
                    RevokeWhy::Privacy => RevokeReason::Privacy,
                    RevokeWhy::Safety => RevokeReason::Safety,
                    RevokeWhy::Change => RevokeReason::Change,
                    RevokeWhy::Other => RevokeReason::Other,
                };
                self.requester_says(now, job, &RequesterCommand::RevokeAccess { job, reason });
            }
            Deed::Chargeback { verdict, decided_after, amount, fee } => {
                self.payments.charge_back(now, job, Dispute { verdict, decided_after, amount, fee });
            }
        }
    }

    fn cancel(&mut self, now: Instant, job: JobId, by: By, safety: bool) {
        match by {
            By::Requester => {
                // A request that is not booked yet is withdrawn, in the terms of the market.
                let status = self.director.job(job).and_then(|k| k.status);
                let open = status.is_none_or(|s: Status| s.class() == Class::Open);
                let command = if open { RequesterCommand::Withdraw { job } } else { RequesterCommand::Cancel { job, safety } };
                self.requester_says(now, job, &command);
            }
            By::Provider => {
                let Some(p) = self.director.job(job).and_then(|k| k.provider) else { return };
                if let Some(p) = self.providers.get_mut(p as usize) {
                    p.outbox.push(OwnerCommand::Cancel { job }.draft("jobs"), now, 0);
                }
            }
            By::Staff => {
                self.staff.push(StaffCommand::Cancel { job }.draft("jobs"), now, 0);
            }
        }
    }

    fn requester_says(&mut self, now: Instant, job: JobId, command: &RequesterCommand) {
        let draft: Draft = command.draft("jobs");
        let Some(k) = self.director.job(job) else { return };
        if let Some(r) = self.requesters.get_mut(k.requester as usize) {
            r.outbox.push(draft, now, 0);
        }
    }
}
