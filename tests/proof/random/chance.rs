//! Chance from a seed, the same on every machine and in every release: `SplitMix64` (Steele, Lea, Flood 2014).

/// A stream of draws.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// The stream of a seed; neighbouring seeds have nothing in common.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number, both ends included.
    pub(super) const fn among(&mut self, least: u64, most: u64) -> u64 {
        let span = most.saturating_sub(least).saturating_add(1);
        least.saturating_add(self.next() % span)
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(super) const fn happens(&mut self, percent: u64) -> bool {
        self.among(1, 100) <= percent
    }

    /// A number at least `least` and below `most`.
    pub(super) fn real(&mut self, least: f64, most: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are what a double has")]
        let share = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        least + (most - least) * share
    }

    /// A number whose order of magnitude is as likely as any other.
    pub(super) fn scaled(&mut self, least: f64, most: f64) -> f64 {
        self.real(least.ln(), most.ln()).exp()
    }

    /// One of several.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = usize::try_from(self.among(1, of.len().max(1) as u64)).unwrap_or(1);
        of.get(at - 1)
    }

    /// One of several words.
    pub(super) fn word(&mut self, of: &[&'static str]) -> &'static str {
        self.pick(of).copied().unwrap_or_default()
    }
}
