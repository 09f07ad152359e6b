//! Random plans, as a team would write them: text, so that the language is tried too and a person can replay it.

use std::fmt::Write as _;

use super::{
    chance::Chance,
    measures::{Drawn, Measure, Metric, Purpose, Usual, minutes},
};

/// A plan as text, and what whoever makes a world for it must know.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) usual: Usual,
    pub(super) routes: Vec<Route>,
    pub(super) metrics: Vec<Metric>,
    pub(super) alarms: Vec<String>,
    pub(super) hooks: Vec<String>,
    pub(super) phases: Vec<String>,
    /// Conditions that send traffic back or open an incident.
    pub(super) guards: Vec<Drawn>,
    pub(super) items: Vec<&'static str>,
}

/// A route of the plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) name: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Owned,
    InPlace,
    Records,
    Alias,
}

const NAMES: [&str; 3] = ["web", "api", "apex"];
const HOOKS: [&str; 4] = ["announce", "backup", "load-test", "alert"];
const OTHERWISE: [&str; 2] = ["hold", "rollback"];

/// A random plan.
pub(super) fn draft(chance: &mut Chance) -> Draft {
    let routes = routes(chance);
    let shares = shares(chance, routes.len());
    let first = shares.first().and_then(|shares| shares.iter().max());
    let usual = usual(chance, first.copied().unwrap_or(1000));
    let metrics = metrics(chance, &routes, &usual);
    let mut draft = Draft {
        text: "service: shop\n".to_owned(),
        usual,
        routes,
        metrics,
        alarms: Vec::new(),
        hooks: Vec::new(),
        phases: Vec::new(),
        guards: Vec::new(),
        items: Vec::new(),
    };
    draft.write_routes();
    draft.write_metrics(chance);
    draft.write_guards(chance);
    draft.text.push_str("phases:\n");
    for shares in &shares {
        draft.write_phase(chance, shares);
    }
    draft.write_end(chance);
    draft
}

fn routes(chance: &mut Chance) -> Vec<Route> {
    let count = usize::try_from(chance.among(1, 3)).unwrap_or(1);
    let kinds = [
        Kind::Owned,
        Kind::Owned,
        Kind::InPlace,
        Kind::Records,
        Kind::Alias,
    ];
    NAMES
        .into_iter()
        .take(count)
        .map(|name| Route {
            name,
            kind: chance.pick(&kinds).copied().unwrap_or(Kind::Owned),
        })
        .collect()
}

/// The weights of each phase, for each route; they rise, and end at all of it.
fn shares(chance: &mut Chance, routes: usize) -> Vec<Vec<u64>> {
    let phases = chance.among(1, 4);
    let mut shares = Vec::new();
    let mut now = vec![0; routes];
    for phase in 1..=phases {
        let alike = chance.happens(75);
        let next = chance.among(1, 60) * chance.among(1, 16).min(16);
        for share in &mut now {
            let wanted = if alike { next } else { chance.among(0, 990) };
            *share = wanted.clamp(*share, 990);
            // What 256 parts cannot say is refused when the plan is read.
            if *share > 0 {
                *share = (*share).max(5);
            }
            if phase == phases {
                *share = 1000;
            }
        }
        shares.push(now.clone());
    }
    shares
}

fn usual(chance: &mut Chance, first_permille: u64) -> Usual {
    let rate = if chance.happens(12) {
        chance.scaled(4.0, 100.0)
    } else {
        chance.scaled(300.0, 30_000.0)
    };
    let p50 = chance.scaled(0.02, 0.3);
    #[expect(clippy::cast_precision_loss, reason = "at most 1000")]
    let first_share = first_permille.max(5) as f64 / 1000.0;
    Usual {
        rate,
        errors: chance.scaled(0.000_1, 0.01),
        p50,
        p99: p50 * chance.real(2.0, 5.0),
        first_share,
    }
}

fn metrics(chance: &mut Chance, routes: &[Route], usual: &Usual) -> Vec<Metric> {
    let balanced: Vec<&'static str> = routes
        .iter()
        .filter(|route| matches!(route.kind, Kind::Owned | Kind::InPlace))
        .map(|route| route.name)
        .collect();
    let mut metrics = Vec::new();
    let of_balancer = [
        ("errors", Measure::Errors),
        ("success", Measure::Success),
        ("p50", Measure::Latency(500)),
        ("p95", Measure::Latency(950)),
        ("p99", Measure::Latency(990)),
        ("requests", Measure::Requests),
    ];
    for (name, measure) in of_balancer {
        let wanted = if measure == Measure::Requests { 15 } else { 55 };
        if let (Some(route), true) = (chance.pick(&balanced).copied(), chance.happens(wanted)) {
            metrics.push(Metric {
                name: name.to_owned(),
                route: Some(route),
                measure,
                window: chance.among(1, 4),
                value: match measure {
                    Measure::Latency(permille) => usual.latency(permille),
                    Measure::Errors
                    | Measure::Success
                    | Measure::Requests
                    | Measure::Gauge
                    | Measure::Tally
                    | Measure::Never => usual.errors,
                },
                stat: "",
            });
        }
    }
    let others = [
        ("lag", Measure::Gauge, ["Average", "Maximum"]),
        ("retries", Measure::Tally, ["Sum", "Sum"]),
        ("mismatches", Measure::Never, ["Sum", "Sum"]),
    ];
    for (name, measure, stats) in others {
        if chance.happens(35) || (metrics.is_empty() && measure == Measure::Never) {
            metrics.push(Metric {
                name: name.to_owned(),
                route: None,
                measure,
                window: chance.among(1, 4),
                value: match measure {
                    Measure::Never => 0.0,
                    Measure::Errors
                    | Measure::Success
                    | Measure::Latency(_)
                    | Measure::Requests
                    | Measure::Gauge
                    | Measure::Tally => chance.real(0.5, 4.0),
                },
                stat: chance.word(&stats),
            });
        }
    }
    metrics
}

