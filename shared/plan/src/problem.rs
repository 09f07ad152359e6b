//! Problems: what is wrong with a plan, where, and how to mend it.

use std::{fmt, ops::Range, sync::Arc};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The plan cannot be used.
    Error,
    /// The plan can be used, and is dangerous in this place.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

macro_rules! codes {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $text:literal, )+) => {
        /// What kind of problem it is; the text of each stays the same between versions.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$( Self::$variant, )+];

            /// The code in kebab case.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $text, )+
                }
            }
        }
    };
}

codes! {
    /// The file is larger than a plan may be.
    FileTooLarge = "file-too-large",
    /// A character that cannot be seen, or that makes text look other than it is.
    HiddenCharacter = "hidden-character",
    /// There is nothing in the file.
    EmptyFile = "empty-file",
    /// The file is not YAML.
    YamlSyntax = "yaml-syntax",
    /// A tab indents a line.
    Tab = "tab",
    /// There is more than one document in the file.
    SeveralDocuments = "several-documents",
    /// An anchor, an alias or a merge.
    Anchor = "anchor",
    /// A YAML tag.
    Tag = "tag",
    /// Values inside values inside values, too many.
    TooDeep = "too-deep",
    /// A key that is no plain text.
    BadKey = "bad-key",
    /// A key that is there twice.
    DuplicateKey = "duplicate-key",
    /// A mapping where a list should be, or the like.
    WrongKind = "wrong-kind",
    /// A key without a value.
    NoValue = "no-value",
    /// A key that nothing is known about.
    UnknownKey = "unknown-key",
    /// A key that must be there is not.
    MissingKey = "missing-key",
    /// None or several of the keys of which exactly one must be there.
    PickOne = "pick-one",
    /// A key that means nothing beside another.
    MisplacedKey = "misplaced-key",
    /// More of something than there may be.
    TooMany = "too-many",
    /// Less of something than there must be.
    TooFew = "too-few",
    /// A text that is too long.
    TooLong = "too-long",
    /// A text that many YAML readers take for something else.
    AmbiguousText = "ambiguous-text",
    /// A text that cannot be a name.
    BadName = "bad-name",
    /// A word that is none of those there are.
    UnknownWord = "unknown-word",
    /// A text that is no plain whole number.
    BadNumber = "bad-number",
    /// A number that is too small or too large.
    OutOfRange = "out-of-range",
    /// A text that is no duration.
    BadDuration = "bad-duration",
    /// A text that is no weight.
    BadWeight = "bad-weight",
    /// A text that is no condition.
    BadCondition = "bad-condition",
    /// A text that is no measure of a load balancer.
    BadMeasure = "bad-measure",
    /// A text that is no ARN of the kind that is wanted.
    BadArn = "bad-arn",
    /// A text that is no address of the kind that is wanted.
    BadAddress = "bad-address",
    /// A text that is no day, no time of day or no time zone.
    BadDate = "bad-date",
    /// A secret, which a plan is no place for.
    Secret = "secret",
    /// Something is named that is not declared.
    UnknownReference = "unknown-reference",
    /// The same thing twice.
    Repeated = "repeated",
    /// A quantity that cannot be compared with the metric.
    Incomparable = "incomparable",
    /// Parts of one route that are in different places.
    ArnMismatch = "arn-mismatch",
    /// Stable and canary are the same.
    SameSides = "same-sides",
    /// Two routes that write to the same target.
    SharedTarget = "shared-target",
    /// A weight that the route's target cannot express.
    Inexpressible = "inexpressible",
    /// A last phase that leaves traffic on stable.
    NotFull = "not-full",
    /// A phase that is overdue before it may pass.
    OverdueAtOnce = "overdue-at-once",
    /// An approval that its groups cannot give.
    TooFewPeople = "too-few-people",
    /// An end that is before its beginning.
    Backwards = "backwards",
    /// Parts that do not make a plan together, found by the last check of all.
    Unsound = "unsound",
    /// Warning: an approver who starts a rollout makes it impossible to approve.
    OwnRollout = "own-rollout",
    /// Warning: no condition, incident rule or alarm rolls the rollout back.
    NothingRollsBack = "nothing-rolls-back",
    /// Warning: a phase without a condition that rolls it back.
    NoRollbackCondition = "no-rollback-condition",
    /// Warning: a phase that may end before resolvers have forgotten the last one.
    BakeBelowTtl = "bake-below-ttl",
    /// Warning: an approval that is waited for without end.
    NoExpiry = "no-expiry",
    /// Warning: so little traffic that a measurement will not say anything.
    TooLittleTraffic = "too-little-traffic",
    /// Warning: a large step.
    BigStep = "big-step",
    /// Warning: a phase that takes weight away again.
    WeightFalls = "weight-falls",
    /// Warning: a route where an old write can land late.
    Unfenced = "unfenced",
    /// Warning: a metric that never passes if no data means zero.
    AbsentUnknown = "absent-unknown",
    /// Warning: something is declared that nothing uses.
    Unused = "unused",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A part of the file. Lines and columns count from 1, columns in characters; the end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The line it begins in.
    pub line: usize,
    /// The column it begins at.
    pub column: usize,
    /// The line it ends in.
    pub end_line: usize,
    /// The column after its last.
    pub end_column: usize,
    /// The byte it begins at, and the byte before which it ends, without a byte order mark.
    pub(crate) bytes: (usize, usize),
}

