//! Protocols that are broken in one place each: what the model must not let pass.
//!
//! V and O are the numbers of the first model of this protocol, in which each of them lost a rollback.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use domain::target::Propagation;
use expect_test::expect;

use super::{
    Hands, Outages, Protocol,
    check::{self, Found},
    event::Sight,
    heads::{HeadId, Heads},
    target::Fence,
};

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mutant {
    /// Nothing is.
    None,
    /// V0: the store takes every commit, and nobody looks at the head before a write.
    Unconditional,
    /// V1: the change is committed without the note of what is still to be done.
    NoIntent,
    /// V2: the rollback is marked as done before the write.
    MarkedFirst,
    /// V3, O1: a rollback is confirmed although late writes can still land.
    NoGuard,
    /// V4, O2: it is guarded no longer than until its own deadline.
    ShortGuard,
    /// V5: the fence is read after the look at the head.
    FenceAfterHead,
    /// V6: alarms are heard only by their event, which can be lost.
    AlarmByEvent,
    /// V7: nobody sweeps what is going back, and events can be lost.
    NoSweep,
    /// O8: nobody looks at the head before a write; the fence alone stands.
    NoHeadCheck,
    /// What was written is taken for what is there.
    NoReadBack,
    /// What was read under an older epoch is taken for what is read now.
    OldReport,
    /// Who makes a change holds a lease; without it nobody may decide.
    Lease,
    /// The bake begins when the weights were written, not when they are in effect.
    BakeFromWrite,
    /// A write is sent although its deadline has passed.
    NoDeadline,
    /// A target that is right is left as it is, whatever epoch it carries.
    FenceStays,
    /// The gate is closed without the store under the next epoch, which a decision can have too.
    NoLeap,
    /// What somebody else has closed is taken for what was not yet raised.
    NoFloor,
    /// A rollback is confirmed on what was read before the last late write could land.
    EarlyRead,
}

impl Mutant {
    /// What the store keeps of a head.
    pub(crate) fn keeps(self, heads: &Heads, head: HeadId) -> HeadId {
        match self {
            Self::NoIntent => heads.unnoted(head),
            Self::MarkedFirst => heads.marked(head),
            Self::NoGuard => heads.unguarded(head),
            Self::None
            | Self::Unconditional
            | Self::ShortGuard
            | Self::FenceAfterHead
            | Self::AlarmByEvent
            | Self::NoSweep
            | Self::NoHeadCheck
            | Self::NoReadBack
            | Self::OldReport
            | Self::Lease
            | Self::BakeFromWrite
            | Self::NoDeadline
            | Self::FenceStays
            | Self::NoLeap
            | Self::NoFloor
            | Self::EarlyRead => head,
        }
    }

    /// What a worker makes of what it reads.
    pub(crate) fn sees(self, sight: Sight) -> Sight {
        let mut sight = sight;
        if self == Self::FenceStays {
            sight.newer = None;
        }
        if self == Self::BakeFromWrite {
            sight.propagation = Propagation::Done;
        }
        sight
    }

    /// Whether a worker goes on with the head that it has when there is one of a newer epoch.
    pub(crate) const fn goes_on_with_an_old_head(self) -> bool {
        matches!(self, Self::Unconditional | Self::NoHeadCheck)
    }

    /// Whether a worker goes by the head that it has, not by the newest.
    pub(crate) const fn looks_at_no_head(self) -> bool {
        matches!(
            self,
            Self::Unconditional | Self::NoIntent | Self::MarkedFirst | Self::NoHeadCheck
        )
    }
}

/// The protocol that a mutant is tried on: where it can hurt.
fn protocol(mutant: Mutant) -> Protocol {
    let plain = |fence| Protocol::new(fence, 2, 2);
    let base = match mutant {
        Mutant::None
        | Mutant::Unconditional
        | Mutant::NoGuard
        | Mutant::ShortGuard
        | Mutant::NoDeadline
        | Mutant::EarlyRead => plain(Fence::LastWriterWins),
        Mutant::NoIntent
        | Mutant::MarkedFirst
        | Mutant::FenceAfterHead
        | Mutant::AlarmByEvent
        | Mutant::NoSweep
        | Mutant::NoHeadCheck
        | Mutant::NoReadBack
        | Mutant::OldReport
        | Mutant::Lease
        | Mutant::FenceStays => plain(Fence::Revision),
        Mutant::BakeFromWrite => plain(Fence::Epoch),
        Mutant::NoLeap => Protocol {
            outages: Outages::AnyTime,
            ..plain(Fence::Revision)
        },
        Mutant::NoFloor => Protocol {
            hands: Hands::One,
            ..plain(Fence::Revision)
        },
    };
    Protocol { mutant, ..base }
}

