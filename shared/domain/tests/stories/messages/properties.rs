//! What must hold of every message of any history.

use domain::{
    plan::people::Locale,
    words::{Message, message_in},
};
use proptest::prelude::*;

use crate::histories::{effort, history, live, some_plan};

/// Every text of a message.
fn texts(message: &Message) -> Vec<String> {
    let mut texts = vec![message.heading()];
    let rows = message.evidence.iter().flat_map(|row| &row.values);
    for field in message.fields.iter().chain(rows) {
        texts.extend([field.label.clone(), field.value.clone()]);
    }
    for row in &message.evidence {
        texts.extend([row.metric.clone(), row.verdict.clone()]);
    }
    texts.extend(message.next.iter().cloned());
    texts
}

/// Whether a character is only in Japanese text.
fn is_japanese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

/// Whether a text has something that stands for something else.
fn is_unfinished(text: &str) -> bool {
    let marks = ["{", "}", "  ", "()", "（）", "``", "None", "Some(", "\n"];
    text.trim().is_empty() || text.trim() != text || marks.iter().any(|mark| text.contains(mark))
}

proptest! {
    #![proptest_config(effort())]

    #[test]
    fn both_languages_tell_the_same_and_leave_nothing_blank(
        plan in some_plan(), history in history(60)
    ) {
        for moment in live(&plan, &history) {
            let Ok(decision) = &moment.answer else { continue };
            for entry in &decision.entries {
                let said = |locale| message_in(locale, &decision.next, entry);
                let (english, japanese) = (said(Locale::En), said(Locale::Ja));
                prop_assert_eq!(english.is_some(), japanese.is_some());
                let Some((english, japanese)) = english.zip(japanese) else { continue };
                prop_assert_eq!(english.tone, japanese.tone);
                prop_assert_eq!(english.fields.len(), japanese.fields.len());
                prop_assert_eq!(english.evidence.len(), japanese.evidence.len());
                prop_assert_eq!(english.next.len(), japanese.next.len());
                for text in texts(&english).into_iter().chain(texts(&japanese)) {
                    prop_assert!(!is_unfinished(&text), "{:?} in {}", text, english.text());
                }
                for message in [&english, &japanese] {
                    prop_assert!(message.title.contains(plan.service.as_str()));
                }
                prop_assert!(!english.text().contains(is_japanese), "{}", english.text());
                prop_assert!(japanese.title.contains(is_japanese), "{}", japanese.title);
                for next in &japanese.next {
                    prop_assert!(next.contains(is_japanese), "{}", next);
                }
            }
        }
    }
}
