//! Whatever is in a file, reading it ends with a plan or with reasons.

use plan::{Color, Severity};
use proptest::prelude::*;

use super::{SOUND, dedent};

/// Reads a text, and holds what must be true of every answer.
fn read(text: &str) -> Result<(), TestCaseError> {
    let problems = match plan::parse(text) {
        Ok(checked) => {
            prop_assert_eq!(checked.plan.check(), Ok(()));
            let only_warnings = |problem: &plan::Problem| problem.severity == Severity::Warning;
            prop_assert!(checked.warnings.iter().all(only_warnings));
            checked.warnings
        }
        Err(problems) => {
            prop_assert!(!problems.is_empty());
            problems.to_vec()
        }
    };
    for problem in &problems {
        prop_assert!(problem.code != plan::Code::Unsound, "{problem}");
        let lines = text.split('\n').count();
        prop_assert!(
            problem.span.line <= lines && problem.span.end_line <= lines,
            "{problem}"
        );
        let begins = (problem.span.line, problem.span.column);
        prop_assert!(
            begins <= (problem.span.end_line, problem.span.end_column),
            "{problem}"
        );
        for part in [&problem.found, &problem.expected, &problem.mend] {
            prop_assert!(
                !part.is_empty() && !part.contains(char::is_control),
                "{problem}"
            );
        }
    }
    let shown = plan::render(&problems, "plan.yaml", text, Color::Always);
    prop_assert_eq!(shown.is_empty(), problems.is_empty());
    prop_assert_eq!(
        plan::to_json(&problems).as_array().map(Vec::len),
        Some(problems.len())
    );
    Ok(())
}

/// What is put into a plan to break it.
fn shard() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "",
        " ",
        "\n",
        "\n\n",
        "\t",
        ":",
        ": ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\"",
        "'",
        "#",
        "&a ",
        "*a",
        "!!str ",
        "|\n",
        ">\n",
        "? ",
        "---\n",
        "...\n",
        "%",
        "0",
        "-1",
        "1e3",
        "99999999999999999999",
        "100%",
        "0.4%",
        "no",
        "~",
        "null",
        "24h",
        "stable",
        " x stable",
        " for ",
        "weight",
        "weights",
        "bake",
        "alb",
        "route53",
        "cloudwatch",
        "require",
        "\u{202e}",
        "\u{feff}",
        "\r",
        "\0",
        "é",
        "発表",
        "🦀",
        "\\",
    ];
    prop_oneof![
        4 => proptest::sample::select(WORDS).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
    ]
}

proptest! {
    #[test]
    fn any_text_gets_an_answer(text in any::<String>()) {
        read(&text)?;
    }

    #[test]
    fn text_that_looks_like_yaml_gets_an_answer(parts in proptest::collection::vec(shard(), 0..40)) {
        read(&parts.concat())?;
    }

    #[test]
    fn a_plan_broken_anywhere_gets_an_answer(
        breaks in proptest::collection::vec((any::<proptest::sample::Index>(), 0..12_usize, shard()), 1..4),
    ) {
        let mut text: Vec<char> = dedent(SOUND).chars().collect();
        for (at, length, shard) in breaks {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, shard.chars());
        }
        read(&text.into_iter().collect::<String>())?;
    }

    #[test]
    fn any_condition_gets_an_answer(condition in "[a-z0-9]{0,4} ?[<>=!~]{0,2} ?[0-9.]{0,5}[a-zA-Z%]{0,3}( x| for|  )?[ a-z0-9]{0,8}") {
        let quoted = format!("{condition:?}");
        read(&dedent(SOUND).replacen("\"errors < 1%\"", &quoted, 1))?;
    }
}
