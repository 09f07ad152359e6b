//! The view below the ledger: how things are now.

use domain::{
    judge::{Finding, Role, Verdict},
    name::RouteName,
    plan::Plan,
    rollout::{Rollout, Status},
    time::{SignedDuration, Timestamp, later, since},
    traffic::Weight,
};
use ratatui_core::{
    style::{Color, Modifier, Style},
    terminal::Frame as Screen,
    text::{Line, Span},
};
use sim::Frame;

use super::keys;
use crate::{
    console::{Device, Ink, Paint},
    layout::{COLUMNS, cut, fill},
    play::Pace,
    transcript, words,
};

/// Everything that the view shows.
pub(super) struct Scene<'a> {
    pub(super) plan: &'a Plan,
    pub(super) frame: &'a Frame,
    pub(super) pace: Pace,
    pub(super) paint: Paint,
    pub(super) keys: Device,
}

/// Columns of the names on the left.
const LABEL: usize = 11;
/// Columns of a bar.
const BAR: usize = 30;
/// The most conditions that are shown; those that are not as they should be come first.
const CONDITIONS: usize = 8;

/// The lines that a plan needs.
pub(super) fn height(plan: &Plan) -> u16 {
    let phases = plan.phases.iter().map(|phase| phase.require.len());
    let watch = plan.watch.iter().map(|watch| watch.require.len());
    let conditions = phases
        .chain(watch)
        .max()
        .unwrap_or_default()
        .min(CONDITIONS);
    // Rule, title, phases, space; waiting (2), progress, routes, space; conditions, guards, keys.
    let lines = 4 + 3 + plan.routes.len() + 1 + conditions + 2;
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// A line of a transcript, for the screen.
pub(super) fn line(line: &transcript::Line, paint: Paint) -> Line<'static> {
    let spans = line.0.iter().map(|(ink, text)| match ink {
        Some(ink) => Span::styled(text.clone(), style(*ink, paint)),
        None => Span::raw(text.clone()),
    });
    spans.collect()
}

/// The same look as on a stream.
fn style(ink: Ink, paint: Paint) -> Style {
    let plain = Style::new();
    if paint == Paint::Plain {
        return plain;
    }
    match ink {
        Ink::Strong => plain.add_modifier(Modifier::BOLD),
        Ink::Faint => plain.add_modifier(Modifier::DIM),
        Ink::Canary => plain.fg(Color::Cyan),
        Ink::Good => plain.fg(Color::Green),
        Ink::Ask => plain.fg(Color::Yellow),
        Ink::Bad => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
    }
}

