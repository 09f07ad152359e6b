//! What a name's records are not, that a rollout needs them to be; for `tidegate doctor`.

use std::{collections::BTreeSet, fmt};

use domain::{
    name::RolloutId,
    plan::route::{RecordType, Route53Route},
    time::{SignedDuration, Spell},
    traffic::Epoch,
};

use super::{
    listing::{KINDS, Listing},
    record::Record,
};

/// Something about a name's records that a person should know before its weights are moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// There is no such hosted zone.
    NoZone(String),
    /// A side has no weighted record of a type: nothing can be started.
    MissingRecord {
        /// The type.
        kind: RecordType,
        /// The set identifier that was looked for.
        set: String,
        /// Those that are there.
        found: Vec<String>,
    },
    /// A type has records of both sides, and the plan does not move it.
    TypeLeftOut {
        /// The type.
        kind: RecordType,
    },
    /// The records of a type live differently long: Route 53 sets all to what was written last, and shares are skewed
    /// until then.
    UnequalTtls {
        /// The type.
        kind: RecordType,
        /// Each record's set identifier and how long it lives.
        ttls: Vec<(String, SignedDuration)>,
    },
    /// A type's records live for another time than the plan says, which a phase's bake and a rollback count with.
    OtherTtl {
        /// The type.
        kind: RecordType,
        /// How long they live.
        ttl: SignedDuration,
        /// What the plan says.
        planned: SignedDuration,
    },
    /// A third record takes its part of the traffic.
    OtherWeight {
        /// The type.
        kind: RecordType,
        /// Its set identifier.
        set: String,
        /// Its weight.
        weight: i64,
    },
    /// The canary has weight before anything was started.
    CanaryHasWeight {
        /// The type.
        kind: RecordType,
        /// Its weight.
        weight: i64,
    },
    /// All weights of a type are 0: every record is as likely as the others (Route 53, `Weight`).
    NobodyHasWeight {
        /// The type.
        kind: RecordType,
    },
    /// Health checks decide before weights do.
    HealthDecides {
        /// The type.
        kind: RecordType,
        /// What they can do.
        health: Health,
    },
    /// A fence of another rollout stands beside the records.
    ForeignFence {
        /// Whose it says it is.
        owner: RolloutId,
        /// The epoch that it carries.
        epoch: Epoch,
    },
    /// Where the fence stands, there is something that cannot be read.
    UnreadableFence(String),
}

/// What health checks can do to weights (Route 53, "How Amazon Route 53 chooses records when health checking is configured").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// When stable's record is not well, the canary's is answered, even at weight 0.
    StableFailsOver,
    /// When the canary's record is not well, stable's is answered, whatever the canary's weight: a target group
    /// without targets is enough.
    CanaryFailsOver,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoZone(zone) => write!(f, "there is no hosted zone {zone}"),
            Self::NobodyHasWeight { kind } => write!(
                f,
                "no {kind} record has a weight, so Route 53 answers with each as often: the canary too"
            ),
            Self::MissingRecord { kind, set, found } if found.is_empty() => {
                write!(
                    f,
                    "there is no weighted {kind} record `{set}`, nor any other {kind} record"
                )
            }
            Self::MissingRecord { kind, set, found } => {
                let found = found.join("`, `");
                write!(
                    f,
                    "there is no weighted {kind} record `{set}`, but `{found}`"
                )
            }
            Self::TypeLeftOut { kind } => {
                write!(
                    f,
                    "the {kind} records of both sides are not in the plan: they stay as they are"
                )
            }
            Self::UnequalTtls { kind, ttls } => {
                let each =
                    |(set, ttl): &(String, SignedDuration)| format!("`{set}` {}", Spell(*ttl));
                let all: Vec<String> = ttls.iter().map(each).collect();
                write!(
                    f,
                    "the {kind} records have different TTLs: {}",
                    all.join(", ")
                )
            }
            Self::OtherTtl { kind, ttl, planned } => {
                let (ttl, planned) = (Spell(*ttl), Spell(*planned));
                write!(
                    f,
                    "the {kind} records live for {ttl}, the plan says {planned}"
                )
            }
            Self::OtherWeight { kind, set, weight } => {
                write!(
                    f,
                    "the {kind} record `{set}` has weight {weight} beside stable and canary"
                )
            }
            Self::CanaryHasWeight { kind, weight } => {
                write!(f, "the canary's {kind} record has weight {weight} already")
            }
            Self::HealthDecides { kind, health } => health.of(*kind, f),
            Self::ForeignFence { owner, epoch } => {
                write!(
                    f,
                    "{owner} has left its TXT record (epoch {epoch}) or is still running"
                )
            }
            Self::UnreadableFence(why) => f.write_str(why),
        }
    }
}

