//! Several currencies in a scenario file: tariffs, who takes what, and amounts of the wrong one.

use super::{HEAD, corridor};
use crate::resolved::Resolved;
use crate::{read, resolve};
use nooterra_engine::money::Currency;

const YEN: &str = "{currency: JPY, delivery: JPY 1400, patrol: JPY 4000, inspect: JPY 5600, per_km: JPY 640, per_min: JPY 56, standby: JPY 800, \
                   help: JPY 120, checkpoint: JPY 16, licence_most: JPY 32, claims_most: JPY 1600000, auto_max: JPY 16000}";
const DINAR: &str = "{currency: KWD, delivery: KWD 3.000, patrol: KWD 9, inspect: KWD 12, per_km: KWD 1.3, per_min: KWD 0.115, standby: KWD 1.65, \
                     help: KWD 0.25, checkpoint: KWD 0.033, licence_most: KWD 0.066, claims_most: KWD 3300, auto_max: KWD 33, cover_fee: KWD 0.13}";

fn resolved(text: &str) -> Result<Resolved, String> {
    let s = read(text).unwrap_or_else(|f| panic!("{}", f.render("test", text)));
    resolve(&s, &corridor(), 7).map_err(|all| all.iter().map(|f| format!("{} | {}\n", f.what, f.remedy)).collect())
}

fn code(text: &str) -> Currency {
    Currency::parse(text).unwrap()
}

#[test]
fn tariffs_say_amounts_in_their_own_digits() {
    let jobs = "{process: every, gap: 5m, from: [pantry], to: [lounge]";
    let r = resolved(&format!(
        "{HEAD}market:
  tariffs: [{YEN}, {DINAR}]
  providers: [{{name: acme}}, {{name: bolt, takes: [JPY, EUR], quotes_in: KWD}}]
  requesters:
    - {{name: a, jobs: {jobs}}}}}
    - {{name: b, takes: [JPY], jobs: {jobs}}}}}
    - {{name: c, jobs: {jobs}, pay: KWD 9.5}}}}
    - {{name: d, takes: [EUR], jobs: {jobs}, currency: JPY}}}}
claims: {{insured: true, insurer_from: KWD 600, auto_max: EUR 50, deductible: JPY 500}}
policy: {{cover_fee: EUR 0.40}}
acts:
  - {{job: 1, when: settled, dispute: {{by: requester, amount: KWD 0.125}}}}
expect: [money.captured.JPY > 0, ledger.cash.KWD >= 0]
"
    ))
    .unwrap();
    assert_eq!(r.currency, Currency::EUR, "what names none");
    let of = |c: &str| r.tariffs.iter().find(|t| t.tariff.currency == code(c)).unwrap();
    assert_eq!(r.tariffs.iter().map(|t| t.tariff.currency).collect::<Vec<_>>(), [code("EUR"), code("JPY"), code("KWD")]);
    let (euro, yen, dinar) = (of("EUR"), of("JPY"), of("KWD"));
    assert_eq!((euro.tariff.rates.base_delivery, yen.tariff.rates.base_delivery, dinar.tariff.rates.base_delivery), (900, 1_400, 3_000));
    assert_eq!((yen.tariff.operator_rate, dinar.tariff.operator_rate, dinar.tariff.rates.per_min), (120, 250, 115));
    assert_eq!((euro.cover_fee.minor(), yen.cover_fee.minor(), dinar.cover_fee.minor()), (40, 0, 130));
    assert_eq!((yen.licence_fee.minor(), dinar.licence_cap.minor()), (16, 66));
    assert_eq!((euro.tariff.auto_max, yen.tariff.auto_max, dinar.tariff.auto_max), (5_000, 16_000, 33_000));
    assert_eq!((euro.tariff.insurer_from, dinar.tariff.insurer_from, yen.tariff.deductible), (None, Some(600_000), 500));
    let paid: Vec<Currency> = r.demand.iter().map(|d| d.currency).collect();
    assert_eq!(paid, [code("EUR"), code("JPY"), code("KWD"), code("JPY")], "the last is refused by the platform, not here");
    assert_eq!((r.providers[1].takes.clone(), r.providers[1].quotes_in), (vec![code("EUR"), code("JPY")], Some(code("KWD"))));
    assert_eq!(r.acts[0].currency, Some(code("KWD")));
}

#[test]
fn one_tariff_is_that_of_the_market() {
    let r = resolved(&format!("{HEAD}market: {{tariffs: [{YEN}]}}\n")).unwrap();
    assert_eq!((r.currency, r.tariffs.len()), (code("JPY"), 1));
    assert!(r.demand.iter().all(|d| d.currency == code("JPY")));
    let r = resolved(&format!("{HEAD}market: {{currency: EUR, tariffs: [{YEN}]}}\n")).unwrap();
    assert_eq!((r.currency, r.tariffs.len()), (Currency::EUR, 2));
    // Amounts of the euro may differ from the built-in ones, one by one.
    let r = resolved(&format!("{HEAD}market: {{tariffs: [{{currency: EUR, delivery: EUR 11.00}}]}}\n")).unwrap();
    assert_eq!((r.tariffs[0].tariff.rates.base_delivery, r.tariffs[0].tariff.rates.base_patrol), (1_100, 2_500));
}

#[test]
fn nothing_is_converted() {
    let jobs = "{process: every, gap: 5m, from: [pantry], to: [lounge]";
    let refused = |market: &str, part: &str| {
        let all = resolved(&format!("{HEAD}market:\n{market}\n")).expect_err(part);
        assert!(all.contains(part), "`{part}` is missing from:\n{all}");
    };
    refused("  currency: USD", "nothing says what work costs in USD: the built-in prices are in euro");
    refused(
        "  tariffs: [{currency: USD, delivery: USD 9.00, per_km: USD 4.00}]",
        "the tariff of USD does not say patrol, inspect, per_min",
    );
    refused(&format!("  tariffs: [{}]", YEN.replace("JPY 640", "EUR 4.00")), "the tariff of JPY names an amount in EUR");
    refused(&format!("  tariffs: [{YEN}, {YEN}]"), "JPY has two tariffs");
    refused(
        &format!("  tariffs: [{}]", YEN.replace("licence_most: JPY 32", "licence_most: JPY 3")),
        "a checkpoint costs more than a job may",
    );
    refused(&format!("  tariffs: [{}]", YEN.replace("delivery: JPY 1400", "delivery: JPY 0")), "a delivery costs something");
    refused("  providers: [{name: acme, takes: [USD]}]", "the market trades in EUR, not USD");
    let asks = |rest: &str| format!("  currency: EUR\n  tariffs: [{YEN}]\n  requesters: [{{name: a, jobs: {jobs}, {rest}}}}}]");
    refused(&asks("pay: USD 3.00"), "the market trades in EUR and JPY, not USD");
    refused(&asks("pay: JPY 3000, currency: EUR"), "a job in EUR is not paid in JPY");
    let act = "acts: [{job: 1, when: settled, chargeback: {outcome: won, amount: EUR 3.00, fee: JPY 300}}]";
    refused(&format!("  currency: EUR\n  tariffs: [{YEN}]\n{act}"), "one act names EUR and JPY");
    refused("  currency: EUR\nexpect: [money.captured.JPY == 0]", "the market does not trade in JPY");
}