impl Route {
    fn declaration(self) -> String {
        const ALB: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012";
        const RULE: &str = "app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2";
        let name = self.name;
        let of_alb = |mode: &str| {
            format!(
                "  {name}:\n    alb:\n      rule: {ALB}:listener-rule/{RULE}/{name}\n      \
                 stable: {ALB}:targetgroup/old-{name}/1\n      canary: {ALB}:targetgroup/new-{name}/2\n      {mode}\n"
            )
        };
        let priority = NAMES.iter().position(|other| *other == name).unwrap_or(0) + 10;
        match self.kind {
            Kind::Owned => of_alb(&format!("priority: {priority}")),
            Kind::InPlace => of_alb("mode: in_place"),
            Kind::Records => format!(
                "  {name}: {{ route53: {{ zone: Z0, name: {name}.shop.example, types: [A], stable: Old, canary: New, ttl: 60s }} }}\n"
            ),
            Kind::Alias => format!(
                "  {name}: {{ lambda_alias: {{ function: shop-{name}, alias: live, stable: 7, canary: 8 }} }}\n"
            ),
        }
    }
}

impl Draft {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn write_routes(&mut self) {
        self.text.push_str("routes:\n");
        for route in self.routes.clone() {
            self.text.push_str(&route.declaration());
        }
    }