fn tried(name: &str, protocol: &Protocol) -> String {
    let found = match check::walk(protocol, check::Until::Broken).found {
        Found::Nothing => "NOT CAUGHT".to_owned(),
        Found::Broken { promise, steps } => format!("{promise} ({steps} steps)"),
        Found::Stuck { states } => format!("from {states} states a rollback cannot end"),
    };
    format!("{name:<15} {:<14} {found}", format!("{:?}", protocol.fence))
}

#[test]
fn every_broken_protocol_is_caught() {
    use Mutant as M;
    let named = [
        ("V0", M::Unconditional),
        ("V1", M::NoIntent),
        ("V2", M::MarkedFirst),
        ("V3", M::NoGuard),
        ("V4", M::ShortGuard),
        ("V5", M::FenceAfterHead),
        ("V6", M::AlarmByEvent),
        ("V7", M::NoSweep),
        ("O8", M::NoHeadCheck),
        ("", M::NoReadBack),
        ("", M::OldReport),
        ("", M::Lease),
        ("", M::BakeFromWrite),
        ("", M::NoDeadline),
        ("", M::FenceStays),
        ("", M::NoLeap),
        ("", M::NoFloor),
        ("", M::EarlyRead),
    ];
    let two =
        named.map(|(number, mutant)| tried(&format!("{number:<3}{mutant:?}"), &protocol(mutant)));
    let one = [("O1", M::NoGuard), ("O2", M::ShortGuard)].map(|(number, mutant)| {
        tried(
            &format!("{number} {mutant:?}"),
            &Protocol {
                workers: 1,
                ..protocol(mutant)
            },
        )
    });
    let table = [two.as_slice(), &one].concat().join("\n");
    crate::report::show(
        "Broken protocols, and what the model caught them by",
        &table,
    );
    expect![[r#"
        V0 Unconditional LastWriterWins I4 a rollback is never undone (3 steps)
        V1 NoIntent     Revision       from 5491 states a rollback cannot end
        V2 MarkedFirst  Revision       I2 a confirmed rollback is a closed route (10 steps)
        V3 NoGuard      LastWriterWins I2 a confirmed rollback is a closed route (12 steps)
        V4 ShortGuard   LastWriterWins I2 a confirmed rollback is a closed route (14 steps)
        V5 FenceAfterHead Revision       I2 a confirmed rollback is a closed route (17 steps)
        V6 AlarmByEvent Revision       from 1271 states a rollback cannot end
        V7 NoSweep      Revision       from 1614 states a rollback cannot end
        O8 NoHeadCheck  Revision       I6 nothing is acknowledged that was not so (14 steps)
           NoReadBack   Revision       I3 no bake begins before its weights are in effect (8 steps)
           OldReport    Revision       I6 nothing is acknowledged that was not so (14 steps)
           Lease        Revision       from 4163 states a rollback cannot end
           BakeFromWrite Epoch          I3 no bake begins before its weights are in effect (12 steps)
           NoDeadline   LastWriterWins I2 a confirmed rollback is a closed route (13 steps)
           FenceStays   Revision       I2 a confirmed rollback is a closed route (12 steps)
           NoLeap       Revision       a gate that somebody closed is not raised over (20 steps)
           NoFloor      Revision       a gate that somebody closed is not raised over (22 steps)
           EarlyRead    LastWriterWins I2 a confirmed rollback is a closed route (13 steps)
        O1 NoGuard      LastWriterWins I2 a confirmed rollback is a closed route (14 steps)
        O2 ShortGuard   LastWriterWins I2 a confirmed rollback is a closed route (15 steps)"#]].assert_eq(&table);
}
