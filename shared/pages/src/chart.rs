//! Lines over time, as SVG.
//!
//! Colours are fixed names here; the page's style sheet gives each its look in the light and in the dark.

use domain::{
    plan::people::Locale,
    time::{SignedDuration, Timestamp, later},
};
use jiff::tz::TimeZone;
use plotters::{
    coord::{
        ranged1d::{DefaultFormatting, KeyPointHint, Ranged},
        types::RangedCoordf64,
    },
    prelude::*,
};

pub use plotters::style::RGBColor;

/// The canary's colour.
pub const CANARY: RGBColor = RGBColor(11, 114, 133);
/// Stable's, and of what is beside the point.
pub const STABLE: RGBColor = RGBColor(134, 142, 150);
/// The second route's, where routes are told apart.
pub const SECOND: RGBColor = RGBColor(112, 72, 232);
/// Where trouble began.
pub const TROUBLE: RGBColor = RGBColor(230, 119, 0);
/// Where traffic was sent back, and limits that do so.
pub const BACK: RGBColor = RGBColor(201, 42, 42);
const TEXT: RGBColor = RGBColor(73, 80, 87);
const GRID: RGBColor = RGBColor(222, 226, 230);

/// The minutes of a day.
const DAY: i64 = 24 * 60;

/// The routes' colours, in turn.
pub const ROUTES: [RGBColor; 4] = [CANARY, SECOND, TROUBLE, STABLE];

/// How wide a chart is drawn: text does not shrink with the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// For a desk.
    Wide,
    /// For a phone.
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
    #[must_use]
    pub const fn points(self) -> usize {
        match self {
            Self::Wide => 480,
            Self::Narrow => 180,
        }
    }

    const fn dates(self) -> usize {
        match self {
            Self::Wide => 10,
            Self::Narrow => 5,
        }
    }
}

/// A line; where nothing was measured it has a gap.
#[derive(Debug, Clone)]
pub struct Series {
    /// One of the colours above.
    pub color: RGBColor,
    /// In pixels.
    pub width: u32,
    /// Hours from the chart's beginning, each with its value.
    pub points: Vec<(f64, Option<f64>)>,
}

/// Lines over the same time.
#[derive(Debug)]
pub struct Chart<'a> {
    /// When it begins.
    pub from: Timestamp,
    /// In hours.
    pub length: f64,
    /// The highest value.
    pub top: f64,
    /// The zone of the times below it.
    pub zone: &'a TimeZone,
    /// The language of the days below it.
    pub locale: Locale,
    /// The lines, the last on top.
    pub series: Vec<Series>,
    /// Heights that matter.
    pub limits: Vec<f64>,
    /// Moments that matter.
    pub marks: Vec<(f64, RGBColor)>,
    /// How a value is written.
    pub label: fn(f64) -> String,
}

/// What can go wrong in drawing on a string.
type Drawing<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

impl Chart<'_> {
    /// The chart as an `<svg>` element; without lines if it cannot be drawn.
    #[must_use]
    pub fn svg(&self, size: Size) -> String {
        let mut svg = String::new();
        let drawn = self.draw(&mut svg, size).is_ok();
        if drawn { svg } else { String::new() }
    }

    fn draw<'a>(&self, svg: &'a mut String, size: Size) -> Result<(), Drawing<'a>> {
        let root = SVGBackend::with_string(svg, size.pixels()).into_drawing_area();
        let dates = self.dates(size.dates());
        let step = dates.step;
        let mut chart = ChartBuilder::on(&root)
            .margin_top(8)
            .margin_right(34)
            .x_label_area_size(24)
            .y_label_area_size(60)
            .build_cartesian_2d(dates, 0.0..self.top)?;
        let text = ("sans-serif", 13).into_font().color(&TEXT);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .y_labels(5)
            .label_style(text)
            .x_label_formatter(&|hours| self.date(*hours, step))
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

    /// Round times or midnights of the plan's zone, no more than fit.
    fn dates(&self, most: usize) -> Dates {
        let mut dates = Dates {
            hours: (0.0..self.length).into(),
            shown: Vec::new(),
            step: DAY,
        };
        for step in [
            5,
            10,
            30,
            60,
            180,
            360,
            720,
            DAY,
            2 * DAY,
            4 * DAY,
            8 * DAY,
            16 * DAY,
        ] {
            dates.step = step;
            dates.shown = self.every(step);
            if dates.shown.len() <= most {
                break;
            }
        }
        dates
    }

    /// So many minutes and again so many after the midnight before the beginning.
    fn every(&self, step: i64) -> Vec<f64> {
        let midnight = self.zone.to_datetime(self.from).date();
        let midnight = midnight.to_datetime(jiff::civil::Time::midnight());
        let Ok(midnight) = self.zone.to_timestamp(midnight) else {
            return Vec::new();
        };
        (1_i64..)
            .map(|n| later(midnight, SignedDuration::from_mins(n.saturating_mul(step))))
            .map(|at| at.duration_since(self.from).as_secs_f64() / 3600.0)
            .skip_while(|hours| *hours <= 0.0)
            .take_while(|hours| *hours <= self.length)
            .collect()
    }

    fn date(&self, hours: f64, step: i64) -> String {
        let at = later(self.from, SignedDuration::from_secs_f64(hours * 3600.0));
        let format = match (self.locale, step < DAY) {
            (Locale::En, true) => "%a %H:%M",
            (Locale::En, false) => "%a %-d",
            (Locale::Ja, true) => "%-m/%-d %H:%M",
            (Locale::Ja, false) => "%-m/%-d",
        };
        self.zone.to_datetime(at).strftime(format).to_string()
    }
}

/// Hours, told by some of them.
struct Dates {
    hours: RangedCoordf64,
    shown: Vec<f64>,
    /// Minutes between those that are shown.
    step: i64,
}

impl Ranged for Dates {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.hours.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.shown.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.hours.range()
    }
}
