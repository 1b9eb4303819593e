use crate::stop::{Board, Cleared, Refusal, Scope, Stop, Then, Voice};
use nooterra_engine::ids::{PartyId, RobotId, StopId};
use nooterra_engine::time::Instant;

const VOICES: [Voice; 6] = [Voice::Requester, Voice::Owner, Voice::Operator, Voice::Site, Voice::Staff, Voice::Trust];

fn scopes() -> [Scope; 5] {
    [Scope::Robot(RobotId::named("r")), Scope::Level(1), Scope::Site {}, Scope::Fleet(PartyId::named("ow")), Scope::Tenant {}]
}

fn stop(scope: Scope, voice: Voice) -> Stop {
    Stop {
        stop: StopId::named("s"),
        scope,
        power_off: false,
        then: Then::Wait,
        reason: String::new(),
        voice,
        actor: [1; 16],
        at: Instant::ZERO,
        because: None,
        robots: vec![RobotId::named("r")],
        agreed: vec![],
    }
}

/// The table of 12.2, written out: who may hold, who may cut the power.
#[test]
fn who_may_stop_what() {
    let table = [
        ("robot", "RQ OW OP SI OS TR", "RQ OW OP SI OS TR"),
        ("level", "RQ SI OS TR", "SI OS"),
        ("site", "RQ SI OS TR", "SI OS"),
        ("fleet", "OW OS", "OS"),
        ("tenant", "OS", "OS"),
    ];
    let word = |v| match v {
        Voice::Requester => "RQ",
        Voice::Owner => "OW",
        Voice::Operator => "OP",
        Voice::Site => "SI",
        Voice::Staff => "OS",
        Voice::Trust => "TR",
    };
    for (scope, (name, hold, power)) in scopes().into_iter().zip(table) {
        for v in VOICES {
            assert_eq!(scope.may_issue(v, false), hold.contains(word(v)), "{name} hold by {v:?}");
            assert_eq!(scope.may_issue(v, true), power.contains(word(v)), "{name} power off by {v:?}");
            let board = Board::default();
            assert_eq!(board.check(scope, v, false).is_ok(), hold.contains(word(v)));
        }
    }
}

/// Every pair of voices, by two people and by one: a stop is over exactly if the table's column says so.
#[test]
fn who_clears_what() {
    let mut over = 0;
    for scope in scopes() {
        for issuer in VOICES.into_iter().filter(|v| scope.may_issue(*v, false)) {
            for first in VOICES {
                for second in VOICES {
                    for (a, b) in [([1; 16], [2; 16]), ([2; 16], [3; 16]), ([2; 16], [2; 16])] {
                        let mut board = Board::default();
                        board.issue(stop(scope, issuer));
                        let id = StopId::named("s");
                        let mut done = false;
                        for (v, who) in [(first, a), (second, b)] {
                            if let Ok(c) = board.clearing(id, v, who) {
                                assert_eq!(board.clear(id, v, who).is_some(), c == Cleared::Over);
                                done |= c == Cleared::Over;
                            }
                        }
                        let has = |v: Voice| first == v || second == v;
                        let expected = match scope {
                            Scope::Robot(_) => has(Voice::Staff) || has(issuer),
                            Scope::Level(_) | Scope::Site {} => has(Voice::Staff) && has(Voice::Site),
                            Scope::Fleet(_) => has(Voice::Staff) && has(Voice::Owner),
                            // Two people of the staff, none of them the one who issued it.
                            Scope::Tenant {} => first == Voice::Staff && second == Voice::Staff && a != b && a != [1; 16],
                        };
                        assert_eq!(done, expected, "{scope:?} by {issuer:?}: {first:?} {a:?}, then {second:?} {b:?}");
                        assert_eq!(board.over(RobotId::named("r")).count(), usize::from(!done));
                        over += u32::from(done);
                    }
                }
            }
        }
    }
    assert!(over > 100);
    let board = Board::default();
    assert_eq!(board.clearing(StopId::named("s"), Voice::Staff, [1; 16]), Err(Refusal::Unknown));
}
