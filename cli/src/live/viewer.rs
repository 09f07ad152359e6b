//! Lines in a terminal that are drawn anew in their place, until somebody wants no more.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use super::{Ended, draw, keys::Wish, screen::Screen};
use crate::{
    console::{Device, Paint},
    transcript::Line,
};

/// A part of the terminal that shows lines.
pub(crate) struct Viewer<'a> {
    screen: Screen<'a>,
    paint: Paint,
}

impl<'a> Viewer<'a> {
    /// Takes over `height` lines below the cursor.
    pub(crate) fn open(
        out: &'a mut dyn Write,
        height: u16,
        keys: Device,
        paint: Paint,
    ) -> io::Result<Self> {
        let screen = Screen::open(out, height, keys)?;
        Ok(Self { screen, paint })
    }

    /// Shows lines in the place of those before; the last one always has the last place.
    pub(crate) fn show(&mut self, lines: &[Line], last: &Line) -> io::Result<()> {
        let paint = self.paint;
        self.screen.draw(|screen| {
            let area = screen.area();
            let bottom = area.bottom().saturating_sub(1);
            for (y, line) in (area.top()..bottom).zip(lines) {
                let line = draw::line(line, paint);
                screen
                    .buffer_mut()
                    .set_line(area.left(), y, &line, area.width);
            }
            let line = draw::line(last, paint);
            screen
                .buffer_mut()
                .set_line(area.left(), bottom, &line, area.width);
        })
    }

    /// Waits; nothing but the wish to stop is heeded.
    pub(crate) fn wait(&mut self, long: Duration) -> io::Result<Ended> {
        let until = Instant::now() + long;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.screen.wish(left)? {
                Some(Wish::Stop) => return Ok(Ended::Stopped),
                // It is drawn anew with what comes next.
                Some(Wish::Redraw) => return Ok(Ended::Over),
                None if left.is_zero() => return Ok(Ended::Over),
                Some(Wish::Faster | Wish::Slower | Wish::Ask(_)) | None => {}
            }
        }
    }

    /// Wipes the lines; the cursor stands where they began.
    pub(crate) fn close(self) -> io::Result<()> {
        self.screen.close()
    }
}