    fn write_metrics(&mut self, chance: &mut Chance) {
        self.text.push_str("metrics:\n");
        for metric in self.metrics.clone() {
            let expected = self.usual.rate * self.usual.first_share * minutes(metric.window);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count of requests"
            )]
            let min = (expected * chance.real(0.05, 0.6)) as u64;
            let min = chance.happens(90).then_some(min.max(1));
            self.text.push_str(&metric.declaration(min));
        }
    }

    fn condition(&self, chance: &mut Chance, purpose: Purpose) -> Option<Drawn> {
        let metric = chance.pick(&self.metrics)?.clone();
        Some(metric.condition(chance, &self.usual, purpose))
    }

    /// A list of conditions, none of them twice.
    fn conditions(&self, chance: &mut Chance, purpose: Purpose, count: u64) -> Vec<Drawn> {
        let mut all: Vec<Drawn> = Vec::new();
        for _ in 0..count {
            all.extend(
                self.condition(chance, purpose)
                    .filter(|new| !all.iter().any(|drawn| drawn.metric.name == new.metric.name)),
            );
        }
        all
    }

    fn write_guards(&mut self, chance: &mut Chance) {
        let alarms = chance.among(0, 2) * chance.among(0, 2).min(1);
        if alarms > 0 {
            self.line("alarms:");
        }
        for number in 1..=alarms {
            let name = format!("alarm-{number}");
            let severity = chance.word(&["critical", "critical", "high", "medium", "low"]);
            let silent = chance.word(&["hold", "ignore", "ignore", "alarm"]);
            self.line(&format!(
                "  - {{ arn: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}', severity: {severity}, insufficient_data: {silent} }}"
            ));
            self.alarms.push(name);
        }
        if chance.happens(40) {
            self.line("incidents:");
            let severity = chance.word(&["critical", "critical", "high", "medium", "low"]);
            let drawn = self.conditions(chance, Purpose::Avoid, 1);
            self.line(&format!("  {severity}: {}", list(&drawn)));
            self.guards.extend(drawn);
        }
        if chance.happens(60) {
            let high = (chance.among(2, 12), chance.word(&OTHERWISE));
            let medium = (chance.among(5, 20), chance.word(&OTHERWISE));
            self.line(&format!(
                "severities: {{ high: {{ within: {}m, otherwise: {} }}, medium: {{ within: {}m, otherwise: {} }} }}",
                high.0, high.1, medium.0, medium.1
            ));
        }
    }

    fn write_phase(&mut self, chance: &mut Chance, shares: &[u64]) {
        let name = format!("p{}", self.phases.len() + 1);
        self.phases.push(name.clone());
        self.line(&format!("  - name: {name}"));
        let alike = shares.iter().all(|share| Some(share) == shares.first());
        if alike {
            let share = shares.first().copied().unwrap_or(0);
            self.line(&format!("    weight: {}", percent(share)));
        } else {
            let each = self.routes.iter().zip(shares);
            let each: Vec<String> = each
                .map(|(route, share)| format!("{}: {}", route.name, percent(*share)))
                .collect();
            self.line(&format!("    weights: {{ {} }}", each.join(", ")));
        }
        let bake = if chance.happens(8) {
            chance.among(0, 1)
        } else {
            chance.among(2, 12)
        };
        self.line(&format!("    bake: {bake}m"));
        if chance.happens(70) {
            self.line(&format!("    within: {}m", bake + chance.among(15, 50)));
        }
        let count = chance.among(0, 2);
        let require = self.conditions(chance, Purpose::Keep, count);
        let require: Vec<Drawn> = require
            .into_iter()
            .filter(|drawn| self.has_traffic(&drawn.metric, shares) || chance.happens(10))
            .collect();
        self.line(&format!("    require: {}", list(&require)));
        let count = chance.among(0, 5).min(2);
        let rollback = self.conditions(chance, Purpose::Avoid, count);
        self.line(&format!("    rollback: {}", list(&rollback)));
        self.guards.extend(rollback);
        self.write_gate(chance);
    }

    /// Whether a metric has requests of the canary's to measure.
    fn has_traffic(&self, metric: &Metric, shares: &[u64]) -> bool {
        let mut routes = self.routes.iter().zip(shares);
        routes.all(|(route, share)| metric.route != Some(route.name) || *share > 0)
    }

    fn write_gate(&mut self, chance: &mut Chance) {
        if chance.happens(25) {
            let mut limits = format!("then: {}", chance.word(&OTHERWISE));
            for (key, least, most) in [
                ("failures", 1, 6),
                ("consecutive_failures", 0, 4),
                ("errors", 3, 8),
                ("passes", 1, 3),
            ] {
                if chance.happens(50) {
                    let _ = write!(limits, ", {key}: {}", chance.among(least, most));
                }
            }
            self.line(&format!("    limits: {{ {limits} }}"));
        }
        if chance.happens(20) {
            let (needed, otherwise) = (chance.among(1, 2), chance.word(&OTHERWISE));
            let expires = chance.among(3, 20);
            self.line(&format!(
                "    approval: {{ from: [leads], needed: {needed}, expires: {expires}m, otherwise: {otherwise} }}"
            ));
        }
        if chance.happens(12) {
            self.line("    checklist: [ { name: looked-at, text: somebody has looked at it } ]");
            self.items.push("looked-at");
        }
        for moment in ["before", "after"] {
            if chance.happens(10) {
                let hook = chance.word(&HOOKS);
                self.line(&format!("    {moment}: [{hook}]"));
                self.hooks.push(hook.to_owned());
            }
        }
    }

    fn write_end(&mut self, chance: &mut Chance) {
        if chance.happens(50) {
            let lasts = chance.among(1, 10);
            let require = self.conditions(chance, Purpose::Keep, 1);
            let rollback = self.conditions(chance, Purpose::Avoid, 1);
            self.line(&format!(
                "watch: {{ for: {lasts}m, require: {}, rollback: {} }}",
                list(&require),
                list(&rollback)
            ));
            self.guards.extend(rollback);
        }
        let mut rollback = format!("within: {}m", chance.among(1, 5));
        if chance.happens(20) {
            rollback.push_str(", drain: 30s");
        }
        if chance.happens(20) {
            rollback.push_str(", hooks: [alert]");
            self.hooks.push("alert".to_owned());
        }
        self.line(&format!("rollback: {{ {rollback} }}"));
        if chance.happens(4) {
            let opens = chance.among(0, 25);
            self.line(&format!(
                "calendar: {{ zone: UTC, only_in: [ {{ days: [tue], from: '01:{opens:02}', to: '09:00' }} ] }}"
            ));
        }
        self.line("hooks:");
        for hook in HOOKS {
            let (attempts, failure) = (
                chance.among(1, 3),
                chance.word(&["hold", "rollback", "ignore"]),
            );
            self.line(&format!(
                "  {hook}: {{ lambda: shop-{hook}, timeout: 1m, attempts: {attempts}, on_failure: {failure} }}"
            ));
        }
        self.line("groups: { leads: [ann@shop.example, bob@shop.example, cyd@shop.example] }");
        if chance.happens(30) {
            self.line("finish: manual");
        }
    }
}

fn percent(permille: u64) -> String {
    format!("{}.{}%", permille / 10, permille % 10)
}

fn list(drawn: &[Drawn]) -> String {
    let texts: Vec<String> = drawn
        .iter()
        .map(|drawn| format!("'{}'", drawn.text))
        .collect();
    format!("[{}]", texts.join(", "))
}
