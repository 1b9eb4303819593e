//! Short histories of the platform among puppets, each with something that can go wrong in it: what they share, and the list
//! of all.

pub mod money;
pub mod trouble;
pub mod work;

use nooterra_control::puppets::rig::Rig;
use nooterra_engine::ids::JobId;
use nooterra_engine::money::Amount;
use nooterra_jobs::status::Status;

pub const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];
pub const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];
pub const THREE: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("a2", "acme", 12), ("b1", "bolt", 15)];

/// A rig whose broken oaths are kept, not the end of the test.
pub fn kept(mut rig: Rig) -> Rig {
    rig.oaths = Some(vec![]);
    rig
}

fn amount(minor: u64) -> Amount {
    Amount::new(minor).expect("an amount")
}

pub fn until(rig: &mut Rig, job: JobId, status: Status) {
    for _ in 0..1_800 {
        if rig.status(job) == status {
            return;
        }
        rig.tick();
    }
}

/// A history with its name.
pub type Named = (&'static str, fn() -> Rig);

/// All of them.
pub const ALL: &[Named] = &[
    ("delivery", work::delivery),
    ("crowd", work::crowd),
    ("withdrawn", work::withdrawn),
    ("two_coins", money::two_coins),
    ("series", money::series),
    ("handover", work::handover),
    ("key revoked", trouble::key_revoked),
    ("load handed over", work::load_handed_over),
    ("load unseen", work::load_unseen),
    ("load brought back", work::load_brought_back),
    ("stopped", trouble::stopped),
    ("stopped_for_good", trouble::stopped_for_good),
    ("zone_stopped", trouble::zone_stopped),
    ("collision", trouble::collision),
    ("chargebacks", money::chargebacks),
    ("claim", money::claim),
    ("helped", work::helped),
    ("helpless", work::helpless),
    ("covered", work::covered),
    ("limited", work::limited),
    ("skill", work::skill),
    ("moved", work::moved),
    ("no_show", work::no_show),
    ("unseen", work::unseen),
    ("revoked", work::revoked),
    ("cancelled", work::cancelled),
    ("given_up", work::given_up),
    ("cut_off", work::cut_off),
    ("hungry", work::hungry),
    ("month", money::month),
    ("stale_fence", trouble::stale_fence),
    ("forged", trouble::forged),
    ("charged_twice", money::charged_twice),
    ("long", work::long),
    ("stuck", work::stuck),
    ("collision_of_one", trouble::collision_of_one),
    ("hungry_at_work", work::hungry_at_work),
    ("site_out", trouble::site_out),
    ("watched", trouble::watched),
    ("unread", money::unread),
];
