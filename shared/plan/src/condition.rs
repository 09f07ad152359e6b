//! Conditions: `metric op limit [for duration]`, read with the place of every word.

use std::ops::Range;

use domain::{
    name::MetricName,
    plan::gate::{Condition, Limit, Op},
    time::SignedDuration,
};
use serde_json::{Map as JsonMap, Value, json};

use crate::{
    decode::{At, Decode, Leaf},
    leaf::duration,
    node::{Kind, Node, Scalar},
    number::{Decimal, LIMIT, quantity},
    problem::{Code, Fault, Report, quote},
};

/// What a condition is, for messages.
const CONDITION: &str = "a condition: `metric < limit`, with `for 3m` behind it if it must last";

/// A condition as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) metric: At<MetricName>,
    pub(crate) op: Op,
    pub(crate) limit: At<Limit>,
    pub(crate) lasting: Option<At<SignedDuration>>,
}

impl Written {
    /// The condition without its places.
    pub(crate) fn condition(&self) -> Condition {
        Condition {
            metric: self.metric.value.clone(),
            op: self.op,
            limit: self.limit.value,
            lasting: self.lasting.as_ref().map(|lasting| lasting.value),
        }
    }
}

impl Decode for Written {
    const EXAMPLE: &'static str = "\"error_rate < 0.1%\"";

    fn decode(node: &Node, report: &mut Report) -> Option<Self> {
        let read = match &node.kind {
            Kind::Scalar(scalar) if !scalar.is_nothing() => parse(&scalar.text),
            Kind::Scalar(_) | Kind::List(_) | Kind::Map(_) => Err(Fault::new(
                Code::BadCondition,
                format!("{} is no condition", node.describe()),
                CONDITION,
                format!("write `{}` or the like, in quotes", Self::EXAMPLE),
            )),
            Kind::Refused => return None,
        };
        match read {
            Ok(parts) => Some(parts.placed(node)),
            Err(fault) => {
                let place = match &fault.range {
                    Some(range) => node.part(range.clone()),
                    None => node.place.clone(),
                };
                report.error(&place, fault);
                None
            }
        }
    }

    fn schema(_: &mut JsonMap<String, Value>) -> Value {
        json!({
            "type": "string",
            "pattern": "^ *[a-z0-9_-]+ *(<=?|>=?|==|!=) *([0-9.]+(%|[a-zA-Z]*)|([0-9.]+ *x +)?stable)( +for +[0-9a-z]+)? *$",
            "examples": ["error_rate < 0.1%", "p95 > 1s for 3m", "p99 <= 1.2 x stable"],
        })
    }
}

/// Something with the bytes of the text it was read from.
type Ranged<T> = (T, Range<usize>);

#[derive(Debug)]
struct Parts {
    metric: Ranged<MetricName>,
    op: Op,
    limit: Ranged<Limit>,
    lasting: Option<Ranged<SignedDuration>>,
}

impl Parts {
    fn placed(self, node: &Node) -> Written {
        fn at<T>(node: &Node, (value, range): Ranged<T>) -> At<T> {
            let place = node.part(range);
            At {
                value,
                heading: place.clone(),
                place,
            }
        }
        Written {
            metric: at(node, self.metric),
            op: self.op,
            limit: at(node, self.limit),
            lasting: self.lasting.map(|lasting| at(node, lasting)),
        }
    }
}

/// What is left of a condition's text.
struct Rest<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Rest<'a> {
    /// The next characters for which `belongs` holds, after white space.
    fn take(&mut self, belongs: impl Fn(char) -> bool) -> (&'a str, Range<usize>) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let begins = self.at + rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at = begins + length;
        (
            rest.get(..length).unwrap_or_default(),
            begins..begins + length,
        )
    }

    /// The next word, whatever it is made of, without going on.
    fn word(&self) -> (&'a str, Range<usize>) {
        Rest {
            text: self.text,
            at: self.at,
        }
        .take(|c| !c.is_whitespace())
    }
}

fn is_op(c: char) -> bool {
    matches!(c, '<' | '>' | '=' | '!' | '≤' | '≥' | '≠' | '~')
}

fn bad(found: String, expected: &str, mend: impl Into<String>, range: Range<usize>) -> Fault {
    Fault::new(Code::BadCondition, found, expected, mend).at(range)
}

fn parse(text: &str) -> Result<Parts, Fault> {
    let mut rest = Rest { text, at: 0 };
    let metric = metric(&mut rest)?;
    let op = op(&mut rest)?;
    let limit = limit(&mut rest)?;
    let lasting = lasting(&mut rest)?;
    Ok(Parts {
        metric,
        op,
        limit,
        lasting,
    })
}

