//! The JSON Schema of the language, for editors.

use serde_json::{Map, Value, json};

use crate::{decode::Decode as _, written::PlanText};

/// The JSON Schema of a plan. It knows the shape of the language, not what [`parse`](crate::parse) checks
/// beyond it.
#[must_use]
pub fn schema() -> Value {
    let mut defs = Map::new();
    let root = PlanText::schema(&mut defs);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Tidegate plan",
        "$ref": root["$ref"],
        "$defs": defs,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// From the folder of the package, which is where cargo runs a test.
    const PLANS: &str = "../../infra/plans";

    #[test]
    fn every_plan_fits_the_schema_and_the_language() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let mut seen = 0;
        for entry in fs::read_dir(PLANS).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let plan = name
                .strip_suffix(".yaml")
                .is_some_and(|name| !name.contains('.'));
            if !plan {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let mut report = crate::problem::Report::default();
            let node = crate::yaml::read(&text, &mut report).unwrap();
            let complaints: Vec<String> = validator
                .iter_errors(&node.to_json())
                .map(|error| format!("{name}: {}: {error}", error.instance_path()))
                .collect();
            assert_eq!(complaints, Vec::<String>::new());
            if let Err(problems) = crate::parse(&text) {
                panic!("{name}:\n{problems}");
            }
            seen += 1;
        }
        assert!(seen >= 1, "the plans are gone");
    }

    #[test]
    fn what_is_implied_can_be_read() {
        let text = "
            service: a
            routes: { web: { lambda_alias: { function: f, alias: live, stable: 1, canary: 2 } } }
            phases: [{ name: all, weight: 100%, bake: 1h, limits: {}, approval: { from: [g] } }]
            groups: { g: [aiko] }
            rollback: {}
            hooks: { h: { ssm: Restart } }
            notify: [{ email: a@example.com }]";
        let plan = crate::parse(text).map(|checked| checked.plan);
        assert!(plan.is_ok(), "{plan:?}");
    }
}
