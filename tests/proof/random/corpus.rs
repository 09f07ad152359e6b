//! The corpus: seeds whose rollouts once broke a promise, or nearly; replayed before any others.

/// What a seed stands for changes with the generator: then this does, and the corpus is drawn anew.
pub(super) const GENERATOR: u64 = 2;

/// The file, one entry a line: the generator's version, the seed, and why.
const TEXT: &str = include_str!("corpus.txt");

/// The seeds of this generator, and how many entries are of another.
pub(super) fn seeds() -> (Vec<u64>, usize) {
    let mut seeds = Vec::new();
    let mut stale = 0;
    let lines = TEXT.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let numbers =
            [words.next(), words.next()].map(|word| word.and_then(|word| word.parse().ok()));
        match numbers {
            [Some(GENERATOR), Some(seed)] => seeds.push(seed),
            [Some(_) | None, _] => stale += 1,
        }
    }
    (seeds, stale)
}
