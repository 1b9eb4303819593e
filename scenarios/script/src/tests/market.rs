//! What scenario files say of the market: stops on the way, how somebody answers, what people do, policy of service levels.

use super::{HEAD, corridor};
use crate::acts::{By, Cue, Deed, JobState, NoShowChoice};
use crate::resolved::{Answering, AwardMode, CreditPayer, Resolved};
use crate::{read, resolve};
use nooterra_engine::time::{Instant, Span};
use nooterra_site::VertexIx;

fn of(text: &str) -> Resolved {
    let s = read(text).unwrap_or_else(|f| panic!("{}", f.render("test", text)));
    resolve(&s, &corridor(), 7).unwrap_or_else(|f| panic!("{f:?}"))
}

fn flaws(text: &str) -> String {
    let flaws = resolve(&read(text).expect("its form is right"), &corridor(), 7).expect_err("its content is not");
    flaws.iter().map(|f| format!("{}:{} {} | {}\n", f.line, f.column, f.what, f.remedy)).collect()
}

#[test]
fn everything_of_the_market_becomes_what_it_says() {
    let r = of(&format!(
        "{HEAD}market:
  providers:
    - {{name: acme, quote_lasts: 45s, varies_bps: 0, counters: halfway, moves: refuse}}
    - {{name: bolt}}
  requesters:
    - name: reception
      moves: ignore
      jobs: {{process: every, gap: 5m, from: [pantry], via: [home1, home2], to: [lounge], mode: manual}}
acts:
  - {{job: 1, when: quoted, after: 5s, counter: {{provider: bolt, offer: 90%, lasts: 30s}}}}
  - {{job: 1, when: quoted, after: 9s, award: {{provider: acme}}}}
  - {{job: 2, at: 6m, reschedule: {{by: provider, start: 10m, window: 5m}}}}
  - {{job: 3, when: no_show, no_show: {{choose: wait, for: 4m}}}}
policy: {{arrival_grace: 1m, lateness: [{{after: 30s, credit: 5%}}, {{after: 2m, credit: 10%}}], credits: insurer, cover_fee: EUR 0.50, max_rounds: 2}}
"
    ));
    let (acme, bolt) = (&r.providers[0], &r.providers[1]);
    assert_eq!((acme.quote_lasts, acme.varies_bps), (Some(Span::from_secs(45)), 0));
    assert_eq!((acme.counters, acme.moves), (Answering::Halfway, Answering::Refuse));
    assert_eq!((bolt.quote_lasts, bolt.varies_bps, bolt.counters, bolt.moves), (None, 400, Answering::Accept, Answering::Accept));
    assert_eq!(r.requesters[0].moves, Answering::Ignore);
    assert_eq!((r.demand[0].via.clone(), r.demand[0].mode), (vec![VertexIx::new(0), VertexIx::new(1)], AwardMode::Manual));
    let quoted = |s| Cue::When { state: JobState::Quoted, after: Span::from_secs(s) };
    let acts: Vec<(Option<u32>, Cue, Deed)> = r.acts.iter().map(|a| (a.job, a.cue.clone(), a.deed.clone())).collect();
    assert_eq!(
        acts,
        [
            (Some(1), quoted(5), Deed::Counter { provider: 1, offer_ppm: 900_000, lasts: Some(Span::from_secs(30)) }),
            (Some(1), quoted(9), Deed::Award { provider: 0 }),
            (
                Some(2),
                Cue::At(Instant::from_secs(360)),
                Deed::Reschedule { by: By::Provider, start: Span::from_mins(10), window: Span::from_mins(5) }
            ),
            (
                Some(3),
                Cue::When { state: JobState::NoShow, after: Span::ZERO },
                Deed::NoShow { choose: NoShowChoice::Wait, lasts: Span::from_mins(4) }
            ),
        ]
    );
    let p = &r.policy;
    assert_eq!((p.arrival_grace, p.credits, p.max_rounds), (Some(Span::from_mins(1)), Some(CreditPayer::Insurer), Some(2)));
    assert_eq!(p.lateness, [(Span::from_secs(30), 50_000), (Span::from_mins(2), 100_000)]);
    assert_eq!(r.tariffs.iter().map(|t| t.cover_fee.minor()).collect::<Vec<_>>(), [50]);
}

#[test]
fn what_makes_no_sense_in_a_market_is_told() {
    let all = flaws(&format!(
        "{HEAD}market:
  providers:
    - {{name: acme, varies_bps: 6000, moves: halfway}}
  requesters:
    - name: reception
      jobs: {{process: every, gap: 5m, from: [pantry], via: [island], to: [lounge]}}
acts:
  - {{job: 1, when: quoted, award: {{provider: acmee}}}}
  - {{job: 1, when: booked, reschedule: {{by: staff, start: 1m}}}}
  - {{job: 1, when: booked, stop: {{by: site, fleet: acme}}}}
  - {{job: 1, when: booked, award: {{provider: acme}}, cancel: {{by: staff}}}}
policy: {{lateness: [{{after: 2m, credit: 5%}}, {{after: 1m, credit: 10%}}], cover_fee: USD 1.00}}
"
    ));
    for part in [
        "prices vary by at most 5000 basis points",
        "a window is no price to meet half way",
        "no robot that makes this trip reaches `island`",
        "there is no provider `acmee` | did you mean `acme`?",
        "staff move no bookings",
        "a site stops no fleet",
        "an act has exactly one deed | one of cancel, revoke, chargeback, complain, issue_plan, triage, claim, assess, decide, adjust, forge, quarantine, stop, clear, counter, award, reschedule, no_show",
        "steps of lateness rise in time and credit",
        "the market trades in EUR, not USD",
    ] {
        assert!(all.contains(part), "`{part}` is missing from:\n{all}");
    }
}