fn metric(rest: &mut Rest<'_>) -> Result<Ranged<MetricName>, Fault> {
    let (word, range) = rest.take(|c| !c.is_whitespace() && !is_op(c));
    if word.is_empty() {
        return Err(bad(
            "there is no metric before the comparison".to_owned(),
            CONDITION,
            "begin with the name of a metric, as in `error_rate < 0.1%`",
            range,
        ));
    }
    let scalar = Scalar::of(word);
    match MetricName::read(&scalar) {
        Ok(name) => Ok((name, range)),
        Err(fault) => {
            let part = fault.range.clone().unwrap_or(0..word.len());
            Err(fault.at(range.start + part.start..range.start + part.end))
        }
    }
}

fn op(rest: &mut Rest<'_>) -> Result<Op, Fault> {
    const OPS: &str = "a comparison: `<`, `<=`, `>`, `>=`, `==` or `!=`";
    let (word, range) = rest.take(is_op);
    let meant = match word {
        "<" => return Ok(Op::Less),
        "<=" => return Ok(Op::AtMost),
        ">" => return Ok(Op::More),
        ">=" => return Ok(Op::AtLeast),
        "==" => return Ok(Op::Equal),
        "!=" => return Ok(Op::NotEqual),
        "=" | "===" => "==",
        "≤" | "=<" => "<=",
        "≥" | "=>" => ">=",
        "≠" | "<>" | "~=" => "!=",
        _ => "",
    };
    let (word, range) = if word.is_empty() {
        rest.word()
    } else {
        (word, range)
    };
    let found = if word.is_empty() {
        "the condition ends before it compares".to_owned()
    } else {
        format!("{} is no comparison", quote(word))
    };
    let mend = match (meant, word) {
        ("", "is" | "equals") => "write `==`".to_owned(),
        ("", "below" | "under") => "write `<`".to_owned(),
        ("", "above" | "over") => "write `>`".to_owned(),
        ("", _) => "put one of them behind the metric, as in `error_rate < 0.1%`".to_owned(),
        (meant, _) => format!("write `{meant}`"),
    };
    Err(bad(found, OPS, mend, range))
}

fn limit(rest: &mut Rest<'_>) -> Result<Ranged<Limit>, Fault> {
    let (word, range) = rest.take(|c| !c.is_whitespace());
    if word.is_empty() {
        return Err(bad(
            "the condition ends before its limit".to_owned(),
            LIMIT,
            "write what the metric is compared with, as in `error_rate < 0.1%`",
            range,
        ));
    }
    if word == "stable" {
        return Ok((Limit::Stable { factor_milli: 1000 }, range));
    }
    let factor = word
        .strip_suffix('x')
        .filter(|factor| Decimal::parse(factor).is_some());
    let next = rest.word();
    if factor.is_some() || matches!(next.0, "x" | "*" | "×") {
        let times = if factor.is_some() {
            None
        } else {
            Some(rest.take(|c| !c.is_whitespace()))
        };
        if let Some((sign, at)) = times.filter(|(sign, _)| *sign != "x") {
            let found = format!("{} stands before `stable`", quote(sign));
            return Err(bad(found, "`1.1 x stable`", "write the letter `x`", at));
        }
        return of_stable(factor.unwrap_or(word), range, rest);
    }
    match quantity(word) {
        Ok(quantity) => Ok((Limit::Fixed(quantity), range)),
        Err(fault) => Err(fault.at(range)),
    }
}

/// `x` has been read; `stable` must follow.
fn of_stable(
    factor: &str,
    range: Range<usize>,
    rest: &mut Rest<'_>,
) -> Result<Ranged<Limit>, Fault> {
    let (word, at) = rest.take(|c| !c.is_whitespace());
    if word != "stable" {
        return Err(bad(
            format!("{} stands where `stable` must be", quote(word)),
            "`1.1 x stable`: so many times what stable has in the same window",
            "write `stable` after the `x`",
            at,
        ));
    }
    let milli = Decimal::parse(factor)
        .map(Decimal::micros)
        .filter(|micros| micros % 1_000 == 0)
        .and_then(|micros| u32::try_from(micros / 1_000).ok())
        .filter(|milli| (1..=1_000_000).contains(milli));
    match milli {
        Some(factor_milli) => Ok((Limit::Stable { factor_milli }, range.start..at.end)),
        None => Err(bad(
            format!("{} is no factor", quote(factor)),
            "a factor from 0.001 to 1000 with at most three decimals",
            "write `1.1 x stable`",
            range,
        )),
    }
}

fn lasting(rest: &mut Rest<'_>) -> Result<Option<Ranged<SignedDuration>>, Fault> {
    let (word, range) = rest.take(|c| !c.is_whitespace());
    let (found, mend) = match word {
        "" => return Ok(None),
        "for" => return lasts(rest).map(Some),
        "and" | "or" | "&&" | "||" | "," => (
            format!("{} joins conditions", quote(word)),
            "write each condition as an entry of its own in the list; all of `require` must hold, any of `rollback` rolls back",
        ),
        _ => (
            format!("{} stands behind the limit", quote(word)),
            "write a number and its unit without a space, and `for 3m` if the condition must last",
        ),
    };
    Err(bad(
        found,
        "the end of the condition, or `for` and a duration",
        mend,
        range,
    ))
}

