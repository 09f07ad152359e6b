//! Lines over time, as SVG.
//!
//! Colours are fixed names here; the page's style sheet gives each its look in the light and in the dark.

use domain::time::Timestamp;
use jiff::{ToSpan as _, tz::TimeZone};
use plotters::{
    coord::{
        ranged1d::{DefaultFormatting, KeyPointHint, Ranged},
        types::RangedCoordf64,
    },
    prelude::*,
};

/// The canary's colour.
pub(super) const CANARY: RGBColor = RGBColor(11, 114, 133);
/// Stable's, and of what is beside the point.
pub(super) const STABLE: RGBColor = RGBColor(134, 142, 150);
/// The second route's, where routes are told apart.
pub(super) const SECOND: RGBColor = RGBColor(112, 72, 232);
/// Where trouble began.
pub(super) const TROUBLE: RGBColor = RGBColor(230, 119, 0);
/// Where traffic was sent back, and limits that do so.
pub(super) const BACK: RGBColor = RGBColor(201, 42, 42);
const TEXT: RGBColor = RGBColor(73, 80, 87);
const GRID: RGBColor = RGBColor(222, 226, 230);

/// The routes' colours, in turn.
pub(super) const ROUTES: [RGBColor; 4] = [CANARY, SECOND, TROUBLE, STABLE];

/// How wide a chart is drawn: text does not shrink with the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Wide,
    Narrow,
}

impl Size {
    const fn pixels(self) -> (u32, u32) {
        match self {
            Self::Wide => (960, 220),
            Self::Narrow => (380, 200),
        }
    }

    /// The most points of a line: more than pixels show nothing more.
    pub(super) const fn points(self) -> usize {
        match self {
            Self::Wide => 480,
            Self::Narrow => 180,
        }
    }

    const fn dates(self) -> usize {
        match self {
            Self::Wide => 10,
            Self::Narrow => 4,
        }
    }
}

/// A line; where nothing was measured it has a gap.
pub(super) struct Series {
    pub(super) color: RGBColor,
    pub(super) width: u32,
    pub(super) points: Vec<(f64, Option<f64>)>,
}

/// Lines over the same time.
pub(super) struct Chart<'a> {
    pub(super) from: Timestamp,
    /// In hours.
    pub(super) length: f64,
    /// The highest value.
    pub(super) top: f64,
    pub(super) zone: &'a TimeZone,
    pub(super) series: Vec<Series>,
    /// Heights that matter.
    pub(super) limits: Vec<f64>,
    /// Moments that matter.
    pub(super) marks: Vec<(f64, RGBColor)>,
    /// How a value is written.
    pub(super) label: fn(f64) -> String,
}

/// What can go wrong in drawing on a string.
type Drawing<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

impl Chart<'_> {
    /// The chart as an `<svg>` element; without lines if it cannot be drawn.
    pub(super) fn svg(&self, size: Size) -> String {
        let mut svg = String::new();
        let drawn = self.draw(&mut svg, size).is_ok();
        if drawn { svg } else { String::new() }
    }

    fn draw<'a>(&self, svg: &'a mut String, size: Size) -> Result<(), Drawing<'a>> {
        let root = SVGBackend::with_string(svg, size.pixels()).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(8)
            .margin_right(12)
            .x_label_area_size(24)
            .y_label_area_size(52)
            .build_cartesian_2d(self.dates(size.dates()), 0.0..self.top)?;
        let text = ("sans-serif", 13).into_font().color(&TEXT);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .y_labels(5)
            .label_style(text)
            .x_label_formatter(&|hours| self.date(*hours))
            .y_label_formatter(&|value| (self.label)(*value))
            .draw()?;
        for limit in self.limits.iter().filter(|limit| **limit <= self.top) {
            let ends = [(0.0, *limit), (self.length, *limit)];
            chart.draw_series(DashedLineSeries::new(ends, 4, 4, BACK.stroke_width(1)))?;
        }
        for (at, color) in &self.marks {
            let ends = [(*at, 0.0), (*at, self.top)];
            chart.draw_series(LineSeries::new(ends, color.stroke_width(1)))?;
        }
        for series in &self.series {
            for piece in series.points.split(|(_, value)| value.is_none()) {
                let points = piece
                    .iter()
                    .filter_map(|(x, y)| Some((*x, (*y)?.min(self.top))));
                let style = series.color.stroke_width(series.width);
                chart.draw_series(LineSeries::new(points, style))?;
            }
        }
        root.present()
    }

    /// Midnights, no more than fit.
    fn dates(&self, most: usize) -> Days {
        let mut midnights = Vec::new();
        let mut day = self.zone.to_datetime(self.from).date();
        while let Ok(next) = day.checked_add(1.day()) {
            day = next;
            let Ok(midnight) = self
                .zone
                .to_timestamp(day.to_datetime(jiff::civil::Time::midnight()))
            else {
                break;
            };
            let hours = midnight.duration_since(self.from).as_secs_f64() / 3600.0;
            if hours > self.length {
                break;
            }
            midnights.push(hours);
        }
        let every = midnights.len().div_ceil(most).max(1);
        Days {
            hours: (0.0..self.length).into(),
            midnights: midnights.into_iter().step_by(every).collect(),
        }
    }

    fn date(&self, hours: f64) -> String {
        let since = jiff::SignedDuration::from_secs_f64(hours * 3600.0);
        let at = domain::time::later(self.from, since);
        self.zone.to_datetime(at).strftime("%a %-d").to_string()
    }
}

/// Hours, told by their midnights.
struct Days {
    hours: RangedCoordf64,
    midnights: Vec<f64>,
}

impl Ranged for Days {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.hours.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.midnights.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.hours.range()
    }
}
