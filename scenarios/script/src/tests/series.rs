//! Series and contracts of places in scenario files.

use super::{HEAD, corridor};
use crate::acts::{By, Deed};
use crate::resolved::Resolved;
use crate::{read, resolve};
use nooterra_control::input::Repeat;
use nooterra_engine::time::{Instant, Span};
use nooterra_site::VertexIx;

fn resolved(text: &str) -> Result<Resolved, String> {
    let s = read(text).unwrap_or_else(|f| panic!("{}", f.render("test", text)));
    resolve(&s, &corridor(), 7).map_err(|all| all.iter().map(|f| format!("{} | {}\n", f.what, f.remedy)).collect())
}

fn with(series: &str, rest: &str) -> Result<Resolved, String> {
    resolved(&format!(
        "{HEAD}market:
  providers: [{{name: acme, standing: {{capacity: 1}}}}, {{name: bolt}}]
  requesters:
    - {{name: a, series: [{series}]}}
{rest}"
    ))
}

#[test]
fn a_series_becomes_what_it_says() {
    let r = with(
        "{with: acme, at: 20s, every: 10m, window: 15m, first: 5m, until: 2h, count: 6, from: pantry, via: [home2], to: lounge, mass: 2kg, pay: EUR 20.00},
         {with: acme, at: 1m, kind: patrol, from: pantry, to: home1, window: 30m,
          hours: {days: [monday], from: \"08:00\", to: \"10:00\", zone: Europe/Berlin}}",
        "acts: [{at: 9m, end_series: {series: 2, by: provider}}, {at: 8m, end_series: {by: requester}}]\npolicy: {series_lead: 3m}\n",
    )
    .unwrap();
    let [a, b] = &r.series[..] else { panic!("{:?}", r.series) };
    assert_eq!((a.requester, a.provider, a.at), (0, 0, Instant::from_secs(20)));
    assert_eq!((a.first, a.until, a.count), (Instant::from_secs(300), Instant::from_secs(7_200), Some(6)));
    assert_eq!((a.every, a.is_delivery, a.mass_g), (Some(Repeat { every_s: 600, length_s: 900 }), true, 2_000));
    assert_eq!(a.stops, [2, 1, 4].map(VertexIx::new));
    // Once a day, for half an hour at the beginning of its hours.
    assert_eq!((b.every, b.is_delivery, b.mass_g), (Some(Repeat { every_s: 7_200, length_s: 1_800 }), false, 0));
    assert_eq!((b.rule.days, b.first, b.until), (1, Instant::from_secs(180), Instant::from_secs(1_800)));
    assert_eq!(r.policy.series_lead, Some(Span::from_mins(3)));
    let deeds: Vec<&Deed> = r.acts.iter().map(|a| &a.deed).collect();
    assert_eq!(deeds, [&Deed::EndSeries { series: 1, by: By::Provider }, &Deed::EndSeries { series: 0, by: By::Requester }]);
}

#[test]
fn what_makes_no_series_is_told() {
    let one = |series: &str, rest: &str, part: &str| {
        let all = with(series, rest).expect_err(part);
        assert!(all.contains(part), "`{part}` is missing from:\n{all}");
    };
    let place = "from: pantry, to: lounge";
    one(&format!("{{with: bolt, at: 20s, {place}}}"), "", "`bolt` has no standing offer");
    one(&format!("{{with: acme, at: 20s, every: 10m, {place}}}"), "", "need the length of their windows");
    one(&format!("{{with: acme, at: 20s, every: 30s, window: 1m, {place}}}"), "", "an interval is from one minute to a day");
    one(&format!("{{with: acme, at: 5m, first: 4m, {place}}}"), "", "the series has no time");
    one(&format!("{{with: acme, at: 20s, first: 8m, until: 7m, {place}}}"), "", "the series has no time");
    one(&format!("{{with: acme, at: 20s, count: 367, {place}}}"), "", "a series has 1 to 366 jobs");
    one(&format!("{{with: acme, at: 20s, kind: lift, {place}}}"), "", "not in a series");
    one("{with: acme, at: 20s, from: pantry, to: island}", "", "no robot reaches all of the places");
    one("", "", "`a` asks for nothing");
    let good = format!("{{with: acme, at: 20s, {place}}}");
    one(&good, "acts: [{at: 5m, end_series: {series: 2, by: requester}}]\n", "there is no series 2: the file has 1");
    one(&good, "acts: [{at: 5m, end_series: {by: staff}}]\n", "a series is ended by a side of it");
}

#[test]
fn contracts_are_of_places_and_people() {
    let r = with(
        "{with: acme, at: 20s, from: pantry, to: lounge}",
        "acts: [{at: 1m, contract: {zone: L1, cover_fee: EUR 1.00}}, {at: 2m, contract: {site: true, excludes: [bolt]}}, {at: 3m, contract: {requester: a, zone: L1}}]\n",
    )
    .unwrap();
    let (site, zone) = (corridor().id(), *corridor().zones().first().unwrap());
    let scopes: Vec<_> = r
        .acts
        .iter()
        .map(|a| match &a.deed {
            Deed::Contract { requester, site, zone, .. } => (*requester, *site, *zone),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(scopes, [(None, Some(site), Some(zone)), (None, Some(site), None), (Some(0), Some(site), Some(zone))]);
    for (act, part) in [("{zone: L7}", "there is no level or area `L7`"), ("{cover_fee: EUR 1.00}", "for nobody and nowhere in particular")]
    {
        let text = format!("acts: [{{at: 1m, contract: {act}}}]\n");
        let all = with("{with: acme, at: 20s, from: pantry, to: lounge}", &text).expect_err(part);
        assert!(all.contains(part), "`{part}` is missing from:\n{all}");
    }
}
