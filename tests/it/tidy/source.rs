//! Rust sources: short files, short functions, no lint or test that is quietly switched off.

use syn::visit::{self, Visit};

use super::{Finding, finds, hold, numbered};

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

fn file_length(path: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().count();
    if lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    vec![Finding::new(
        path,
        FILE_LINES_MAX,
        format!("the file has {lines} lines, more than {FILE_LINES_MAX}"),
        "split it where its parts have names of their own",
    )]
}

/// The functions of a file that are too long, from `fn` to the closing brace.
struct LongFunctions<'a> {
    path: &'a str,
    findings: Vec<Finding>,
}

impl LongFunctions<'_> {
    fn measure(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let last = body.brace_token.span.close().end().line;
        let lines = last + 1 - first;
        if lines > FUNCTION_LINES_MAX {
            let name = &signature.ident;
            self.findings.push(Finding::new(
                self.path,
                first,
                format!("`{name}` has {lines} lines, more than {FUNCTION_LINES_MAX}"),
                "keep the decisions here and move the leaves into functions of their own",
            ));
        }
    }
}

impl<'ast> Visit<'ast> for LongFunctions<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.measure(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn function_length(path: &str, text: &str) -> Vec<Finding> {
    match syn::parse_file(text) {
        Ok(file) => {
            let mut functions = LongFunctions {
                path,
                findings: Vec::new(),
            };
            functions.visit_file(&file);
            functions.findings
        }
        Err(error) => vec![Finding::new(
            path,
            error.span().start().line,
            format!("the file does not parse: {error}"),
            "make it Rust, or give it another name",
        )],
    }
}

/// Attributes that switch a check off and are never missed when they are no longer needed.
fn switched_off(path: &str, text: &str) -> Vec<Finding> {
    let rules = [
        (
            concat!("[al", "low("),
            "a lint is allowed",
            "use `expect` with a reason: it says so when it is no longer needed",
        ),
        (
            concat!("[ig", "nore"),
            "a test is ignored",
            "make it run, or delete it",
        ),
    ];
    let mut findings = Vec::new();
    for (line, content) in numbered(text) {
        for (attribute, wrong, remedy) in rules {
            let hash = |at: usize| content[..at].trim_end_matches('!').ends_with('#');
            if content.match_indices(attribute).any(|(at, _)| hash(at)) {
                findings.push(Finding::new(path, line, wrong, remedy));
            }
        }
    }
    findings
}

#[test]
fn files_are_short() {
    hold(".rs", file_length);
}

#[test]
fn functions_are_short() {
    hold(".rs", function_length);
}

#[test]
fn no_check_is_switched_off() {
    hold(".rs", switched_off);
}

#[test]
fn a_long_file_is_found() {
    finds(file_length, "x.rs", &"\n".repeat(600), &[]);
    finds(file_length, "x.rs", &"\n".repeat(601), &[600]);
}

#[test]
fn a_long_function_is_found_wherever_it_is() {
    let body = |lines: usize| format!("fn f() {{{}}}", "\n".repeat(lines - 1));
    finds(function_length, "x.rs", &body(70), &[]);
    finds(function_length, "x.rs", &body(71), &[1]);
    for home in ["mod m", "impl T", "trait T"] {
        let sample = format!("{home} {{\n{}\n}}", body(71));
        finds(function_length, "x.rs", &sample, &[2]);
    }
    finds(function_length, "x.rs", "not Rust", &[1]);
}

#[test]
fn a_switched_off_check_is_found() {
    let sample = format!(
        "#{0}dead_code)]\n#!{0}unused)]\n    #{1}]\n#{1} = \"slow\"]\nlet a = b{1}d];\n",
        concat!("[al", "low("),
        concat!("[ig", "nore"),
    );
    finds(switched_off, "x.rs", &sample, &[1, 2, 3, 4]);
}
