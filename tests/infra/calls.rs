//! What the code asks of AWS is allowed: every API is named where its errors are.

use std::collections::BTreeSet;

use crate::template::Template;

/// How the names of APIs begin.
const VERBS: [&str; 19] = [
    "Add", "Change", "Create", "Delete", "Describe", "Get", "Invoke", "List", "Modify", "Publish",
    "Put", "Query", "Remove", "Scan", "Send", "Set", "Start", "Transact", "Update",
];

/// What only the command asks, with its caller's rights.
const OF_THE_COMMAND: [&str; 2] = ["ecs.rs", "parameters.rs"];

/// The APIs that a source names as the first argument of a call, `trouble("GetItem", …)`.
fn called(source: &str) -> BTreeSet<&str> {
    let names = source.split("(\"").skip(1);
    let names = names.filter_map(|rest| rest.split_once("\","));
    names
        .map(|(name, _)| name)
        .filter(|name| VERBS.iter().any(|verb| name.starts_with(verb)))
        .filter(|name| name.chars().all(char::is_alphabetic))
        .collect()
}

/// The rights that an API needs; a right has its name where nothing else is said.
fn needed(api: &str) -> Vec<&str> {
    match api {
        "Invoke" => vec!["InvokeFunction"],
        "TransactWriteItems" => vec!["DeleteItem", "PutItem", "UpdateItem"],
        // Whoever has credentials may ask who he is.
        "GetCallerIdentity" => Vec::new(),
        name => vec![name],
    }
}

/// What a source asks for that no function may do.
fn forbidden<'a>(source: &'a str, allowed: &BTreeSet<String>) -> Vec<&'a str> {
    let rights = called(source).into_iter().flat_map(needed);
    rights.filter(|right| !allowed.contains(*right)).collect()
}

/// The names of all actions that the functions may do.
fn allowed() -> BTreeSet<String> {
    let facts = Template::of_the_repository().facts();
    let actions = facts.lines.iter().filter_map(|line| {
        let (_, action) = line.split_once(" may ")?;
        let (_, name) = action.split(' ').next()?.split_once(':')?;
        Some(name.to_owned())
    });
    actions.collect()
}

#[test]
fn what_the_functions_ask_of_aws_is_allowed() {
    let allowed = allowed();
    let mut wrong = Vec::new();
    for folder in ["../shared/aws/src", "../functions"] {
        for entry in ignore::Walk::new(folder).filter_map(Result::ok) {
            let path = entry.path();
            let command = OF_THE_COMMAND.iter().any(|file| path.ends_with(file));
            if path.extension().is_some_and(|kind| kind == "rs") && !command {
                let source = std::fs::read_to_string(path).expect("a source can be read");
                let found = forbidden(&source, &allowed).into_iter().map(str::to_owned);
                wrong.extend(found.map(|name| format!("{}: {name}", path.display())));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "no function has the right to do what is called here; give it in infra/terraform/iam.tf and infra/sam: {wrong:#?}"
    );
}

#[test]
fn a_call_without_the_right_to_it_is_found() {
    let source = "trouble(\"ModifyRule\", &error) fail(\"DeleteTable\", 1) say(\"Set it right\", 2)\n\
        trouble(\"TransactWriteItems\", &error) trouble::trouble(\"Invoke\", &error)";
    assert_eq!(forbidden(source, &allowed()), ["DeleteTable"]);
}
