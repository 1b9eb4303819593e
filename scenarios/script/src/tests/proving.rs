//! What proves custom work, as files say it, and what proves nothing.

use super::{HEAD, corridor};
use crate::proving::Witness;
use crate::resolved::{JobKind, Resolved};
use crate::{read, resolve};

fn of(kind: &str) -> Result<Resolved, String> {
    let text =
        format!("{HEAD}market: {{requesters: [{{name: a, jobs: {{process: fixed, at: [1m], from: [pantry], to: [lounge], {kind}}}}}]}}\n");
    let s = read(&text).unwrap_or_else(|f| panic!("{}", f.render("test", &text)));
    resolve(&s, &corridor(), 7).map_err(|all| all.iter().map(|f| format!("{} | {}\n", f.what, f.remedy)).collect())
}

#[test]
fn items_come_to_the_whole_and_have_points() {
    let r = of("kind: custom, proof: [{name: seen, by: [dock_scan], weight: 30%}, {name: driven, by: [twin_replay, dock_scan], points: [2, 2], weight: 70%, threshold: 50%}]").unwrap();
    let d = &r.demand[0];
    assert_eq!((d.kind, d.mass_g, d.proof.len()), (JobKind::Custom, 0, 2));
    assert_eq!((d.proof[0].points.as_slice(), d.proof[0].weight_bps, d.proof[0].threshold_bps), (&[1, 2][..], 3_000, 10_000));
    assert_eq!((d.proof[1].points.as_slice(), d.proof[1].threshold_bps), (&[2][..], 5_000));
    assert_eq!(d.proof[1].by, [Witness::DockScan, Witness::TwinReplay]);
    let r = of("kind: custom, mass: 1kg, proof: [{name: handed over, by: [weight], points: [2], weight: 100%}]").unwrap();
    assert_eq!(r.demand[0].mass_g, 1_000);
}

#[test]
fn what_proves_nothing_is_told() {
    let bad = [
        ("kind: custom", "not to 100 %"),
        ("kind: custom, proof: [{name: a, by: [dock_scan], weight: 90%}]", "90.00 %"),
        ("kind: custom, proof: [{name: a, by: [twin_replay], weight: 100%}]", "nobody whom `a` names"),
        ("kind: custom, proof: [{name: a, by: [weight], weight: 100%}]", "nobody whom `a` names"),
        ("kind: custom, mass: 1kg, via: [home2], proof: [{name: a, by: [weight], points: [2], weight: 100%}]", "nobody"),
        ("kind: custom, proof: [{name: a, by: [dock_scan], points: [3], weight: 100%}]", "no point 3"),
        ("kind: custom, proof: [{name: a, by: [dock_scan], points: [0], weight: 100%}]", "no point 0"),
        ("kind: custom, proof: [{name: a, by: [dock_scan], weight: 50%}, {name: a, by: [dock_scan], weight: 50%}]", "named twice"),
        ("kind: custom, proof: [{name: '', by: [dock_scan], weight: 100%}]", "1 to 32"),
        ("kind: custom, proof: [{name: a, by: [dock_scan], weight: 100%}, {name: b, by: [dock_scan], weight: 0}]", "no weight"),
        ("kind: patrol, proof: [{name: a, by: [dock_scan], weight: 100%}]", "belongs to custom work"),
    ];
    for (text, says) in bad {
        let told = of(text).expect_err(text);
        assert!(told.contains(says), "{text}: {told}");
    }
}
