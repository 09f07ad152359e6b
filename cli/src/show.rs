//! `tidegate show`: a plan on the calendar.

use std::io::{self, Write};

use domain::{
    plan::{Plan, severity::Severity},
    time::{Spell, Timestamp, minute_of},
    traffic::{Weight, Weights},
};

use crate::{
    args::Show,
    console::{Console, Ink, Paint},
    exit::Exit,
    failure::Failure,
    json,
    layout::Margin,
    timeline::{Stage, Timeline},
    validate, words,
};

/// Prints a plan's timeline.
pub(crate) fn run(what: &Show, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let Some(plan) = validate::read(&what.plan, console)? else {
        return Ok(Exit::Problems);
    };
    let now = minute_of(console.surroundings.now);
    let start = match what.start {
        None => now,
        Some(start) => start.instant(&plan.calendar.zone).ok_or_else(|| {
            Failure::Argument("the start is out of range; give a date of this century".to_owned())
        })?,
    };
    let timeline =
        Timeline::of(&plan, start).map_err(|error| Failure::Argument(error.to_string()))?;
    if what.json {
        json::line(console.out, &json::Timeline::new(&plan, &timeline))?;
    } else {
        let paint = console.paint();
        Page {
            plan: &plan,
            timeline: &timeline,
            paint,
        }
        .print(console.out)?;
    }
    Ok(Exit::Ok)
}

struct Page<'a> {
    plan: &'a Plan,
    timeline: &'a Timeline<'a>,
    paint: Paint,
}

/// Columns of a date and the space behind it.
const DATE: usize = 18;
const BAR: usize = 20;

impl Page<'_> {
    fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let outline = words::outline(self.plan);
        let (service, rest) = outline.split_once(", ").unwrap_or((&outline, ""));
        writeln!(out, "{}  {rest}", self.paint.text(Ink::Strong, service))?;
        writeln!(out)?;
        self.routes(out)?;
        writeln!(out)?;
        for stage in &self.timeline.stages {
            self.stage(out, stage)?;
            writeln!(out)?;
        }
        self.end(out)?;
        writeln!(out)?;
        self.any_time(out)
    }

    fn routes(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = self.name_width();
        for (name, route) in &self.plan.routes {
            let name = self.paint.text(Ink::Strong, &format!("{name:<width$}"));
            writeln!(out, "{name}  {}", words::route(route))?;
        }
        writeln!(out)?;
        let zone = words::zone(&self.plan.calendar.zone);
        let text = format!(
            "From {}, at the earliest ({zone}):",
            words::date(self.timeline.start, &self.plan.calendar.zone)
        );
        writeln!(out, "{}", self.paint.text(Ink::Faint, &text))
    }

    fn name_width(&self) -> usize {
        let names = self.plan.routes.keys().map(|name| name.as_str().len());
        names.max().unwrap_or_default()
    }

    fn when(&self, at: Timestamp) -> String {
        format!("{:<DATE$}", words::short_date(at, &self.plan.calendar.zone))
    }

    fn stage(&self, out: &mut dyn Write, stage: &Stage<'_>) -> io::Result<()> {
        let phase = stage.phase;
        let name = self.paint.text(Ink::Strong, phase.name.as_str());
        let when = self.when(stage.begins);
        let margin = self.margin();
        writeln!(out, "{when}{name}")?;
        if let Some((why, long)) = &stage.waits {
            let waits = format!("{} for {why}", Spell(*long));
            margin.sentence(out, "waits", &waits)?;
        }
        self.weights(out, &phase.weights)?;
        let bake = words::bake(phase, stage.overdue, &self.plan.calendar.zone);
        let names = |hooks: &[domain::name::HookName]| -> Vec<String> {
            hooks.iter().map(ToString::to_string).collect()
        };
        let texts = |conditions: &[domain::plan::gate::Condition]| -> Vec<String> {
            conditions.iter().map(ToString::to_string).collect()
        };
        margin.list(out, "before", &names(&phase.before))?;
        margin.sentence(out, "bakes", &bake)?;
        margin.list(out, "needs", &texts(&phase.require))?;
        let ticks: Vec<String> = phase
            .checklist
            .iter()
            .map(|item| item.name.to_string())
            .collect();
        margin.list(out, "ticks", &ticks)?;
        if let Some(approval) = &phase.approval {
            margin.sentence(out, "asks", &words::approval(approval))?;
        }
        margin.list(out, "after", &names(&phase.after))?;
        margin.list(out, "back if", &texts(&phase.rollback))
    }

    fn margin(&self) -> Margin {
        Margin {
            indent: DATE,
            label: 9,
            paint: self.paint,
        }
    }

    /// One bar if all routes have the same weight, else one for each.
    fn weights(&self, out: &mut dyn Write, weights: &Weights) -> io::Result<()> {
        let of = |weight: Weight| {
            let (full, rest) = words::bar(weight, BAR);
            let full = self.paint.text(Ink::Canary, &full);
            let rest = self.paint.text(Ink::Faint, &rest);
            format!("{full}{rest} {weight:>5}")
        };
        let mut shares = self.plan.routes.keys().map(|route| weights.get(route));
        let first = shares.next().unwrap_or_default();
        let indent = " ".repeat(DATE);
        if shares.all(|share| share == first) {
            return writeln!(out, "{indent}{:<9}{}", "canary", of(first));
        }
        let width = self.name_width();
        for (n, route) in self.plan.routes.keys().enumerate() {
            let label = if n == 0 { "canary" } else { "" };
            let bar = of(weights.get(route));
            writeln!(out, "{indent}{label:<9}{bar}  {route:<width$}")?;
        }
        Ok(())
    }

    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        let margin = self.margin();
        if let (Some((from, _)), Some(watch)) = (self.timeline.watch, &self.plan.watch) {
            let name = self.paint.text(Ink::Strong, "watch");
            writeln!(out, "{}{name}", self.when(from))?;
            let lasts = format!("{}, with stable kept to go back to", Spell(watch.lasts));
            margin.sentence(out, "lasts", &lasts)?;
            let needs: Vec<String> = watch.require.iter().map(ToString::to_string).collect();
            let back: Vec<String> = watch.rollback.iter().map(ToString::to_string).collect();
            margin.list(out, "needs", &needs)?;
            margin.list(out, "back if", &back)?;
            writeln!(out)?;
        }
        let name = self.paint.text(Ink::Strong, "end");
        writeln!(out, "{}{name}", self.when(self.timeline.ends))?;
        margin.sentence(out, "then", words::finish(self.plan.finish))?;
        let fast = format!(
            "`rollback` still goes back without phases for {}",
            Spell(self.plan.fast_track)
        );
        margin.sentence(out, "", &fast)
    }

    /// What holds in every phase.
    fn any_time(&self, out: &mut dyn Write) -> io::Result<()> {
        let heading = self
            .paint
            .text(Ink::Faint, "In every phase and in the watch:");
        writeln!(out, "{heading}\n")?;
        let margin = Margin {
            indent: 0,
            label: 10,
            paint: self.paint,
        };
        for severity in [
            Severity::Critical,
            Severity::High,
            Severity::Medium,
            Severity::Low,
        ] {
            let breaches = words::breaches(severity, self.plan);
            if breaches.is_empty() {
                continue;
            }
            let name = severity.to_string();
            let does = words::consequence(severity, self.plan);
            margin.sentence(out, &name, &does)?;
            margin.list(out, "", &breaches)?;
        }
        margin.list(out, "rollback", &words::rollback(self.plan))
    }
}
