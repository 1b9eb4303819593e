//! The access plans that a site has signed, its own and those of householders: issued, held, widened, taken back.

use crate::site_controller::{ItemPlace, SiteController, SiteSenses};
use nooterra_engine::geom::Vec2;
use nooterra_engine::ids::{AccessPlanId, ItemId, JobId};
use nooterra_engine::{Digest, Instant, Record};
use nooterra_port::facility::{Entry, FacilityOrder, FacilityReport, Holder};
use nooterra_site::Site;

/// An access plan that the site has signed.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub(crate) struct Plan {
    pub(crate) id: AccessPlanId,
    pub(crate) vertices: Vec<u32>,
    pub(crate) areas: Vec<u32>,
    pub(crate) no_go: Vec<u32>,
    /// How it lets in, and where.
    pub(crate) entry: Entry,
    /// Who passes by it.
    pub(crate) holder: Option<Holder>,
    /// Number of the word that said so.
    pub(crate) granted_by: u64,
    pub(crate) valid_from: Instant,
    pub(crate) valid_to: Instant,
    pub(crate) item: Option<ItemId>,
    /// It was taken back.
    pub(crate) revoked: bool,
    /// When a householder issued it, if it is for its own rooms.
    pub(crate) held: bool,
    /// Number of the word that it came by, the platform's request or the householder's own: what an older one asks for does not
    /// take its place.
    pub(crate) asked_by: u64,
    /// What it was for is over. It is kept to its end, so that a request for it that comes late brings no new one about.
    pub(crate) withdrawn: bool,
}

impl SiteController {
    /// A job's plan, if it is still this one.
    pub(crate) fn plan(&mut self, job: JobId, plan: AccessPlanId) -> Option<&mut Plan> {
        self.plans.get_mut(&job).filter(|p| p.id == plan)
    }

    /// Looks out for this robot from now on; what was seen of the item under an earlier lease still stands.
    /// A plan is taken back, or its job is over. If that overtook the plan, it is not to be held when it comes.
    pub(crate) fn take_back(&mut self, job: JobId, plan: AccessPlanId, how: impl FnOnce(&mut Plan)) {
        match self.plan(job, plan) {
            Some(p) => how(p),
            None => drop(self.taken_back.insert(plan)),
        }
    }

    /// A plan is widened. What is not known yet comes first, and the platform says it again.
    pub(crate) fn extend_plan(&mut self, now: Instant, order: &FacilityOrder) {
        let FacilityOrder::ExtendPlan { job, plan, valid_to, vertices, areas, entrances } = order else { return };
        // What is not known yet comes first; a word that comes late takes nothing back that a newer one has added.
        let apart = self.withheld.clone();
        let Some(p) = self.plan(*job, *plan) else { return };
        p.valid_to = p.valid_to.max(*valid_to);
        add(&mut p.vertices, vertices);
        add(&mut p.areas, areas);
        let open: Vec<u32> = entrances.iter().copied().filter(|e| !apart.contains(e)).collect();
        add(&mut p.entry.entrances, &open);
        self.say(now, *job, FacilityReport::PlanExtended { job: *job, plan: *plan, valid_to: *valid_to });
    }

    /// A householder has issued a plan.
    pub(crate) fn hold_plan(&mut self, now: Instant, order: &FacilityOrder, site: &Site, world: &mut dyn SiteSenses) {
        let FacilityOrder::HoldPlan { number, job, plan, vertices, load, areas, no_go, entry, valid_from, valid_to } = order else {
            return;
        };
        let newer = self.plans.get(job).is_none_or(|p| p.asked_by < *number);
        if let Some(l) = load {
            put_out(l.item, l.mass_g, &l.at, site, world);
        }
        if newer && !self.taken_back.contains(plan) && self.plan(*job, *plan).is_none() {
            let held = Plan {
                id: *plan,
                vertices: vertices.clone(),
                areas: areas.clone(),
                no_go: no_go.clone(),
                entry: Entry {
                    entrances: entry.entrances.iter().copied().filter(|e| !self.withheld.contains(e)).collect(),
                    ..entry.clone()
                },
                holder: None,
                granted_by: 0,
                valid_from: *valid_from,
                valid_to: *valid_to,
                item: load.as_ref().map(|l| l.item),
                revoked: false,
                held: true,
                asked_by: *number,
                withdrawn: false,
            };
            self.plans.insert(*job, held);
        }
        self.say(now, *job, FacilityReport::PlanHeld { job: *job, plan: *plan });
    }

