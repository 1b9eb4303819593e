//! How far the navigation skill is certified for each model: as the fleet's entries say, `field` where they do not.

use super::Desk;
use crate::resolved::Certified;
use nooterra_site::{RobotModel, model_named};

/// One for each model. Entries of one model must agree: a certificate speaks of all its robots.
pub(super) fn certified(desk: &mut Desk<'_>, models: &[RobotModel]) -> Vec<Certified> {
    let scenario = desk.scenario;
    let mut said: Vec<(String, Certified)> = Vec::new();
    for e in &scenario.fleet {
        let file = e.config.as_ref().and_then(|c| desk.files.iter().find(|(p, _)| *p == c.value)).map(|(_, m)| m.name.clone());
        let Some(name) = file.or_else(|| model_named(&e.model).map(|m| m.name)) else { continue };
        let tier = e.certified.as_ref().map_or_else(Certified::default, |c| c.value);
        match said.iter().find(|(n, _)| *n == name) {
            Some((_, other)) if *other != tier => {
                let remedy = format!("write the same `certified` at every entry of {name}");
                match &e.certified {
                    Some(c) => desk.flaw(c, "a skill is certified for all robots of a model or for none", remedy),
                    None => desk.flaw(&e.model, "another entry of this model says otherwise how far its skill is certified", remedy),
                }
            }
            Some(_) => {}
            None => said.push((name, tier)),
        }
    }
    models.iter().map(|m| said.iter().find(|(n, _)| *n == m.name).map_or_else(Certified::default, |(_, t)| *t)).collect()
}