/// Something that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of problem it is.
    pub code: Code,
    /// Where in the plan, such as `phases[1].bake`; empty for the whole plan.
    pub path: String,
    /// Where in the file.
    pub span: Span,
    /// What is there.
    pub found: String,
    /// What should be there.
    pub expected: String,
    /// How to mend it.
    pub mend: String,
}

impl fmt::Display for Problem {
    /// One line, for a log: `12:5: error[bad-duration] phases[1].bake: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Span { line, column, .. } = self.span;
        write!(f, "{line}:{column}: {}[{}] ", self.severity, self.code)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(
            f,
            "{}; expected {}; {}",
            self.found, self.expected, self.mend
        )
    }
}

/// Why a text is no plan: all of it, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub(crate) Vec<Problem>);

impl std::ops::Deref for Problems {
    type Target = [Problem];

    fn deref(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.0.iter().enumerate() {
            let newline = if n == 0 { "" } else { "\n" };
            write!(f, "{newline}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Where something stands: in the plan and in the file.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) path: Arc<str>,
    pub(crate) span: Span,
}

/// What is wrong, before it is known where.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    /// The bytes of the text that are wrong, if not all of it.
    pub(crate) range: Option<Range<usize>>,
    pub(crate) found: String,
    pub(crate) expected: String,
    pub(crate) mend: String,
}

impl Fault {
    pub(crate) fn new(
        code: Code,
        found: impl Into<String>,
        expected: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            code,
            range: None,
            found: found.into(),
            expected: expected.into(),
            mend: mend.into(),
        }
    }

    pub(crate) fn at(mut self, range: Range<usize>) -> Self {
        self.range = Some(range);
        self
    }
}

/// The most problems that are reported; a file with more is not a plan that someone is writing.
const PROBLEMS_MAX: usize = 100;

/// Collects problems.
#[derive(Debug, Default)]
pub(crate) struct Report {
    problems: Vec<Problem>,
    failed: bool,
}

impl Report {
    pub(crate) fn error(&mut self, place: &Place, fault: Fault) {
        self.failed = true;
        self.push(Severity::Error, place, fault);
    }

    pub(crate) fn warn(&mut self, place: &Place, fault: Fault) {
        self.push(Severity::Warning, place, fault);
    }

    fn push(&mut self, severity: Severity, place: &Place, fault: Fault) {
        if self.problems.len() >= PROBLEMS_MAX {
            return;
        }
        self.problems.push(Problem {
            severity,
            code: fault.code,
            path: place.path.to_string(),
            span: place.span,
            found: fault.found,
            expected: fault.expected,
            mend: fault.mend,
        });
    }

    /// Whether something has been said about a place in the plan, so that nothing more need be.
    pub(crate) fn mentions(&self, path: &str) -> bool {
        self.problems.iter().any(|problem| problem.path == path)
    }

    /// Whether something has been said about a part of the plan or what is in it.
    pub(crate) fn mentions_part(&self, part: &str) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.path.starts_with(part))
    }

    /// Whether the plan cannot be used.
    pub(crate) const fn failed(&self) -> bool {
        self.failed
    }

    /// Everything that was found, in the order of the file.
    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        self.problems
            .sort_by_key(|problem| (problem.span.bytes.0, problem.severity));
        self.problems
    }
}

/// Shows a piece of the file in a message: in backquotes, short, and with nothing that a terminal would obey.
pub(crate) fn quote(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .flat_map(|c| -> Box<dyn Iterator<Item = char>> {
            if is_hidden(c) {
                Box::new(c.escape_unicode())
            } else {
                Box::new(std::iter::once(c))
            }
        })
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Whether a character cannot be seen or makes its neighbours look other than they are.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The known word that is meant, if one is near enough to what was written.
pub(crate) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let wanted = plain(written);
    let distance = |word: &str| {
        let word = plain(word);
        // Three letters that one begins with are no accident: `max` for `maximum`.
        let begins = word.len().min(wanted.len()) >= 3
            && (word.starts_with(&wanted) || wanted.starts_with(&word));
        let borne = (word.chars().count().max(wanted.chars().count()) / 3).max(1);
        let distance = strsim::osa_distance(&wanted, &word);
        (begins || distance <= borne).then_some(distance)
    };
    known
        .into_iter()
        .filter_map(|word| Some((distance(word)?, word)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Names in backquotes, with commas, and with `or` before the last.
pub(crate) fn either<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
