//! Orders to robots: numbered, fenced, repeated until acknowledged; signed as they leave ([`Wish::sign`]).

use crate::unit::Unit;
use crate::wish::Wish;
use nooterra_engine::ids::RobotId;
use nooterra_engine::time::{Instant, Span};
use nooterra_port::{Order, SignedOrder};

/// Repeated at once at most.
const WINDOW: usize = 16;
/// The wait doubles with each repetition up to this many times.
const BACKOFF_MAX: u32 = 3;

/// Refusals that say that an earlier order is missing: the order stays on the list.
fn asks_again(code: &str) -> bool {
    matches!(code, "SEQ_GAP" | "SEQ_REPLAY" | "OUT_OF_ORDER")
}

impl Unit<'_> {
    /// Gives a robot an order.
    pub fn order(&mut self, robot: RobotId, body: Order) {
        let expires = match &body {
            Order::LeaseOffer(o) => o.accept_by,
            // Whoever was out of reach still learns where it may be.
            Order::Grant(g) => g.valid_to,
            // Whoever was out of reach is taught all the same.
            Order::SkillInstall(_) => self.now().saturating_add(Span::from_mins(24 * 60)),
            Order::WantBlackbox { .. } => self.now().saturating_add(nooterra_trust::evidence::CAPTURE_WITHIN),
            _ => self.now().saturating_add(self.s.genesis.policy.order_expires),
        };
        let (tenant, now, retry) = (self.s.genesis.tenant, self.now(), self.s.genesis.policy.order_retry);
        let key = self.world.service_key;
        let Some(c) = self.touch_robot(robot) else { return };
        c.robot.order_seq += 1;
        let order = SignedOrder { tenant, robot, order_seq: c.robot.order_seq, fence: c.robot.fence, expires, body, key, sig: [0; 64] };
        if let Some(c) = self.s.robots.get_mut(&robot) {
            if c.orders.is_empty() {
                c.retries = 0;
                c.retry_at = Some(now.saturating_add(retry));
            }
            c.orders.push_back(order.clone());
        }
        self.wish(Wish::Order(Box::new(order)));
    }

    /// A robot acknowledged an order, or says how far it has taken orders up.
    pub fn orders_taken(&mut self, robot: RobotId, up_to: u64, code: &str) {
        if asks_again(code) {
            return;
        }
        let (now, retry) = (self.now(), self.s.genesis.policy.order_retry);
        let Some(c) = self.touch_robot(robot) else { return };
        let before = c.orders.len();
        let mut ended = Vec::new();
        c.orders.retain(|o| {
            if let Order::LeaseEnd { lease, .. } = &o.body
                && o.order_seq <= up_to
            {
                ended.push(*lease);
            }
            o.order_seq > up_to
        });
        if c.orders.len() != before {
            c.retries = 0;
            c.retry_at = (!c.orders.is_empty()).then(|| now.saturating_add(retry));
        }
        for lease in ended {
            self.lease_end_heard(lease);
        }
    }

    /// Orders stay unacknowledged: sent again.
    pub fn repeat_orders(&mut self, robot: RobotId) {
        let (now, retry) = (self.now(), self.s.genesis.policy.order_retry);
        let Some(c) = self.touch_robot(robot) else { return };
        c.retries = (c.retries + 1).min(BACKOFF_MAX);
        c.retry_at = Some(next_retry(now, retry, c.retries));
        let again: Vec<SignedOrder> = c.orders.iter().take(WINDOW).cloned().collect();
        for o in again {
            self.wish(Wish::Order(Box::new(o)));
        }
    }

    /// A robot that will not hear any more: nothing is repeated to it.
    pub fn hold_orders(&mut self, robot: RobotId) {
        if let Some(c) = self.touch_robot(robot) {
            c.retry_at = None;
        }
    }

    /// A robot hears again. Orders that it never took up still have their numbers, which it counts on, but say nothing
    /// any more: it stands elsewhere now.
    pub fn blank_orders(&mut self, robot: RobotId) {
        let (now, expires, retry) = (self.now(), self.s.genesis.policy.order_expires, self.s.genesis.policy.order_retry);
        let Some(c) = self.touch_robot(robot) else { return };
        let fence = c.robot.fence;
        for o in &mut c.orders {
            let stays = matches!(
                o.body,
                Order::LeaseEnd { .. } | Order::Stop { .. } | Order::ClearStop { .. } | Order::Revoke { .. } | Order::ClampProfile { .. }
            );
            if !stays {
                o.body = Order::Ack { actor_seq: 0 };
            }
            (o.fence, o.expires) = (fence, now.saturating_add(expires));
        }
        c.retries = 0;
        c.retry_at = (!c.orders.is_empty()).then(|| now.saturating_add(retry));
    }
}

fn next_retry(now: Instant, retry: Span, retries: u32) -> Instant {
    now.saturating_add(retry.times(1 << retries.min(BACKOFF_MAX)))
}
