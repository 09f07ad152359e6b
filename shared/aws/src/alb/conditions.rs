//! Conditions of rules: given to the owned rule as the base rule has them, and whether two rules can match one request.

use aws_sdk_elasticloadbalancingv2::types::{PathPatternConditionConfig, Rule, RuleCondition};

/// A rule's conditions as `CreateRule` takes them.
///
/// `DescribeRules` gives the values of a host or a path twice, and `CreateRule` takes them once ("You cannot provide both
/// Values and …"). Where there is a typed form it is kept, with whatever stands only beside it.
pub(super) fn copied(conditions: &[RuleCondition]) -> Vec<RuleCondition> {
    conditions.iter().map(copy).collect()
}

fn copy(condition: &RuleCondition) -> RuleCondition {
    let mut copy = condition.clone();
    let values = copy.values.take().filter(|values| !values.is_empty());
    let regexes = copy.regex_values.take().filter(|values| !values.is_empty());
    let typed = [
        copy.host_header_config
            .as_mut()
            .map(|config| (&mut config.values, &mut config.regex_values)),
        copy.path_pattern_config
            .as_mut()
            .map(|config| (&mut config.values, &mut config.regex_values)),
        copy.http_header_config
            .as_mut()
            .map(|config| (&mut config.values, &mut config.regex_values)),
    ];
    if let Some((typed_values, typed_regexes)) = typed.into_iter().flatten().next() {
        prefer(typed_values, values);
        prefer(typed_regexes, regexes);
    } else if !has_other_form(&copy) {
        copy.values = values;
        copy.regex_values = regexes;
    }
    copy
}

/// An empty list is none: it would be sent as an empty value.
fn prefer(typed: &mut Option<Vec<String>>, beside: Option<Vec<String>>) {
    *typed = typed.take().filter(|values| !values.is_empty()).or(beside);
}

fn has_other_form(condition: &RuleCondition) -> bool {
    condition.http_request_method_config.is_some()
        || condition.query_string_config.is_some()
        || condition.source_ip_config.is_some()
}

/// What every request meets, as a default action does.
pub(super) fn catch_all() -> Vec<RuleCondition> {
    let path = PathPatternConditionConfig::builder().values("*").build();
    let condition = RuleCondition::builder()
        .field("path-pattern")
        .path_pattern_config(path);
    vec![condition.build()]
}

/// The priority of a rule, unless it is the default one.
pub(super) fn priority(rule: &Rule) -> Option<u16> {
    rule.priority()?.parse().ok()
}

/// A rule that stands after `first` and before the base, and could match what the base's conditions match: an owned rule
/// at `first` would take its requests.
pub(super) fn passed_over<'a>(
    rules: &'a [Rule],
    first: u16,
    base: Option<u16>,
    conditions: &[RuleCondition],
) -> Option<&'a Rule> {
    rules.iter().find(|rule| {
        priority(rule)
            .is_some_and(|priority| priority > first && base.is_none_or(|base| priority < base))
            && may_meet(rule.conditions(), conditions)
    })
}

/// Whether a request could match both; only what is plain is told apart.
fn may_meet(left: &[RuleCondition], right: &[RuleCondition]) -> bool {
    ["host-header", "path-pattern", "http-request-method"]
        .iter()
        .all(
            |field| match (patterns(left, field), patterns(right, field)) {
                (Some(left), Some(right)) => left
                    .iter()
                    .any(|left| right.iter().any(|right| may_match(left, right))),
                (None, _) | (_, None) => true,
            },
        )
}

/// The values that a field is compared with; none if it is not, or with regular expressions.
fn patterns(conditions: &[RuleCondition], field: &str) -> Option<Vec<String>> {
    let found = conditions
        .iter()
        .find(|condition| condition.field() == Some(field))?;
    let condition = copy(found);
    let host = condition.host_header_config;
    let path = condition.path_pattern_config;
    let method = condition.http_request_method_config;
    let (values, regexes) = if let Some(host) = host {
        (host.values, host.regex_values)
    } else if let Some(path) = path {
        (path.values, path.regex_values)
    } else if let Some(method) = method {
        (method.values, None)
    } else {
        (condition.values, condition.regex_values)
    };
    if regexes.is_some() {
        return None;
    }
    let is_host = field == "host-header";
    let values = values?.into_iter();
    Some(
        values
            .map(|value| if is_host { value.to_lowercase() } else { value })
            .collect(),
    )
}

const WILD: [char; 2] = ['*', '?'];

/// Whether a text could match both patterns: their beginnings and their ends must agree.
fn may_match(left: &str, right: &str) -> bool {
    match (left.contains(WILD), right.contains(WILD)) {
        (false, false) => left == right,
        (false, true) => matches(right, left),
        (true, false) => matches(left, right),
        (true, true) => {
            let head = |text: &str| text.split(WILD).next().unwrap_or_default().to_owned();
            let tail = |text: &str| text.rsplit(WILD).next().unwrap_or_default().to_owned();
            let (l, r) = (head(left), head(right));
            let (m, s) = (tail(left), tail(right));
            (l.starts_with(&r) || r.starts_with(&l)) && (m.ends_with(&s) || s.ends_with(&m))
        }
    }
}