fn lasts(rest: &mut Rest<'_>) -> Result<Ranged<SignedDuration>, Fault> {
    let (word, range) = rest.take(|c| !c.is_whitespace());
    let (more, more_at) = rest.word();
    if !more.is_empty() {
        let whole = format!("{word}{more}");
        let found = format!("{} stands behind the duration", quote(more));
        let mend = match duration(&format!("{word}{}", more.chars().next().unwrap_or(' '))) {
            Ok(_) if "minutesecondhoursday".contains(more) => {
                format!("write `for {word}{}`", more.chars().next().unwrap_or('m'))
            }
            Ok(_) | Err(_) => duration(&whole).map_or_else(
                |_| "end the condition after the duration".to_owned(),
                |_| format!("write `for {whole}`"),
            ),
        };
        return Err(bad(found, "the end of the condition", mend, more_at));
    }
    let lasts = duration(word).map_err(|fault| fault.at(range.clone()))?;
    let minute = SignedDuration::from_mins(1);
    if lasts < minute || lasts.as_secs() % 60 != 0 || lasts > SignedDuration::from_hours(24) {
        return Err(Fault::new(
            Code::OutOfRange,
            format!("{} is no number of whole minutes up to a day", quote(word)),
            "whole minutes from 1m to 24h, because a metric has one value a minute",
            "write `for 1m` or longer",
        )
        .at(range));
    }
    Ok((lasts, range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let said = match parse(text) {
            Ok(parts) => {
                let condition = Condition {
                    metric: parts.metric.0,
                    op: parts.op,
                    limit: parts.limit.0,
                    lasting: parts.lasting.map(|(lasting, _)| lasting),
                };
                condition.to_string()
            }
            Err(fault) => {
                let part = fault
                    .range
                    .and_then(|range| text.get(range))
                    .unwrap_or_default();
                format!("[{part}] {}; {}", fault.found, fault.mend)
            }
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn conditions_are_read() {
        check("error_rate < 0.1%", "error_rate < 0.1%");
        check("p95 > 1s for 3m", "p95 > 1s for 3m");
        check("error_rate <= 1.1 x stable", "error_rate <= 1.1 x stable");
        check("p99 <= 1.2x stable", "p99 <= 1.2 x stable");
        check("p99<stable", "p99 < stable");
        check("  complaints==0  ", "complaints == 0");
        check("5xx >= 3 for 1h30m", "5xx >= 3 for 1h 30m");
        check("memory != 512MiB", "memory != 512MiB");
    }

    #[test]
    fn a_fault_points_at_the_word() {
        check(
            "",
            "[] there is no metric before the comparison; begin with the name of a metric, as in `error_rate < 0.1%`",
        );
        check(
            "error_rate",
            "[] the condition ends before it compares; put one of them behind the metric, as in `error_rate < 0.1%`",
        );
        check("error_rate =< 1%", "[=<] `=<` is no comparison; write `<=`");
        check(
            "error_rate below 1%",
            "[below] `below` is no comparison; write `<`",
        );
        check(
            "ErrorRate < 1%",
            "[E] `ErrorRate` is no name: a name has only lower-case letters, digits, `-` and `_`, this has `E`; write `errorrate`",
        );
        check(
            "p95 <",
            "[] the condition ends before its limit; write what the metric is compared with, as in `error_rate < 0.1%`",
        );
        check(
            "p95 < 500 ms",
            "[ms] `ms` stands behind the limit; write a number and its unit without a space, and `for 3m` if the condition must last",
        );
        check("p95 < 500MS", "[500MS] `MS` is no unit; write `500ms`");
        check(
            "p95 < fast",
            "[fast] `fast` is no number; write digits with at most one point and six decimals, such as `0.1%`",
        );
        check(
            "p95 < 1.1 * stable",
            "[*] `*` stands before `stable`; write the letter `x`",
        );
        check(
            "p95 < 1.1 x canary",
            "[canary] `canary` stands where `stable` must be; write `stable` after the `x`",
        );
        check(
            "p95 < 0.0001 x stable",
            "[0.0001] `0.0001` is no factor; write `1.1 x stable`",
        );
        check(
            "p95 < 1s for 2 minutes",
            "[minutes] `minutes` stands behind the duration; write `for 2m`",
        );
        check(
            "p95 < 1s for 90s",
            "[90s] `90s` is no number of whole minutes up to a day; write `for 1m` or longer",
        );
        check(
            "p95 < 1s for",
            "[] `` is no duration; write `24h`, `90s` or `1h30m`",
        );
        check(
            "p95 < 1s and x > 2",
            "[and] `and` joins conditions; write each condition as an entry of its own in the list; all of `require` must hold, any of `rollback` rolls back",
        );
    }
}
