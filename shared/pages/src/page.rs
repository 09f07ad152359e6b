//! The shell of every page: its head, its language, its headers.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::{
    http::Reply,
    words::{Label, Language},
};

/// The one style sheet; it stands in the page, because a page may load nothing.
const STYLE: &str = include_str!("style.css");

/// What a page may do: be styled by the sheet that has this hash, and send its form home.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        *LOADS
    )
});

/// What a page may load: nothing but the sheet in it.
static LOADS: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'")
});

/// A page without its inside.
pub(crate) struct Shell {
    pub(crate) language: &'static dyn Language,
    pub(crate) title: String,
    /// What of the query goes along to the other language, with `&` at its end.
    pub(crate) kept: String,
    pub(crate) refresh: Option<Refresh>,
}

/// When the browser looks again, and where.
pub(crate) struct Refresh {
    pub(crate) secs: u32,
    /// Another address than the page's own.
    pub(crate) to: Option<String>,
}

impl Refresh {
    fn content(&self) -> String {
        match &self.to {
            Some(to) => format!("{};url={to}", self.secs),
            None => self.secs.to_string(),
        }
    }
}

impl Shell {
    /// The page with its inside.
    pub(crate) fn reply(&self, status: u16, inside: &Markup) -> Reply {
        let language = self.language;
        let other = if language.code() == "en" { "ja" } else { "en" };
        let page = html! {
            (DOCTYPE)
            html lang=(language.code()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex, nofollow";
                    @if let Some(refresh) = &self.refresh {
                        meta http-equiv="refresh" content=(refresh.content());
                    }
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header class="top" {
                        span class="brand" { "Tidegate" }
                        nav aria-label="Language" {
                            a href={ "?" (self.kept) "lang=" (other) } lang=(other) hreflang=(other) {
                                (language.label(Label::OtherLanguage))
                            }
                        }
                    }
                    main { (inside) }
                }
            }
        };
        Reply::html(status, POLICY.clone(), page.into_string())
    }
}

/// A page that is kept as a file: it has no headers, no other language and nothing to send.
pub(crate) fn document(language: &dyn Language, title: &str, inside: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(language.code()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(*LOADS);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex, nofollow";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header class="top" { span class="brand" { "Tidegate" } }
                main { (inside) }
            }
        }
    };
    page.into_string()
}