    #[allow(clippy::too_many_arguments)] // one request with its parts
    pub(crate) fn issue_plan(
        &mut self,
        now: Instant,
        (number, job): (u64, JobId),
        vertices: &[u32],
        no_go: &[u32],
        (valid_from, valid_to): (Instant, Instant),
        item: Option<ItemId>,
        site: &Site,
    ) {
        let holds = |p: &Plan| p.held && !p.revoked && !p.withdrawn;
        // A request that was repeated: the answer is in the outbox or was heard. One that comes late: what was asked since holds in
        // its place, even if it was taken back. And what the householder has said holds until it is taken back.
        if self.plans.get(&job).is_some_and(|p| number <= p.asked_by || holds(p)) {
            return;
        }
        self.plan_count += 1;
        let id = AccessPlanId::derive(&Digest(pad(*job.as_bytes())), self.plan_count);
        let areas = crate::presence::areas_for(site, vertices, no_go, self.widest_m);
        let apart = (&self.withheld, &self.gate.terminals);
        let entry = crate::doors::entry_for(site, (vertices, &areas, no_go), self.widest_m, apart, id);
        let (vertices, no_go) = (vertices.to_vec(), no_go.to_vec());
        let plan = Plan {
            id,
            vertices: vertices.clone(),
            areas: areas.clone(),
            no_go: no_go.clone(),
            entry: entry.clone(),
            holder: None,
            granted_by: 0,
            valid_from,
            valid_to,
            item,
            revoked: false,
            held: false,
            asked_by: number,
            withdrawn: false,
        };
        self.plans.insert(job, plan);
        let issued = FacilityReport::AccessPlanIssued { number, job, plan: id, vertices, areas, no_go, entry, valid_from, valid_to };
        self.say(now, job, issued);
    }
}

/// Adds what is not there yet.
fn add(to: &mut Vec<u32>, more: &[u32]) {
    let new: Vec<u32> = more.iter().copied().filter(|m| !to.contains(m)).collect();
    to.extend(new);
}

/// Puts an item out in the middle of some places, unless it is somewhere already.
pub(crate) fn put_out(item: ItemId, mass_g: u32, places: &[u32], site: &Site, world: &mut dyn SiteSenses) {
    if let Some((level, at)) = middle(site, places)
        && world.item(item) == ItemPlace::Nowhere
    {
        world.dispense(item, level, at, mass_g);
    }
}

/// The middle of some places on one level.
fn middle(site: &Site, places: &[u32]) -> Option<(u32, Vec2)> {
    let at: Vec<_> = places.iter().filter_map(|v| site.vertices.get(*v as usize)).collect();
    let first = at.first()?;
    let n = f64::from(u32::try_from(at.len()).ok()?);
    let (x, y) = at.iter().fold((0.0, 0.0), |(x, y), v| (x + v.at.x, y + v.at.y));
    Some((first.level.ix, Vec2::new(x / n, y / n)))
}

