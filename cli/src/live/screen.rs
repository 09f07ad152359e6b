//! The terminal: taken over for a few lines, and given back as it was.

use std::{
    io::{self, Write},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ratatui_core::terminal::{Frame, Terminal, TerminalOptions, Viewport};
use ratatui_crossterm::{
    CrosstermBackend,
    crossterm::{cursor, event, execute, terminal},
};

use super::{draw, keys, keys::Wish};
use crate::{
    console::{Device, Paint},
    transcript::Line,
};

/// Set by Ctrl-C and by signals that end a process.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// How long a signal may go unseen.
const GLANCE: Duration = Duration::from_millis(50);

/// The lines of a terminal that are ours for a while.
pub(super) struct Screen<'a> {
    terminal: Terminal<CrosstermBackend<&'a mut dyn Write>>,
    keyboard: Keyboard,
}

impl<'a> Screen<'a> {
    /// Takes over `height` lines below the cursor.
    pub(super) fn open(out: &'a mut dyn Write, height: u16, keys: Device) -> io::Result<Self> {
        heed_signals();
        let keyboard = Keyboard::take(keys)?;
        let (_, rows) = terminal::size()?;
        let options = TerminalOptions {
            // Some lines are left for what scrolls by.
            viewport: Viewport::Inline(height.min(rows.saturating_sub(8)).max(8)),
        };
        let terminal = Terminal::with_options(CrosstermBackend::new(out), options)?;
        Ok(Self { terminal, keyboard })
    }

    /// Whether keys are read.
    pub(super) const fn keys(&self) -> Device {
        self.keyboard.device
    }

    /// Draws the view anew; only what has changed is written.
    pub(super) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(view).map(|_| ())
    }

    /// Puts lines above the view, where they stay.
    pub(super) fn above(&mut self, lines: &[Line], paint: Paint) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        self.terminal.insert_before(height, |buffer| {
            let area = buffer.area;
            for (y, line) in (area.top()..area.bottom()).zip(lines) {
                buffer.set_line(area.left(), y, &draw::line(line, paint), area.width);
            }
        })
    }

    /// What is asked for within `wait`, if anything.
    pub(super) fn wish(&self, wait: Duration) -> io::Result<Option<Wish>> {
        if STOPPED.load(Ordering::Relaxed) {
            return Ok(Some(Wish::Stop));
        }
        let wait = wait.min(GLANCE);
        match self.keys() {
            Device::Terminal if event::poll(wait)? => Ok(keys::wish(&event::read()?)),
            Device::Terminal => Ok(None),
            Device::Other => {
                std::thread::sleep(wait);
                Ok(None)
            }
        }
    }

    /// Wipes the view; what was put above it stays, and the cursor stands below that.
    pub(super) fn close(mut self) -> io::Result<()> {
        let top = self.terminal.get_frame().area().as_position();
        self.terminal.clear()?;
        self.terminal.set_cursor_position(top)?;
        self.terminal.show_cursor()
    }
}

/// Keys that come one by one and unseen, until this is dropped.
struct Keyboard {
    device: Device,
}

impl Keyboard {
    fn take(device: Device) -> io::Result<Self> {
        if device == Device::Terminal {
            terminal::enable_raw_mode()?;
        }
        Ok(Self { device })
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        give_back();
    }
}

/// The terminal as it was; harmless if it is so already.
fn give_back() {
    // If this fails there is no terminal any more that could be left in disorder.
    let _ = terminal::disable_raw_mode();
    let _ = execute!(io::stdout(), cursor::Show);
}

/// A signal is a wish to stop; a panic gives the terminal back before it is told.
fn heed_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Without a handler a signal still ends the process, if less tidily.
        let _ = ctrlc::set_handler(|| STOPPED.store(true, Ordering::Relaxed));
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            tell(panic);
        }));
    });
}