impl Scene<'_> {
    /// Draws the view into the lines that it has.
    pub(super) fn draw(&self, screen: &mut Screen<'_>) {
        let area = screen.area();
        let width = COLUMNS.min(usize::from(area.width));
        let mut lines = vec![self.rule(width), self.title(width), self.phases()];
        lines.push(Line::default());
        lines.extend(self.waits(width));
        lines.push(self.progress());
        lines.extend(self.frame.routes.keys().map(|route| self.route(route)));
        lines.push(Line::default());
        let height = usize::from(area.height).saturating_sub(1);
        lines.extend(self.conditions(height.saturating_sub(lines.len())));
        // The keys stay in their place, however many conditions a phase has.
        lines.resize(height, Line::default());
        lines.push(self.key_line());
        for (y, line) in (area.top()..area.bottom()).zip(&lines) {
            screen
                .buffer_mut()
                .set_line(area.left(), y, line, area.width);
        }
    }

    fn ink(&self, ink: Ink, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), style(ink, self.paint))
    }

    fn rule(&self, width: usize) -> Line<'static> {
        Line::from(self.ink(Ink::Faint, "─".repeat(width)))
    }

    /// `lightning-talk-circle#1  baking        Tue 13 Jan 10:01  day 1  840x`
    fn title(&self, width: usize) -> Line<'static> {
        let rollout = &self.frame.rollout;
        let id = rollout.id.to_string();
        let status = rollout.status.to_string();
        let day = since(self.frame.now, rollout.started_at).as_hours() / 24 + 1;
        let when = words::short_date(self.frame.now, &self.plan.calendar.zone);
        let speed = self.pace.times().map_or_else(String::new, |times| {
            format!("   {}x", words::grouped(times))
        });
        let clock = format!("{when}   day {day}{speed}");
        let used = id.chars().count() + 2 + status.chars().count() + clock.chars().count();
        Line::from(vec![
            self.ink(Ink::Strong, id),
            Span::raw("  "),
            self.ink(status_ink(rollout), status),
            Span::raw(" ".repeat(width.saturating_sub(used).max(1))),
            self.ink(Ink::Faint, clock),
        ])
    }

    /// `● canary  ◐ early-adopters  ○ general  ○ complete  ○ watch`
    fn phases(&self) -> Line<'static> {
        let rollout = &self.frame.rollout;
        let watching = matches!(
            rollout.status,
            Status::Watching
                | Status::AwaitingFinish
                | Status::Finishing
                | Status::Completed { .. }
        );
        let here = if watching {
            Some(self.plan.phases.len())
        } else {
            rollout.phase
        };
        let names = self.plan.phases.iter().map(|phase| phase.name.as_str());
        let watch = self.plan.watch.iter().map(|_| "watch");
        let mut spans = Vec::new();
        for (n, name) in names.chain(watch).enumerate() {
            let (ink, mark) = match here {
                Some(here) if n < here => (Ink::Faint, "●"),
                Some(here) if n == here => (Ink::Canary, "◉"),
                _ => (Ink::Faint, "○"),
            };
            spans.push(self.ink(ink, format!("{mark} {name}   ")));
        }
        Line::from(spans)
    }

    /// How much of the bake, or of the watch, is over.
    fn progress(&self) -> Line<'static> {
        let rollout = &self.frame.rollout;
        let Some((from, until)) = span_of_bake(rollout) else {
            return Line::default();
        };
        let whole = since(until, from).as_secs().max(1);
        let past = since(self.frame.now, from).as_secs().min(whole);
        let share = Weight::nearest(
            u64::try_from(past).unwrap_or_default(),
            u64::try_from(whole).unwrap_or(1),
        );
        let (full, rest) = words::bar(share, BAR);
        let overdue = rollout.gate.as_ref().and_then(|gate| gate.overdue);
        let text = words::progress(self.frame.now, until, overdue);
        let label = if rollout.status == Status::Watching {
            "watch"
        } else {
            "bake"
        };
        Line::from(vec![
            self.ink(Ink::Faint, format!("{label:<LABEL$}")),
            Span::raw(full),
            self.ink(Ink::Faint, rest),
            Span::raw(format!("  {text}")),
        ])
    }

    /// A route's share, as configured and as it comes.
    fn route(&self, route: &RouteName) -> Line<'static> {
        let Some(shares) = self.frame.routes.get(route) else {
            return Line::default();
        };
        let (full, rest) = words::bar(shares.configured, BAR);
        let name = cut(route.as_str(), LABEL - 1);
        let seen = words::seen(*shares, self.frame.rollout.desired.get(route));
        Line::from(vec![
            self.ink(Ink::Faint, format!("{name:<LABEL$}")),
            self.ink(Ink::Canary, full),
            self.ink(Ink::Faint, rest),
            self.ink(
                Ink::Canary,
                format!("  {:<6}", shares.configured.to_string()),
            ),
            self.ink(Ink::Faint, seen),
        ])
    }

    /// Each required condition with its value, those that do not pass first; of the guards only the loud.
    fn conditions(&self, room: usize) -> Vec<Line<'static>> {
        let (required, guards): (Vec<&Finding>, Vec<&Finding>) = self
            .frame
            .findings
            .iter()
            .partition(|finding| finding.role == Role::Require);
        let (loud, quiet): (Vec<&Finding>, Vec<&Finding>) = guards
            .into_iter()
            .partition(|finding| finding.verdict == Verdict::Fail);
        let mut all = loud;
        all.extend(required);
        if all.len() + 1 > room {
            all.sort_by_key(|finding| finding.verdict == Verdict::Pass);
        }
        let shown = all.len().min(room.saturating_sub(1)).min(CONDITIONS);
        let mut lines: Vec<Line<'static>> = all
            .iter()
            .take(shown)
            .map(|finding| self.finding(finding))
            .collect();
        let rest = words::rest(all.len() - shown, quiet.len());
        if !rest.is_empty() {
            lines.push(Line::from(self.ink(Ink::Faint, format!("  {rest}"))));
        }
        lines
    }

    /// `✓ error_rate < 0.1%             0.02%   12,345 samples`
    fn finding(&self, finding: &Finding) -> Line<'static> {
        let (ink, mark, doubt) = words::verdict(&finding.verdict);
        let condition = cut(&finding.condition.to_string(), 36);
        let current = finding
            .current
            .map_or_else(|| "–".to_owned(), |current| current.to_string());
        let value_ink = if finding.verdict == Verdict::Fail {
            Ink::Bad
        } else {
            Ink::Strong
        };
        Line::from(vec![
            self.ink(ink, format!("{mark} ")),
            Span::raw(format!("{condition:<36} ")),
            self.ink(value_ink, format!("{current:>9}")),
            self.ink(Ink::Faint, format!("   {}", words::basis(finding, &doubt))),
        ])
    }

    /// What is waited for, until when, and what happens then.
    fn waits(&self, width: usize) -> Vec<Line<'static>> {
        let waiting = domain::words::waiting(&self.frame.waiting, self.frame.now);
        let words = waiting.split(' ').map(str::to_owned);
        let mut texts = fill(words, width.saturating_sub(LABEL));
        if texts.len() > 2 {
            texts.truncate(2);
            if let Some(last) = texts.last_mut() {
                *last = cut(&format!("{last} …"), width.saturating_sub(LABEL));
            }
        }
        texts.resize(2, String::new());
        let lines = texts.into_iter().enumerate().map(|(n, text)| {
            let label = if n == 0 { "waits for" } else { "" };
            Line::from(vec![
                self.ink(Ink::Faint, format!("{label:<LABEL$}")),
                Span::raw(text),
            ])
        });
        lines.collect()
    }

    fn key_line(&self) -> Line<'static> {
        if self.keys == Device::Other {
            return Line::from(self.ink(Ink::Faint, "Ctrl-C stops"));
        }
        let mut spans = Vec::new();
        let hint = keys::hint(&self.frame.waiting);
        if !hint.is_empty() {
            spans.push(self.ink(Ink::Ask, format!("{hint}   ")));
        }
        spans.push(self.ink(
            Ink::Faint,
            "b roll back   p pause   f faster   s slower   q stop",
        ));
        Line::from(spans)
    }
}