fn pad(b: [u8; 16]) -> [u8; 32] {
    let mut out = [0; 32];
    out[..16].copy_from_slice(&b);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site_controller::Footprint;
    use nooterra_engine::Span;
    use nooterra_engine::ids::RobotId;
    use nooterra_engine::ids::TenantId;
    use nooterra_port::facility::DoorState;
    use nooterra_site::model::Frame;
    use nooterra_trust::Outbox;
    use nooterra_trust::outbox::Patience;
    use nooterra_trust::{Sender, SigningKey};

    fn devices() -> SiteController {
        let key = |n: u8| SigningKey::from_secret([n; 32]);
        let outbox = |n: u8| {
            let sender = Sender::device(TenantId::named("t"), [n; 16], key(n), 1);
            Outbox::new(sender, key(9).public(), Patience::default())
        };
        SiteController::new(outbox(1), outbox(2))
    }

    /// A site that is empty.
    struct Nobody;

    impl SiteSenses for Nobody {
        fn door(&self, _: u32) -> DoorState {
            DoorState::Closed
        }
        fn command_door(&mut self, _: u32, _: bool) {}
        fn lift(&self, _: u32) -> (Option<u32>, DoorState) {
            (None, DoorState::Closed)
        }
        fn command_lift(&mut self, _: u32, _: u32, _: bool) {}
        fn robot(&self, _: RobotId) -> Option<(u32, Vec2)> {
            None
        }
        fn footprints(&self) -> Vec<Footprint> {
            Vec::new()
        }
        fn badge(&self, _: RobotId) -> Option<u64> {
            None
        }
        fn item(&self, _: ItemId) -> ItemPlace {
            ItemPlace::Nowhere
        }
        fn boxes(&self) -> Vec<(u32, Vec2, f64)> {
            Vec::new()
        }
        fn dispense(&mut self, _: ItemId, _: u32, _: Vec2, _: u32) {}
        fn credential(&self, _: Instant, _: RobotId) -> Option<String> {
            None
        }
    }

    fn nowhere() -> Site {
        Site {
            name: "none".into(),
            frame: Frame::CartesianMeters,
            levels: vec![],
            vertices: vec![],
            lanes: vec![],
            doors: vec![],
            lifts: vec![],
            spawns: vec![],
            graphs: vec![],
            areas: vec![],
        }
    }

    /// The plans of the job, in the order in which the site has answered.
    fn issued(d: &mut SiteController, now: Instant) -> Vec<(u64, AccessPlanId)> {
        let read = |e: &nooterra_trust::Envelope| nooterra_engine::decode::<FacilityReport>(&e.body).expect("a report");
        let of = |r| if let FacilityReport::AccessPlanIssued { number, plan, .. } = r { Some((number, plan)) } else { None };
        d.controller.due(now).iter().map(read).filter_map(of).collect()
    }

    #[test]
    fn of_two_requests_the_newer_one_holds_in_whatever_order_they_come() {
        let (site, job, now) = (nowhere(), JobId::named("j"), Instant::from_secs(9));
        let (before, after) = ((now, Instant::from_secs(900)), (now, Instant::from_secs(1_500)));
        // In order: each is answered under its number, and the second plan takes the place of the first.
        let mut d = devices();
        for (number, valid) in [(4, before), (6, after), (6, after)] {
            d.issue_plan(now, (number, job), &[], &[], valid, None, &site);
        }
        assert_eq!((d.plans[&job].asked_by, d.plans[&job].valid_to), (6, after.1));
        let said = issued(&mut d, now);
        assert_eq!(said.iter().map(|s| s.0).collect::<Vec<_>>(), [4, 6], "a repeated one is not answered again");
        assert_eq!(said[1].1, d.plans[&job].id);
        // The first comes late, for the first time or again: it changes nothing and is not answered.
        d.issue_plan(now, (4, job), &[], &[], before, None, &site);
        let mut swapped = devices();
        swapped.issue_plan(now, (6, job), &[], &[], after, None, &site);
        swapped.issue_plan(now, (4, job), &[], &[], before, None, &site);
        for mut d in [d, swapped] {
            assert_eq!((d.plans[&job].asked_by, d.plans[&job].valid_to), (6, after.1));
            let last = issued(&mut d, now).last().copied();
            assert!(last.is_none_or(|l| l == (6, d.plans[&job].id)), "{last:?}");
        }
        // Two requests of one instant for the same window: two plans.
        let mut d = devices();
        d.issue_plan(now, (4, job), &[], &[], before, None, &site);
        let first = d.plans[&job].id;
        d.issue_plan(now, (5, job), &[7], &[], before, None, &site);
        assert_ne!(d.plans[&job].id, first);
        // What a householder has issued before the site was asked does not take the place of what it was asked for since.
        let (plan, load) = (AccessPlanId::named("h"), None);
        let (vertices, areas, no_go, entry, valid_from, valid_to) = (vec![], vec![], vec![], Entry::default(), now, before.1);
        let hold = FacilityOrder::HoldPlan { number: 3, job, plan, vertices, load, areas, no_go, entry, valid_from, valid_to };
        let kept = d.plans[&job].clone();
        d.order(now, &hold, &site, &mut Nobody);
        assert_eq!(d.plans[&job], kept);
    }

    #[test]
    fn a_request_that_comes_late_does_not_replace_a_plan_of_the_householder() {
        let site = nowhere();
        let (mut d, job) = (devices(), JobId::named("j"));
        let (now, old, new) = (Instant::from_secs(9), Instant::from_secs(900), Instant::from_secs(800));
        d.issue_plan(now, (1, job), &[], &[], (Instant::ZERO, old), None, &site);
        let first = d.plans[&job].clone();
        assert!(!first.held);
        // Another time: another plan.
        d.issue_plan(now, (2, job), &[], &[], (now, old), None, &site);
        assert_ne!(d.plans[&job].id, first.id);
        let held = Plan { id: AccessPlanId::named("h"), valid_to: new, held: true, asked_by: 9, ..first };
        d.plans.insert(job, held.clone());
        d.issue_plan(now, (1, job), &[], &[], (Instant::ZERO, old), None, &site);
        assert_eq!(d.plans[&job], held, "it stays");
        // One that was taken back, or is over, makes room for what is asked later, and not for what was asked before.
        let later = now + Span::from_secs(1);
        for (revoked, withdrawn) in [(true, false), (false, true)] {
            d.plans.insert(job, Plan { revoked, withdrawn, ..held.clone() });
            d.issue_plan(now, (1, job), &[], &[], (Instant::ZERO, old), None, &site);
            assert!(d.plans[&job].held);
            d.issue_plan(later, (10, job), &[], &[], (later, old), None, &site);
            assert!(!d.plans[&job].held);
        }
        // Of two plans of the householder the newer holds, in whatever order they come.
        let hold = |name: &str, number: u64| FacilityOrder::HoldPlan {
            number,
            job,
            plan: AccessPlanId::named(name),
            vertices: vec![],
            load: None,
            areas: vec![],
            no_go: vec![],
            entry: Entry::default(),
            valid_from: now,
            valid_to: old,
        };
        d.order(now, &hold("second", 20), &site, &mut Nobody);
        d.order(now, &hold("first", 10), &site, &mut Nobody);
        assert_eq!(d.plans[&job].id, AccessPlanId::named("second"));
        d.order(now, &hold("third", 21), &site, &mut Nobody);
        assert_eq!(d.plans[&job].id, AccessPlanId::named("third"));
        // A grant that overtakes its plan is not taken as heard, and one that was taken back before it came stays out.
        let holder = Some(Holder { robot: RobotId::named("r"), fence: 3 });
        let fourth = AccessPlanId::named("fourth");
        let grant = FacilityOrder::Grant { job, plan: fourth, holder, number: 25 };
        let before = d.controller.clone();
        d.order(now, &grant, &site, &mut Nobody);
        assert_eq!(d.controller, before, "not a word");
        d.order(now, &hold("fourth", 22), &site, &mut Nobody);
        d.order(now, &grant, &site, &mut Nobody);
        assert_eq!(d.plans[&job].holder, holder);
        // The word before it comes after it, of the same instant: the newer one stands, and the older is answered.
        d.order(now, &FacilityOrder::Grant { job, plan: fourth, holder: None, number: 24 }, &site, &mut Nobody);
        assert_eq!(d.plans[&job].holder, holder);
        d.order(now, &FacilityOrder::Revoke { job, plan: AccessPlanId::named("fifth") }, &site, &mut Nobody);
        d.order(now, &hold("fifth", 23), &site, &mut Nobody);
        assert_eq!(d.plans[&job].id, fourth);
    }
}
