//! Doors and lifts that a scenario sets up otherwise, and how robots get in.

use super::{HEAD, corridor};
use crate::resolved::Resolved;
use crate::{read, resolve};

fn of(text: &str) -> Result<Resolved, String> {
    let text = format!("{HEAD}{text}");
    let s = read(&text).map_err(|f| f.render("test", &text))?;
    resolve(&s, &corridor(), 7).map_err(|all| all.iter().map(|f| f.render("test", &text)).collect::<Vec<_>>().join("\n"))
}

#[test]
fn doors_and_lifts_become_entrances_of_the_site() {
    let r = of("doors:\n  - {lift: Lift1, access: code, in_plans: false}\n").unwrap();
    assert_eq!((r.terminals, r.withheld), (vec![0], vec![0]));
    let r = of("doors:\n  - {lift: Lift1, access: site_controller, in_plans: true}\n").unwrap();
    assert!(r.terminals.is_empty() && r.withheld.is_empty());
    for (entry, what) in [
        ("{lift: Lift2}", "the site has no lift `Lift2`"),
        ("{door: gate}", "the site has no door `gate`"),
        ("{access: code}", "an entry is about one door or one lift"),
        ("{door: gate, lift: Lift1}", "an entry is about one door or one lift"),
        ("{lift: Lift1, access: key}", "key"),
    ] {
        let all = of(&format!("doors:\n  - {entry}\n")).expect_err(entry);
        assert!(all.contains(what), "`{what}` is missing from:\n{all}");
    }
    let twice = of("doors:\n  - {lift: Lift1}\n  - {lift: Lift1, access: code}\n").expect_err("twice");
    assert!(twice.contains("`Lift1` is named twice"), "{twice}");
}

#[test]
fn robots_declare_how_they_get_in_where_it_is_said() {
    let declares = |text: &str| {
        let r = of(&format!("fleet:\n  - {{model: tinyRobot, at: [home1]{text}}}\n")).unwrap();
        r.robots[0].declares.iter().map(|d| (d.name.clone(), d.value)).collect::<Vec<_>>()
    };
    assert!(declares("").is_empty());
    let said = |code, site| vec![("access_site_controller".to_owned(), site), ("access_code".to_owned(), code)];
    assert_eq!(declares(", access: [code]"), said(1, 0));
    assert_eq!(declares(", access: [site_controller, code]"), said(1, 1));
    assert_eq!(declares(", access: [site_controller]"), said(0, 1));
}