/// Whether a text matches a pattern: `*` is any characters, `?` is one.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    // How far in the pattern one can be after the text so far; a `*` may be passed at any time.
    let pass = |mut places: Vec<bool>| {
        for (place, wanted) in pattern.iter().enumerate() {
            places[place + 1] |= places[place] && *wanted == '*';
        }
        places
    };
    let mut places = vec![false; pattern.len() + 1];
    places[0] = true;
    places = pass(places);
    for c in text.chars() {
        let mut next = vec![false; pattern.len() + 1];
        for (place, wanted) in pattern.iter().enumerate() {
            if places[place] {
                next[place] |= *wanted == '*';
                next[place + 1] |= *wanted == '?' || *wanted == c;
            }
        }
        places = pass(next);
    }
    places[pattern.len()]
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{
        HostHeaderConditionConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig,
        QueryStringConditionConfig, QueryStringKeyValuePair, SourceIpConditionConfig,
    };

    use super::*;

    fn of(field: &str) -> aws_sdk_elasticloadbalancingv2::types::builders::RuleConditionBuilder {
        RuleCondition::builder().field(field)
    }

    fn host(value: &str) -> RuleCondition {
        let config = HostHeaderConditionConfig::builder().values(value).build();
        of("host-header").host_header_config(config).build()
    }

    fn path(value: &str) -> RuleCondition {
        of("path-pattern").values(value).build()
    }

    #[test]
    fn values_that_stand_twice_are_sent_once_in_their_typed_form() {
        let config = host("a.example").host_header_config.unwrap();
        let twice = of("host-header")
            .values("a.example")
            .host_header_config(config);
        assert_eq!(copied(&[twice.build()]), [host("a.example")]);
        // Where there is no typed form, the plain one is kept.
        assert_eq!(copied(&[path("/api/*")]), [path("/api/*")]);
    }

    #[test]
    fn regular_expressions_are_kept_wherever_they_stand() {
        let typed = PathPatternConditionConfig::builder()
            .regex_values("^/v[0-9]+/")
            .build();
        let expected = of("path-pattern")
            .path_pattern_config(typed.clone())
            .build();
        let twice = of("path-pattern")
            .regex_values("^/v[0-9]+/")
            .path_pattern_config(typed);
        let expected = [expected];
        assert_eq!(copied(&[twice.build()]), expected);
        let beside = of("path-pattern")
            .regex_values("^/v[0-9]+/")
            .path_pattern_config(
                PathPatternConditionConfig::builder()
                    .set_values(Some(Vec::new()))
                    .build(),
            );
        assert_eq!(copied(&[beside.build()]), expected);
        let alone = of("path-pattern").regex_values("^/v[0-9]+/").build();
        assert_eq!(copied(std::slice::from_ref(&alone)), [alone]);
    }

    #[test]
    fn every_other_kind_of_condition_is_copied_as_it_is() {
        let kinds = [
            of("http-header")
                .http_header_config(
                    HttpHeaderConditionConfig::builder()
                        .http_header_name("Cookie")
                        .values("*seg=beta*")
                        .build(),
                )
                .build(),
            of("http-request-method")
                .http_request_method_config(
                    HttpRequestMethodConditionConfig::builder()
                        .values("GET")
                        .build(),
                )
                .build(),
            of("query-string")
                .query_string_config(
                    QueryStringConditionConfig::builder()
                        .values(
                            QueryStringKeyValuePair::builder()
                                .key("v")
                                .value("2")
                                .build(),
                        )
                        .build(),
                )
                .build(),
            of("source-ip")
                .source_ip_config(
                    SourceIpConditionConfig::builder()
                        .values("10.0.0.0/8")
                        .build(),
                )
                .build(),
        ];
        assert_eq!(copied(&kinds), kinds);
        // An empty list beside the typed form is not sent: `Values` goes with hosts and paths only.
        let mut beside = kinds[3].clone();
        beside.values = Some(vec!["10.0.0.0/8".to_owned()]);
        assert_eq!(copied(&[beside]), kinds[3..]);
    }

    #[test]
    fn rules_are_told_apart_by_plain_hosts_paths_and_methods() {
        let meet = |left: &[RuleCondition], right: &[RuleCondition]| {
            assert_eq!(may_meet(left, right), may_meet(right, left));
            may_meet(left, right)
        };
        assert!(!meet(&[host("a.example")], &[host("b.example")]));
        assert!(meet(&[host("A.example")], &[host("a.Example")]));
        assert!(meet(&[host("*.example")], &[host("a.example")]));
        assert!(!meet(&[host("*.example")], &[host("a.test")]));
        assert!(!meet(&[host("*.a.example")], &[host("*.b.example")]));
        assert!(!meet(&[path("/api/*")], &[path("/img/*")]));
        assert!(meet(&[path("/api/*")], &[path("/*")]));
        assert!(!meet(&[path("/a?c")], &[path("/ac")]));
        assert!(meet(&[path("/a?c")], &[path("/abc")]));
        assert!(!meet(&[path("/Api")], &[path("/api")]));
        assert!(meet(&[path("/api/*")], &[host("a.example")]));
        assert!(meet(&catch_all(), &[path("/api/*"), host("a.example")]));
        assert!(meet(
            &[of("host-header").regex_values("^a").build()],
            &[host("b.example")]
        ));
    }

    #[test]
    fn a_rule_between_ours_and_the_base_is_found_if_it_could_lose_requests() {
        let rule = |priority: &str, condition: RuleCondition| {
            Rule::builder()
                .priority(priority)
                .conditions(condition)
                .build()
        };
        let rules = [
            rule("5", path("/*")),
            rule("20", host("other.example")),
            rule("30", path("/api/*")),
            rule("100", path("/*")),
            Rule::builder().priority("default").is_default(true).build(),
        ];
        let base = [host("shop.example"), path("/*")];
        let found = |first, base_priority| {
            passed_over(&rules, first, base_priority, &base).and_then(priority)
        };
        assert_eq!(found(10, Some(100)), Some(30));
        assert_eq!(found(31, Some(100)), None);
        assert_eq!(found(10, Some(25)), None);
        assert_eq!(found(200, None), None);
        assert_eq!(found(10, None), Some(30));
    }
}