impl Health {
    fn of(self, kind: RecordType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StableFailsOver => write!(
                f,
                "stable's {kind} record has a health check: while it fails, traffic goes to the canary even at 0%"
            ),
            Self::CanaryFailsOver => write!(
                f,
                "the canary's {kind} record has a health check: while it fails, the canary gets nothing"
            ),
        }
    }
}

pub(super) fn findings(
    route: &Route53Route,
    listed: &Listing,
    active: Option<&RolloutId>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for kind in &route.types {
        of_type(route, *kind, listed, active, &mut findings);
    }
    for kind in KINDS {
        let both = [&route.stable, &route.canary];
        if !route.types.contains(&kind) && both.iter().all(|set| listed.find(kind, set).is_some()) {
            findings.push(Finding::TypeLeftOut { kind });
        }
    }
    match listed.fence_of(&route.name) {
        Ok(Some(fence)) if Some(&fence.owner) != active => {
            findings.push(Finding::ForeignFence {
                owner: fence.owner,
                epoch: fence.epoch,
            });
        }
        Ok(Some(_) | None) => {}
        Err(trouble) => findings.push(Finding::UnreadableFence(trouble.what)),
    }
    findings
}

fn of_type(
    route: &Route53Route,
    kind: RecordType,
    listed: &Listing,
    active: Option<&RolloutId>,
    findings: &mut Vec<Finding>,
) {
    let set_of = |record: &Record| record.set.clone().unwrap_or_default();
    let (stable, canary) = (
        listed.find(kind, &route.stable),
        listed.find(kind, &route.canary),
    );
    for (set, side) in [(&route.stable, stable), (&route.canary, canary)] {
        if side.is_none() {
            findings.push(Finding::MissingRecord {
                kind,
                set: set.clone(),
                found: listed.of(kind).map(set_of).collect(),
            });
        }
    }
    ttls(route, kind, listed, findings);
    let mut weights = listed.of(kind).map(|record| record.weight).peekable();
    if weights.peek().is_some() && weights.all(|weight| weight.unwrap_or_default() == 0) {
        findings.push(Finding::NobodyHasWeight { kind });
    }
    for record in listed.of(kind) {
        let weight = record.weight.unwrap_or_default();
        let set = set_of(record);
        if weight > 0 && set != route.stable && set != route.canary {
            findings.push(Finding::OtherWeight { kind, set, weight });
        } else if weight > 0 && set == route.canary && active.is_none() {
            findings.push(Finding::CanaryHasWeight { kind, weight });
        }
    }
    let checked = |side: Option<&Record>| side.is_some_and(Record::is_checked);
    for (side, health) in [
        (stable, Health::StableFailsOver),
        (canary, Health::CanaryFailsOver),
    ] {
        if checked(side) {
            findings.push(Finding::HealthDecides { kind, health });
        }
    }
}

fn ttls(route: &Route53Route, kind: RecordType, listed: &Listing, findings: &mut Vec<Finding>) {
    let of = |record: &Record| Some((record.set.clone().unwrap_or_default(), record.lives()?));
    let ttls: Vec<(String, SignedDuration)> = listed.of(kind).filter_map(of).collect();
    let different: BTreeSet<SignedDuration> = ttls.iter().map(|(_, ttl)| *ttl).collect();
    match different.first() {
        Some(_) if different.len() > 1 => findings.push(Finding::UnequalTtls { kind, ttls }),
        Some(ttl) if *ttl != route.ttl => findings.push(Finding::OtherTtl {
            kind,
            ttl: *ttl,
            planned: route.ttl,
        }),
        Some(_) | None => {}
    }
}