fn status_ink(rollout: &Rollout) -> Ink {
    if rollout.status.is_rollback() {
        return Ink::Bad;
    }
    let held = !rollout.holds.is_empty() || rollout.holding_incidents().next().is_some();
    if held || rollout.status == Status::AwaitingApproval {
        Ink::Ask
    } else {
        Ink::Canary
    }
}

/// From when until when the rollout bakes, or watches, where it stands.
fn span_of_bake(rollout: &Rollout) -> Option<(Timestamp, Timestamp)> {
    let gate = rollout.gate.as_ref()?;
    let length: SignedDuration = match (&rollout.status, &rollout.plan.watch) {
        (Status::Watching, Some(watch)) => watch.lasts,
        _ => rollout.current_phase()?.bake,
    };
    Some((gate.since, later(gate.since, length)))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use ratatui_core::{backend::TestBackend, terminal::Terminal};

    use super::*;
    use crate::{args::Speed, sample};

    #[test]
    fn the_view_fits_in_eighty_columns() {
        let plan = sample::plan();
        let frame = sample::frame();
        let mut terminal = Terminal::new(TestBackend::new(80, height(&plan))).unwrap();
        let scene = Scene {
            plan: &plan,
            frame: &frame,
            pace: Pace::asked(Speed::Times(3_600)),
            paint: Paint::Plain,
            keys: Device::Terminal,
        };
        terminal.draw(|screen| scene.draw(screen)).unwrap();
        expect![[r#"
            "────────────────────────────────────────────────────────────────────────────────"
            "lightning-talk-circle#1  baking                Thu 15 Jan 03:00   day 3   3,600x"
            "● prepare   ● canary   ◉ early-adopters   ○ general   ○ complete   ○ watch      "
            "                                                                                "
            "waits for  time at these weights, over in 23h                                   "
            "                                                                                "
            "bake       ███████████████▋░░░░░░░░░░░░░░  23h left                             "
            "apex       ███████▌░░░░░░░░░░░░░░░░░░░░░░  25%   clients see 24.3%              "
            "web        ███████▌░░░░░░░░░░░░░░░░░░░░░░  25%   clients see 24.3%              "
            "                                                                                "
            "✗ error_rate < 0.1%                        0.42%   12,345 samples               "
            "✓ p95 < 500ms                              0.2ms   12,345 samples               "
            "? availability > 99.9%                         –   12 of 200 samples            "
            "✓ complaints == 0                              0   12,345 samples               "
            "✓ database_cpu < 80%                       0.02%   12,345 samples               "
            "✓ cache_hits > 80%                         0.02%   12,345 samples               "
            "✓ websocket_drops <= 5                         0   12,345 samples               "
            "✓ external_api_errors <= 5                     0   12,345 samples               "
            "  6 guards quiet                                                                "
            "b roll back   p pause   f faster   s slower   q stop                            "
        "#]]
        .assert_eq(&terminal.backend().to_string());
    }
}
