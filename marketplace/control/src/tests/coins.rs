//! A platform that trades in several currencies, with and without digits after the point.

use super::rig::genesis;
use crate::genesis::{ContractTerms, Genesis};
use crate::policy::{Policy, Tariff};
use nooterra_engine::ids::ContractId;
use nooterra_engine::money::{Amount, Currency};
use nooterra_market::Rates;
use nooterra_market::tables::ServiceBases;

pub fn yen() -> Currency {
    Currency::parse("JPY").unwrap()
}
pub fn dinar() -> Currency {
    Currency::parse("KWD").unwrap()
}

/// Euro, yen without and dinar with three digits after the point, each with amounts of its own.
pub fn three(robots: &[(&str, &str, u32)]) -> Genesis {
    let tariff = |code, base: u64, per_km, per_min, cover, operator_rate, max_claims, auto_max| Tariff {
        currency: Currency::parse(code).unwrap(),
        rates: Rates { base_delivery: base, base_patrol: 3 * base, base_inspect: 4 * base, per_km, per_min, cover },
        services: ServiceBases { clean: 5 * base, reset_lite: 7 * base, reset_standard: 10 * base, custom: 6 * base },
        operator_rate,
        max_claims,
        auto_max,
        insurer_from: None,
        deductible: 0,
    };
    let yen = tariff("JPY", 1_400, 640, 56, 800, 120, 1_600_000, 16_000);
    let dinar = tariff("KWD", 3_000, 1_300, 115, 1_650, 250, 3_300_000, 33_000);
    let mut policy = Policy::scenario();
    policy.tariffs = vec![Tariff::euro(), yen, dinar];
    let mut g = genesis(policy, robots);
    let first = g.contracts[0].clone();
    for (code, fee) in [("JPY", 65), ("KWD", 130)] {
        let (contract, currency) = (ContractId::named(code), Currency::parse(code).unwrap());
        g.contracts.push(ContractTerms { contract, currency, cover_fee: Amount::saturating(fee), ..first.clone() });
    }
    g
}
