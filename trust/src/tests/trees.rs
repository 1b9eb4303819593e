use crate::merkle::{FullTree, Tree, empty_root, leaf_hash, node_hash, verify_consistency, verify_inclusion};
use nooterra_engine::Digest;
use nooterra_engine::record::{decode, encode};
use proptest::prelude::*;

/// The definition of RFC 6962, word by word.
fn naive(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        _ => {
            let mut k = 1;
            while k * 2 < leaves.len() {
                k *= 2;
            }
            node_hash(&naive(&leaves[..k]), &naive(&leaves[k..]))
        }
    }
}

fn leaves(n: u64) -> Vec<Digest> {
    (0..n).map(|i| leaf_hash(&i.to_le_bytes())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn trees_agree_with_the_definition(n in 0u64..200) {
        let l = leaves(n);
        let mut edge = Tree::default();
        l.iter().for_each(|h| edge.push(*h));
        let full = FullTree::from_leaves(l.clone());
        prop_assert_eq!(edge.root(), naive(&l));
        prop_assert_eq!(full.root_at(n).unwrap(), naive(&l));
        prop_assert_eq!(decode::<Tree>(&encode(&edge)).unwrap(), edge);
    }

    #[test]
    fn proofs_hold_and_break_with_any_bit(n in 1u64..130, a in any::<u64>(), b in any::<u64>(), flip in any::<usize>()) {
        let l = leaves(n);
        let full = FullTree::from_leaves(l.clone());
        let root = naive(&l);
        let i = a % n;
        let p = full.inclusion(i, n).unwrap();
        prop_assert!(verify_inclusion(i, n, &l[i as usize], &p, &root).is_ok());
        prop_assert!(verify_inclusion((i + 1) % n, n, &l[i as usize], &p, &root).is_err() || n == 1);
        let m = 1 + b % n;
        let old = naive(&l[..m as usize]);
        let c = full.consistency(m, n).unwrap();
        prop_assert!(verify_consistency(m, n, &old, &root, &c).is_ok());
        for (proof, check) in [(p, 0), (c, 1)] {
            if proof.is_empty() { continue; }
            let mut bad = proof.clone();
            let at = flip % bad.len();
            bad[at].0[flip % 32] ^= 1 << (flip % 8);
            let broken = if check == 0 { verify_inclusion(i, n, &l[i as usize], &bad, &root) } else { verify_consistency(m, n, &old, &root, &bad) };
            prop_assert!(broken.is_err());
        }
    }

    #[test]
    fn windows_hold_and_are_short(n in 0u64..300, a in any::<u64>(), b in any::<u64>()) {
        let l = leaves(n);
        let full = FullTree::from_leaves(l.clone());
        let (x, y) = (a % (n + 1), b % (n + 1));
        let (a, b) = (x.min(y), x.max(y));
        let w = full.window(a, b, n).unwrap();
        let inside = &l[a as usize..b as usize];
        prop_assert!(w.verify(inside, &naive(&l)).is_ok());
        prop_assert!(w.left.len() + w.right.len() <= 2 * 9);
        if let Some((_, short)) = inside.split_first() {
            prop_assert!(w.verify(short, &naive(&l)).is_err());
            let mut bad = inside.to_vec();
            bad[0].0[0] ^= 1;
            prop_assert!(w.verify(&bad, &naive(&l)).is_err());
        }
        let mut moved = w.clone();
        moved.from += 1;
        moved.to += 1;
        prop_assert!(moved.verify(inside, &naive(&l)).is_err());
    }
}

#[test]
fn a_tree_from_bytes_is_a_tree() {
    let mut t = Tree::default();
    leaves(5).into_iter().for_each(|l| t.push(l));
    assert_eq!(decode::<Tree>(&encode(&t)), Ok(t.clone()));
    // Two hashes in the edge of a tree of three leaves, and one in that of four: nothing else.
    let written = |size: u64, hashes: usize| encode(&(size, vec![Digest([1; 32]); hashes]));
    assert!(decode::<Tree>(&written(3, 2)).is_ok() && decode::<Tree>(&written(4, 1)).is_ok());
    assert!(decode::<Tree>(&written(3, 1)).is_err() && decode::<Tree>(&written(4, 0)).is_err() && decode::<Tree>(&written(0, 1)).is_err());
    // As large as can be counted, and no larger.
    let mut full = decode::<Tree>(&written(u64::MAX, 64)).unwrap();
    full.push(Digest([2; 32]));
    assert_eq!(encode(&full), written(u64::MAX, 64));
    assert!(!full.push_subtree(0, Digest([2; 32])));
}
