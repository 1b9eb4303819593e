//! What scenario files say of disputes and refunds.

use super::{HEAD, corridor};
use crate::acts::{Complaint, Deed};
use crate::disputes::{About, BearsAward, Disputer};
use crate::{read, resolve};
use nooterra_engine::money::Amount;

const MARKET: &str = "market:
  requesters:
    - name: reception
      jobs: {process: every, gap: 5m, from: [pantry], to: [lounge]}
";

fn amount(v: u64) -> Amount {
    Amount::new(v).unwrap_or(Amount::ZERO)
}

#[test]
fn disputes_are_read_as_they_are_written() {
    let text = format!(
        "{HEAD}{MARKET}acts:
  - {{job: 1, when: completed, dispute: {{by: requester, amount: EUR 5.00}}}}
  - {{job: 1, when: settled, dispute: {{by: developer, about: meter, amount: EUR 0.10}}}}
  - {{job: 1, on: DISPUTE_OPENED, drop_dispute: {{by: provider}}}}
  - {{job: 1, on: DISPUTE_OPENED, decide_dispute: {{earned: 50%}}}}
  - {{job: 1, on: DISPUTE_ESCALATED, decide_dispute: {{award: EUR 2.50, borne_by: provider}}}}
  - {{job: 1, on: REFUND_FAILED, refund: {{}}}}
  - {{job: 1, when: executing, complain: {{of: injury, amount: EUR 3.00}}}}
"
    );
    let s = read(&text).unwrap_or_else(|f| panic!("{}", f.render("test", &text)));
    let r = resolve(&s, &corridor(), 7).unwrap_or_else(|f| panic!("{f:?}"));
    let deeds: Vec<Deed> = r.acts.into_iter().map(|a| a.deed).collect();
    let (award, borne_by) = (Amount::ZERO, BearsAward::Everybody);
    assert_eq!(
        deeds,
        [
            Deed::Dispute { by: Disputer::Requester, about: About::Quality, amount: amount(500) },
            Deed::Dispute { by: Disputer::Developer, about: About::Meter, amount: amount(10) },
            Deed::DropDispute { by: Disputer::Provider },
            Deed::DecideDispute { award, borne_by, earned_bps: Some(5_000) },
            Deed::DecideDispute { award: amount(250), borne_by: BearsAward::Provider, earned_bps: None },
            Deed::Refund {},
            Deed::Complain { of: Complaint::Injury, amount: Some(amount(300)) },
        ]
    );
}

#[test]
fn disputes_are_in_the_markets_currency() {
    let text = format!(
        "{HEAD}{MARKET}acts:
  - {{job: 1, when: completed, dispute: {{by: requester, amount: USD 5.00}}}}
  - {{job: 1, when: settled, decide_dispute: {{award: USD 2.50}}}}
  - {{job: 1, when: settled, complain: {{of: quality, amount: USD 2.50}}}}
"
    );
    let flaws = resolve(&read(&text).expect("its form is right"), &corridor(), 7).expect_err("its content is not");
    assert_eq!(flaws.iter().filter(|f| f.what.contains("the market trades in EUR, not USD")).count(), 3);
}
